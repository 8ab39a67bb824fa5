"""What a service says in an answer that reports an error, in the many places where it is said."""

from __future__ import annotations

import re
from typing import Any, Final

from grantline.calls.structures.charset import decode
from grantline.calls.structures.json_values import load_json
from grantline.calls.structures.parsing import is_html
from grantline.calls.structures.xml_structure import load_xml

MAX_LENGTH: Final = 300

_READ_BYTES: Final = 256 * 1024
_MAX_DEPTH: Final = 8
_MOST_SAID: Final = 3
# Compared in lower case and without prefix, the most telling first: RFC 9457, RFC 6749, OData,
# GraphQL, JSON:API, SOAP, and what frameworks and large services use.
_NAMES: Final = (
    "error_description",
    "error_user_msg",
    "detail",
    "details",
    "message",
    "msg",
    "error_message",
    "errormessage",
    "errormessages",
    "error_msg",
    "errmsg",
    "usermessage",
    "developermessage",
    "status_message",
    "faultstring",
    "text",
    "#text",
    "title",
    "description",
    "reason",
    "error_summary",
    "error",
    "errors",
    "fault",
    "exception",
    "body",
    "envelope",
    "response",
    "meta",
    "status",
)
_TITLE = re.compile(r"<title[^>]{0,200}>([^<]{1,300})", re.IGNORECASE)
_MARKUP = re.compile(r"\s*<")


def service_message(content: bytes, content_type: str) -> str:
    """One line of printable characters, or an empty text when nothing of the kind was found."""
    text = decode(content[:_READ_BYTES], content_type).removeprefix("\ufeff")
    title = _TITLE.search(text) if is_html(text) else None
    found = title[1] if title else _in_structure(text)
    if found is None:
        is_message = len(text) <= MAX_LENGTH and "\0" not in text and not _MARKUP.match(text)
        found = text if is_message else ""
    return _line(found)


def _in_structure(text: str) -> str | None:
    """What a JSON or XML text says; None when it is neither."""
    try:
        return _said(load_json(text))
    except ValueError:
        pass
    try:
        return _said(load_xml(text))
    except ValueError:
        return None


def _said(value: Any, depth: int = 0) -> str:
    if depth > _MAX_DEPTH:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        each_said = (_said(each, depth + 1).strip() for each in value[:_MOST_SAID])
        return "; ".join(dict.fromkeys(each for each in each_said if each))
    if not isinstance(value, dict):
        return ""
    members = {_bare(name): each for name, each in value.items()}
    for name in _NAMES:
        if said := _said(members.get(name), depth + 1).strip():
            return said
    return _by_field(value, depth) if depth else _wrapped(value)


def _by_field(value: dict[str, Any], depth: int) -> str:
    """What is said of each field: ``{"email": ["is invalid"]}``, say."""
    said = (
        (name, _said(each, depth + 1))
        for name, each in list(value.items())[:_MOST_SAID]
        # Those of ``_NAMES`` have said nothing; looking again would double with each level.
        if isinstance(each, list | dict) and _bare(name) not in _NAMES
    )
    return "; ".join(f"{name}: {text}" for name, text in said if text.strip())


def _bare(name: str) -> str:
    return name.rpartition(":")[2].lower()


def _wrapped(value: dict[str, Any]) -> str:
    """What the one member says that holds everything, as the root of an XML document does."""
    return _said(next(iter(value.values())), 1) if len(value) == 1 else ""


def _line(text: str) -> str:
    line = "".join(each if each.isprintable() else " " for each in " ".join(text.split()))
    return line if len(line) <= MAX_LENGTH else f"{line[: MAX_LENGTH - 1]}…"
