"""The little language of curl's ``-F``: ``name=value``, ``name=@file;type=image/png``."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from grantline.calls.bodies.multipart import BINARY_TYPE, Part
from grantline.calls.curl.options import Given

_TYPE = re.compile(r"[^/ ]{1,127}/[^;, \n]{1,127}")
# What curl takes a file for by its name (lib/mime.c).
_TYPES: Final = {
    ".gif": "image/gif",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain",
    ".htm": "text/html",
    ".html": "text/html",
    ".pdf": "application/pdf",
    ".xml": "application/xml",
}


def read_form(given: Given, load: Callable[[str], bytes]) -> Part:
    """The field that one ``-F`` or ``--form-string`` describes.

    Args:
        given: The option.
        load: Gives the bytes of a file that the command names.

    Raises:
        InvalidInput: It is no field, or of a kind that forms here do not have.
    """
    name, equals, rest = given.text.partition("=")
    if not equals:
        raise given.refuse("A field has the form name=value.")
    if given.name == "form-string":
        return Part(name, rest.encode())
    if rest.startswith("("):
        raise given.refuse("A form within a form is not supported.")
    source = rest[:1] if rest.startswith(("@", "<")) else ""
    value, more = _read(given, rest.removeprefix(source), stop="," if source == "@" else "")
    data = load(value) if source else value.encode()
    path = value if source else ""
    filename = more.get("filename", path.rpartition("/")[2] if source == "@" else None)
    kind = more.get("type") or _type_of(filename or "") or _type_of(path)
    # curl leaves the type out where it is what a receiver assumes, and of standard input.
    if "type" not in more and filename is None and kind == "text/plain":
        kind = None
    if source == "@" and kind is None and path != "-":
        kind = BINARY_TYPE
    return Part(name, data, filename, kind)


def _read(given: Given, text: str, stop: str = "") -> tuple[str, dict[str, str]]:
    """The value at the beginning of ``text``, and the settings behind its semicolons."""
    value, rest = _word(text.lstrip(), stop)
    settings: dict[str, str] = {}
    last = ""
    while rest.startswith(";"):
        written, rest = rest, rest[1:].lstrip()
        name, equals, after = rest.partition("=")
        if equals and name == "type" and last != "type":
            match = _TYPE.match(after.lstrip())
            if match is None:
                raise given.refuse("The type is not of the form type/subtype.")
            kind, rest = _until(after.lstrip(), stop)
            settings["type"], last = kind.rstrip(), "type"
        elif equals and name == "filename":
            settings["filename"], rest = _word(after.lstrip(), stop)
            last = name
        elif equals and name in {"headers", "encoder"}:
            raise given.refuse(f"{name}= of a field is not supported.")
        elif last == "type":
            parameter, rest = _until(written[1:], stop)
            settings["type"] += f";{parameter.rstrip()}"
        else:
            _, rest = _word(rest, stop)
    if rest.startswith(","):
        raise given.refuse("Several files in one field are not supported; repeat -F.")
    return value, settings


def _word(text: str, stop: str) -> tuple[str, str]:
    """A value, in double quotes or up to a semicolon, and what follows it."""
    if text.startswith('"'):
        match = re.compile(r'"((?:\\[\\"]|[^"])*)"', re.DOTALL).match(text)
        if match:
            value = re.sub(r'\\([\\"])', r"\1", match[1])
            return value, _until(text[match.end() :], stop)[1]
    value, rest = _until(text, stop)
    return value.rstrip(), rest


def _until(text: str, stop: str) -> tuple[str, str]:
    match = re.compile(rf"[^;{stop}]*").match(text)
    end = match.end() if match else 0
    return text[:end], text[end:]


def _type_of(filename: str) -> str | None:
    lower = filename.lower()
    return next((kind for ending, kind in _TYPES.items() if lower.endswith(ending)), None)
