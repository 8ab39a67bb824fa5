from datetime import UTC, datetime
from urllib.parse import parse_qsl

import pytest

from grantline.errors import InvalidInput
from grantline.messages import HttpRequest
from grantline.oauth.app.app_rules import RevocationRules
from grantline.oauth.app.request_choices import ClientAuthentication
from grantline.oauth.app.settings import AppSettings, ClientSecrets
from grantline.oauth.moment import Moment
from grantline.oauth.token_set import TokenSet
from grantline.oauth.tokens.revocation import TokenKind, revocation_request, tokens_to_revoke
from grantline.secret import Secret

MOMENT = Moment(now=datetime(2026, 11, 23, 12, 0, tzinfo=UTC), seed=b"0" * 32)
ACCESS, REFRESH = Secret("at"), Secret("45ghiukldjahdnhzdauz")


def build(revocation_uri: str = "https://server.example.com/revoke") -> HttpRequest:
    settings = AppSettings(
        client_id="s6BhdRkqt3",
        token_uri="https://server.example.com/token",
        revocation_uri=revocation_uri,
        client_authentication=ClientAuthentication.CLIENT_SECRET_BASIC,
    )
    return revocation_request(
        settings=settings,
        secrets=ClientSecrets(client_secret=Secret("gX1fBat3bV")),
        token=REFRESH,
        kind=TokenKind.REFRESH_TOKEN,
        moment=MOMENT,
    )


def test_a_token_is_revoked_as_rfc_7009_section_2_1_shows() -> None:
    request = build()
    assert (request.method, request.url) == ("POST", "https://server.example.com/revoke")
    assert request.header("Authorization") == "Basic czZCaGRSa3F0MzpnWDFmQmF0M2JW"
    assert parse_qsl(request.data.decode()) == [
        ("token", "45ghiukldjahdnhzdauz"),
        ("token_type_hint", "refresh_token"),
    ]


def test_an_app_without_a_revocation_uri_does_not_send_the_token_elsewhere() -> None:
    with pytest.raises(InvalidInput) as caught:
        build(revocation_uri="")
    assert caught.value.field == "Revocation URI"


def test_a_revocation_that_is_an_api_request_accepts_what_api_requests_do() -> None:
    settings = AppSettings(
        client_id="s6BhdRkqt3",
        revocation_uri="https://server.example.com/tokens",
        revocation=RevocationRules(as_api_request=True),
        api_headers=(("Accept", "application/vnd.server+json;version=3.4"),),
    )
    request = revocation_request(
        settings=settings,
        secrets=ClientSecrets(),
        token=ACCESS,
        kind=TokenKind.ACCESS_TOKEN,
        moment=MOMENT,
    )
    accepted = [value for name, value in request.headers if name.lower() == "accept"]
    assert accepted == ["application/vnd.server+json;version=3.4"]
    assert request.header("Authorization") == "Bearer at"


def test_the_refresh_token_goes_first() -> None:
    tokens = TokenSet(access_token=ACCESS, refresh_token=REFRESH)
    assert tokens_to_revoke(tokens) == (
        (TokenKind.REFRESH_TOKEN, REFRESH),
        (TokenKind.ACCESS_TOKEN, ACCESS),
    )


def test_without_a_refresh_token_the_access_token_is_revoked() -> None:
    assert tokens_to_revoke(TokenSet(access_token=ACCESS)) == ((TokenKind.ACCESS_TOKEN, ACCESS),)
