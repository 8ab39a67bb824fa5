import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from grantline.errors import AuthorizationServerError, InvalidInput, InvalidResponse
from grantline.messages import HttpResponse
from grantline.oauth.app.request_choices import ClientAuthentication
from grantline.oauth.discovery.registration import (
    ClientMetadata,
    Registration,
    deregistration_request,
    parse_registration_response,
    registration_request,
)
from grantline.secret import Secret

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
CLIENT = ClientMetadata(client_name="Grantline", redirect_uris=("https://me.example/cb",))


def parse(status: int = 201, **fields: object) -> Registration:
    response = HttpResponse(status, (), json.dumps(fields).encode())
    return parse_registration_response(response, client=CLIENT, now=NOW)


def test_a_registration_says_who_asks_and_where_to_send_people() -> None:
    """RFC 7591 section 3.1."""
    request = registration_request(
        endpoint="https://as.example/register",
        client=CLIENT,
        initial_access_token=Secret("iat"),
    )
    assert request.header("Authorization") == "Bearer iat"
    assert json.loads(request.data) == {
        "client_name": "Grantline",
        "redirect_uris": ["https://me.example/cb"],
        "token_endpoint_auth_method": "client_secret_basic",
        "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"],
        "software_id": "grantline",
        "application_type": "web",
    }


def test_scopes_go_along_only_when_there_are_some() -> None:
    request = registration_request(
        endpoint="https://as.example/register", client=replace(CLIENT, scopes=("a", "b"))
    )
    assert json.loads(request.data)["scope"] == "a b"
    assert request.header("Authorization") is None


def test_a_registration_goes_to_https_only() -> None:
    with pytest.raises(InvalidInput):
        registration_request(endpoint="http://as.example/register", client=CLIENT)


def test_the_answer_gives_the_client() -> None:
    """RFC 7591 section 3.2.1."""
    registration = parse(
        client_id="c",
        client_secret="canary",
        client_secret_expires_at=int(NOW.timestamp()),
        token_endpoint_auth_method="client_secret_post",
        registration_client_uri="https://as.example/register/c",
        registration_access_token="canary",
    )
    assert registration == Registration(
        client_id="c",
        client_secret=Secret("canary"),
        secret_expires_at=NOW,
        authentication=ClientAuthentication.CLIENT_SECRET_POST,
        management_uri="https://as.example/register/c",
        management_token=Secret("canary"),
    )
    assert "canary" not in repr(registration)


@pytest.mark.parametrize("expiry", [0, None, -1, True, "soon", 10**30])
def test_an_end_that_is_none_does_not_cost_the_client(expiry: object) -> None:
    answer = parse(client_id="c", client_secret="s", client_secret_expires_at=expiry)
    assert answer.secret_expires_at is None


def test_a_management_uri_that_is_no_place_to_go_is_dropped() -> None:
    answer = parse(client_id="c", client_secret="s", registration_client_uri="javascript:1")
    assert answer.management_uri == ""


def test_a_client_that_comes_back_to_this_machine_is_native() -> None:
    """OpenID Connect Registration section 2; so that any port will do (RFC 8252 section 7.3)."""
    client = replace(CLIENT, redirect_uris=("http://127.0.0.1/cb",))
    request = registration_request(endpoint="https://as.example/register", client=client)
    assert json.loads(request.data)["application_type"] == "native"


def test_a_client_that_became_public_keeps_no_secret() -> None:
    answer = parse(client_id="c", client_secret="s", token_endpoint_auth_method="none")
    assert answer.client_secret is None


def test_the_end_of_a_registration_is_asked_for_with_its_token() -> None:
    """RFC 7592 section 2.3."""
    request = deregistration_request(
        management_uri="https://as.example/register/c", management_token=Secret("canary")
    )
    assert (request.method, request.url) == ("DELETE", "https://as.example/register/c")
    assert request.header("Authorization") == "Bearer canary"
    assert "canary" not in repr(request)


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"client_id": ""},
        {"client_id": "c"},
        {"client_id": "c", "token_endpoint_auth_method": "magic"},
        {"client_id": "c", "token_endpoint_auth_method": "private_key_jwt"},
    ],
)
def test_an_answer_that_gives_no_usable_client_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(InvalidResponse):
        parse(**fields)


def test_a_refusal_is_the_servers_own() -> None:
    with pytest.raises(AuthorizationServerError) as caught:
        parse(400, error="invalid_redirect_uri")
    assert caught.value.error == "invalid_redirect_uri"
