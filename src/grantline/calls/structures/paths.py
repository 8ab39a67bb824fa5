"""Places in a structure, written as ``data.items[0].id``."""

from __future__ import annotations

import re
from typing import Any, Final

from grantline.errors import InvalidInput

MISSING: Final = object()
LONGEST: Final = 1000

Step = str | int

_STEP = re.compile(r"\.?([^.\[\]\"]+)|\[(-?[0-9]{1,9})\]|\[\"([^\"]*)\"\]")


def parse_path(text: str, *, field: str) -> tuple[Step, ...]:
    """The steps of a path: names, and places in lists; none for the whole.

    A leading ``$`` is the whole, as in JSONPath; ``["a.b"]`` is a name with a dot in it.

    Raises:
        InvalidInput: It is no path; ``field`` names where it was written.
    """
    rest = text.strip().removeprefix("$")
    steps: list[Step] = []
    while rest:
        match = _STEP.match(rest)
        if match is None or len(text) > LONGEST:
            raise InvalidInput(
                f"{text[:100]!r} is no path into an answer.",
                field=field,
                hint="Write names with dots between and places in brackets: data.items[0].id.",
            )
        name, index, quoted = match.groups()
        steps.append(int(index) if index is not None else name if name is not None else quoted)
        rest = rest[match.end() :]
    return tuple(steps)


def at_path(value: Any, steps: tuple[Step, ...]) -> Any:
    """What is there in ``value``; ``MISSING`` where a step leads nowhere."""
    for step in steps:
        if isinstance(step, int):
            if not isinstance(value, list) or not -len(value) <= step < len(value):
                return MISSING
            value = value[step]
        elif isinstance(value, dict) and step in value:
            value = value[step]
        else:
            return MISSING
    return value


def with_value(value: Any, steps: tuple[Step, ...], new: Any, *, field: str) -> Any:
    """A copy of ``value`` with ``new`` there; objects on the way are made where they are missing.

    Raises:
        InvalidInput: The way leads through something that has no such place.
    """
    if not steps:
        return new
    step, *rest = steps
    if isinstance(step, int) and isinstance(value, list) and -len(value) <= step < len(value):
        inner = with_value(value[step], tuple(rest), new, field=field)
        index = step % len(value)
        return [*value[:index], inner, *value[index + 1 :]]
    if isinstance(step, str) and isinstance(value, dict | None):
        given = value or {}
        return {**given, step: with_value(given.get(step), tuple(rest), new, field=field)}
    raise InvalidInput(f"The body has no place named {step!r} to set.", field=field)
