"""What the doctor says of a connection that works, as a table."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from grantline.connections.doctor.diagnosis import Facts, Severity, is_well, weight
from grantline.connections.doctor.standing_causes import standing_causes
from grantline.errors import EgressBlocked, TransportFailed
from grantline.oauth.app.settings import AppSettings, FlowType
from grantline.providers.catalogue import profile

NOW = datetime(2026, 3, 9, 12, 0, tzinfo=UTC)
HERE = "https://grantline.example/oauth/callback/0123456789abcdef"
SETTINGS = AppSettings(
    client_id="client",
    authorize_uri="https://auth.example/authorize",
    token_uri="https://auth.example/token",
)
WELL = Facts(
    settings=SETTINGS,
    flow=FlowType.AUTHORIZATION_CODE,
    now=NOW,
    is_authorized=True,
    has_refresh_token=True,
    hosts=("api.example.com",),
    redirect_uri=HERE,
    next_redirect_uri=HERE,
    public_redirect_uri=HERE,
)
IDLE = replace(SETTINGS, refresh_idle_lifetime=timedelta(days=8))
BLOCKED = EgressBlocked("10.0.0.1 is private.", rule="ip_private", setting="GRANTLINE_ALLOW_HOSTS")
NO_ANSWER = TransportFailed("No answer.", check="timeout", sent=True)
LOOPBACK = "http://127.0.0.1:8080/oauth/callback/0123456789abcdef"


@pytest.mark.parametrize(
    ("changes", "codes"),
    [
        ({}, []),
        ({"is_authorized": False}, ["not_authorized"]),
        ({"secret_ends_at": NOW + timedelta(days=8)}, []),
        ({"secret_ends_at": NOW + timedelta(days=6)}, ["client_secret_ends"]),
        ({"moved": (("token_uri", "https://new.example/token"),)}, ["endpoints_moved"]),
        ({"redirect_uri": HERE.replace("grantline", "old")}, ["redirect_uri_changed"]),
        ({"redirect_uri": LOOPBACK}, []),
        (
            {"next_redirect_uri": HERE.replace("grantline", "old"), "redirect_uri": ""},
            ["redirect_uri_elsewhere"],
        ),
        (
            {"next_redirect_uri": LOOPBACK, "redirect_uri": "", "public_redirect_uri": HERE},
            ["redirect_uri_elsewhere"],
        ),
        ({"next_redirect_uri": LOOPBACK, "public_redirect_uri": "", "redirect_uri": LOOPBACK}, []),
        ({"public_redirect_uri": LOOPBACK}, ["redirect_uri_elsewhere"]),
        (
            {
                "next_redirect_uri": LOOPBACK.replace("8080", "8765"),
                "public_redirect_uri": LOOPBACK,
                "redirect_uri": "",
            },
            [],
        ),
        (
            dict.fromkeys(
                ("next_redirect_uri", "public_redirect_uri", "redirect_uri"),
                HERE.replace("https", "http"),
            ),
            ["redirect_uri_plain"],
        ),
        ({"flow": FlowType.CLIENT_CREDENTIALS, "next_redirect_uri": LOOPBACK}, []),
        ({"refresh_ends_at": NOW + timedelta(days=8)}, []),
        ({"refresh_ends_at": NOW + timedelta(days=6)}, ["refresh_token_ends"]),
        ({"refresh_ends_at": NOW + timedelta(days=6), "settings": IDLE}, []),
        ({"refresh_ends_at": NOW + timedelta(days=1), "settings": IDLE}, ["refresh_token_ends"]),
        ({"refresh_ends_at": NOW - timedelta(days=1), "settings": IDLE}, ["refresh_token_ends"]),
        ({"refresh_ends_at": NOW, "has_refresh_token": False}, []),
        ({"unreached": (("api.example.com", BLOCKED),)}, ["blocked"]),
        (
            {"unreached": (("auth.example", NO_ANSWER),)},
            ["unreachable"],
        ),
    ],
)
def test_each_thing_has_a_finding_with_a_next_step(
    changes: dict[str, Any], codes: list[str]
) -> None:
    found = standing_causes(replace(WELL, **changes))
    assert [each.code for each in found] == codes
    assert all(each.title and each.explanation and each.next_steps for each in found)


def test_both_redirect_uris_are_there_to_be_compared() -> None:
    old = HERE.replace("grantline", "old")
    (found,) = standing_causes(replace(WELL, redirect_uri=old))
    assert found.differs == (HERE, old)
    assert "grantline.example" in found.explanation


def test_a_host_that_the_guard_refuses_names_the_setting() -> None:
    (found,) = standing_causes(replace(WELL, unreached=(("api.example.com", BLOCKED),)))
    assert ("Host", "api.example.com") in found.evidence
    assert "GRANTLINE_ALLOW_HOSTS" in found.next_steps[-1]


def test_what_nobody_renews_is_renewed_by_hand_or_by_the_server() -> None:
    soon: dict[str, Any] = {"settings": IDLE, "refresh_ends_at": NOW + timedelta(days=1)}
    (found,) = standing_causes(replace(WELL, **soon))
    assert found.severity is Severity.WARNING
    assert "grantline serve" in found.next_steps[1]
    (over,) = standing_causes(replace(WELL, **{**soon, "refresh_ends_at": NOW}))
    assert over.severity is Severity.ERROR


GOOGLE = (("access_type", "offline"), ("prompt", "consent"))


@pytest.mark.parametrize(
    ("provider", "changes", "warned"),
    [
        ("google", {}, ["Add the authorize parameter access_type=offline to the app."]),
        ("google", {"settings": replace(SETTINGS, authorize_parameters=GOOGLE)}, []),
        ("google", {"is_authorized": True}, []),
        ("microsoft", {}, ["Add the scope offline_access to the connection."]),
        ("microsoft", {"scopes": ("offline_access",)}, []),
        (
            "auth0",
            {"scopes": ("offline_access",)},
            ["Add the authorize parameter audience to the app."],
        ),
    ],
)
def test_traps_are_told_before_anybody_walks_into_them(
    provider: str, changes: dict[str, Any], warned: list[str]
) -> None:
    facts = replace(WELL, **{"is_authorized": False, "entry": profile(provider), **changes})
    told = [each for each in standing_causes(facts) if each.code == "trap"]
    assert [each.next_steps[0] for each in told] == warned


def test_known_traps_are_notes_and_leave_all_well() -> None:
    found = standing_causes(replace(WELL, entry=profile("google-sheets")))
    assert {each.code for each in found} == {"known_trap"}
    assert is_well(found)
    assert weight(found) > weight(standing_causes(replace(WELL, is_authorized=False)))


@pytest.mark.parametrize(("left", "severity"), [(1, Severity.WARNING), (0, Severity.ERROR)])
def test_a_client_secret_that_has_ended_is_an_error(left: int, severity: Severity) -> None:
    facts = replace(WELL, secret_ends_at=NOW + timedelta(hours=left))
    assert [each.severity for each in standing_causes(facts)] == [severity]


def test_both_addresses_of_an_endpoint_that_moved_are_shown() -> None:
    facts = replace(WELL, moved=(("token_uri", "https://new.example/token"),))
    (found,) = standing_causes(facts)
    assert found.evidence == (
        ("Token URI", "https://auth.example/token"),
        ("Token URI, published", "https://new.example/token"),
    )
