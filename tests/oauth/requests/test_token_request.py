import json
from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import parse_qsl, urlsplit

import pytest

from grantline.errors import InvalidInput
from grantline.messages import HttpRequest, HttpResponse
from grantline.oauth.app.request_choices import TokenRequestFormat
from grantline.oauth.app.settings import AppSettings, ClientSecrets
from grantline.oauth.flow import drive
from grantline.oauth.jwt import new_ec_key
from grantline.oauth.moment import Moment
from grantline.oauth.requests.dpop import Dpop
from grantline.oauth.requests.token_request import Grant, token_flow, token_grant, token_request
from grantline.secret import Secret
from grantline.version import __version__

MOMENT = Moment(now=datetime(2026, 11, 23, 12, 0, tzinfo=UTC), seed=b"0" * 32)
SETTINGS = AppSettings(client_id="app", token_uri="https://as.example/token")
SECRETS = ClientSecrets(client_secret=Secret("canary"))
GRANT = Grant(parameters=(("grant_type", "x"),), endpoint=SETTINGS.token_uri)


def build(settings: AppSettings = SETTINGS, grant: Grant | None = None) -> HttpRequest:
    grant = grant or token_grant(settings, GRANT.parameters)
    return token_request(grant, settings=settings, secrets=SECRETS, moment=MOMENT)


def form(request: HttpRequest) -> tuple[tuple[str, str], ...]:
    return tuple(parse_qsl(request.data.decode(), keep_blank_values=True))


def test_a_token_request_is_a_form_that_names_itself() -> None:
    request = build()
    assert (request.method, request.url) == ("POST", "https://as.example/token")
    assert request.headers == (
        ("Accept", "application/json"),
        ("User-Agent", f"Grantline/{__version__}"),
        ("Content-Type", "application/x-www-form-urlencoded"),
    )
    assert form(request) == (
        ("grant_type", "x"),
        ("client_id", "app"),
        ("client_secret", "canary"),
    )
    assert "canary" not in repr(request)


def test_a_json_request_carries_the_same_parameters() -> None:
    request = build(replace(SETTINGS, token_request_format=TokenRequestFormat.JSON))
    assert request.header("Content-Type") == "application/json"
    assert json.loads(request.data) == dict(form(build()))


def test_a_query_request_is_a_get_without_a_body() -> None:
    request = build(replace(SETTINGS, token_request_format=TokenRequestFormat.QUERY))
    assert (request.method, request.body) == ("GET", b"")
    assert dict(parse_qsl(urlsplit(request.url).query)) == dict(form(build()))
    assert "canary" not in repr(request)


def test_custom_headers_win_over_ours() -> None:
    request = build(replace(SETTINGS, custom_headers=(("accept", "text/plain"), ("X-V", "1"))))
    assert request.header("Accept") == "text/plain"
    assert request.header("X-V") == "1"


def test_resources_go_out_one_by_one() -> None:
    """RFC 8707 section 2."""
    request = build(replace(SETTINGS, resources=("https://a.example/", "https://b.example/")))
    values = [value for name, value in form(request) if name == "resource"]
    assert values == ["https://a.example/", "https://b.example/"]


def test_renamed_parameters_go_out_under_the_services_name() -> None:
    request = build(replace(SETTINGS, parameter_names=(("client_id", "client_key"),)))
    assert ("client_key", "app") in form(request)
    assert "client_id" not in dict(form(request))


@pytest.mark.parametrize("name", ["grant_type", "client_id", "client_secret", "code"])
def test_an_extra_parameter_of_ours_is_refused(name: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        build(grant=replace(GRANT, extra=((name, "x"),)))
    assert caught.value.field == "Access token parameters"


def test_an_endpoint_that_brings_our_parameters_is_refused() -> None:
    with pytest.raises(InvalidInput) as caught:
        build(grant=replace(GRANT, endpoint="https://as.example/token?client_id=other"))
    assert caught.value.field == "Token URI"


@pytest.mark.parametrize("endpoint", ["", "http://as.example/token", "https://as.example/#x"])
def test_an_endpoint_that_may_not_be_one_is_named(endpoint: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        build(grant=replace(GRANT, endpoint=endpoint))
    assert caught.value.field == "Token URI"


NONCE_WANTED = HttpResponse(400, (("dpop-nonce", "n"),), b'{"error":"use_dpop_nonce"}')
GRANTED = HttpResponse(200, (), b'{"access_token":"a"}')


def test_a_server_that_wants_its_nonce_is_asked_once_more_and_only_once() -> None:
    """RFC 9449 section 8."""
    dpop = Dpop(key=new_ec_key(b"1" * 40))
    sent: list[HttpRequest] = []

    def send(request: HttpRequest) -> HttpResponse:
        sent.append(request)
        return NONCE_WANTED

    flow = token_flow(GRANT, settings=SETTINGS, secrets=SECRETS, moment=MOMENT, dpop=dpop)
    assert drive(flow, send) is NONCE_WANTED
    first, second = sent
    assert first.body == second.body
    assert first.header("DPoP") != second.header("DPoP")


def test_without_a_key_nothing_is_asked_twice() -> None:
    answers = [NONCE_WANTED]
    flow = token_flow(GRANT, settings=SETTINGS, secrets=SECRETS, moment=MOMENT)
    assert drive(flow, lambda _: answers.pop()) is NONCE_WANTED


def test_the_flow_gives_the_answer_as_it_came() -> None:
    flow = token_flow(GRANT, settings=SETTINGS, secrets=SECRETS, moment=MOMENT)
    assert drive(flow, lambda _: GRANTED) is GRANTED
