"""Each rule of the journal, broken by hand and seen named."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import urlencode

import pytest

from grantline.testing.authorization_server import (
    Client,
    FakeAuthorizationServer,
    Rule,
)
from tests.testing.plain_client import (
    CHALLENGE,
    REDIRECT_URI,
    VERIFIER,
    authorization_url,
    basic,
    bearer,
    code_request,
    credentials,
    obtain_code,
    obtain_tokens,
    refresh,
    refresh_request,
    send,
)
from tests.testing.signing import CLIENT_KEY, assertion, proof

Server = FakeAuthorizationServer
Break = Callable[[Server], object]


def token(server: Server, form: dict[str, str] | list[tuple[str, str]], **headers: str) -> None:
    send("POST", server.token_uri, form=form, headers=headers)


def send_a_code_twice(server: Server) -> None:
    request = code_request(server, obtain_code(server))
    token(server, request)
    token(server, request)


def send_a_replaced_refresh_token(server: Server) -> None:
    used = obtain_tokens(server)["refresh_token"]
    refresh(server, used)
    refresh(server, used)


def ask_for_more_on_refresh(server: Server) -> None:
    kept = obtain_tokens(server)["refresh_token"]
    token(server, refresh_request(server, kept) | {"scope": "profile orders admin"})


def authenticate_twice(server: Server) -> None:
    headers = basic(server.client.client_id, server.client.client_secret)
    token(server, {"grant_type": "client_credentials", **credentials(server)}, **headers)


def leave_out_the_verifier(server: Server) -> None:
    request = code_request(server, obtain_code(server))
    del request["code_verifier"]
    token(server, request)


def send_another_redirect_uri(server: Server) -> None:
    request = code_request(server, obtain_code(server))
    token(server, request | {"redirect_uri": REDIRECT_URI + "/"})


def double_a_parameter(server: Server) -> None:
    request = [*code_request(server, obtain_code(server)).items(), ("code_verifier", VERIFIER)]
    token(server, request)


def double_a_parameter_of_the_authorization_request(server: Server) -> None:
    server.approve(authorization_url(server) + "&state=another")


def repeat_parameters_beside_a_pushed_request(server: Server) -> None:
    pushed = {**credentials(server), "redirect_uri": REDIRECT_URI, "response_type": "code"}
    pushed |= {"code_challenge": CHALLENGE}
    answer = send("POST", server.pushed_authorization_uri, form=pushed).json()
    server.approve(authorization_url(server, request_uri=answer["request_uri"]))


def use_the_code_of_another_client(server: Server) -> None:
    token(server, code_request(server, obtain_code(server, client_id="other")))


def refresh_the_token_of_another_client(server: Server) -> None:
    kept = obtain_tokens(server)["refresh_token"]
    other = {"client_id": "other", "client_secret": "secret-of-the-other"}
    token(server, refresh_request(server, kept) | other)


def name_two_clients(server: Server) -> None:
    headers = basic(server.client.client_id, server.client.client_secret)
    token(server, {"grant_type": "client_credentials", "client_id": "other"}, **headers)


def put_a_secret_into_the_url(server: Server) -> None:
    query = urlencode({"grant_type": "client_credentials", **credentials(server)})
    send("POST", f"{server.token_uri}?{query}", form={})


def put_an_access_token_into_an_api_url(server: Server) -> None:
    value = obtain_tokens(server)["access_token"]
    send("GET", f"{server.api_url}/me?access_token={value}")


def put_an_access_token_into_a_path(server: Server) -> None:
    value = obtain_tokens(server)["access_token"]
    send("GET", f"{server.api_url}/me/{value}", headers=bearer(value))


def send_an_access_token_to_the_other_origin(server: Server) -> None:
    value = obtain_tokens(server)["access_token"]
    send("GET", f"{server.second_origin}/api/me", headers=bearer(value))


def send_the_secret_to_the_other_origin_by_basic(server: Server) -> None:
    headers = basic(server.client.client_id, server.client.client_secret)
    send("POST", f"{server.second_origin}/token", form={}, headers=headers)


def resend_the_body_to_the_other_origin(server: Server) -> None:
    form = code_request(server, obtain_code(server))
    send("POST", f"{server.second_origin}/token", form=form)


def send_a_refresh_token_to_the_api(server: Server) -> None:
    tokens = obtain_tokens(server)
    headers = bearer(tokens["access_token"])
    send("POST", f"{server.api_url}/echo", body=tokens["refresh_token"].encode(), headers=headers)


def send_an_access_token_twice(server: Server) -> None:
    value = obtain_tokens(server)["access_token"]
    url = f"{server.api_url}/me"
    send("POST", url, form={"access_token": value}, headers=bearer(value))


def send_one_proof_twice(server: Server) -> None:
    same = proof(server.clock.now(), "POST", server.token_uri)
    request = {"grant_type": "client_credentials", **credentials(server)}
    token(server, request, DPoP=same)
    token(server, request, DPoP=same)


def send_one_assertion_twice(server: Server) -> None:
    request = {
        "grant_type": "client_credentials",
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "client_assertion": assertion(server.clock.now(), server.issuer, "demo-client"),
    }
    token(server, request)
    token(server, request)


BROKEN: list[tuple[Rule, Break]] = [
    (Rule.CODE_REUSED, send_a_code_twice),
    (Rule.REFRESH_TOKEN_REUSED, send_a_replaced_refresh_token),
    (Rule.SCOPE_WIDENED, ask_for_more_on_refresh),
    (Rule.SEVERAL_CLIENT_AUTHENTICATIONS, authenticate_twice),
    (Rule.CODE_VERIFIER_MISSING, leave_out_the_verifier),
    (Rule.REDIRECT_URI_DIFFERS, send_another_redirect_uri),
    (Rule.PARAMETER_DOUBLED, double_a_parameter),
    (Rule.PARAMETER_DOUBLED, double_a_parameter_of_the_authorization_request),
    (Rule.PARAMETERS_BESIDE_REQUEST_URI, repeat_parameters_beside_a_pushed_request),
    (Rule.CLIENT_ID_DIFFERS, use_the_code_of_another_client),
    (Rule.CLIENT_ID_DIFFERS, refresh_the_token_of_another_client),
    (Rule.CLIENT_ID_DIFFERS, name_two_clients),
    (Rule.SECRET_IN_URL, put_a_secret_into_the_url),
    (Rule.SECRET_IN_URL, put_an_access_token_into_an_api_url),
    (Rule.SECRET_IN_URL, put_an_access_token_into_a_path),
    (Rule.CREDENTIAL_AT_WRONG_ORIGIN, send_an_access_token_to_the_other_origin),
    (Rule.CREDENTIAL_AT_WRONG_ORIGIN, send_the_secret_to_the_other_origin_by_basic),
    (Rule.CREDENTIAL_AT_WRONG_ORIGIN, resend_the_body_to_the_other_origin),
    (Rule.OAUTH_SECRET_AT_API, send_a_refresh_token_to_the_api),
    (Rule.ACCESS_TOKEN_IN_TWO_PLACES, send_an_access_token_twice),
    (Rule.DPOP_PROOF_REUSED, send_one_proof_twice),
    (Rule.ASSERTION_REUSED, send_one_assertion_twice),
]


@pytest.fixture
def judge(start: Callable[..., Server]) -> Server:
    """A server that knows two clients, the first of them with a key."""
    other = Client(client_id="other", client_secret="secret-of-the-other")
    return start(None, Client(jwks=(CLIENT_KEY.as_dict(private=False),)), other)


@pytest.mark.parametrize(
    ("rule", "break_it"), BROKEN, ids=[break_it.__name__ for _, break_it in BROKEN]
)
def test_a_broken_rule_is_named_alone_and_fails_the_test(
    judge: Server, rule: Rule, break_it: Break
) -> None:
    break_it(judge)
    assert judge.journal.broken_rules() == {rule}
    with pytest.raises(AssertionError, match=rule):
        judge.journal.assert_clean()
    judge.journal.allow(rule)
    judge.journal.assert_clean()


def test_every_rule_is_broken_by_a_test() -> None:
    assert {rule for rule, _ in BROKEN} == set(Rule)


@pytest.mark.parametrize(("rule", "break_it"), BROKEN, ids=[b.__name__ for _, b in BROKEN])
def test_no_secret_is_shown_by_a_violation_or_the_redacted_journal(
    judge: Server, rule: Rule, break_it: Break
) -> None:
    break_it(judge)
    shown = f"{judge.journal.redacted()} {judge.journal.violations} {judge.journal.entries}"
    assert not re.search(r"(at|rt|code)_[\w-]{32}", shown)
    assert VERIFIER not in shown
    assert judge.client.client_secret not in shown


def test_equal_secrets_have_equal_marks_in_the_redacted_journal(judge: Server) -> None:
    send_a_code_twice(judge)
    forms = [dict(entry["form"]) for entry in judge.journal.redacted()["entries"][1:]]
    assert forms[0]["code"] == forms[1]["code"]
    assert forms[0]["code"].startswith("•••")


def test_what_a_good_client_does_breaks_no_rule(judge: Server) -> None:
    tokens = obtain_tokens(judge)
    second = refresh(judge, tokens["refresh_token"]).json()
    send("GET", f"{judge.api_url}/me", headers=bearer(second["access_token"]))
    send("GET", f"{judge.second_origin}/public")
    form = {**credentials(judge), "token": second["refresh_token"]}
    send("POST", judge.revocation_uri, form=form)
    judge.journal.assert_clean()


def test_a_dead_refresh_token_that_was_never_replaced_may_be_tried_again(judge: Server) -> None:
    """A client confirms a dead grant before it gives up; that is not reuse."""
    kept = obtain_tokens(judge)["refresh_token"]
    judge.revoke_grants()
    assert refresh(judge, kept).error == "invalid_grant"
    assert refresh(judge, kept).error == "invalid_grant"
    judge.journal.assert_clean()
