"""What the fake authorization server refuses, one line a case."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from grantline.testing.authorization_server import Client, FakeAuthorizationServer, ServerOptions
from tests.testing.plain_client import (
    VERIFIER,
    Answered,
    authorization_url,
    basic,
    bearer,
    callback_parameters,
    code_request,
    credentials,
    obtain_code,
    obtain_tokens,
    send,
)

Start = Callable[..., FakeAuthorizationServer]
CONFIDENTIAL = {"client_id": "demo-client", "client_secret": Client().client_secret}
PUBLIC = {"client_id": "public"}
MACHINE = {"grant_type": "client_credentials"}
EXCHANGE = {"grant_type": "urn:ietf:params:oauth:grant-type:token-exchange", **CONFIDENTIAL}
ACCESS_TOKEN_TYPE = "urn:ietf:params:oauth:token-type:access_token"
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


@pytest.fixture
def server(start: Start) -> FakeAuthorizationServer:
    """A server that knows a confidential and a public client."""
    strict = Client(client_id="strict", authentication=frozenset({"client_secret_post"}))
    return start(None, Client(), Client(client_id="public", client_secret=""), strict)


@pytest.mark.parametrize(
    ("form", "headers", "error"),
    [
        (MACHINE | {"client_id": "nobody"}, {}, "invalid_client"),
        (MACHINE | {"client_id": "nobody", "client_secret": "x"}, {}, "invalid_client"),
        (MACHINE | PUBLIC, {}, "unauthorized_client"),
        (MACHINE, {"Authorization": "Basic not base64"}, "invalid_client"),
        (MACHINE, basic("strict", Client().client_secret), "invalid_client"),
        (MACHINE | CONFIDENTIAL, basic("demo-client", "x"), "invalid_client"),
        (MACHINE | {"client_assertion": "a.b.c"}, {}, "invalid_client"),
        (
            MACHINE | {"client_assertion": "a.b.c", "client_assertion_type": ASSERTION_TYPE},
            {},
            "invalid_client",
        ),
        (EXCHANGE, {}, "invalid_request"),
        (EXCHANGE | {"subject_token_type": ACCESS_TOKEN_TYPE}, {}, "invalid_request"),
        ({"grant_type": "refresh_token", **CONFIDENTIAL}, {}, "invalid_grant"),
        (CONFIDENTIAL, {}, "unsupported_grant_type"),
    ],
)
def test_a_wrong_token_request_gets_the_error_of_rfc_6749(
    server: FakeAuthorizationServer, form: dict[str, str], headers: dict[str, str], error: str
) -> None:
    """RFC 6749 section 5.2."""
    assert send("POST", server.token_uri, form=form, headers=headers).error == error


def push(server: FakeAuthorizationServer, **changes: str) -> Answered:
    pairs = callback_parameters(authorization_url(server, **changes)) | credentials(server)
    return send("POST", server.pushed_authorization_uri, form=pairs)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"request_uri": "urn:x"}, "invalid_request"),
        ({"redirect_uri": "https://app.example/#fragment"}, "invalid_request"),
        ({"response_type": "id_token"}, "unsupported_response_type"),
    ],
)
def test_a_wrong_pushed_request_is_refused_at_once(
    server: FakeAuthorizationServer, changes: dict[str, str], error: str
) -> None:
    """RFC 9126 section 2.3."""
    assert push(server, **changes).error == error


def test_a_pushed_request_belongs_to_the_client_that_pushed_it(
    server: FakeAuthorizationServer,
) -> None:
    request_uri = push(server).json()["request_uri"]
    with pytest.raises(ValueError, match="did not redirect"):
        server.approve(f"{server.authorize_uri}?client_id=public&request_uri={request_uri}")


def test_a_verifier_without_a_challenge_is_a_downgrade(start: Start) -> None:
    """RFC 9700 section 2.1.1."""
    server = start(ServerOptions(require_pkce=False))
    code = obtain_code(server, code_challenge="", code_challenge_method="")
    request = code_request(server, code) | {"code_verifier": VERIFIER}
    assert send("POST", server.token_uri, form=request).error == "invalid_grant"


def test_without_pkce_a_code_is_enough_where_the_server_allows_it(start: Start) -> None:
    server = start(ServerOptions(require_pkce=False))
    request = code_request(server, obtain_code(server, code_challenge="", code_challenge_method=""))
    del request["code_verifier"]
    assert send("POST", server.token_uri, form=request).status == 200
    server.journal.assert_clean()


def test_revoking_an_access_token_leaves_the_grant_alive(server: FakeAuthorizationServer) -> None:
    tokens = obtain_tokens(server, scope="admin")
    headers = bearer(tokens["access_token"])
    assert send("GET", f"{server.api_url}/admin", headers=headers).status == 200
    form = {**credentials(server), "token": tokens["access_token"]}
    assert send("POST", server.revocation_uri, form=form).status == 200
    assert send("GET", f"{server.api_url}/admin", headers=headers).status == 401
    form = {
        "grant_type": "refresh_token",
        "refresh_token": tokens["refresh_token"],
        **credentials(server),
    }
    assert send("POST", server.token_uri, form=form).status == 200


@pytest.mark.parametrize("body", [b"not json", b"[]", b'{"redirect_uris": "x"}'])
def test_a_registration_that_is_no_json_object_is_refused(
    server: FakeAuthorizationServer, body: bytes
) -> None:
    headers = {"Content-Type": "application/json"}
    answer = send("POST", server.registration_uri, body=body, headers=headers)
    assert answer.status == 400


@pytest.mark.parametrize(
    ("body", "parsed"),
    [(b'{"a": [1, 9007199254740993]}', {"a": [1, 9007199254740993]}), (b"{", None)],
)
def test_the_echo_shows_a_json_body_as_it_was_understood(
    server: FakeAuthorizationServer, body: bytes, parsed: object
) -> None:
    headers = {"Content-Type": "application/json", **bearer(obtain_tokens(server)["access_token"])}
    answer = send("POST", f"{server.api_url}/echo", body=body, headers=headers).json()
    assert answer["json"] == parsed
    assert answer["body"] == body.decode()
