import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grantline.errors import (
    GrantlineError,
    InvalidGrant,
    InvalidResponse,
    OutcomeUnknown,
    TemporarilyUnavailable,
)
from grantline.messages import HttpResponse, json_body
from grantline.oauth.answers.failure import Failure, FailureKind, failure_of
from grantline.oauth.app.response_rules import ResponseRules
from grantline.oauth.app.settings import AppSettings
from grantline.oauth.grant import GrantType
from grantline.oauth.token_set import TokenSet, Warn, merge_refreshed
from grantline.oauth.tokens.token_response import Asked, parse_token_response
from grantline.secret import Secret

NOW = datetime(2026, 11, 23, tzinfo=UTC)
CODE = Asked(grant=GrantType.AUTHORIZATION_CODE)
HELD = TokenSet(
    access_token=Secret("at_old"),
    refresh_token=Secret("rt_old"),
    scope=("read", "write"),
    extra={"instance_url": "https://na1.example"},
)
REFRESH = Asked(grant=GrantType.REFRESH_TOKEN, held=HELD)
VSCHAR = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), min_size=1).filter(
    str.strip
)


def parse(fields: Any, asked: Asked = CODE, status: int = 200) -> TokenSet:
    return parse_token_response(HttpResponse(status, (), json_body(fields)), asked, now=NOW)


def failure(fields: Any, asked: Asked = CODE, status: int = 200) -> Failure:
    with pytest.raises(GrantlineError) as caught:
        parse(fields, asked, status)
    found = failure_of(caught.value)
    assert found is not None
    return found


def outcome_of(response: HttpResponse, asked: Asked) -> TokenSet | Failure:
    try:
        return parse_token_response(response, asked, now=NOW)
    except GrantlineError as error:
        found = failure_of(error)
    assert found is not None
    return found


def test_refresh_keeps_the_old_refresh_token_when_the_server_omits_one() -> None:
    """RFC 6749 section 6."""
    tokens = parse({"access_token": "at_2"}, REFRESH)
    assert tokens.refresh_token == Secret("rt_old")
    assert tokens.scope == ("read", "write")
    assert tokens.extra == {"instance_url": "https://na1.example"}
    assert Warn.NO_REFRESH_TOKEN not in tokens.warnings


def test_refresh_replaces_the_refresh_token_when_the_server_rotates_it() -> None:
    assert parse({"access_token": "a", "refresh_token": "rt_2"}, REFRESH).refresh_token == Secret(
        "rt_2"
    )


@pytest.mark.parametrize(
    "bad",
    [
        {},
        {"access_token": ""},
        {"access_token": "a\r\nb"},
        {"access_token": "é"},
        {"access_token": "a", "token_type": "mac"},
        {"access_token": "a", "error": "server_error"},
    ],
)
def test_a_rotated_refresh_token_survives_whatever_else_is_wrong(bad: dict[str, Any]) -> None:
    assert failure({**bad, "refresh_token": "rt_new"}, REFRESH).rotated == Secret("rt_new")


@pytest.mark.parametrize("same", [{}, {"refresh_token": "rt_old"}, {"refresh_token": True}])
def test_a_refresh_token_that_is_not_new_is_not_rescued(same: dict[str, Any]) -> None:
    assert failure(same, REFRESH).rotated is None


def test_nothing_is_rescued_from_an_answer_that_was_no_success() -> None:
    assert (
        failure({"error": "invalid_grant", "refresh_token": "rt_new"}, REFRESH, 400).rotated is None
    )


@pytest.mark.parametrize(
    ("grant", "raised"),
    [
        (GrantType.AUTHORIZATION_CODE, InvalidResponse),
        (GrantType.REFRESH_TOKEN, TemporarilyUnavailable),
        (GrantType.DEVICE_CODE, TemporarilyUnavailable),
    ],
)
def test_a_page_with_status_200_is_a_pause_unless_a_code_was_sent(
    grant: GrantType, raised: type[GrantlineError]
) -> None:
    with pytest.raises(raised):
        parse_token_response(HttpResponse(200, (), b"<html>"), Asked(grant=grant), now=NOW)


def test_a_server_error_leaves_a_code_in_doubt() -> None:
    with pytest.raises(OutcomeUnknown):
        parse({}, CODE, 500)


def test_a_dead_grant_is_an_invalid_grant_with_the_code_of_the_server() -> None:
    with pytest.raises(InvalidGrant) as caught:
        parse({"error": "invalid_grant", "error_description": "x"}, REFRESH, 400)
    assert (caught.value.error, caught.value.description, caught.value.status) == (
        "invalid_grant",
        "x",
        400,
    )


def test_a_second_token_set_that_is_broken_does_not_lose_the_first() -> None:
    asked = replace(CODE, rules=ResponseRules(secondary_path="authed_user"))
    for second in (
        {"access_token": "\n"},
        {"id": "U1"},
        7,
        {"access_token": "a", "token_type": "mac"},
    ):
        tokens = parse({"access_token": "at_1", "authed_user": second}, asked)
        assert (tokens.access_token, tokens.secondary) == (Secret("at_1"), None)


def test_the_second_refresh_token_is_kept_when_only_the_first_is_renewed() -> None:
    second = TokenSet(access_token=Secret("at_user"), refresh_token=Secret("rt_user"))
    rules = ResponseRules(secondary_path="authed_user")
    asked = replace(REFRESH, rules=rules, held=replace(HELD, secondary=second))
    tokens = parse({"access_token": "at_2", "refresh_token": "rt_2"}, asked)
    assert tokens.secondary == second
    renewed = parse({"access_token": "x", "authed_user": {"access_token": "at_user_2"}}, asked)
    assert renewed.secondary is not None
    assert renewed.secondary.refresh_token == Secret("rt_user")


