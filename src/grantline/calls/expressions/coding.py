"""Filters for encodings and digests: base64, URLs, HTML, CSV, hashes."""

from __future__ import annotations

import base64
import binascii
import csv
import hashlib
import hmac as hmac_
import html
import io
import re
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import quote, unquote, urlencode

from grantline.calls.expressions.picks import list_of
from grantline.calls.expressions.texts import text_of
from grantline.calls.expressions.values import as_text, room
from grantline.calls.expressions.wording import Refused, clipped, did_you_mean, kind_of

_CLOSING: Final = {name: re.compile(f"</{name}", re.IGNORECASE) for name in ("script", "style")}
_ALGORITHMS: Final = ("sha256", "sha512", "sha1", "md5")


def base64_encode(value: Any) -> str:
    """In base64, as UTF-8."""
    return base64.b64encode(_bytes(value)).decode()


def base64url_encode(value: Any) -> str:
    """In base64 with - and _, without padding, for URLs and tokens."""
    return base64.urlsafe_b64encode(_bytes(value)).decode().rstrip("=")


def base64_decode(value: Any) -> str:
    """The text in base64 of either kind, with padding or without."""
    plain = "".join(text_of(value).split()).translate(str.maketrans("-_", "+/")).rstrip("=")
    try:
        return base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True).decode()
    except (binascii.Error, ValueError):
        raise Refused(
            "This is no base64, or what is in it is no text.", "Files stay files: map {{ 2.file }}."
        ) from None


def url_encode(value: Any) -> str:
    """Percent-encoded whole, for text that is no URL field: those encode by themselves."""
    room(len(text_of(value)) * 3)
    return quote(_bytes(value), safe="")


def url_decode(value: Any) -> str:
    """Percent-encoding undone."""
    try:
        return unquote(text_of(value), errors="strict")
    except UnicodeDecodeError:
        raise Refused("What is percent-encoded here is no text.") from None


def form_encode(value: Any) -> str:
    """An object as ``name=value&...``; a list repeats its name."""
    if not isinstance(value, dict):
        raise Refused(f"form_encode needs an object, and this is {kind_of(value)}.")
    pairs = [
        (name, as_text(each))
        for name, found in value.items()
        for each in (found if isinstance(found, list) else [found])
    ]
    room(sum(len(name) + len(text) for name, text in pairs) * 3)
    return urlencode(pairs)


def html_escape(value: Any) -> str:
    """With & < > and quotes made harmless for HTML."""
    text = text_of(value)
    room(len(text) * 6 if len(text) > 1_000_000 else 0)
    return html.escape(text)


def html_unescape(value: Any) -> str:
    """``&amp;`` and the like made characters."""
    return html.unescape(text_of(value))


def strip_tags(value: Any) -> str:
    """The text of HTML: without tags, scripts and styles, entities made characters."""
    text = text_of(value)
    kept: list[str] = []
    at = 0
    while (begin := text.find("<", at)) >= 0:
        end = text.find(">", begin)
        if end < 0:
            break
        kept.append(text[at:begin])
        at = end + 1
        for name, closing in _CLOSING.items():
            if text[begin + 1 : begin + 1 + len(name)].lower() == name:
                found = closing.search(text, at)
                at = found.start() if found else len(text)
    kept.append(text[at:])
    return html.unescape("".join(kept))


def csv_line(value: Any, separator: Any = ",") -> str:
    """A list as one line of CSV (RFC 4180), with quotes where they are needed."""
    mark = text_of(separator)
    if len(mark) != 1 or mark in '"\r\n':
        raise Refused("The separator should be one character, such as , or ;.")
    cells = ["" if each is None else as_text(each) for each in list_of(value, "csv_line")]
    room(sum(map(len, cells)) * 2 + len(cells) if len(cells) > 100_000 else 0)
    line = io.StringIO()
    csv.writer(line, delimiter=mark, lineterminator="").writerow(cells)
    return line.getvalue()


def digest(algorithm: str) -> Callable[..., str]:
    """A filter that gives the digest of a text."""

    def of_text(value: Any, output: Any = "hex") -> str:
        return _shown(hashlib.new(algorithm, _bytes(value), usedforsecurity=False).digest(), output)

    return of_text


def hmac(value: Any, key: Any, algorithm: Any = "sha256", output: Any = "hex") -> str:
    """The HMAC of a text under a key (RFC 2104)."""
    name = text_of(algorithm).lower().replace("-", "")
    if name not in _ALGORITHMS:
        raise Refused(
            f"There is no algorithm {clipped(name)}.",
            did_you_mean(name, _ALGORITHMS) or f"There is {', '.join(_ALGORITHMS)}.",
        )
    return _shown(hmac_.digest(_bytes(key), _bytes(value), name), output)


def _shown(data: bytes, output: Any) -> str:
    match output:
        case "hex":
            return data.hex()
        case "base64":
            return base64.b64encode(data).decode()
        case "base64url":
            return base64.urlsafe_b64encode(data).decode().rstrip("=")
        case _:
            raise Refused("The output is hex, base64 or base64url.")


def _bytes(value: Any) -> bytes:
    try:
        return text_of(value).encode()
    except UnicodeEncodeError:
        raise Refused("This text has half a character in it, and no bytes.") from None


CODINGS: Final[dict[str, Callable[..., Any]]] = {
    "base64_encode": base64_encode,
    "base64_decode": base64_decode,
    "base64url_encode": base64url_encode,
    "url_encode": url_encode,
    "url_decode": url_decode,
    "form_encode": form_encode,
    "html_escape": html_escape,
    "html_unescape": html_unescape,
    "strip_tags": strip_tags,
    "csv_line": csv_line,
    "md5": digest("md5"),
    "sha1": digest("sha1"),
    "sha256": digest("sha256"),
    "sha512": digest("sha512"),
    "hmac": hmac,
}
