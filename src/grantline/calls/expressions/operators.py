"""What the signs between values do. They never guess: a text and a number are not added."""

from __future__ import annotations

import operator
from collections.abc import Callable
from decimal import Decimal, DecimalException, localcontext
from typing import Any, Final

from grantline.calls.expressions.values import (
    MOST_ITEMS,
    Number,
    as_text,
    finite,
    is_number,
    joined,
    truth,
)
from grantline.calls.expressions.wording import Refused, kind_of

# Beyond this many bits a number is no quantity of anything, and slow to write.
_MOST_BITS: Final = 4096
_DIGITS: Final = 60
_READABLE: Final = 34


def neat(value: Number) -> Number:
    """``value`` as JSON keeps it: a float where that is the same number, a Decimal elsewhere."""
    if not isinstance(value, Decimal):
        return _small(value)
    if not value.is_finite() or abs(value.adjusted()) > 300:
        raise Refused("The result is too large for a number, or too small.")
    near = float(value)
    return near if Decimal(repr(near)) == value else value


def exactly(value: Number) -> int | Decimal:
    """``value`` with the digits that it is written with, for sums as people do them."""
    return value if isinstance(value, int | Decimal) else Decimal(repr(finite(value)))


def quotient(left: Decimal, right: Decimal) -> Decimal | float:
    """``left / right``; a float where the digits do not end, so that nobody has to read 60."""
    with localcontext(prec=_DIGITS):
        return _ended(left / right)


def _ended(value: Decimal) -> Decimal | float:
    return value if len(value.as_tuple().digits) <= _READABLE else float(value)


def arithmetic(name: str, deed: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Number]:
    """An operator on two numbers, which works with their decimal digits: 0.1 + 0.2 is 0.3."""

    def work_out(left: Any, right: Any) -> Number:
        if not (is_number(left) and is_number(right)):
            wrong = right if is_number(left) else left
            raise Refused(
                f"{name} needs numbers, and one side is {kind_of(wrong)}.",
                "A text that holds a number becomes one with | number." if wrong else "",
            )
        try:
            with localcontext(prec=_DIGITS):
                return neat(deed(exactly(left), exactly(right)))
        except ZeroDivisionError:
            raise Refused("This divides by zero.") from None
        except (DecimalException, OverflowError):
            raise Refused(f"{name} has no result that is a number here.") from None

    return work_out


def _divide(left: Any, right: Any) -> Any:
    if isinstance(left, int) and isinstance(right, int):
        whole, rest = divmod(left, right)
        return whole if not rest else quotient(Decimal(left), Decimal(right))
    if not right:
        raise ZeroDivisionError
    return quotient(Decimal(left), Decimal(right))


def _floor_divide(left: Any, right: Any) -> Any:
    if not right:
        raise ZeroDivisionError
    if isinstance(left, int) and isinstance(right, int):
        return left // right
    return int((Decimal(left) / Decimal(right)).to_integral_value("ROUND_FLOOR"))


def _modulo(left: Any, right: Any) -> Any:
    """What is left over, with the sign of ``right``, as Python and minijinja have it."""
    return left - right * _floor_divide(left, right)


def _power(left: Any, right: Any) -> Any:
    if isinstance(left, int) and isinstance(right, int) and right >= 0:
        if left.bit_length() * right > _MOST_BITS:
            raise OverflowError
        return left**right
    if not left and right < 0:
        raise ZeroDivisionError
    return _ended(Decimal(left) ** Decimal(right))


def _small(value: Number) -> Number:
    if isinstance(value, int) and value.bit_length() > _MOST_BITS:
        raise Refused("The result is too large for a number.")
    return finite(value)


_ADD: Final = arithmetic("+", operator.add)
_MULTIPLY: Final = arithmetic("*", operator.mul)


