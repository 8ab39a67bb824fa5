"""The doctor, as a table: from what went wrong to its cause and the next step."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grantline.connections.connection import Connection
from grantline.connections.doctor.diagnosis import (
    Diagnosis,
    Facts,
    explain_difference,
    first_difference,
)
from grantline.connections.doctor.examine import diagnose
from grantline.connections.doctor.host_causes import host_of
from grantline.connections.engine import LOCAL
from grantline.errors import (
    CallbackRejected,
    ConfigurationError,
    EgressBlocked,
    GrantlineError,
    InvalidResponse,
    ReauthorizationRequired,
    TransportFailed,
)
from grantline.oauth.answers.failure import Failure, FailureKind, failure_from_transport
from grantline.oauth.app.request_choices import ClientAuthentication
from grantline.oauth.app.settings import AppSettings, FlowType
from grantline.oauth.grant import GrantType
from grantline.providers.known_service import entry_for_host
from grantline.testing.authorization_server import Answer, Replace, ServerOptions
from tests.connections.world import World

NOW = datetime(2026, 3, 9, 12, 0, tzinfo=UTC)
WEEK = timedelta(days=7)
OURS = "https://app.example/oauth/callback/0123456789abcdef"
SETTINGS = AppSettings(
    client_id="client",
    authorize_uri="https://auth.example/authorize",
    token_uri="https://auth.example/token",
)
FACTS = Facts(
    settings=SETTINGS,
    flow=FlowType.AUTHORIZATION_CODE,
    now=NOW,
    scopes=("read", "write"),
    redirect_uri=OURS,
)
WORKING = replace(
    FACTS,
    is_authorized=True,
    has_refresh_token=True,
    granted=("read", "write"),
    expires_at=NOW + timedelta(hours=1),
    authorized_at=NOW - timedelta(days=1),
)


def refusal(kind: FailureKind, error: str, description: str = "") -> GrantlineError:
    return Failure(kind=kind, error=error, description=description, status=400).as_error()


def wrapped(cause: GrantlineError) -> GrantlineError:
    """As a token request that could not be made arrives."""
    error = failure_from_transport(cause, grant=GrantType.AUTHORIZATION_CODE).as_error()
    error.__cause__ = cause
    return error


def rejected(check: str) -> GrantlineError:
    return CallbackRejected("It was refused.", check=check)


CLIENT, REQUEST, REAUTH = FailureKind.CLIENT_CONFIG, FailureKind.REQUEST, FailureKind.REAUTH
BLOCKED = EgressBlocked("No.", rule="ip_private", address="10.0.0.1", setting="allow_hosts")
TLS = TransportFailed("It did not prove who it is.", check="tls", sent=False)
REFUSED = TransportFailed("It could not be reached.", check="connect", sent=False)
DEAD = ReauthorizationRequired("It must be reauthorized.")


@pytest.mark.parametrize(
    ("error", "code", "step"),
    [
        (refusal(CLIENT, "redirect_uri_mismatch"), "redirect_uri_mismatch", "Copy the redirect"),
        (refusal(REQUEST, "invalid_request", "Bad redirect_uri"), "redirect_uri_mismatch", "Copy"),
        (refusal(CLIENT, "invalid_client"), "client_refused", "secret from the service's console"),
        (refusal(CLIENT, "unauthorized_client"), "client_refused", "client_secret_basic"),
        (refusal(REQUEST, "invalid_scope"), "scope_refused", "letter by letter"),
        (refusal(REQUEST, "invalid_request", "Unknown scopes: x"), "scope_refused", "letter"),
        (refusal(FailureKind.USER_DENIED, "access_denied"), "access_denied", "choose to allow"),
        (refusal(FailureKind.CODE_REJECTED, "invalid_grant"), "code_rejected", "Start"),
        (refusal(REAUTH, "invalid_grant"), "grant_ended", "Reauthorize"),
        (DEAD, "grant_ended", "Reauthorize"),
        (refusal(REAUTH, "invalid_grant", "JWT: exp is in the past"), "clock_skew", "NTP"),
        (refusal(CLIENT, "invalid_client", "assertion has expired"), "clock_skew", "NTP"),
        (InvalidResponse("Odd.", check="id_token_iat"), "clock_skew", "NTP"),
        (rejected("state_expired"), "state_expired", "ten minutes"),
        (rejected("state_used"), "state_used", "If the connection is not authorized"),
        (rejected("session_mismatch"), "session_mismatch", "Sign in"),
        (rejected("session_missing"), "session_missing", "one browser"),
        (rejected("iss_mismatch"), "iss_mismatch", "Issuer"),
        (rejected("context_mismatch"), "context_mismatch", "Register"),
        (rejected("duplicate_parameter"), "duplicate_parameter", "Start"),
        (BLOCKED, "blocked", "allow_hosts"),
        (wrapped(BLOCKED), "blocked", "allow_hosts"),
        (TLS, "tls", "GRANTLINE_CA_FILE"),
        (wrapped(TLS), "tls", "GRANTLINE_CA_FILE"),
        (REFUSED, "unreachable", "Try again"),
        (wrapped(REFUSED), "unreachable", "Try again"),
        (refusal(FailureKind.REDIRECT, "redirect_refused"), "endpoint_moved", "Token URI"),
        (refusal(FailureKind.BAD_RESPONSE, "not_json"), "not_a_token_response", "Token URI"),
        (ConfigurationError("Odd.", hint="Do this."), "configuration", "Do this."),
    ],
)
def test_an_error_has_a_cause_and_a_next_step(error: GrantlineError, code: str, step: str) -> None:
    first, *_ = diagnose(error, FACTS)
    assert first.code == code
    assert step in " ".join(first.next_steps)
    assert first.title
    assert first.explanation


@pytest.mark.parametrize(
    "error", [refusal(FailureKind.USER_DENIED, "access_denied"), rejected("state_used"), DEAD]
)
def test_what_the_code_says_is_not_said_again_as_evidence(error: GrantlineError) -> None:
    first, *_ = diagnose(error, FACTS)
    assert not {first.code, error.code} & {value for _, value in first.evidence}


def test_a_redirect_uri_that_the_service_quotes_is_compared() -> None:
    theirs = OURS.replace("app.", "old.")
    (found,) = diagnose(
        refusal(CLIENT, "redirect_uri_mismatch", f"{theirs}. was registered, not {OURS}"), FACTS
    )
    assert found.differs == (OURS, theirs)
    assert first_difference(OURS, theirs) == len("https://")
    assert "app.example and old.example" in found.explanation


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (OURS + "/", "slash at the end"),
        (OURS.upper(), "capital letters"),
        (OURS.replace("https", "http"), "https, the other with http"),
        (OURS.replace("app.", "old."), "hosts"),
        (OURS.replace(".example/", ".example:8443/"), "ports"),
        (OURS[:-1], "paths"),
    ],
)
def test_a_difference_is_told_in_words(given: str, words: str) -> None:
    assert words in explain_difference(OURS, given)


@given(st.text(), st.text(), st.text())
def test_the_first_difference_is_the_end_of_what_is_common(start: str, a: str, b: str) -> None:
    index = first_difference(start + a, start + b)
    assert (start + a)[:index] == (start + b)[:index]
    assert (start + a)[index : index + 1] != (start + b)[index : index + 1] or a == b


@pytest.mark.parametrize(
    ("method", "other"),
    [
        (ClientAuthentication.CLIENT_SECRET_POST, "client_secret_basic"),
        (ClientAuthentication.CLIENT_SECRET_BASIC, "client_secret_post"),
        (ClientAuthentication.NONE, "client_secret_post"),
    ],
)
def test_the_other_way_to_show_a_secret_is_suggested(
    method: ClientAuthentication, other: str
) -> None:
    facts = replace(FACTS, settings=replace(SETTINGS, client_authentication=method))
    (found,) = diagnose(refusal(CLIENT, "invalid_client"), facts)
    assert other in " ".join(found.next_steps)


def service(host: str, **changes: Any) -> AppSettings:
    return replace(SETTINGS, authorize_uri=f"https://{host}/authorize", **changes)


@pytest.mark.parametrize(
    ("settings", "scopes", "wanted"),
    [
        (service("accounts.google.com"), (), "access_type=offline and prompt=consent"),
        (
            service("accounts.google.com", authorize_parameters=(("access_type", "offline"),)),
            (),
            "parameter prompt=consent",
        ),
        (service("www.dropbox.com"), (), "token_access_type=offline"),
        (service("www.reddit.com"), (), "duration=permanent"),
        (service("login.microsoftonline.com"), (), "scope offline_access"),
        (service("auth.example"), (), "scope offline_access"),
        (service("x.com"), (), "scope offline.access"),
        (service("auth.example"), ("offline_access",), "parameter prompt=consent"),
        (
            service("auth.example", authorize_parameters=(("prompt", "login consent"),)),
            ("offline_access",),
            "first consent",
        ),
        (service("notgoogle.com"), (), "offline_access"),
        (AppSettings(client_id="c"), (), "offline_access"),
    ],
)
def test_no_refresh_token_names_what_this_service_wants(
    settings: AppSettings, scopes: tuple[str, ...], wanted: str
) -> None:
    facts = replace(
        WORKING,
        settings=settings,
        scopes=scopes,
        granted=None,
        has_refresh_token=False,
        entry=entry_for_host(host_of(settings.authorize_uri)),
    )
    for error in (None, DEAD):
        (found,) = diagnose(error, facts)
        assert found.code == "no_refresh_token"
        assert wanted in found.next_steps[0]


@pytest.mark.parametrize(
    "changes",
    [
        {"has_refresh_token": True},
        {"expires_at": None},
        {"is_authorized": False},
        {"flow": FlowType.CLIENT_CREDENTIALS},
    ],
)
def test_a_refresh_token_that_is_not_needed_is_not_missed(changes: dict[str, Any]) -> None:
    assert diagnose(None, replace(WORKING, **{"has_refresh_token": False, **changes})) == ()


def test_implicit_cannot_be_renewed_at_all() -> None:
    facts = replace(WORKING, flow=FlowType.IMPLICIT, has_refresh_token=False)
    (found,) = diagnose(None, facts)
    assert "authorization code" in found.next_steps[0]


@pytest.mark.parametrize(
    ("asked", "granted", "missing"),
    [
        (("read", "write"), ("read",), "write"),
        (("read",), (), "read"),
        (("read", "offline_access", "openid"), ("read",), ""),
        (("email",), ("https://www.googleapis.com/auth/userinfo.email",), ""),
        (("User.Read",), ("https://graph.microsoft.com/user.read",), ""),
        (("read",), None, ""),
    ],
)
def test_scopes_that_were_not_granted_are_named(
    asked: tuple[str, ...], granted: tuple[str, ...] | None, missing: str
) -> None:
    found = diagnose(None, replace(WORKING, scopes=asked, granted=granted))
    assert [dict(each.evidence)["Not granted"] for each in found] == [missing] * bool(missing)


def test_another_account_is_noticed() -> None:
    facts = replace(WORKING, account="b@example.com", previous_account="a@example.com")
    (found,) = diagnose(None, facts)
    assert found.code == "other_account"
    assert dict(found.evidence) == {"Before": "a@example.com", "Now": "b@example.com"}
    assert diagnose(None, replace(facts, previous_account="b@example.com")) == ()


@pytest.mark.parametrize(
    ("host", "age", "code"),
    [
        ("accounts.google.com", WEEK, "known_end"),
        ("accounts.google.com", WEEK + timedelta(days=1), "known_end"),
        ("accounts.google.com", timedelta(days=3), "grant_ended"),
        ("accounts.google.com", timedelta(days=40), "grant_ended"),
        ("auth.example", WEEK, "grant_ended"),
    ],
)
def test_an_end_that_the_catalogue_knows_is_told(host: str, age: timedelta, code: str) -> None:
    facts = replace(
        WORKING,
        settings=service(host),
        authorized_at=NOW - age,
        entry=entry_for_host(host),
    )
    (found,) = diagnose(DEAD, facts)
    assert found.code == code


@pytest.mark.parametrize(
    ("ahead", "found"),
    [(timedelta(seconds=20), 0), (timedelta(minutes=5), 1), (-timedelta(hours=1), 1), (None, 0)],
)
def test_clocks_are_compared(ahead: timedelta | None, found: int) -> None:
    told = diagnose(None, replace(WORKING, server_ahead=ahead))
    assert [each.code for each in told] == ["clock_skew"] * found


def test_a_finding_is_told_once() -> None:
    facts = replace(WORKING, has_refresh_token=False, server_ahead=timedelta(hours=1))
    told = diagnose(refusal(REAUTH, "invalid_grant", "exp is in the past"), facts)
    assert [each.code for each in told] == ["clock_skew", "no_refresh_token"]


def test_a_lost_answer_is_nobodys_revocation() -> None:
    (found,) = diagnose(DEAD, replace(WORKING, cause="rotation_answer_lost"))
    assert "nobody revoked" in found.explanation


# With an engine


async def told(
    world: World, found: Connection, error: GrantlineError | None = None
) -> list[Diagnosis]:
    """Without the clock: the server's HTTP library dates its answers by the real one."""
    causes = await world.engine.diagnose(LOCAL, found.id, error)
    return [each for each in causes if each.code != "clock_skew"]


