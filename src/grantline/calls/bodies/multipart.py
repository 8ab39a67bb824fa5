"""Forms with files: ``multipart/form-data`` (RFC 7578), in memory or read while they are sent."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from grantline.calls.bodies.content import Content
from grantline.calls.bodies.upload import Joined, Upload
from grantline.errors import InvalidInput
from grantline.messages import Source

MULTIPART_TYPE: Final = "multipart/form-data"
BINARY_TYPE: Final = "application/octet-stream"

# RFC 2046 section 5.1.1, but for the characters that would need quotes in Content-Type.
_BOUNDARY = re.compile(r"[0-9A-Za-z'+_.-]{1,70}")
_MEDIA_TYPE = re.compile(r"[\w.+-]+/[\w.+*-]+(?:;[\x20-\x7e]*)?", re.ASCII)
_OUR_TYPE = re.compile(rf"{MULTIPART_TYPE}; boundary=({_BOUNDARY.pattern})")
_PART = re.compile(
    rb'Content-Disposition: form-data; name="([^"\r\n]*)"(?:; filename="([^"\r\n]*)")?'
    rb"(?:\r\nContent-Type: ([^\r\n]+))?\r\n\r\n(.*)",
    re.DOTALL,
)
# The three escapes of HTML's forms, which browsers write and servers read:
# https://html.spec.whatwg.org/multipage/form-control-infrastructure.html#multipart-form-data
_ESCAPES: Final = (('"', "%22"), ("\r", "%0D"), ("\n", "%0A"))


@dataclass(frozen=True, slots=True, repr=False)
class Part:
    """One field of a form; see `text_part` and `file_part`.

    Attributes:
        name: The field's name.
        data: Its value, or the bytes of the file.
        filename: None for a field that is no file.
        media_type: None leaves Content-Type out: text, as RFC 7578 section 4.4 says.
    """

    name: str
    data: bytes
    filename: str | None = None
    media_type: str | None = None

    def __repr__(self) -> str:
        kind = self.media_type or "text"
        return f"Part({self.name!r}, {kind}, {len(self.data)} B)"


@dataclass(frozen=True, slots=True, repr=False)
class SourcePart:
    """One file of a form that is read while it is sent; attributes as those of `Part`."""

    name: str
    source: Source
    filename: str
    media_type: str = BINARY_TYPE


def text_part(name: str, text: str, *, media_type: str | None = None) -> Part:
    """A field with a text."""
    return Part(name, text.encode(), media_type=media_type)


def file_part(name: str, data: bytes, *, filename: str, media_type: str = BINARY_TYPE) -> Part:
    """A field with a file."""
    return Part(name, data, filename, media_type)


def multipart_content(parts: Iterable[Part], *, boundary: str | None = None) -> Content:
    """``parts`` as the body of a request.

    Args:
        parts: In the order to send.
        boundary: None takes a digest of the parts, which no part can contain: who writes a part
            cannot know the digest of it before.

    Raises:
        InvalidInput: The boundary is malformed or occurs in a part, or a part has a name or a
            media type that cannot be written.
    """
    fields = [_head(part) + part.data for part in parts]
    if boundary is None:
        digest = sha256()
        for field in fields:
            digest.update(b"%d:" % len(field))
            digest.update(field)
        boundary = f"grantline-{digest.hexdigest()[:40]}"
    mark = _mark(boundary)
    if any(b"--" + mark in field for field in fields):
        raise InvalidInput(
            "A part of the form contains the boundary between parts.",
            field="body",
            hint="Choose another boundary, or none.",
        )
    data = b"".join(b"--%s\r\n%s\r\n" % (mark, field) for field in fields)
    return Content(data + b"--%s--\r\n" % mark, f"{MULTIPART_TYPE}; boundary={boundary}")


def multipart_upload(parts: Iterable[Part | SourcePart], *, boundary: str) -> Upload:
    """``parts`` as a body that is sent while its files are read.

    Args:
        parts: In the order to send.
        boundary: Fresh randomness of the caller's, 128 bits or more: nobody has read the files
            yet, so only a boundary that nobody can know is sure not to occur in them.

    Raises:
        InvalidInput: As `multipart_content`.
    """
    mark = _mark(boundary)
    pieces: list[bytes | Source] = []
    for part in parts:
        head = b"--%s\r\n%s" % (mark, _head(part))
        data = part.data if isinstance(part, Part) else part.source
        pieces += [head, data, b"\r\n"]
    pieces.append(b"--%s--\r\n" % mark)
    return Upload(Joined(tuple(pieces)), f"{MULTIPART_TYPE}; boundary={boundary}")


def read_multipart(content: Content) -> tuple[Part, ...] | None:
    """The parts that ``content`` was made of; None unless they give these very bytes again."""
    kind = _OUR_TYPE.fullmatch(content.media_type)
    if kind is None:
        return None
    mark = b"--" + kind[1].encode()
    parts = []
    for text in (b"\r\n" + content.data).split(b"\r\n" + mark)[1:-1]:
        part = _PART.fullmatch(text, 2)
        if part is None:
            return None
        try:
            parts.append(_decoded(part))
        except UnicodeDecodeError:
            return None
    try:
        again = multipart_content(parts, boundary=kind[1])
    except InvalidInput:
        return None
    return tuple(parts) if again == content else None


def _mark(boundary: str) -> bytes:
    if not _BOUNDARY.fullmatch(boundary):
        raise InvalidInput(
            "The boundary has a character that boundaries do not have.", field="body"
        )
    return boundary.encode()


def _head(part: Part | SourcePart) -> bytes:
    """What stands before the bytes of ``part``."""
    disposition = f'Content-Disposition: form-data; name="{_escape(part.name)}"'
    if part.filename is not None:
        disposition += f'; filename="{_escape(part.filename)}"'
    if part.media_type is not None:
        if not _MEDIA_TYPE.fullmatch(part.media_type):
            raise InvalidInput(
                "The media type of a part is not of the form type/subtype.",
                field="body",
                hint="Write a type such as image/png.",
            )
        disposition += f"\r\nContent-Type: {part.media_type}"
    try:
        return disposition.encode() + b"\r\n\r\n"
    except UnicodeEncodeError:
        raise InvalidInput(
            "The name of a part or file is not Unicode text.", field="body"
        ) from None


def _decoded(match: re.Match[bytes]) -> Part:
    name, filename, media_type, data = match.groups()
    return Part(
        _unescape(name.decode()),
        data,
        None if filename is None else _unescape(filename.decode()),
        None if media_type is None else media_type.decode(),
    )


def _escape(text: str) -> str:
    for character, escape in _ESCAPES:
        text = text.replace(character, escape)
    return text


def _unescape(text: str) -> str:
    for character, escape in _ESCAPES:
        text = text.replace(escape, character)
    return text
