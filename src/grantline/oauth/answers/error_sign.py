"""The error in an answer's fields, wherever a service put it.

RFC 6749 section 5.2 has one place for it. Services also send it as an object, an array, a number
or a flag, under a dozen names and with any status.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

_CODE_NAMES: Final = (
    *("error", "error_code", "errorCode", "errcode", "err_code", "error_type", "errorType"),
    *("errors", "error_response", "fault", "ECODE", "ErrorCode"),
)
_INNER_CODE_NAMES: Final = (
    *("sub_code", "error", "error_code", "errorCode", "errorcode", "code", "errorType"),
    *("error_type", "status", "type", "name", "key", "errorId"),
)
_NUMBER_NAMES: Final = ("code", "errno", "ret", "status")
_WORD_NAMES: Final = ("code", "category", "status", "type", "name")
_TEXT_NAMES: Final = (
    *("error_description", "errorDescription", "error_message", "errorMessage", "error_msg"),
    *(
        "error_detail",
        "errmsg",
        "message",
        "description",
        "msg",
        "detail",
        "faultstring",
        "reason",
        "err",
        "Error",
    ),
)
_NESTED: Final = ("data", "meta", "response", "result", "body")
_FAILED: Final = frozenset({"error", "fail", "failed", "failure"})
_FINE: Final = frozenset({"", "0", "ok", "success", "false", "none", "null"})


@dataclass(frozen=True, slots=True)
class ErrorSign:
    """An error as the server put it.

    Attributes:
        code: Its code; empty when there is none.
        place: The field where the code stood: numbers mean different things in different fields.
        text: The description.
        uri: ``error_uri``.
        hints: Other words of an error object, such as the field that it is about.
        is_transient: The server says that it is only for now.
    """

    code: str
    place: str
    text: str = ""
    uri: str = ""
    hints: str = ""
    is_transient: bool = False


def error_sign(fields: Mapping[str, Any], *, status: int, has_token: bool) -> ErrorSign | None:
    """The error that ``fields`` speak of, or None.

    Args:
        fields: The answer's fields.
        status: Its HTTP status.
        has_token: Whether an access token stands there too: then only an unmistakable sign
            counts, since ``code`` and ``status`` may be anybody's extra fields.
    """
    for name in _CODE_NAMES:
        if _is_sign(fields.get(name)):
            return _sign(fields, name)
    refused = any(fields.get(name) is False for name in ("ok", "success"))
    if has_token and not refused:
        return None
    return _nested_sign(fields) or _vague_sign(fields, status, refused=refused)


def _nested_sign(fields: Mapping[str, Any]) -> ErrorSign | None:
    for name in _NESTED:
        inner = fields.get(name)
        found = isinstance(inner, dict) and error_sign(inner, status=0, has_token=False)
        if found:
            return found
    return None


def _vague_sign(fields: Mapping[str, Any], status: int, *, refused: bool) -> ErrorSign | None:
    for name in _NUMBER_NAMES:
        number = _number(fields.get(name))
        if number and number != status and (status >= 400 or not 200 <= number < 300):
            return ErrorSign(str(number), name, _text(fields))
    refused = refused or str(fields.get("status")).lower() in _FAILED
    if refused or status >= 400:
        for name in _WORD_NAMES:
            word = fields.get(name)
            if isinstance(word, str) and word.lower() not in _FINE | _FAILED and "/" not in word:
                return ErrorSign(word, name, _text(fields))
        return ErrorSign("", "", _text(fields))
    return None


def _sign(fields: Mapping[str, Any], name: str) -> ErrorSign:
    value = fields[name]
    if isinstance(value, list):
        value = value[0]
    text, uri = _text(fields), str(fields.get("error_uri") or "")
    if not isinstance(value, dict):
        code = "" if value is True else str(value)
        if not code or code.lower() in _FAILED:
            code = _vague_code(fields)
        return ErrorSign(code, name, text, uri)
    return ErrorSign(
        _inner_code(value) or _vague_code(fields),
        name,
        _text(value) or text,
        uri,
        hints=" ".join(word for word in value.values() if isinstance(word, str)),
        is_transient=value.get("is_transient") is True,
    )


def _inner_code(value: Mapping[str, Any]) -> str:
    kind, number = value.get("type"), _number(value.get("code"))
    if isinstance(kind, str) and number is not None:
        return f"{kind}:{number}"
    detail = value.get("detail")
    words = [*_values(value, _INNER_CODE_NAMES), *_values(detail, _INNER_CODE_NAMES)]
    named = next((word for word in words if isinstance(word, str) and word), None)
    return named or next((str(word) for word in words if _number(word) is not None), "")


def _vague_code(fields: Mapping[str, Any]) -> str:
    return _first_word(fields) or str(_number(fields.get("code")) or "")


def _values(value: object, names: tuple[str, ...]) -> Iterator[object]:
    if isinstance(value, dict):
        yield from (value.get(name) for name in names)


def _first_word(fields: Mapping[str, Any]) -> str:
    words = (value for value in _values(fields, _WORD_NAMES) if isinstance(value, str))
    return next((word for word in words if word.lower() not in _FINE | _FAILED), "")


def _text(fields: Mapping[str, Any]) -> str:
    texts = (value for value in _values(fields, _TEXT_NAMES) if isinstance(value, str))
    return next((text for text in texts if text), "")


def _is_sign(value: object) -> bool:
    if isinstance(value, str):
        return value.strip().lower() not in _FINE
    return bool(value)


def _number(value: object) -> int | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, str) and value.lstrip("-").isdecimal() and len(value) < 16:
        return int(value)
    return None