async def test_a_working_connection_has_nothing(world: World) -> None:
    found = await world.authorized()
    assert await told(world, found) == []


@pytest.mark.parametrize("server_options", [ServerOptions(omit_refresh_token=True)])
async def test_the_facts_of_a_connection_are_collected(world: World) -> None:
    found = await world.authorized()
    (cause,) = await told(world, found)
    assert cause.code == "no_refresh_token"


async def test_a_failed_consent_is_remembered(world: World) -> None:
    found = await world.draft()
    assert await told(world, found) == []
    quoted = {"error": "invalid_client", "error_description": "secret is wrong"}
    world.server.script("token", Replace(Answer.json(quoted, status=401)))
    begun = await world.begin(found)
    with pytest.raises(GrantlineError) as caught:
        await world.complete(found, world.server.approve(begun.url))
    now = await told(world, found, caught.value)
    later = await told(world, found)
    assert [each.code for each in now] == [each.code for each in later] == ["client_refused"]
    assert ("The service's words", "secret is wrong") in later[0].evidence


async def test_the_redirect_uri_that_was_sent_is_known(world: World) -> None:
    found = await world.draft()
    begun = await world.begin(found)
    error = refusal(CLIENT, "redirect_uri_mismatch", "registered is https://else.example/cb")
    (cause,) = await told(world, found, error)
    assert cause.differs == (begun.redirect_uri, "https://else.example/cb")


async def test_a_dead_grant_is_told_by_the_state(world: World) -> None:
    found = await world.authorized()
    world.server.revoke_grants()
    world.clock.advance(timedelta(hours=2))
    for _ in range(2):
        with pytest.raises(GrantlineError):
            await world.token(found)
        world.clock.advance(timedelta(minutes=2))
    (cause,) = await told(world, found)
    assert cause.code == "grant_ended"
