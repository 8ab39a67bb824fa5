"""The states of a connection and everything that moves one to another, as one table.

Rule 1: nothing else in the engine decides a state; it names what happened and asks ``next_state``.
Rule 2: only a dead grant, confirmed, leads to ``REAUTHORIZATION_REQUIRED``; a timeout, a 5xx, a
429 or an unknown refusal never does.
Rule 3: deletion is not a state. A deleted connection has no row, and no event brings it back.

The diagram in ``docs/connections/state.md`` is printed from this table by ``diagram()``.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from grantline.errors import GrantlineError


class State(StrEnum):
    """What a connection is good for just now."""

    DRAFT = "draft"
    AUTHORIZED = "authorized"
    EXPIRING = "expiring"
    FAILING = "failing"
    REAUTHORIZATION_REQUIRED = "reauthorization_required"


class Happening(StrEnum):
    """What can happen to a connection."""

    AUTHORIZED = "authorized"
    REFRESHED = "refreshed"
    REFRESH_FAILED = "refresh_failed"
    DEAD_GRANT_SEEN = "dead_grant_seen"
    DEAD_GRANT_CONFIRMED = "dead_grant_confirmed"
    GRANT_ENDS_SOON = "grant_ends_soon"
    IDENTITY_EDITED = "identity_edited"


_S, _H = State, Happening
HELD: Final = (_S.AUTHORIZED, _S.EXPIRING, _S.FAILING)

TRANSITIONS: Final[dict[tuple[State, Happening], State]] = {
    **{(state, _H.AUTHORIZED): _S.AUTHORIZED for state in State},
    **{(state, _H.REFRESHED): _S.AUTHORIZED for state in HELD},
    **{(state, _H.REFRESH_FAILED): _S.FAILING for state in HELD},
    **{(state, _H.DEAD_GRANT_SEEN): _S.FAILING for state in HELD},
    **{(state, _H.DEAD_GRANT_CONFIRMED): _S.REAUTHORIZATION_REQUIRED for state in HELD},
    **{(state, _H.GRANT_ENDS_SOON): _S.EXPIRING for state in (_S.AUTHORIZED, _S.EXPIRING)},
    **{(state, _H.IDENTITY_EDITED): _S.DRAFT for state in State},
    # The answer of a refresh that was under way when the grant was given up is still an answer:
    # whoever holds a working token set is authorized.
    (_S.REAUTHORIZATION_REQUIRED, _H.REFRESHED): _S.AUTHORIZED,
}


class ImpossibleTransition(GrantlineError):
    """Something happened that cannot happen in this state: a fault of the engine itself."""

    code = "impossible_transition"


def next_state(state: State, happening: Happening) -> State:
    """The state after ``happening``.

    Raises:
        ImpossibleTransition: The table has no such move.
    """
    try:
        return TRANSITIONS[state, happening]
    except KeyError:
        msg = f"A {state} connection cannot see {happening}."
        raise ImpossibleTransition(msg, hint="Please report this with the history.") from None


def diagram() -> str:
    """The table as a Mermaid state diagram, for the documentation."""
    lines = ["stateDiagram-v2", "    [*] --> draft: created"]
    moves: dict[tuple[State, State], list[str]] = {}
    for (before, happening), after in TRANSITIONS.items():
        moves.setdefault((before, after), []).append(happening.value)
    lines += [
        f"    {before} --> {after}: {', '.join(happenings)}"
        for (before, after), happenings in moves.items()
    ]
    lines += [f"    {state} --> [*]: deleted" for state in State]
    return "\n".join(lines)
