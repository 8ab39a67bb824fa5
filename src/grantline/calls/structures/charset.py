"""Bytes as text: which charset an answer is in, whatever its header leaves out."""

from __future__ import annotations

import codecs
import re
from email.message import Message
from typing import Final

# Codecs of Python that are no charsets; punycode's work grows with the square of the bytes.
_NO_CHARSETS: Final = frozenset(
    {"idna", "punycode", "raw-unicode-escape", "undefined", "unicode-escape"}
)
# A byte order mark outweighs the header (https://encoding.spec.whatwg.org/#decode).
_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# What the XML declaration, or a meta element near the beginning of a page, says.
_DECLARED = re.compile(
    rb"""<\?xml[^>]{0,100}?encoding=["']([\w.:-]{1,40})["']"""
    rb"""|<meta[^>]{0,200}?charset=["']?([\w.:-]{1,40})""",
    re.IGNORECASE,
)
_HEAD: Final = 1024


def charset_of(content: bytes, content_type: str) -> str:
    """The name of a codec: by byte order mark, by header, by what the text declares, or UTF-8."""
    for mark, codec in _MARKS:
        if content.startswith(mark):
            return codec
    message = Message()
    # No charset has another name; and half characters are more than the parser takes.
    message["Content-Type"] = content_type.encode("ascii", "replace").decode()
    named = _known(message.get_content_charset(""))
    if named is None and (match := _DECLARED.search(content[:_HEAD])):
        named = _known((match[1] or match[2]).decode("ascii"))
        # A text that says so in ASCII is not in 16 bits.
        named = None if named and named.startswith(("utf-16", "utf-32")) else named
    return named or "utf-8"


def decode(content: bytes, content_type: str) -> str:
    """The text; bytes that do not fit the charset become U+FFFD."""
    try:
        return content.decode(charset_of(content, content_type), "replace")
    except (LookupError, ValueError):
        # Some codecs that a charset may name are not about text.
        return content.decode("utf-8", "replace")


def _known(charset: str) -> str | None:
    try:
        found = codecs.lookup(charset).name
    except (LookupError, ValueError):
        return None
    return None if found in _NO_CHARSETS else charset
