from __future__ import annotations

import re
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from grantline.connections.ids import ENTROPY_BYTES, new_id
from grantline.testing.clock import START

ENTROPY = st.binary(min_size=ENTROPY_BYTES, max_size=ENTROPY_BYTES)


@given(st.integers(0, 10**11), ENTROPY, st.integers(1, 10**9), ENTROPY)
def test_ids_sort_as_their_instants_do(at: int, one: bytes, later: int, other: bytes) -> None:
    now = START + timedelta(milliseconds=at)
    assert new_id("con", now, one) < new_id("con", now + timedelta(milliseconds=later), other)


@given(ENTROPY, ENTROPY)
def test_ids_of_one_instant_differ_by_their_entropy(one: bytes, other: bytes) -> None:
    assert (new_id("con", START, one) == new_id("con", START, other)) == (one == other)


@given(ENTROPY)
def test_an_id_is_a_prefix_and_26_digits_that_nobody_misreads(entropy: bytes) -> None:
    made = new_id("app", START, entropy)
    assert re.fullmatch(r"app_[0-9a-hjkmnp-tv-z]{26}", made)
