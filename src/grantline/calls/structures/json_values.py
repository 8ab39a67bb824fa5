"""JSON read and written without losing digits (RFC 8259)."""

from __future__ import annotations

import json
from decimal import Decimal, InvalidOperation
from typing import Any, NoReturn

from grantline.errors import LimitExceeded


def load_json(text: str | bytes) -> Any:
    """The value of a JSON text.

    Integers are exact. A number with a fraction or an exponent is a float where the float is the
    very number that was written, and a Decimal elsewhere. Where a name is repeated the last one
    counts.

    Raises:
        ValueError: It is no JSON, or nested deeper than Python reads.
    """
    try:
        return json.loads(text, parse_float=_number, parse_constant=_refuse)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def dump_json(value: Any) -> str:
    """``value``, as ``load_json`` gives it, in one line and with the same digits.

    Raises:
        LimitExceeded: ``depth``: it is nested deeper than Python writes.
    """
    try:
        try:
            return json.dumps(value, ensure_ascii=False)
        except TypeError:
            # Python's own writer has no way to put a Decimal in.
            return _written(value)
    except RecursionError:
        raise LimitExceeded(
            "The answer is nested too deeply to be written.",
            limit="depth",
            hint="Take the body as it came.",
        ) from None


def encode_json(text: str) -> bytes:
    """A JSON text as UTF-8; halves of characters stay the escapes that they were."""
    return text.encode("utf-8", "backslashreplace")


def _written(value: Any) -> str:
    if isinstance(value, dict):
        members = (
            f"{json.dumps(str(k), ensure_ascii=False)}: {_written(v)}" for k, v in value.items()
        )
        return f"{{{', '.join(members)}}}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_written, value))}]"
    if isinstance(value, Decimal):
        return str(value)
    return json.dumps(value, ensure_ascii=False)


def _number(text: str) -> float | Decimal:
    near = float(text)
    try:
        exact = Decimal(text)
    except InvalidOperation:
        return near
    return near if Decimal(repr(near)) == exact else exact


def _refuse(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")
