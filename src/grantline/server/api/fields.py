"""The types that bodies, queries and answers are made of."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Annotated, Any, Generic, TypeVar

from fastapi import Path, Query
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    WithJsonSchema,
)

from grantline.secret import REDACTED, Secret

T = TypeVar("T")

LARGEST = 2**31 - 1

Name = Annotated[str, Field(max_length=200, examples=["google"])]


class Given(BaseModel):
    """What a caller sends: unknown names are refused, or a typing error would go unnoticed."""

    model_config = ConfigDict(
        extra="forbid", use_attribute_docstrings=True, hide_input_in_errors=True
    )


class Shown(BaseModel):
    """What a caller gets. No field of one holds a secret."""

    model_config = ConfigDict(use_attribute_docstrings=True, frozen=True)


class DuplicateGiven(Given):
    """How the copy is called."""

    name: Name


def _typed(text: str) -> str:
    if REDACTED in text:
        msg = f"{REDACTED} stands for a value that is not shown; leave the field out to keep it"
        raise ValueError(msg)
    return text


def _storable(value: Any) -> Any:
    """``value`` when it is JSON as RFC 8259 has it, which Python reads more loosely."""
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False)
        text.encode()
    except (ValueError, RecursionError):
        msg = "a number or a character in it cannot be written as JSON"
        raise ValueError(msg) from None
    _typed(text)
    return value


def _decoded(text: object) -> bytes:
    try:
        return base64.b64decode(str(text), validate=True)
    except ValueError:
        msg = "this is not base64 (RFC 4648 section 4)"
        raise ValueError(msg) from None


def _encodable(text: str) -> str:
    return text.encode("utf-8", "replace").decode()


# Services may send any bytes in a header; JSON has no way to write those that are no text.
HeaderShown = tuple[
    Annotated[str, BeforeValidator(_encodable)], Annotated[str, BeforeValidator(_encodable)]
]
Typed = Annotated[str, AfterValidator(_typed)]
Pair = Annotated[list[Typed], Field(min_length=2, max_length=2, examples=[["name", "value"]])]
Json = Annotated[Any, AfterValidator(_storable)]
JsonObject = Annotated[dict[str, Any], AfterValidator(_storable)]
Base64 = Annotated[
    bytes,
    BeforeValidator(_decoded),
    WithJsonSchema({"type": "string", "contentEncoding": "base64"}),
]
WrittenOnly = Annotated[SecretStr, Field(json_schema_extra={"writeOnly": True}, max_length=65536)]
Flag = Annotated[bool, Field(strict=True)]
Version = Annotated[int, Field(strict=True, ge=1, le=LARGEST)]
Ref = Annotated[
    str, Path(description="Id, or name when that has no slash.", min_length=1, max_length=200)
]
Search = Annotated[str, Query(description="Looked for whatever the case.", max_length=200)]
Offset = Annotated[int, Query(description="How many to pass over.", ge=0, le=LARGEST)]
Limit = Annotated[int, Query(description="How many to give.", ge=1, le=200)]


class Listed(Shown, Generic[T]):
    """Some of a list, and how many there are in all."""

    items: list[T]
    total: int


def secret_of(given: SecretStr | None) -> Secret | None:
    """What was given, as the engine takes it; nothing for an empty text."""
    text = given.get_secret_value() if given else ""
    return Secret(text) if text else None


def pairs_of(given: list[Pair]) -> tuple[tuple[str, str], ...]:
    """Names and values as the engine takes them."""
    return tuple((name, value) for name, value in given)


def body_view(data: bytes, encoding: str = "utf-8") -> Mapping[str, str | None]:
    """``body`` when the bytes are text, else ``body_base64``; as the command line shows them."""
    try:
        text = data.decode(encoding)
        text.encode()
    except (ValueError, LookupError):
        # Some codecs that a charset may name are not about text, or yield halves of characters.
        return {"body": None, "body_base64": base64.b64encode(data).decode()}
    return {"body": text, "body_base64": None}
