from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grantline.oauth.app.response_rules import LifetimeUnit
from grantline.oauth.token_set import Warn
from grantline.oauth.tokens.expiry import (
    ABSOLUTE_NAMES,
    MAX_LIFETIME_S,
    RELATIVE_NAMES,
    access_token_expiry,
    lifetime_end,
    refresh_token_expiry,
)

NOW = datetime(2026, 11, 23, tzinfo=UTC)
EPOCH_S = int(NOW.timestamp())


def seconds_left(fields: dict[str, Any], **rules: Any) -> tuple[float | None, tuple[Warn, ...]]:
    expiry = access_token_expiry(fields.get, now=NOW, **rules)
    return (expiry.at - NOW).total_seconds() if expiry.at else None, expiry.warnings


@pytest.mark.parametrize(
    ("fields", "left", "warnings"),
    [
        ({}, None, (Warn.NO_EXPIRY,)),
        ({"expires_in": 3600}, 3600, ()),
        ({"expires_in": "3600.9"}, 3600, ()),
        ({"expires_in": 0.4}, None, (Warn.EXPIRES_ZERO,)),
        ({"expires_in": "-5"}, None, (Warn.EXPIRES_INVALID,)),
        ({"expires_in": "never"}, None, (Warn.EXPIRES_INVALID,)),
        ({"expires_in": "१०"}, None, (Warn.EXPIRES_INVALID,)),
        ({"expires_in": "1_000"}, None, (Warn.EXPIRES_INVALID,)),
        ({"expires_in": 10**400}, MAX_LIFETIME_S, (Warn.EXPIRES_CLAMPED,)),
        ({"expires": 86400}, 86400, ()),
        ({"expires": EPOCH_S + 60}, 60, ()),
        ({"expires": "2026-11-23T00:01:00Z"}, 60, ()),
        ({"expires_in_sec": 3600, "expires_in": 3_600_000}, 3600, ()),
        ({"expires_at": EPOCH_S + 60}, 60, ()),
        ({"expires_at": str((EPOCH_S + 60) * 1000)}, 60, ()),
        ({"expires_at": "2026-11-23 00:01:00"}, 60, ()),
        ({"expires_at": "2026-11-23T01:01:00+01:00"}, 60, ()),
        ({"expires_at": "9999-12-31T23:59:59Z"}, MAX_LIFETIME_S, (Warn.EXPIRES_CLAMPED,)),
        ({"expires_at": "0001-01-01T00:00:00+14:00"}, None, (Warn.EXPIRES_INVALID,)),
        ({"expires_at": 0}, None, (Warn.EXPIRES_ZERO,)),
        ({"expires_at": EPOCH_S}, None, (Warn.EXPIRES_INVALID,)),
        ({".expires": "Mon, 23 Nov 2026 00:01:00 GMT"}, 60, ()),
        ({"expires_in": 60, "expires_at": EPOCH_S + 61}, 60, ()),
        ({"expires_in": 60, "expires_at": EPOCH_S + 900}, 60, (Warn.EXPIRES_CONFLICT,)),
        ({"expires_in": "soon", "expires_at": EPOCH_S + 60}, 60, (Warn.EXPIRES_INVALID,)),
    ],
)
def test_lifetimes_and_dates_become_instants(
    fields: dict[str, Any], left: float | None, warnings: tuple[Warn, ...]
) -> None:
    assert seconds_left(fields) == (left, warnings)


def test_the_app_says_the_unit_the_name_and_the_default() -> None:
    assert seconds_left({"expires_in": 900_000}, unit=LifetimeUnit.MILLISECONDS) == (900, ())
    assert seconds_left({"valid_until": EPOCH_S + 60}, date_name="valid_until") == (60, ())
    assert seconds_left({}, default=timedelta(minutes=55)) == (3300, ())


def test_the_end_of_a_refresh_token_is_read_where_services_put_it() -> None:
    for name in ("refresh_token_expires_in", "refresh_expires_in", "x_refresh_token_expires_in"):
        assert refresh_token_expiry({name: 60}.get, now=NOW).at == NOW + timedelta(minutes=1)
    # Keycloak's 0 means that an offline token does not die.
    assert refresh_token_expiry({"refresh_expires_in": 0}.get, now=NOW).at is None


VALUES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.lists(st.integers())
    | st.datetimes().map(str)
)


@given(st.dictionaries(st.sampled_from(RELATIVE_NAMES + ABSOLUTE_NAMES), VALUES))
def test_no_nonsense_makes_a_token_expire_before_it_came(fields: dict[str, Any]) -> None:
    expiry = access_token_expiry(fields.get, now=NOW)
    assert expiry.at is None or NOW < expiry.at <= NOW + timedelta(seconds=MAX_LIFETIME_S)
    assert expiry.at is not None or expiry.warnings


@given(VALUES)
def test_a_lifetime_ends_in_the_future_or_nobody_knows_when(value: Any) -> None:
    end = lifetime_end(value, now=NOW)
    assert end is None or end > NOW
