"""What refers to a connection or a credential, said before it is deleted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from grantline.cli.output import note
from grantline.cli.words import listed

if TYPE_CHECKING:
    from grantline.connections.requests.used_by import UsedBy


def names_of(uses: UsedBy) -> str:
    """The names of what refers to it; the first ones of many."""
    left = uses.total - len(uses.names)
    return listed(uses.names) + (f" and {left} more" if left > 0 else "")


def note_uses(uses: UsedBy) -> None:
    """Says what will fail once it is gone, if anything will."""
    if uses.total:
        verb = "refers" if uses.total == 1 else "refer"
        note(f"{uses.counted} {verb} to it, and will fail: {names_of(uses)}.")
