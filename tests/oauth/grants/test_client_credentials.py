from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import parse_qsl

from grantline.messages import HttpResponse
from grantline.oauth.app.request_choices import ClientAuthentication
from grantline.oauth.app.settings import AppSettings, ClientSecrets
from grantline.oauth.flow import drive
from grantline.oauth.grants.client_credentials import (
    client_credentials_flow,
    client_credentials_request,
)
from grantline.oauth.moment import Moment
from grantline.secret import Secret

MOMENT = Moment(now=datetime(2026, 11, 23, 12, 0, tzinfo=UTC), seed=b"0" * 32)
SECRETS = ClientSecrets(client_secret=Secret("7Fjfp0ZBr1KtDRbnfVdmIw"))
SETTINGS = AppSettings(
    client_id="s6BhdRkqt3",
    token_uri="https://server.example.com/token",
    client_authentication=ClientAuthentication.CLIENT_SECRET_BASIC,
)


def test_the_example_of_rfc_6749_section_4_4_2_comes_out() -> None:
    request = client_credentials_request(
        settings=SETTINGS, secrets=SECRETS, scopes=(), moment=MOMENT
    )
    assert request.body == b"grant_type=client_credentials"
    expected = "Basic czZCaGRSa3F0Mzo3RmpmcDBaQnIxS3REUmJuZlZkbUl3"
    assert request.header("Authorization") == expected


def test_scopes_and_access_token_parameters_go_along() -> None:
    settings = replace(
        SETTINGS, scope_separator=",", token_parameters=(("audience", "https://api.example"),)
    )
    request = client_credentials_request(
        settings=settings, secrets=SECRETS, scopes=("a", "b"), moment=MOMENT
    )
    assert dict(parse_qsl(request.data.decode())) == {
        "grant_type": "client_credentials",
        "scope": "a,b",
        "audience": "https://api.example",
    }


def test_the_flow_gives_the_answer_as_it_came() -> None:
    answer = HttpResponse(200)
    flow = client_credentials_flow(settings=SETTINGS, secrets=SECRETS, scopes=(), moment=MOMENT)
    assert drive(flow, lambda _: answer) is answer
