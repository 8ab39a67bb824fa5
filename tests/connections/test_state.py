from __future__ import annotations

from itertools import product
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grantline.connections.state import (
    HELD,
    TRANSITIONS,
    Happening,
    ImpossibleTransition,
    State,
    diagram,
    next_state,
)

PAGE = Path(__file__).parents[2] / "docs" / "connections" / "state.md"
S, H = State, Happening

# Written out by hand, so that a slip in the table is a difference here.
TABLE = {
    H.AUTHORIZED: dict.fromkeys(S, S.AUTHORIZED),
    H.REFRESHED: dict.fromkeys(
        (S.AUTHORIZED, S.EXPIRING, S.FAILING, S.REAUTHORIZATION_REQUIRED), S.AUTHORIZED
    ),
    H.REFRESH_FAILED: dict.fromkeys((S.AUTHORIZED, S.EXPIRING, S.FAILING), S.FAILING),
    H.DEAD_GRANT_SEEN: dict.fromkeys((S.AUTHORIZED, S.EXPIRING, S.FAILING), S.FAILING),
    H.DEAD_GRANT_CONFIRMED: dict.fromkeys(
        (S.AUTHORIZED, S.EXPIRING, S.FAILING), S.REAUTHORIZATION_REQUIRED
    ),
    H.GRANT_ENDS_SOON: dict.fromkeys((S.AUTHORIZED, S.EXPIRING), S.EXPIRING),
    H.IDENTITY_EDITED: dict.fromkeys(S, S.DRAFT),
}


@pytest.mark.parametrize(("state", "happening"), list(product(State, Happening)))
def test_every_state_meets_every_happening(state: State, happening: Happening) -> None:
    expected = TABLE[happening].get(state)
    if expected is not None:
        assert next_state(state, happening) is expected
    else:
        with pytest.raises(ImpossibleTransition, match=f"{state} connection .* {happening}"):
            next_state(state, happening)


def test_only_a_confirmed_dead_grant_asks_for_reauthorization() -> None:
    leading = {each[1] for each, after in TRANSITIONS.items() if after is _DEAD}
    assert leading == {Happening.DEAD_GRANT_CONFIRMED}


_DEAD = State.REAUTHORIZATION_REQUIRED


@given(st.lists(st.sampled_from(Happening), max_size=30))
def test_no_history_marks_a_connection_dead_without_a_confirmed_dead_grant(
    history: list[Happening],
) -> None:
    state = State.DRAFT
    for happening in history:
        if (state, happening) in TRANSITIONS:
            state = next_state(state, happening)
            assert (state is not _DEAD) or happening is Happening.DEAD_GRANT_CONFIRMED


def test_a_draft_leaves_by_consent_alone() -> None:
    leaving = {each[1] for each, after in TRANSITIONS.items() if each[0] is S.DRAFT is not after}
    assert leaving == {Happening.AUTHORIZED}
    assert State.DRAFT not in HELD


def test_the_diagram_in_the_documentation_is_the_table() -> None:
    page = PAGE.read_text("utf-8")
    block = page.partition("<!-- diagram: begin -->\n")[2].partition("<!-- diagram: end -->")[0]
    assert block == f"```mermaid\n{diagram()}\n```\n"
    for state in State:
        assert f"| `{state}` |" in page
