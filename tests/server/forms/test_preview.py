"""Previews are the real requests, with nothing secret in them."""

from __future__ import annotations

from typing import Any

import pytest

from grantline.oauth.app.assertion_settings import AssertionSettings
from grantline.oauth.app.request_choices import ClientAuthentication, TokenRequestFormat
from grantline.oauth.app.settings import AppSettings, FlowType, Pkce, TokenPlacement
from grantline.secret import REDACTED
from grantline.server.forms.preview import STAND_IN, Preview, is_redirect_uri_known, previews

REDIRECT_URI = "https://grantline.example/oauth/callback/0123456789abcdef"


def made(
    flow: FlowType = FlowType.AUTHORIZATION_CODE, *, secret: bool = True, **changes: Any
) -> dict[str, Preview]:
    settings = AppSettings(
        **{
            "client_id": "my id",
            "authorize_uri": "https://auth.example/authorize?tenant=1",
            "token_uri": "https://auth.example/token",
            "device_authorization_uri": "https://auth.example/device",
            "base_url": "https://api.example/v1",
            **changes,
        }
    )
    found = previews(
        settings,
        flow,
        ("read", "write"),
        redirect_uri=REDIRECT_URI,
        has_secret=secret,
        username="ada",
        hosts=("api.example",),
    )
    return {each.title: each for each in found}


def test_the_authorize_url_is_exact_but_for_what_is_made_each_time() -> None:
    shown = made()["Authorize URL"]
    assert shown.address == "https://auth.example/authorize"
    assert shown.query == (
        "tenant=1",
        "response_type=code",
        "client_id=my%20id",
        "redirect_uri=https%3A%2F%2Fgrantline.example%2Foauth%2Fcallback%2F0123456789abcdef",
        "state=•••",
        "scope=read%20write",
        "code_challenge=•••",
        "code_challenge_method=S256",
    )


def test_a_comma_separator_and_extra_parameters_show_at_once() -> None:
    shown = made(scope_separator=",", authorize_parameters=(("access_type", "offline"),))
    query = shown["Authorize URL"].query
    assert "scope=read%2Cwrite" in query
    assert query[-1] == "access_type=offline"


def test_plain_pkce_shows_its_method_and_hides_the_proof() -> None:
    query = made(pkce=Pkce.PLAIN)["Authorize URL"].query
    assert "code_challenge=•••" in query
    assert "code_challenge_method=plain" in query


@pytest.mark.parametrize("flow", FlowType)
@pytest.mark.parametrize("method", ClientAuthentication)
@pytest.mark.parametrize("format_", TokenRequestFormat)
def test_no_preview_shows_a_secret(
    flow: FlowType, method: ClientAuthentication, format_: TokenRequestFormat
) -> None:
    shown = made(
        flow,
        client_authentication=method,
        token_request_format=format_,
        token_placement=TokenPlacement.BOTH,
        assertion=AssertionSettings(algorithm="RS256"),
    )
    assert all(not each.missing for each in shown.values()), shown
    assert STAND_IN.reveal() not in repr(shown)


@pytest.mark.parametrize(
    ("flow", "titles"),
    [
        (FlowType.IMPLICIT, ["Authorize URL", "API request"]),
        (FlowType.CLIENT_CREDENTIALS, ["Token request", "API request"]),
        (FlowType.DEVICE, ["Device request", "Token request", "Refresh request", "API request"]),
    ],
)
def test_each_flow_shows_the_requests_it_makes(flow: FlowType, titles: list[str]) -> None:
    assert list(made(flow)) == titles


def test_a_public_client_sends_no_secret() -> None:
    assert "client_secret=•••" in made()["Token request"].body
    assert "client_secret=•••" not in made(secret=False)["Token request"].body


def test_a_renamed_secret_is_masked_too() -> None:
    body = made(parameter_names=(("client_secret", "app_secret"),))["Token request"].body
    assert "app_secret=•••" in body


def test_a_json_body_is_shown_as_json() -> None:
    body = made(token_request_format=TokenRequestFormat.JSON)["Token request"].body
    assert body[0] == "{"
    assert '  "client_secret": "•••"' in body


def test_the_token_is_shown_where_the_api_gets_it() -> None:
    shown = made(token_placement=TokenPlacement.BOTH, token_name="Zoho", query_name="key")
    api = shown["API request"]
    assert api.address == "GET https://api.example/v1"
    assert api.query == ("key=•••",)
    assert api.headers == (("Authorization", "Zoho •••"),)


def test_what_is_missing_is_said_instead() -> None:
    shown = made(token_uri="")
    assert shown["Token request"].missing == "Token URI is empty."
    assert not shown["Authorize URL"].missing


def test_a_signed_proof_is_told_in_words() -> None:
    shown = made(client_authentication=ClientAuthentication.PRIVATE_KEY_JWT)
    assert "client_assertion" in shown["Token request"].note


@pytest.mark.parametrize(
    ("flow", "authorize_uri", "token_uri", "known"),
    [
        (FlowType.AUTHORIZATION_CODE, "https://a.example/", "https://a.example/t", "yes"),
        (FlowType.AUTHORIZATION_CODE, "https://a.example/", "", "no"),
        (FlowType.AUTHORIZATION_CODE, "nonsense", "https://a.example/t", "no"),
        (FlowType.IMPLICIT, "https://a.example/", "", "yes"),
        (FlowType.CLIENT_CREDENTIALS, "https://a.example/", "https://a.example/t", "no"),
    ],
)
def test_the_redirect_uri_is_known_when_both_uris_are(
    flow: FlowType, authorize_uri: str, token_uri: str, known: str
) -> None:
    settings = AppSettings(client_id="x", authorize_uri=authorize_uri, token_uri=token_uri)
    assert is_redirect_uri_known(settings, flow) is (known == "yes")


def test_a_token_in_a_header_of_its_own_is_masked_as_well() -> None:
    settings = AppSettings(
        client_id="id",
        authorize_uri="https://a.example/authorize",
        token_uri="https://a.example/token",
        base_url="https://api.example/v1",
        header_name="X-Service-Token",
        token_name="",
    )
    shown = previews(
        settings,
        FlowType.AUTHORIZATION_CODE,
        (),
        redirect_uri="https://b.example/",
        has_secret=True,
    )

    [api] = [each for each in shown if each.title == "API request"]
    assert dict(api.headers)["X-Service-Token"] == REDACTED
