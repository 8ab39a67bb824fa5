import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from grantline.errors import AuthorizationServerError, InvalidInput, InvalidResponse
from grantline.messages import HttpRequest, HttpResponse
from grantline.oauth.app.request_choices import ClientAuthentication
from grantline.oauth.app.settings import AppSettings, ClientSecrets
from grantline.oauth.authorization.authorization_code import AuthorizationRequest
from grantline.oauth.authorization.par import (
    MAX_LIFETIME,
    PushedRequest,
    parse_pushed_authorization_response,
    pushed_authorization_flow,
    pushed_authorization_request,
    pushed_authorization_url,
)
from grantline.oauth.authorization.pkce import code_verifier
from grantline.oauth.flow import drive
from grantline.oauth.jwt import new_ec_key
from grantline.oauth.moment import Moment
from grantline.oauth.requests.dpop import Dpop
from grantline.secret import Secret

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
MOMENT = Moment(now=NOW, seed=b"0" * 32)
SETTINGS = AppSettings(
    client_id="app",
    authorize_uri="https://as.example/authorize?tenant=7",
    pushed_authorization_uri="https://as.example/par",
)
SECRETS = ClientSecrets(client_secret=Secret("s"))
JOURNEY = AuthorizationRequest(
    redirect_uri="https://me.example/", state=Secret("st"), verifier=code_verifier(b"v" * 32)
)
REFERENCE = "urn:example:bwc4JK-ESC0w8acc191e-Y1LTC2"  # RFC 9126 section 2.2
PUSHED = PushedRequest(request_uri=REFERENCE, expires_at=NOW + timedelta(seconds=60))


def push(settings: AppSettings = SETTINGS) -> HttpRequest:
    return pushed_authorization_request(
        settings=settings, secrets=SECRETS, request=JOURNEY, moment=MOMENT
    )


def answer(status: int = 201, **fields: object) -> HttpResponse:
    return HttpResponse(status, (), json.dumps(fields).encode())


@pytest.mark.parametrize(
    "method", [ClientAuthentication.CLIENT_SECRET_BASIC, ClientAuthentication.CLIENT_SECRET_POST]
)
def test_the_whole_request_is_pushed_with_the_clients_proof(method: ClientAuthentication) -> None:
    """RFC 9126 section 2.1."""
    request = push(replace(SETTINGS, client_authentication=method))
    sent = parse_qsl(request.data.decode(), strict_parsing=True)
    names = [name for name, _ in sent]
    assert (request.method, request.url) == ("POST", "https://as.example/par")
    assert {"response_type", "client_id", "redirect_uri", "state", "code_challenge"} <= set(names)
    assert len(names) == len(set(names))
    assert ("client_secret" in names) != (request.header("Authorization") is not None)


def test_the_browser_carries_only_the_client_id_and_the_reference() -> None:
    """RFC 9126 section 4."""
    url = pushed_authorization_url(settings=SETTINGS, pushed=PUSHED, now=NOW)
    assert parse_qsl(urlsplit(url).query) == [
        ("tenant", "7"),
        ("client_id", "app"),
        ("request_uri", REFERENCE),
    ]


def test_an_expired_reference_is_not_used() -> None:
    with pytest.raises(InvalidInput):
        pushed_authorization_url(settings=SETTINGS, pushed=PUSHED, now=PUSHED.expires_at)


def test_the_answer_gives_the_reference_and_its_end() -> None:
    response = answer(request_uri=REFERENCE, expires_in=60)
    assert parse_pushed_authorization_response(response, now=NOW) == PUSHED


def test_a_very_long_life_is_cut() -> None:
    response = answer(request_uri=REFERENCE, expires_in=10**12)
    pushed = parse_pushed_authorization_response(response, now=NOW)
    assert pushed.expires_at == NOW + MAX_LIFETIME


@pytest.mark.parametrize(
    ("fields", "check"),
    [
        ({"expires_in": 60}, "par_request_uri"),
        ({"request_uri": "", "expires_in": 60}, "par_request_uri"),
        ({"request_uri": REFERENCE}, "par_expires_in"),
        ({"request_uri": REFERENCE, "expires_in": 0}, "par_expires_in"),
        ({"request_uri": REFERENCE, "expires_in": True}, "par_expires_in"),
    ],
)
def test_an_answer_without_reference_or_end_is_refused(fields: dict[str, Any], check: str) -> None:
    with pytest.raises(InvalidResponse) as caught:
        parse_pushed_authorization_response(answer(**fields), now=NOW)
    assert caught.value.check == check


def test_a_refusal_is_the_servers_own() -> None:
    with pytest.raises(AuthorizationServerError) as caught:
        parse_pushed_authorization_response(answer(400, error="invalid_request"), now=NOW)
    assert caught.value.error == "invalid_request"


def test_a_nonce_is_fetched_when_the_server_wants_one() -> None:
    answers = [
        answer(request_uri=REFERENCE, expires_in=60),
        HttpResponse(400, (("dpop-nonce", "n"),), b'{"error":"use_dpop_nonce"}'),
    ]
    flow = pushed_authorization_flow(
        settings=SETTINGS,
        secrets=SECRETS,
        request=JOURNEY,
        moment=MOMENT,
        dpop=Dpop(key=new_ec_key(b"1" * 40)),
    )
    assert drive(flow, lambda _: answers.pop()) == PUSHED


def test_an_app_without_a_par_uri_is_told_so() -> None:
    with pytest.raises(InvalidInput) as caught:
        push(replace(SETTINGS, pushed_authorization_uri=""))
    assert caught.value.field == "Pushed authorization URI"
