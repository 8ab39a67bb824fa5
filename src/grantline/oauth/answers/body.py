"""The fields of an OAuth endpoint's answer, whatever the service calls its format.

The content decides, never Content-Type: JSON comes as ``text/html`` and forms come as JSON. What
can be read is read and the oddity becomes a warning, because an answer thrown away for a stray
byte may have held the only copy of a new refresh token.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final
from urllib.parse import parse_qsl

from grantline.errors import InvalidResponse
from grantline.messages import HttpResponse
from grantline.oauth.token_set import Warn

MAX_DEPTH: Final = 128  # honest answers nest five deep; CPython's parser gives up near a thousand
MAX_FIELDS: Final = 1000
MAX_INTEGER_DIGITS: Final = 4300  # CPython's own default: int() is quadratic in the digits

REPLACEMENT: Final = "�"

_CHARSET: Final = re.compile(r"charset\s*=\s*[\"']?([\w.:-]+)", re.IGNORECASE)
# Python also has "encodings" that are no character sets; a server does not choose among those.
_CHARSETS: Final = re.compile(
    r"iso-?8859-\d{1,2}|latin-?1|windows-125\d|gb2312|gbk|gb18030|big5|shift[_-]jis"
    r"|euc-(?:jp|kr)|koi8-[ru]",
    re.IGNORECASE,
)
_FORM: Final = re.compile(r"[A-Za-z_][\w\-\[\]%]*=")
_JSONP: Final = re.compile(r"(?:/\*\*/)?\s*[A-Za-z_$][\w$.]*\s*\(\s*(\{.*\})\s*\)\s*;?", re.DOTALL)
_JWT: Final = re.compile(r"[\w-]+\.[\w-]+\.[\w-]*")
_TEXTUAL: Final = re.compile(
    r"text/(?!xml)|.*(?:json|javascript|html|form-urlencoded)", re.IGNORECASE
)
# A string as one unit, so that brackets inside it do not count; possessive, so it cannot backtrack.
_BRACKETS: Final = re.compile(r'"(?:[^"\\]++|\\.)*+"?|[\[{]|[\]}]', re.DOTALL)
_SURROGATES: Final = re.compile("[\ud800-\udfff]")


class Notation(StrEnum):
    """How the fields were written."""

    JSON = "json"
    FORM = "form"
    JSONP = "jsonp"


@dataclass(frozen=True, slots=True, repr=False)
class Body:
    """The fields of one answer.

    Attributes:
        fields: Names and values as given; the values of a form are strings.
        notation: How they were written.
        warnings: What was odd about it.
        conflicts: Names that came twice with different values, at any depth.
    """

    fields: dict[str, Any]
    notation: Notation
    warnings: tuple[Warn, ...] = ()
    conflicts: frozenset[str] = frozenset()

    def refuse_conflicts(self, names: Iterable[str]) -> None:
        """Refuse the body when one of ``names`` came twice and meant two things.

        Raises:
            InvalidResponse: ``check="duplicate_parameter"`` (RFC 6749 section 3.2).
        """
        if not self.conflicts.isdisjoint(names):
            raise _unreadable("duplicate_parameter")


def parse_body(response: HttpResponse) -> Body:
    """The fields of ``response``, by its content.

    Raises:
        InvalidResponse: ``check`` is empty, not_json, not_object, json_depth or
            unsupported_format.
    """
    warnings: list[Warn] = []
    text = _text(response, warnings).strip()
    if not text:
        raise _unreadable("empty")
    if text[0] in '{["' or text in {"null", "true", "false"} or text.lstrip("-")[:1].isdigit():
        return _json_body(text, Notation.JSON, warnings, status=response.status)
    jsonp = _JSONP.fullmatch(text)
    if jsonp:
        return _json_body(jsonp[1], Notation.JSONP, warnings, status=response.status)
    if _FORM.match(text):
        return _form_body(text, warnings)
    raise _unreadable("unsupported_format" if _is_foreign(text, response) else "not_json")


def looks_like_page(response: HttpResponse) -> bool:
    """Whether the body is an HTML page: a proxy, a portal or a maintenance notice spoke."""
    head = response.body[:200].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    return head.startswith((b"<html", b"<!doctype", b"<head", b"<body", b"<!--", b"<title"))


def _is_foreign(text: str, response: HttpResponse) -> bool:
    if text.startswith("<?xml") or _JWT.fullmatch(text):
        return True
    declared = response.header("Content-Type") or ""
    return bool(declared) and not _TEXTUAL.match(declared)


def _text(response: HttpResponse, warnings: list[Warn]) -> str:
    data = response.body
    # The zero bytes of UTF-16 and UTF-32 show with or without a mark; a declared character set
    # is only a second opinion, since services declare what their framework says.
    candidates: list[str] = [json.detect_encoding(data)]
    declared = _CHARSET.search(response.header("Content-Type") or "")
    if declared and _CHARSETS.fullmatch(declared[1]):
        candidates.append(declared[1])
    for candidate in candidates:
        try:
            text = data.decode(candidate)
        except (UnicodeDecodeError, LookupError):
            continue
        if not candidate.lower().startswith("utf"):
            warnings.append(Warn.NON_UTF8)
        return text.removeprefix("\ufeff")
    warnings.append(Warn.NON_UTF8)
    return data.decode("utf-8", errors="replace")


def _json_body(text: str, notation: Notation, warnings: list[Warn], *, status: int) -> Body:
    if _depth(text) > MAX_DEPTH:
        raise _unreadable("json_depth")
    reader = _Reader()
    try:
        value = reader.read(text)
    except ValueError:
        raise _unreadable("not_json") from None
    if status >= 400 and isinstance(value, list) and value:
        value = value[0]  # some refuse with a list of errors (Salesforce); the first one speaks
    if not isinstance(value, dict):
        raise _unreadable("not_object")
    if reader.is_nonstandard:
        warnings.append(Warn.NONSTANDARD_JSON)
    return Body(value, notation, tuple(warnings), frozenset(reader.conflicts))


def _form_body(text: str, warnings: list[Warn]) -> Body:
    try:
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=MAX_FIELDS)
    except ValueError:
        raise _unreadable("not_json") from None
    if REPLACEMENT not in text and any(REPLACEMENT in value for _, value in pairs):
        warnings.append(Warn.NON_UTF8)
    conflicts: set[str] = set()
    fields = _object(pairs, conflicts)
    return Body(fields, Notation.FORM, tuple(warnings), frozenset(conflicts))


@dataclass(slots=True)
class _Reader:
    """JSON as servers write it: exact integers, and no number that JSON itself cannot hold."""

    conflicts: set[str] = field(default_factory=set)
    is_nonstandard: bool = False

    def read(self, text: str) -> Any:
        try:
            return self._loads(text, strict=True)
        except json.JSONDecodeError as error:
            if "control character" not in error.msg:
                raise
        # A line break inside a string: wrong, harmless, and seen in error descriptions.
        self.is_nonstandard = True
        return self._loads(text, strict=False)

    def _loads(self, text: str, *, strict: bool) -> Any:
        decoder = json.JSONDecoder(
            object_pairs_hook=lambda pairs: _object(
                [(_storable(name), _storable(value)) for name, value in pairs], self.conflicts
            ),
            parse_int=_integer,
            parse_float=_number,
            parse_constant=self._constant,
            strict=strict,
        )
        return decoder.decode(text)

    def _constant(self, name: str) -> str:
        # NaN and Infinity stay as words: no store holds them as numbers.
        self.is_nonstandard = True
        return name


def _object(pairs: Iterable[tuple[str, Any]], conflicts: set[str]) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for name, value in pairs:
        if name in fields and fields[name] != value:
            conflicts.add(name)
        fields[name] = value
    return fields


def _integer(digits: str) -> int:
    if len(digits) > MAX_INTEGER_DIGITS:
        msg = "an integer of too many digits"
        raise ValueError(msg)
    return int(digits)


def _number(text: str) -> float | str:
    number = float(text)
    return number if math.isfinite(number) else text


def _storable(value: Any) -> Any:
    """``value`` without half surrogate pairs, which JSON can name and UTF-8 cannot hold."""
    if isinstance(value, str):
        return _SURROGATES.sub(REPLACEMENT, value)
    if isinstance(value, list):
        return [_storable(item) for item in value]
    return value


def _depth(text: str) -> int:
    depth = deepest = 0
    for match in _BRACKETS.finditer(text):
        if match[0] in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif match[0] in "]}":
            depth -= 1
    return deepest


def _unreadable(check: str) -> InvalidResponse:
    return InvalidResponse(
        "The service's answer is not a token response.",
        check=check,
        rule="RFC 6749 section 5.1",
        hint="Check that the Token URI is right.",
    )