def test_tokens_of_the_second_set_are_not_repeated_among_the_extra_fields() -> None:
    asked = replace(CODE, rules=ResponseRules(secondary_path="authed_user"))
    user = {"id": "U1", "access_token": "at_user", "refresh_token": "rt_user"}
    assert parse({"access_token": "a", "authed_user": user}, asked).extra == {
        "authed_user": {"id": "U1"}
    }


def test_an_app_says_what_it_asks_through_its_settings() -> None:
    settings = AppSettings(client_id="c", scope_separator=",", use_dpop=True)
    asked = Asked.of(settings, GrantType.AUTHORIZATION_CODE, scope=("a",))
    tokens = parse({"access_token": "a", "token_type": "DPoP", "scope": "a,b"}, asked)
    assert (tokens.token_type, tokens.scope) == ("DPoP", ("a", "b"))


def test_a_client_that_acts_for_itself_is_not_told_that_a_refresh_token_is_missing() -> None:
    tokens = parse({"access_token": "a"}, Asked(grant=GrantType.CLIENT_CREDENTIALS))
    assert Warn.NO_REFRESH_TOKEN not in tokens.warnings


def test_a_refresh_token_that_is_not_renewed_is_announced_a_month_before_its_end() -> None:
    soon = {"access_token": "a", "refresh_token_expires_in": 30 * 86400}
    assert Warn.REFRESH_EXPIRING_SOON in parse(soon, REFRESH).warnings
    assert Warn.REFRESH_EXPIRING_SOON not in parse({**soon, "refresh_token": "b"}, REFRESH).warnings


def test_reading_takes_the_instant_it_is_given() -> None:
    asked = replace(CODE, rules=ResponseRules(default_lifetime=timedelta(minutes=55)))
    assert parse({"access_token": "a"}, asked).expires_at == NOW + timedelta(minutes=55)


@given(
    access_token=VSCHAR,
    refresh_token=VSCHAR,
    lifetime_s=st.integers(1, 2**31 - 1),
    scope=st.lists(st.text("abc.:/", min_size=1), min_size=1, unique=True),
    as_form=st.booleans(),
)
def test_what_a_server_writes_is_read_back(
    access_token: str, refresh_token: str, lifetime_s: int, scope: list[str], *, as_form: bool
) -> None:
    fields = {
        "access_token": access_token,
        "token_type": "Bearer",
        "refresh_token": refresh_token,
        "expires_in": lifetime_s,
        "scope": " ".join(scope),
    }
    body = urlencode(fields).encode() if as_form else json.dumps(fields).encode()
    assert parse_token_response(HttpResponse(200, (), body), CODE, now=NOW) == TokenSet(
        access_token=Secret(access_token),
        refresh_token=Secret(refresh_token),
        expires_at=NOW + timedelta(seconds=lifetime_s),
        scope=tuple(scope),
    )


FIELDS = ("access_token", "refresh_token", "token_type", "expires_in", "scope", "error", "id_token")
VALUES = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.lists(st.text())


@given(st.dictionaries(st.sampled_from(FIELDS), VALUES), st.sampled_from([200, 400]))
def test_no_fields_raise_anything_else_and_no_refresh_loses_its_token(
    fields: dict[str, Any], status: int
) -> None:
    asked = replace(REFRESH, held=replace(HELD, id_token=Secret("e30.e30.s")))
    response = HttpResponse(status, (), json.dumps(fields).encode())
    outcome = outcome_of(response, asked)
    assert isinstance(outcome, Failure) or outcome.refresh_token


@given(st.binary(max_size=300), st.integers(200, 599), st.text(), st.sampled_from(GrantType))
def test_no_bytes_and_no_headers_raise_anything_else(
    body: bytes, status: int, header: str, grant: GrantType
) -> None:
    headers = (("content-type", header), ("retry-after", header), ("location", header))
    response = HttpResponse(status, headers, body, "https://as.example/token")
    outcome_of(response, Asked(grant=grant))


TOKENS = st.none() | st.builds(Secret, st.text())
TOKEN_SETS = st.builds(
    TokenSet, access_token=st.builds(Secret, st.text(min_size=1)), refresh_token=TOKENS
)


@given(TOKEN_SETS, TOKEN_SETS)
def test_merging_never_loses_a_refresh_token(old: TokenSet, new: TokenSet) -> None:
    merged = merge_refreshed(old, new)
    assert bool(merged.refresh_token) is bool(old.refresh_token or new.refresh_token)
    if new.refresh_token:
        assert merged.refresh_token == new.refresh_token


def test_the_kind_of_every_label_of_ours_is_settled() -> None:
    assert failure({"access_token": "a", "token_type": "pop"}).kind is (
        FailureKind.UNSUPPORTED_TOKEN_TYPE
    )


def test_one_of_several_tokens_is_renewed_by_an_answer_without_the_others() -> None:
    rules = ResponseRules(token_path="authed_user")
    held = TokenSet(access_token=Secret("old"), refresh_token=Secret("r1"))
    asked = Asked(grant=GrantType.REFRESH_TOKEN, rules=rules, held=held)
    answer = HttpResponse(
        200, (), b'{"ok":true,"access_token":"new","refresh_token":"r2","expires_in":43200}'
    )

    tokens = parse_token_response(answer, asked, now=NOW)

    assert (tokens.access_token, tokens.refresh_token) == (Secret("new"), Secret("r2"))
    with pytest.raises(InvalidResponse):
        parse_token_response(answer, replace(asked, held=None), now=NOW)
