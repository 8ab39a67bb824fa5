"""Names that nothing has: which one was probably meant."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Final

# Of longer lists the first ones are looked at: a wrong name shall not cost more than a right one.
LOOKED_AT: Final = 1_000


def did_you_mean(name: str, names: Iterable[str]) -> str:
    """A question that names what ``name`` is nearly equal to, ending in a blank; or nothing."""
    folded = {each.casefold(): each for each in names}
    near = get_close_matches(name.casefold()[:100], folded, n=1, cutoff=0.6)
    return f"Did you mean “{folded[near[0]]}”? " if near else ""
