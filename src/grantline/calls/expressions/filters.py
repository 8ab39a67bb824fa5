"""All filters and tests by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from grantline.calls.expressions.conversions import CONVERSIONS, KINDS
from grantline.calls.expressions.function import Function, functions_of

_FILTERS: Final[dict[str, Callable[..., Any]]] = {**CONVERSIONS}
_TESTS: Final[dict[str, Callable[..., Any]]] = {**KINDS}

FILTERS: Final[dict[str, Function]] = functions_of(_FILTERS)
TESTS: Final[dict[str, Function]] = functions_of(_TESTS)
