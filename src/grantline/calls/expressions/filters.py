"""All filters and tests by name; docs/mapping.md shows each of them."""

from __future__ import annotations

from typing import Final

from grantline.calls.expressions.coding import CODINGS
from grantline.calls.expressions.conversions import CONVERSIONS, KINDS
from grantline.calls.expressions.dates import DATES, OF_DATES
from grantline.calls.expressions.function import Function, functions_of
from grantline.calls.expressions.lists import LISTS
from grantline.calls.expressions.numbers import NUMBERS, OF_NUMBERS
from grantline.calls.expressions.texts import OF_TEXTS, TEXTS

FILTERS: Final[dict[str, Function]] = functions_of(
    {**CONVERSIONS, **TEXTS, **NUMBERS, **LISTS, **DATES, **CODINGS}
)
TESTS: Final[dict[str, Function]] = functions_of({**KINDS, **OF_TEXTS, **OF_NUMBERS, **OF_DATES})
