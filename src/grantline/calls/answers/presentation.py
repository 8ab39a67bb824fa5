"""An answer as a page shows it: what it is, and as much of it as a person looks at.

Services are not trusted here: whatever they send, the work and the result are bounded.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from typing import Final

from grantline.calls.answers.response import Response
from grantline.calls.credential import is_credential_header
from grantline.calls.structures.json_outline import MAX_NODES, Outline, outline
from grantline.calls.structures.parsing import is_html, is_text
from grantline.messages import Headers
from grantline.secret import REDACTED, Secret, mask

# More is downloaded, not read. Half a million characters fill ten thousand lines.
MAX_TEXT: Final = 512 * 1024
# Indenting makes long what is deep.
MAX_PRETTY: Final = 4 * MAX_TEXT

_IMAGES: Final = (
    ("image/png", re.compile(rb"\x89PNG\r\n\x1a\n")),
    ("image/jpeg", re.compile(rb"\xff\xd8\xff")),
    ("image/gif", re.compile(rb"GIF8[79]a")),
    ("image/webp", re.compile(rb"RIFF.{4}WEBP", re.DOTALL)),
)
_XML_START = re.compile(r"\s*<\?xml\s")
_JSON_START = re.compile(r"[ \t\r\n]*[\[{]")
_COOKIE = re.compile(r"([^=;]*=)[^;]*")


class Kind(StrEnum):
    """What to show an answer as."""

    EMPTY = "empty"
    JSON = "json"
    XML = "xml"
    HTML = "html"
    TEXT = "text"
    IMAGE = "image"
    BINARY = "binary"


@dataclass(frozen=True, slots=True)
class Presentation:
    """What a page shows of an answer.

    Attributes:
        kind: By content type and content; what is called an image and is none is no image.
        media_type: Of the Content-Type, in lower case, without parameters; for an image, what its
            first bytes say.
        text: The body as text, pretty for JSON; empty for images and binaries.
        cut: Whether ``text`` is only the beginning.
        tree: The values of a JSON body; None for anything else and for a body that is too long.
        headers: With credentials masked.
        size: Such as ``1.2 KB``.
        duration: Such as ``123 ms``.
    """

    kind: Kind
    media_type: str
    text: str
    cut: bool
    tree: Outline | None
    headers: Headers
    size: str
    duration: str


def present(
    response: Response, *, secrets: tuple[Secret, ...] = (), max_nodes: int = MAX_NODES
) -> Presentation:
    """What to show of ``response``.

    Args:
        response: The answer.
        secrets: Replaced wherever they occur in headers and text.
        max_nodes: How many values of a JSON body the tree may have.
    """
    stated = (response.header("content-type") or "").partition(";")[0].strip().lower()
    kind, media_type = _kind(response.content, stated)
    text, cut, tree = "", False, None
    if kind not in {Kind.EMPTY, Kind.IMAGE, Kind.BINARY}:
        text, cut = _text(response, secrets)
        if kind is Kind.TEXT:
            kind = _kind_of_text(text)
        if _may_be_json(kind, text) and not cut and (tree := outline(text, max_nodes=max_nodes)):
            # An escape can hide a secret from the first look.
            nodes = tuple(replace(node, text=mask(node.text, secrets)) for node in tree.nodes)
            tree = replace(tree, nodes=nodes)
            kind, text, cut = Kind.JSON, tree.pretty[:MAX_PRETTY], len(tree.pretty) > MAX_PRETTY
        elif kind is Kind.JSON and not cut:
            kind = Kind.TEXT
    return Presentation(
        kind=kind,
        media_type=media_type,
        text=text,
        cut=cut,
        tree=tree,
        headers=masked_headers(response.headers, secrets),
        size=size_words(len(response.content)),
        duration=duration_words(response.elapsed),
    )


def masked_headers(headers: Headers, secrets: tuple[Secret, ...] = ()) -> Headers:
    """``headers`` without credentials; a cookie keeps its name and its attributes."""
    return tuple((name, _masked(name, value, secrets)) for name, value in headers)


def size_words(size: int) -> str:
    """A number of bytes: ``512 B``, ``1.2 KB``, ``34 MB``. A KB is a thousand bytes."""
    if size < 1000:
        return f"{size} B"
    for unit, power in (("KB", 1), ("MB", 2), ("GB", 3)):
        amount = size / 1000**power
        if amount < 999.5:
            return f"{amount:.1f} {unit}" if amount < 9.95 else f"{amount:.0f} {unit}"
    return f"{size / 1000**4:.1f} TB"


def duration_words(span: timedelta) -> str:
    """A length of time: ``under 1 ms``, ``123 ms``, ``1.23 s``, ``2 min 5 s``."""
    milliseconds = round(span / timedelta(milliseconds=1))
    if milliseconds < 1:
        return "under 1 ms"
    if milliseconds < 1000:
        return f"{milliseconds} ms"
    if milliseconds < 59_995:
        return f"{milliseconds / 1000:.2f} s"
    minutes, seconds = divmod(round(milliseconds / 1000), 60)
    return f"{minutes} min {seconds} s" if seconds else f"{minutes} min"


def _masked(name: str, value: str, secrets: tuple[Secret, ...]) -> str:
    if name.lower() == "set-cookie":
        return _COOKIE.sub(rf"\g<1>{REDACTED}", value, count=1)
    return REDACTED if is_credential_header(name) else mask(value, secrets)


def _kind(content: bytes, stated: str) -> tuple[Kind, str]:
    """The kind, as far as the bytes and the stated media type tell."""
    if not content:
        return Kind.EMPTY, stated
    for media_type, beginning in _IMAGES:
        if beginning.match(content):
            return Kind.IMAGE, media_type
    if stated == "application/json" or stated.endswith("+json"):
        return Kind.JSON, stated
    if stated in {"text/xml", "application/xml"} or stated.endswith("+xml"):
        return (Kind.HTML if stated == "application/xhtml+xml" else Kind.XML), stated
    if stated == "text/html":
        return Kind.HTML, stated
    return (Kind.TEXT if is_text(content, stated) else Kind.BINARY), stated


def _kind_of_text(text: str) -> Kind:
    if _XML_START.match(text):
        return Kind.XML
    return Kind.HTML if is_html(text) else Kind.TEXT


def _may_be_json(kind: Kind, text: str) -> bool:
    """Whether to try. A text that is only a number is JSON too, and nobody wants a tree of it."""
    return kind is Kind.JSON or (kind is Kind.TEXT and _JSON_START.match(text) is not None)


def _text(response: Response, secrets: tuple[Secret, ...]) -> tuple[str, bool]:
    """The body, or its beginning, without secrets and without a byte order mark."""
    # Four bytes are the most that a character takes; a secret at the edge is masked before the cut.
    window = replace(response, content=response.content[: 8 * MAX_TEXT])
    text = mask(window.text.removeprefix("\ufeff"), secrets)
    return text[:MAX_TEXT], len(text) > MAX_TEXT or len(response.content) > 8 * MAX_TEXT
