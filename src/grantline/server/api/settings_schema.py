"""The JSON schema of an app's settings, read from the dataclass that ``codec`` reads.

The codec alone decides what a setting may be; this only describes it, so there is no second list.
"""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from datetime import timedelta
from enum import StrEnum
from inspect import cleandoc
from types import UnionType
from typing import Annotated, Any, Final, Union, get_args, get_origin, get_type_hints

from pydantic import WithJsonSchema

from grantline.codec import to_plain
from grantline.oauth.app.settings import AppSettings
from grantline.server.api.fields import JsonObject

_SIMPLE: Final = {str: "string", bool: "boolean", int: "integer"}


def schema_of(kind: type) -> dict[str, Any]:
    """What the codec takes for a ``kind``; no field is required, for an edit names only some."""
    hints = get_type_hints(kind)
    told = _attributes(kind)
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            each.name: _schema(hints[each.name])
            | ({"description": told[each.name]} if each.name in told else {})
            for each in fields(kind)
        },
    }


def _schema(hint: Any) -> dict[str, Any]:
    if get_origin(hint) in {Union, UnionType}:
        (inner,) = (each for each in get_args(hint) if each is not type(None))
        return {"anyOf": [_schema(inner), {"type": "null"}]}
    if get_origin(hint) is tuple:
        return _tuple_schema(get_args(hint))
    if hint is timedelta:
        return {"type": "number", "description": "Seconds."}
    if is_dataclass(hint):
        return schema_of(hint)  # type: ignore[arg-type]
    if issubclass(hint, StrEnum):
        return {"type": "string", "enum": [each.value for each in hint]}
    return {"type": _SIMPLE[hint]}


def _tuple_schema(inner: tuple[Any, ...]) -> dict[str, Any]:
    if inner[-1] is Ellipsis:
        return {"type": "array", "items": _schema(inner[0])}
    # Not prefixItems, which many readers of OpenAPI documents do not understand yet.
    items = _schema(inner[0]) if len(set(inner)) == 1 else {"anyOf": [_schema(e) for e in inner]}
    return {"type": "array", "items": items, "minItems": len(inner), "maxItems": len(inner)}


def _attributes(kind: type) -> dict[str, str]:
    """The ``Attributes:`` of a docstring, by name."""
    _, _, section = cleandoc(kind.__doc__ or "").partition("Attributes:\n")
    found: dict[str, str] = {}
    name = ""
    for line in section.splitlines():
        if line.startswith("        "):
            found[name] += f" {line.strip()}"
        elif ": " in line:
            name, _, text = line.strip().partition(": ")
            found[name] = text
    return {name: text.replace("``", "`") for name, text in found.items()}


def _example() -> dict[str, Any]:
    return to_plain(
        AppSettings(
            client_id="my-client",
            authorize_uri="https://auth.example.com/authorize",
            token_uri="https://auth.example.com/token",
            base_url="https://api.example.com",
        )
    )


SettingsGiven = Annotated[
    JsonObject, WithJsonSchema({**schema_of(AppSettings), "examples": [_example()]})
]
SettingsShown = Annotated[dict[str, Any], WithJsonSchema(schema_of(AppSettings))]
