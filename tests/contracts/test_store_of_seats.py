"""Law 16 of ``grantline.store.protocol``: so many at a time, and who came first sits first."""

from __future__ import annotations

from datetime import timedelta

import pytest

from grantline.errors import ConnectionNotFound
from grantline.store.protocol.seats import SeatAnswer, SeatClaim
from grantline.store.protocol.store import Store
from tests.records import HOUR, a_connection, an_app, an_event

OVER = timedelta(0)


@pytest.fixture
def shared(store: Store) -> Store:
    """A connection that two may use at the same time."""
    store.add_connection(a_connection(at_once=2), an_event(), an_app())
    return store


def claim(
    store: Store, name: str, span: timedelta = HOUR, *, gone: tuple[str, ...] = ()
) -> SeatAnswer:
    wish = SeatClaim(f"seat_{name}", "home", "con_1", f"process {name}")
    return store.claim_seat(wish, span, gone=gone)


def who_sits(store: Store, *names: str) -> str:
    return "".join(name for name in names if claim(store, name).is_taken)


def test_law_16_so_many_sit_and_the_others_wait_in_the_order_they_came(shared: Store) -> None:
    assert who_sits(shared, *"abcde") == "ab"
    assert claim(shared, "d").others == {"process a", "process b", "process c"}
    shared.leave_seat("seat_a")
    assert who_sits(shared, *"edcb") == "cb"
    shared.leave_seat("seat_b")
    shared.leave_seat("seat_c")
    assert who_sits(shared, *"fed") == "ed"


def test_who_gives_up_leaves_the_line(shared: Store) -> None:
    assert who_sits(shared, *"abcd") == "ab"
    shared.leave_seat("seat_c")
    shared.leave_seat("seat_c")
    shared.leave_seat("seat_a")
    assert who_sits(shared, *"d") == "d"


def test_a_seat_ends_unless_it_is_kept_and_so_does_a_place_in_the_line(shared: Store) -> None:
    assert claim(shared, "a", OVER).is_taken
    assert claim(shared, "b", OVER).is_taken
    assert shared.keep_seat("seat_b", HOUR)
    assert claim(shared, "c", OVER).is_taken
    assert who_sits(shared, *"de") == "d"
    assert not shared.keep_seat("seat_a", HOUR)
    assert not claim(shared, "waits", OVER).is_taken
    shared.leave_seat("seat_d")
    assert who_sits(shared, *"e") == "e"


def test_what_processes_hold_that_are_gone_is_free(shared: Store) -> None:
    assert who_sits(shared, *"abcd") == "ab"
    assert claim(shared, "d", gone=("process b", "process c")).is_taken
    assert not shared.keep_seat("seat_b", HOUR)


def test_who_sits_already_stays_whatever_the_limit_becomes(shared: Store) -> None:
    assert who_sits(shared, *"abc") == "ab"
    shared.update_connection(a_connection(at_once=1, version=2), an_event())
    assert who_sits(shared, *"abc") == "ab"
    shared.leave_seat("seat_a")
    assert who_sits(shared, *"bc") == "b"
    shared.update_connection(a_connection(at_once=0, version=3), an_event())
    assert who_sits(shared, *"bcde") == "bcde"


def test_laws_2_and_8_there_are_no_seats_where_there_is_no_connection(shared: Store) -> None:
    with pytest.raises(ConnectionNotFound):
        shared.claim_seat(SeatClaim("seat_x", "away", "con_1", "p"), HOUR)
    assert claim(shared, "a").is_taken
    shared.delete_connection("home", "con_1", an_event())
    with pytest.raises(ConnectionNotFound):
        claim(shared, "b")
    assert not shared.keep_seat("seat_a", HOUR)


def test_the_limit_of_a_connection_comes_back_as_it_was_given(shared: Store) -> None:
    assert shared.load_connection("home", "con_1").at_once == 2
