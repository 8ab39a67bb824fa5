from datetime import UTC, datetime

import pytest

from grantline.oauth.moment import Moment

MOMENT = Moment(now=datetime(2026, 11, 23, 12, 0, tzinfo=UTC), seed=b"canary-canary-canary")


def test_an_identifier_depends_on_the_purpose_and_the_seed() -> None:
    again = MOMENT.again()
    found = {moment.identifier(purpose) for moment in (MOMENT, again) for purpose in ("a", "b")}
    assert len(found) == 4
    assert again.now == MOMENT.now
    assert MOMENT.identifier("a") == MOMENT.identifier("a")


def test_too_little_randomness_is_refused() -> None:
    with pytest.raises(ValueError, match="16 random bytes"):
        Moment(now=MOMENT.now, seed=b"short")


def test_the_seed_shows_in_no_repr() -> None:
    assert "canary" not in repr(MOMENT)
