"""A form with files as a webhook brings it (RFC 7578), read in time that grows with its size.

Anybody who knows an address may send one. So parts are not nested, which forms never are; their
heads are short; and no charset costs more than others.
"""

from __future__ import annotations

from dataclasses import dataclass
from email.message import Message
from email.parser import HeaderParser
from typing import Final

from grantline.calls.structures.charset import decode

LONGEST_HEAD: Final = 4096


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Field:
    """One part of a form.

    Attributes:
        text: None for a file.
        filename: Empty where none is said.
    """

    name: str
    content: bytes
    text: str | None
    filename: str
    media_type: str


def form_fields(content_type: str, body: bytes, *, most: int) -> list[Field] | None:
    """The fields of a form; None where it is none, or is larger than forms are.

    Args:
        content_type: With the boundary.
        body: As received.
        most: How many parts there may be.
    """
    boundary = _boundary(content_type)
    if not boundary:
        return None
    pieces = (b"\r\n" + body).split(b"\r\n--" + boundary, most + 2)
    if len(pieces) < 2:
        return None
    fields: list[Field] = []
    for piece in pieces[1:]:
        if piece.startswith(b"--"):
            return fields
        head, blank, content = piece.partition(b"\r\n\r\n")
        padding, line, lines = head.partition(b"\r\n")
        if not blank or padding.strip() or (head and not line) or len(head) > LONGEST_HEAD:
            return None
        if len(fields) == most:
            return None
        if (field := _field(lines, content)) is not None:
            fields.append(field)
    return None  # it has no end


def _boundary(content_type: str) -> bytes:
    if len(content_type) > LONGEST_HEAD:
        return b""
    message = Message()
    message["Content-Type"] = content_type
    return (message.get_boundary() or "").encode("utf-8", "replace")


def _field(head: bytes, content: bytes) -> Field | None:
    said = HeaderParser().parsestr(head.decode("utf-8", "replace"))
    name = said.get_param("name", header="content-disposition")
    if not isinstance(name, str):
        return None
    filename = said.get_filename()
    is_text = filename is None and said.get_content_maintype() == "text"
    return Field(
        name=name,
        content=content,
        text=decode(content, said.get("Content-Type", "")) if is_text else None,
        filename=filename or "",
        media_type=said.get_content_type(),
    )
