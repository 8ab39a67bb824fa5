from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from grantline.connections.renewal.holding import Holding, Holdings, due_at
from grantline.connections.sealing import FlowSecrets
from grantline.errors import NotAuthorized
from grantline.oauth.app.response_rules import ResponseRules
from grantline.oauth.app.settings import AppSettings, ClientSecrets, FlowType
from grantline.oauth.token_set import TokenSet
from grantline.oauth.tokens.placement import credential_of
from grantline.secret import Secret
from grantline.testing.clock import START
from tests.records import a_connection, an_app

HOUR = timedelta(hours=1)
SECOND = timedelta(seconds=1)
TOKENS = TokenSet(
    access_token=Secret("access"), refresh_token=Secret("refresh"), expires_at=START + HOUR
)
UNKNOWN_END = TokenSet(access_token=Secret("access"))


def _holding(
    tokens: TokenSet | None = TOKENS,
    *,
    flow: FlowType = FlowType.AUTHORIZATION_CODE,
    settings: AppSettings | None = None,
    app: dict[str, Any] | None = None,
    **row: Any,
) -> Holding:
    settings = settings or AppSettings(client_id="c")
    return Holding(
        record=a_connection(flow=flow, **row),
        app=an_app(**(app or {})),
        app_settings=settings,
        settings=settings,
        secrets=ClientSecrets(),
        flow_secrets=FlowSecrets(),
        hosts=frozenset(),
        dpop=None,
        tokens=tokens,
        given=credential_of(settings, tokens) if tokens else None,
        obtained_at=START if tokens else None,
        due_at=due_at(settings, tokens, START),
        trusted_until=START + SECOND,
    )


@pytest.mark.parametrize(
    ("tokens", "now", "asked", "usable"),
    [
        (TOKENS, START, {}, True),
        (TOKENS, START + timedelta(minutes=55) - SECOND, {}, True),
        (TOKENS, START + timedelta(minutes=55), {}, False),
        (TOKENS, START, {"min_ttl": HOUR}, True),
        (TOKENS, START, {"min_ttl": HOUR + SECOND}, False),
        (TOKENS, START, {"rejected": Secret("access")}, False),
        (TOKENS, START, {"rejected": Secret("another")}, True),
        (UNKNOWN_END, START + timedelta(days=999), {}, True),
        (UNKNOWN_END, START, {"min_ttl": HOUR}, True),
        (UNKNOWN_END, START, {"rejected": Secret("access")}, False),
        (None, START, {}, False),
    ],
)
def test_a_token_is_usable_until_it_is_due_or_refused(
    tokens: TokenSet | None, now: datetime, asked: dict[str, Any], *, usable: bool
) -> None:
    assert _holding(tokens).usable(now, **asked) is usable


@pytest.mark.parametrize(
    ("tokens", "now", "rejected", "alive"),
    [
        (TOKENS, START + HOUR - SECOND, None, True),
        (TOKENS, START + HOUR, None, False),
        (TOKENS, START, Secret("access"), False),
        (UNKNOWN_END, START + timedelta(days=999), None, True),
        (None, START, None, False),
    ],
)
def test_a_token_lives_to_its_very_end(
    tokens: TokenSet | None, now: datetime, rejected: Secret | None, *, alive: bool
) -> None:
    assert _holding(tokens).alive(now, rejected=rejected) is alive


@pytest.mark.parametrize(
    ("holding", "renewable"),
    [
        (_holding(), True),
        (_holding(UNKNOWN_END), False),
        (_holding(None), False),
        (_holding(UNKNOWN_END, flow=FlowType.CLIENT_CREDENTIALS), True),
        (_holding(UNKNOWN_END, flow=FlowType.PASSWORD), True),
        (_holding(None, flow=FlowType.JWT_BEARER), True),
        (_holding(UNKNOWN_END, flow=FlowType.DEVICE), False),
        (
            _holding(
                UNKNOWN_END,
                settings=AppSettings(
                    client_id="c", response=ResponseRules(refresh_with="access_token")
                ),
            ),
            True,
        ),
    ],
)
def test_what_can_be_renewed_without_a_person(holding: Holding, *, renewable: bool) -> None:
    assert holding.renewable is renewable


def test_a_draft_says_how_to_authorize_it() -> None:
    draft = _holding(None)
    for what in ("granted", "credential"):
        with pytest.raises(NotAuthorized, match="connection authorize 'My mail'"):
            getattr(draft, what)


@pytest.mark.parametrize(
    ("held", "offered", "kept"),
    [
        ({"generation": 1}, {"generation": 2}, "offered"),
        ({"generation": 2}, {"generation": 1}, "held"),
        ({"version": 2}, {"version": 1}, "held"),
        ({"generation": 1, "version": 2}, {"generation": 2, "version": 1}, "offered"),
        ({"app": {"version": 2}}, {"app": {"version": 1}}, "held"),
        ({}, {}, "offered"),
    ],
)
def test_an_older_reading_never_replaces_a_newer_one(
    held: dict[str, Any], offered: dict[str, Any], kept: str
) -> None:
    holdings = Holdings()
    both = {"held": _holding(**held), "offered": _holding(**offered)}
    for one in both.values():
        holdings.put(one)
    assert holdings.get("con_1") is both[kept]


def test_the_longest_unused_are_dropped() -> None:
    holdings = Holdings(at_most=2)
    for number in (1, 2, 1, 3):
        holdings.put(_holding(id=f"con_{number}"))
    assert [holdings.get(f"con_{number}") is None for number in (1, 2, 3)] == [False, True, False]


def test_an_edited_app_drops_every_connection_of_it() -> None:
    holdings = Holdings()
    for number in (1, 2, 3):
        holdings.put(_holding(id=f"con_{number}", app={"id": f"app_{number % 2}"}))
    holdings.drop_app("app_1")
    assert [holdings.get(f"con_{number}") is None for number in (1, 2, 3)] == [True, False, True]
    holdings.drop("con_2")
    holdings.drop("con_2")
    assert holdings.get("con_2") is None


def test_a_holding_shows_no_secret() -> None:
    assert repr(_holding()) == "Holding(con_1, generation 0)"
