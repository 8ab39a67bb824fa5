"""Working expressions out beside the event loop, where others would wait for it.

A filter over a hundred thousand items takes the better part of a second, and everything else that
the process does would stand still for so long.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar

R = TypeVar("R")

# Going through so many items takes about as long as a process may keep others waiting.
MOST_AT_ONCE: Final = 5_000
_CHARACTERS_OF_ITEM: Final = 20


async def beside(names: Mapping[str, Any], work: Callable[[], R]) -> R:
    """What ``work`` gives, on a thread where ``names``, which it goes through, hold much."""
    return await asyncio.to_thread(work) if _hold_much(names) else work()


def _hold_much(names: Mapping[str, Any]) -> bool:
    # No further than it takes to know: most bundles are small.
    waiting: list[Any] = list(names.values())
    seen = len(waiting)
    while waiting and seen <= MOST_AT_ONCE:
        match waiting.pop():
            case str() as text:
                seen += len(text) // _CHARACTERS_OF_ITEM
            case dict() as table:
                seen += len(table)
                waiting += table.values()
            case list() | tuple() as items:
                seen += len(items)
                waiting += items
    return seen > MOST_AT_ONCE
