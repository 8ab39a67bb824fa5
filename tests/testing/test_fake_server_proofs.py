"""Client assertions (RFC 7523) and proofs of possession (RFC 9449), good and bad."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from joserfc.jwk import ECKey, OctKey

from grantline.testing.authorization_server import (
    Client,
    DpopPolicy,
    FakeAuthorizationServer,
    Rule,
    ServerOptions,
)
from tests.testing.plain_client import (
    Answered,
    code_request,
    credentials,
    obtain_code,
    send,
)
from tests.testing.signing import CLIENT_KEY, PROOF_KEY, assertion, proof

Server = FakeAuthorizationServer
Start = Callable[..., Server]
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ROBOT = Client(
    client_id="robot",
    client_secret="",
    authentication=frozenset({"private_key_jwt"}),
    jwks=(CLIENT_KEY.as_dict(private=False),),
)


def with_assertion(server: Server, signed: str) -> Answered:
    form = {
        "grant_type": "client_credentials",
        "client_assertion_type": ASSERTION_TYPE,
        "client_assertion": signed,
    }
    return send("POST", server.token_uri, form=form)


@pytest.mark.parametrize("audience", ["issuer", "token_uri"])
def test_private_key_jwt_is_accepted_for_issuer_or_token_uri(start: Start, audience: str) -> None:
    server = start(None, ROBOT)
    signed = assertion(server.clock.now(), getattr(server, audience), "robot")
    assert with_assertion(server, signed).status == 200
    assert with_assertion(server, signed).error == "invalid_client"


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": "https://other.example"},
        {"aud": ["https://other.example", "the issuer"]},
        {"exp": None},
        {"exp": 1},
        {"exp": 99_999_999_999},
        {"iat": 99_999_999_999},
        {"jti": None},
        {"iss": "somebody else"},
        {"key": ECKey.generate_key("P-256")},
    ],
)
def test_an_assertion_with_a_wrong_claim_or_key_is_refused(
    start: Start, changes: dict[str, Any]
) -> None:
    """RFC 7523 section 3."""
    server = start(None, ROBOT)
    signed = assertion(server.clock.now(), server.issuer, "robot", **changes)
    assert with_assertion(server, signed).error == "invalid_client"


def test_client_secret_jwt_is_signed_with_the_secret(server: Server) -> None:
    key = OctKey.import_key(server.client.client_secret)
    now, name = server.clock.now(), server.client.client_id
    signed = assertion(now, server.issuer, name, key=key, algorithm="HS256")
    assert with_assertion(server, signed).status == 200


def test_a_client_without_a_secret_cannot_sign_with_the_empty_one(start: Start) -> None:
    server = start(None, ROBOT)
    key = OctKey.import_key("anything that is long enough")
    signed = assertion(server.clock.now(), server.issuer, "robot", key=key, algorithm="HS256")
    assert with_assertion(server, signed).error == "invalid_client"


@pytest.mark.parametrize("scope_place", ["parameter", "claim"])
def test_the_jwt_bearer_grant_acts_for_its_subject(start: Start, scope_place: str) -> None:
    """RFC 7523 section 2.1."""
    server = start(None, ROBOT)
    claims: dict[str, Any] = {"sub": "somebody"} | (
        {"scope": "orders"} if scope_place == "claim" else {}
    )
    form = {
        "grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer",
        "assertion": assertion(server.clock.now(), server.token_uri, "robot", **claims),
    } | ({"scope": "orders"} if scope_place == "parameter" else {})
    answer = send("POST", server.token_uri, form=form).json()
    assert answer["scope"] == "orders"
    headers = {"Authorization": f"Bearer {answer['access_token']}"}
    assert send("GET", f"{server.api_url}/me", headers=headers).json()["sub"] == "somebody"


def test_the_jwt_bearer_grant_needs_a_registered_key(server: Server) -> None:
    form = {
        "grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer",
        "assertion": assertion(server.clock.now(), server.issuer, "demo-client"),
    }
    assert send("POST", server.token_uri, form=form).error == "invalid_grant"


def exchange(server: Server, code: str, signed: str) -> Answered:
    headers = {"DPoP": signed} if signed else {}
    return send("POST", server.token_uri, form=code_request(server, code), headers=headers)


def get_me(server: Server, token: str, signed: str, scheme: str = "DPoP") -> Answered:
    headers = {"Authorization": f"{scheme} {token}", "DPoP": signed}
    return send("GET", f"{server.api_url}/me?with=query", headers=headers)


def bound_token(server: Server) -> str:
    signed = proof(server.clock.now(), "POST", server.token_uri)
    answer = exchange(server, obtain_code(server), signed).json()
    assert answer["token_type"] == "DPoP"
    return str(answer["access_token"])


def test_a_bound_token_works_with_a_proof_of_its_key(server: Server) -> None:
    token = bound_token(server)
    url = f"{server.api_url}/me"
    good = proof(server.clock.now(), "GET", url, access_token=token)
    assert get_me(server, token, good).status == 200
    server.journal.assert_clean()


@pytest.mark.parametrize(
    ("scheme", "changes"),
    [
        ("Bearer", {}),
        ("DPoP", {"ath": "another hash"}),
        ("DPoP", {"key": ECKey.generate_key("P-256")}),
        ("DPoP", {"htm": "POST"}),
    ],
)
def test_a_bound_token_is_worth_nothing_without_its_key(
    server: Server, scheme: str, changes: dict[str, Any]
) -> None:
    token = bound_token(server)
    url = f"{server.api_url}/me"
    bad = proof(server.clock.now(), "GET", url, access_token=token, **changes)
    answer = get_me(server, token, bad, scheme)
    assert answer.status == 401
    assert answer.headers["WWW-Authenticate"].startswith("DPoP")


@pytest.mark.parametrize(
    "changes",
    [
        {"htu": "https://other.example/token"},
        {"htu": "the token URI with a query"},
        {"htm": "GET"},
        {"iat": 1},
        {"iat": None},
        {"jti": None},
        {"nonce": "not the server's"},
        {"header": {"typ": "JWT"}},
        {"header": {"jwk": PROOF_KEY.as_dict(private=True)}},
        {"header": {"jwk": {"kty": "EC"}}},
        {"header": {"jwk": {"kty": "EC", "crv": "P-256", "x": 1, "y": [2]}}},
        {"header": {"jwk": {"kty": 7}}},
        {"header": {"jwk": ECKey.generate_key("P-256").as_dict(private=False)}},
    ],
)
def test_a_bad_proof_is_refused_and_the_code_is_not_burnt(
    server: Server, changes: dict[str, Any]
) -> None:
    """RFC 9449 section 4.3."""
    code = obtain_code(server)
    now = server.clock.now()
    answer = exchange(server, code, proof(now, "POST", server.token_uri, **changes))
    assert answer.error in {"invalid_dpop_proof", "use_dpop_nonce"}
    assert exchange(server, code, proof(now, "POST", server.token_uri)).status == 200


def test_a_server_with_nonces_asks_for_one_and_rotates_it(start: Start) -> None:
    """RFC 9449 section 8: the request is sent again, code and all, and that is no reuse."""
    server = start(ServerOptions(dpop_nonce=True))
    code, now = obtain_code(server), server.clock.now()
    first = exchange(server, code, proof(now, "POST", server.token_uri))
    assert first.error == "use_dpop_nonce"
    nonce = first.headers["DPoP-Nonce"]
    again = exchange(server, code, proof(now, "POST", server.token_uri, nonce=nonce))
    assert again.status == 200
    server.journal.assert_clean()
    server.rotate_dpop_nonce()
    token = again.json()["access_token"]
    url = f"{server.api_url}/me"
    stale = get_me(server, token, proof(now, "GET", url, access_token=token, nonce=nonce))
    assert stale.status == 401
    assert "use_dpop_nonce" in stale.headers["WWW-Authenticate"]
    nonce = stale.headers["DPoP-Nonce"]
    fresh = proof(now, "GET", url, access_token=token, nonce=nonce)
    assert get_me(server, token, fresh).status == 200
    server.journal.assert_clean()


def test_a_code_sent_again_after_it_was_taken_is_reuse_with_nonces_too(start: Start) -> None:
    server = start(ServerOptions(dpop_nonce=True))
    code, now = obtain_code(server), server.clock.now()
    nonce = exchange(server, code, proof(now, "POST", server.token_uri)).headers["DPoP-Nonce"]
    for _ in range(2):
        exchange(server, code, proof(now, "POST", server.token_uri, nonce=nonce))
    assert server.journal.broken_rules() == {Rule.CODE_REUSED}


def test_a_public_client_refreshes_only_with_its_key(start: Start) -> None:
    """RFC 9449 section 5."""
    server = start(None, Client(client_id="app", client_secret=""))
    request = code_request(server, obtain_code(server))
    del request["client_secret"]

    def ask(form: dict[str, str], key: ECKey) -> Answered:
        signed = proof(server.clock.now(), "POST", server.token_uri, key=key)
        return send("POST", server.token_uri, form=form, headers={"DPoP": signed})

    kept = ask(request, PROOF_KEY).json()["refresh_token"]
    form = {"grant_type": "refresh_token", "refresh_token": kept, "client_id": "app"}
    assert ask(form, ECKey.generate_key("P-256")).error == "invalid_dpop_proof"
    assert ask(form, PROOF_KEY).status == 200


@pytest.mark.parametrize(
    ("policy", "with_proof", "without"),
    [
        (DpopPolicy.IGNORE, "Bearer", "Bearer"),
        (DpopPolicy.ACCEPT, "DPoP", "Bearer"),
        (DpopPolicy.REQUIRE, "DPoP", "invalid_dpop_proof"),
    ],
)
def test_a_server_ignores_accepts_or_requires_proofs(
    start: Start, policy: DpopPolicy, with_proof: str, without: str
) -> None:
    server = start(ServerOptions(dpop=policy))
    form = {"grant_type": "client_credentials", **credentials(server)}
    signed = proof(server.clock.now(), "POST", server.token_uri)
    for headers, expected in (({"DPoP": signed}, with_proof), ({}, without)):
        answer = send("POST", server.token_uri, form=form, headers=headers).json()
        assert answer.get("token_type", answer.get("error")) == expected


def test_a_proof_too_old_or_from_the_future_is_refused(server: Server) -> None:
    for minutes in (-6, 6):
        signed = proof(server.clock.now() + timedelta(minutes=minutes), "POST", server.token_uri)
        assert exchange(server, obtain_code(server), signed).error == "invalid_dpop_proof"
