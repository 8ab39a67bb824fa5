from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import parse_qsl, urlsplit

import pytest

from grantline.errors import InvalidInput, ReauthorizationRequired
from grantline.messages import HttpRequest, HttpResponse
from grantline.oauth.app.request_choices import ClientAuthentication, Pairs, TokenRequestFormat
from grantline.oauth.app.response_rules import ResponseRules
from grantline.oauth.app.settings import AppSettings, ClientSecrets
from grantline.oauth.flow import drive
from grantline.oauth.grants.refresh import refresh_flow, refresh_request
from grantline.oauth.moment import Moment
from grantline.oauth.token_set import TokenSet
from grantline.secret import Secret

MOMENT = Moment(now=datetime(2026, 11, 23, 12, 0, tzinfo=UTC), seed=b"0" * 32)
SETTINGS = AppSettings(client_id="app", token_uri="https://as.example/token")
SECRETS = ClientSecrets(client_secret=Secret("s"))
TOKENS = TokenSet(access_token=Secret("at"), refresh_token=Secret("rt"), scope=("a", "b"))


def build(settings: AppSettings = SETTINGS, tokens: TokenSet = TOKENS) -> HttpRequest:
    return refresh_request(settings=settings, secrets=SECRETS, tokens=tokens, moment=MOMENT)


def form(request: HttpRequest) -> dict[str, str]:
    return dict(parse_qsl(request.data.decode(), strict_parsing=True))


def test_a_refresh_sends_the_refresh_token_and_no_scope() -> None:
    """RFC 6749 section 6."""
    request = build()
    assert request.url == "https://as.example/token"
    assert form(request) == {
        "grant_type": "refresh_token",
        "refresh_token": "rt",
        "client_id": "app",
        "client_secret": "s",
    }


def test_a_refresh_uri_of_its_own_is_used() -> None:
    assert (
        build(replace(SETTINGS, refresh_uri="https://as.example/r")).url == "https://as.example/r"
    )


def test_a_refresh_may_authenticate_otherwise() -> None:
    request = build(
        replace(SETTINGS, refresh_authentication=ClientAuthentication.CLIENT_SECRET_BASIC)
    )
    assert request.header("Authorization") == "Basic YXBwOnM="
    assert "client_secret" not in form(request)


@pytest.mark.parametrize("extra", [(("scope", "a"),), (("redirect_uri", "https://me.example/"),)])
def test_a_service_gets_the_scope_or_redirect_uri_it_insists_on(extra: Pairs) -> None:
    assert dict(extra).items() <= form(build(replace(SETTINGS, refresh_parameters=extra))).items()


def test_access_token_parameters_stay_out_of_a_refresh() -> None:
    assert "audience" not in form(build(replace(SETTINGS, token_parameters=(("audience", "x"),))))


def test_a_parameter_of_ours_among_the_refresh_parameters_is_refused() -> None:
    with pytest.raises(InvalidInput) as caught:
        build(replace(SETTINGS, refresh_parameters=(("refresh_token", "x"),)))
    assert caught.value.field == "Refresh token parameters"


def test_without_a_refresh_token_there_is_nothing_to_ask_with() -> None:
    with pytest.raises(ReauthorizationRequired) as caught:
        build(tokens=replace(TOKENS, refresh_token=None))
    assert caught.value.reason == "no_refresh_token"


def test_an_access_token_extends_itself_where_the_service_works_that_way() -> None:
    """Quirk: Instagram, GET with grant_type=ig_refresh_token."""
    settings = replace(
        SETTINGS,
        refresh_uri="https://graph.example/refresh_access_token",
        client_authentication=ClientAuthentication.NONE,
        token_request_format=TokenRequestFormat.QUERY,
        refresh_parameters=(("grant_type", "ig_refresh_token"),),
        response=ResponseRules(refresh_with="access_token"),
    )
    request = build(settings, replace(TOKENS, refresh_token=None))
    assert request.method == "GET"
    assert dict(parse_qsl(urlsplit(request.url).query)) == {
        "access_token": "at",
        "client_id": "app",
        "grant_type": "ig_refresh_token",
    }


def test_an_access_token_is_presented_as_a_refresh_where_no_grant_type_is_given() -> None:
    settings = replace(SETTINGS, response=ResponseRules(refresh_with="access_token"))
    sent = form(build(settings))
    assert (sent["grant_type"], sent["access_token"]) == ("refresh_token", "at")


def test_the_answer_to_a_refresh_is_given_unread() -> None:
    answer = HttpResponse(200, (), b"\xff not even text")
    flow = refresh_flow(settings=SETTINGS, secrets=SECRETS, tokens=TOKENS, moment=MOMENT)
    assert drive(flow, lambda _: answer) is answer
