"""The request of an HTTP module in plain form: one flat table, as people think of a request."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from typing import Any, Final

from grantline.calls.request import RequestSpec
from grantline.calls.statuses import parse_statuses
from grantline.connections.credentials.credential import CredentialIds
from grantline.errors import InvalidInput
from grantline.scenarios.definition.modules import (
    FAIL_ON,
    NO_BODY,
    Body,
    BodyKind,
    HttpCall,
    Part,
    request_of,
)
from grantline.scenarios.definition.reading import Place
from grantline.scenarios.definition.tables import (
    key_of,
    pairs_from_plain,
    pairs_to_plain,
    plain,
    read_table,
    to_table,
)

# The key that holds a body says what kind it is.
BODY_KEYS: Final = {
    "json": BodyKind.JSON,
    "form": BodyKind.FORM,
    "multipart": BodyKind.MULTIPART,
    "text": BodyKind.RAW,
    "file": BodyKind.FILE,
}
_MEDIA_TYPE: Final = "media_type"
_WITH_MEDIA_TYPE: Final = (BodyKind.RAW, BodyKind.FILE)
# In the order in which a file has them: what is asked, how it is sent, what becomes of the answer.
_BEFORE_BODY: Final = ("method", "url", "headers", "query", "array_style")
_AFTER_BODY: Final = tuple(
    each.name
    for each in fields(RequestSpec)
    if each.name not in {*_BEFORE_BODY, "content", "fail_on"}
)
_SPEC_KEYS: Final = (*_BEFORE_BODY, *_AFTER_BODY, "fail_on")
_CREDENTIALS: Final = tuple(key_of(each.name) for each in fields(CredentialIds))
RESPOND_BODIES: Final = ("json", "form", "text")
CALL_KEYS: Final = (
    "connection",
    *_CREDENTIALS,
    *_SPEC_KEYS,
    *BODY_KEYS,
    _MEDIA_TYPE,
    "share_cookies",
)


def call_to_plain(call: HttpCall) -> dict[str, Any]:
    """The table of a request."""
    spec = to_table(call.spec, always=("url",), skip=("content", "fail_on"))
    if call.spec.retry is not None:
        spec["retry"] = to_table(call.spec.retry, always=("attempts",))
    table: dict[str, Any] = {}
    if call.connection_id is not None:
        table["connection"] = call.connection_id
    table |= to_table(call.credentials)
    table |= {name: spec[name] for name in _BEFORE_BODY if name in spec}
    table |= body_to_plain(call.body)
    table |= {name: spec[name] for name in _AFTER_BODY if name in spec}
    if call.spec.fail_on != FAIL_ON:
        table["fail_on"] = list(call.spec.fail_on)
    if call.share_cookies:
        table["share_cookies"] = True
    return table


def call_from_plain(place: Place, *, also: tuple[str, ...] = ()) -> HttpCall:
    """The request that a table describes; names of ``also`` are the module's own."""
    table = place.table((*CALL_KEYS, *also))
    spec = _part(place, table, _SPEC_KEYS)
    read = read_table(spec, RequestSpec, skip=("content",), given={"content": None})
    given = {each.name: getattr(read, each.name) for each in fields(RequestSpec)}
    given["fail_on"] = _statuses(table["fail_on"]) if "fail_on" in table else FAIL_ON
    return HttpCall(
        spec=request_of(**given),
        body=body_from_plain(table),
        connection_id=_text(table, "connection"),
        credentials=read_table(_part(place, table, _CREDENTIALS), CredentialIds),
        share_cookies="share_cookies" in table and table["share_cookies"].flag(),
    )


def body_to_plain(body: Body) -> dict[str, Any]:
    """The one key of a body, and its media type."""
    if body.kind is BodyKind.NONE:
        return {}
    key = next(key for key, kind in BODY_KEYS.items() if kind is body.kind)
    value: Any = {
        BodyKind.JSON: body.json,
        BodyKind.FORM: pairs_to_plain(body.fields),
        BodyKind.MULTIPART: plain(body.parts),
    }.get(body.kind, body.text)
    return {key: value, **({_MEDIA_TYPE: body.media_type} if body.media_type else {})}


def body_from_plain(table: dict[str, Place]) -> Body:
    """The body among the keys of ``table``."""
    keys = [key for key in BODY_KEYS if key in table]
    for key in keys[1:]:
        table[key].wrong(f"There are two bodies: {keys[0]} and {key}.", "Keep one of them.")
    kind = BODY_KEYS[keys[0]] if keys else BodyKind.NONE
    media_type = ""
    if _MEDIA_TYPE in table:
        media_type = table[_MEDIA_TYPE].text()
        if kind not in _WITH_MEDIA_TYPE:
            table[_MEDIA_TYPE].wrong(
                "media_type goes with text and file.", "Set a Content-Type header instead."
            )
            media_type = ""
    if not keys:
        return NO_BODY
    place = table[keys[0]]
    readers: dict[BodyKind, Callable[[], dict[str, Any]]] = {
        BodyKind.JSON: lambda: {"json": place.json()},
        BodyKind.FORM: lambda: {"fields": pairs_from_plain(place, str)},
        BodyKind.MULTIPART: lambda: {
            "parts": tuple(read_table(each, Part) for each in place.items())
        },
        BodyKind.RAW: lambda: {"text": place.text()},
        BodyKind.FILE: lambda: {"text": place.text()},
    }
    return Body(kind=kind, media_type=media_type, **readers[kind]())


def _statuses(place: Place) -> tuple[str, ...]:
    words = [each.text() for each in place.items()]
    try:
        return parse_statuses(words, field=place.name)
    except InvalidInput as error:
        place.wrong(error.message, error.hint)
        return ()


def _text(table: dict[str, Place], key: str) -> str | None:
    return table[key].text() if key in table and table[key].value is not None else None


def _part(place: Place, table: dict[str, Place], keys: tuple[str, ...]) -> Place:
    """The same place with a few of its keys."""
    values = {key: each.value for key, each in table.items() if key in keys}
    return Place(values if isinstance(place.value, dict) else place.value, place.path, place.faults)