def _plus(left: Any, right: Any) -> Any:
    if isinstance(left, str) and isinstance(right, str):
        return joined([left, right])
    if isinstance(left, list) and isinstance(right, list):
        if len(left) + len(right) > MOST_ITEMS:
            raise Refused(f"This makes a list of more than {MOST_ITEMS:,} items.")
        return left + right
    if isinstance(left, str) or isinstance(right, str):
        other = right if isinstance(left, str) else left
        raise Refused(
            f"+ cannot add a text and {kind_of(other)}.",
            "~ joins them into a text; | number makes a number of a text.",
        )
    return _ADD(left, right)


def _join(*values: Any) -> str:
    return joined(map(as_text, values))


def _not(value: Any) -> bool:
    return not truth(value)


def _negative(value: Any) -> Any:
    if not is_number(value):
        raise Refused(f"- needs a number, and this is {kind_of(value)}.")
    return -value


def _positive(value: Any) -> Any:
    if not is_number(value):
        raise Refused(f"+ needs a number, and this is {kind_of(value)}.")
    return +value


def _same(left: Any, right: Any) -> bool:
    """Equal as JSON: true is not 1, and 1.0 is 1."""
    if isinstance(left, bool) is not isinstance(right, bool):
        return False
    if isinstance(left, float | Decimal) and is_number(right):
        return exactly(left) == exactly(right)
    if isinstance(right, float | Decimal) and is_number(left):
        return exactly(left) == exactly(right)
    return bool(left == right)


def compared(left: Any, right: Any) -> int:
    """Below, equal or above 0, as ``left`` comes before or after ``right``."""
    if is_number(left) and is_number(right):
        left, right = exactly(left), exactly(right)
    elif not (isinstance(left, str) and isinstance(right, str)):
        raise Refused(
            f"{kind_of(left).capitalize()} cannot be compared with {kind_of(right)}.",
            "A text that holds a number becomes one with | number.",
        )
    return int(left > right) - int(left < right)


def contains(container: Any, value: Any) -> bool:
    """Whether ``value`` is in a list, a name of an object, or a part of a text."""
    match container:
        case str():
            if not isinstance(value, str):
                raise Refused(f"Only a text can be in a text, and this is {kind_of(value)}.")
            return value in container
        case list():
            return any(_same(value, each) for each in container)
        case dict():
            return isinstance(value, str) and value in container
        case _:
            raise Refused(f"Nothing can be in {kind_of(container)}.")


def part_of(*, has_start: bool, has_stop: bool) -> Callable[..., Any]:
    """What takes a slice of a list or text; the bounds that it has follow the value."""

    def cut(value: Any, *bounds: Any) -> Any:
        for bound in bounds:
            if type(bound) is not int:
                raise Refused(f"A slice needs whole numbers, and this is {kind_of(bound)}.")
        if not isinstance(value, str | list):
            raise Refused(f"A slice is taken of a list or a text, and this is {kind_of(value)}.")
        start = bounds[0] if has_start else None
        return value[start : bounds[-1] if has_stop else None]

    return cut


def object_of(*flat: Any) -> dict[str, Any]:
    """An object of names and values in turn."""
    names = flat[::2]
    for name in names:
        if not isinstance(name, str):
            raise Refused(f"The names in an object are texts, and this is {kind_of(name)}.")
    return dict(zip(names, flat[1::2], strict=True))


OPERATORS: Final[dict[str, Callable[..., Any]]] = {
    "+": _plus,
    "-": arithmetic("-", operator.sub),
    "*": _MULTIPLY,
    "/": arithmetic("/", _divide),
    "//": arithmetic("//", _floor_divide),
    "%": arithmetic("%", _modulo),
    "**": arithmetic("**", _power),
    "~": _join,
    "not": _not,
    "-x": _negative,
    "+x": _positive,
    "==": _same,
    "!=": lambda left, right: not _same(left, right),
    "<": lambda left, right: compared(left, right) < 0,
    "<=": lambda left, right: compared(left, right) <= 0,
    ">": lambda left, right: compared(left, right) > 0,
    ">=": lambda left, right: compared(left, right) >= 0,
    "in": lambda value, container: contains(container, value),
    "not in": lambda value, container: not contains(container, value),
}
