"""Filters for numbers. They work with decimal digits, as people do: no 0.30000000000000004."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import (
    ROUND_CEILING,
    ROUND_FLOOR,
    ROUND_HALF_UP,
    Decimal,
    InvalidOperation,
    localcontext,
)
from typing import Any, Final

from grantline.calls.expressions.operators import compared, exactly, neat, quotient
from grantline.calls.expressions.picks import picked
from grantline.calls.expressions.texts import text_of, whole
from grantline.calls.expressions.values import Number, is_number
from grantline.calls.expressions.wording import Refused, kind_of

_MOST_DIGITS: Final = 50
_DIVIDED: Final = 60


def number_of(value: Any, what: str) -> Number:
    """``value`` as the number that a filter works on."""
    if not is_number(value):
        raise Refused(
            f"{what} needs a number, and this is {kind_of(value)}.",
            "A text that holds a number becomes one with | number." if value else "",
        )
    return value  # type: ignore[no-any-return]


def round_(value: Any, digits: Any = 0) -> Number:
    """The nearest number with so many digits after the point; 0.5 goes away from zero."""
    return _rounded(value, digits, ROUND_HALF_UP, "round")


def floor(value: Any, digits: Any = 0) -> Number:
    """The next number down with so many digits after the point."""
    return _rounded(value, digits, ROUND_FLOOR, "floor")


def ceil(value: Any, digits: Any = 0) -> Number:
    """The next number up with so many digits after the point."""
    return _rounded(value, digits, ROUND_CEILING, "ceil")


def absolute(value: Any) -> Number:
    """Without its sign."""
    number = number_of(value, "abs")
    return -number if number < 0 else number


def sum_(value: Any, path: Any = None) -> Number:
    """All of a list together; with a path, what is there in each item."""
    total: int | Decimal = 0
    with localcontext(prec=_DIVIDED):
        for each in _numbers(value, path, "sum"):
            total += exactly(each)
    return neat(total)


def average(value: Any, path: Any = None) -> Number:
    """The sum of a list, divided by how many there are."""
    numbers = _numbers(value, path, "average")
    if not numbers:
        raise Refused("An empty list has no average.")
    return neat(quotient(Decimal(exactly(sum_(numbers))), Decimal(len(numbers))))


def least(value: Any, path: Any = None) -> Any:
    """The least of a list of numbers or texts; with a path, of what is there in each item."""
    return _extreme(value, path, -1, "min")


def most(value: Any, path: Any = None) -> Any:
    """The greatest of a list of numbers or texts; with a path, of what is there in each item."""
    return _extreme(value, path, 1, "max")


def format_number(value: Any, digits: Any = None, group: Any = ",", point: Any = ".") -> str:
    """With separators between thousands, and so many digits after the point."""
    number = exactly(number_of(value, "format_number"))
    places = None if digits is None else _places(digits)
    with localcontext(prec=_DIVIDED + _MOST_DIGITS):
        shown = _as_written(number) if places is None else _quantized(number, places, ROUND_HALF_UP)
    plain = f"{shown:,f}" if isinstance(shown, Decimal) else f"{shown:,}"
    whole_part, dot, rest = plain.partition(".")
    return whole_part.replace(",", text_of(group)) + (text_of(point) + rest if dot else "")


def _rounded(value: Any, digits: Any, way: str, what: str) -> Number:
    number = exactly(number_of(value, what))
    places = _places(digits)
    if isinstance(number, int):
        return number
    rounded = _quantized(number, places, way)
    return int(rounded) if not places else neat(rounded)


def _places(digits: Any) -> int:
    places = whole(digits, "The number of digits")
    if places > _MOST_DIGITS:
        raise Refused(f"More than {_MOST_DIGITS} digits after the point are no use to anybody.")
    return places


def _quantized(number: int | Decimal, places: int, way: str) -> Decimal:
    try:
        with localcontext(prec=400):
            return Decimal(number).quantize(Decimal(1).scaleb(-places), rounding=way)
    except InvalidOperation:
        raise Refused("This number is too large to be rounded.") from None


def _as_written(number: int | Decimal) -> int | Decimal:
    return number.normalize() if isinstance(number, Decimal) else number


def _numbers(value: Any, path: Any, what: str) -> Sequence[Number]:
    return [number_of(each, what) for each in picked(value, path, what)]


def _extreme(value: Any, path: Any, sign: int, what: str) -> Any:
    candidates = picked(value, path, what)
    if not candidates:
        raise Refused(f"An empty list has no {what}.")
    best = candidates[0]
    for each in candidates:
        if compared(each, best) == sign:
            best = each
    return best


NUMBERS: Final[dict[str, Callable[..., Any]]] = {
    "round": round_,
    "floor": floor,
    "ceil": ceil,
    "abs": absolute,
    "sum": sum_,
    "average": average,
    "min": least,
    "max": most,
    "format_number": format_number,
}

OF_NUMBERS: Final[dict[str, Callable[..., Any]]] = {
    "even": lambda value: whole(value, "The value", least=-(10**30)) % 2 == 0,
    "odd": lambda value: whole(value, "The value", least=-(10**30)) % 2 == 1,
}
