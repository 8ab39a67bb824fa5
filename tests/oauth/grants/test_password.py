from datetime import UTC, datetime
from urllib.parse import parse_qsl

import pytest

from grantline.errors import InvalidInput
from grantline.messages import HttpRequest, HttpResponse
from grantline.oauth.app.settings import AppSettings, ClientSecrets
from grantline.oauth.flow import drive
from grantline.oauth.grants.password import password_flow, password_request
from grantline.oauth.moment import Moment
from grantline.secret import Secret

MOMENT = Moment(now=datetime(2026, 11, 23, 12, 0, tzinfo=UTC), seed=b"0" * 32)
SETTINGS = AppSettings(client_id="app", token_uri="https://as.example/token")


def build(username: str) -> HttpRequest:
    return password_request(
        settings=SETTINGS,
        secrets=ClientSecrets(),
        username=username,
        password=Secret("A3ddj3w & ü"),
        scopes=("a",),
        moment=MOMENT,
    )


def test_a_password_goes_into_the_body_and_no_repr() -> None:
    """RFC 6749 section 4.3.2."""
    request = build("johndoe")
    assert dict(parse_qsl(request.data.decode())) == {
        "grant_type": "password",
        "username": "johndoe",
        "password": "A3ddj3w & ü",
        "scope": "a",
        "client_id": "app",
    }
    assert "A3ddj3w" not in repr(request)


def test_a_user_name_is_needed() -> None:
    with pytest.raises(InvalidInput) as caught:
        build("")
    assert caught.value.field == "User name"


def test_the_flow_gives_the_answer_as_it_came() -> None:
    answer = HttpResponse(200)
    flow = password_flow(
        settings=SETTINGS,
        secrets=ClientSecrets(),
        username="johndoe",
        password=Secret("p"),
        scopes=(),
        moment=MOMENT,
    )
    assert drive(flow, lambda _: answer) is answer
