from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import parse_qsl

import pytest

from grantline.errors import InvalidInput
from grantline.messages import HttpRequest, HttpResponse
from grantline.oauth.app.request_choices import ClientAuthentication
from grantline.oauth.app.settings import AppSettings, ClientSecrets
from grantline.oauth.authorization.device import (
    device_authorization_request,
    device_token_flow,
    device_token_request,
)
from grantline.oauth.flow import drive
from grantline.oauth.moment import Moment
from grantline.secret import Secret

MOMENT = Moment(now=datetime(2026, 11, 23, 12, 0, tzinfo=UTC), seed=b"0" * 32)
CODE = Secret("GmRhmhcxhwAzkoEqiMEg_DnyEysNkuNhszIySk9eS")
SETTINGS = AppSettings(
    client_id="1406020730",
    device_authorization_uri="https://server.example.com/device_authorization",
    token_uri="https://server.example.com/token",
    client_authentication=ClientAuthentication.NONE,
)


def start(settings: AppSettings = SETTINGS) -> HttpRequest:
    return device_authorization_request(
        settings=settings, secrets=ClientSecrets(), scopes=("example_scope",), moment=MOMENT
    )


def test_a_device_code_is_asked_for_as_rfc_8628_section_3_1_shows() -> None:
    request = start()
    assert request.url == "https://server.example.com/device_authorization"
    assert dict(parse_qsl(request.data.decode())) == {
        "client_id": "1406020730",
        "scope": "example_scope",
    }


def test_authorize_parameters_and_resources_go_along() -> None:
    settings = replace(
        SETTINGS,
        authorize_parameters=(("audience", "x"),),
        resources=("https://api.example/",),
    )
    sent = dict(parse_qsl(start(settings).data.decode()))
    assert (sent["audience"], sent["resource"]) == ("x", "https://api.example/")


def test_an_app_without_a_device_uri_is_told_so() -> None:
    with pytest.raises(InvalidInput) as caught:
        start(replace(SETTINGS, device_authorization_uri=""))
    assert caught.value.field == "Device authorization URI"


def test_a_poll_is_made_as_rfc_8628_section_3_4_shows() -> None:
    request = device_token_request(
        settings=SETTINGS, secrets=ClientSecrets(), device_code=CODE, moment=MOMENT
    )
    assert dict(parse_qsl(request.data.decode())) == {
        "grant_type": "urn:ietf:params:oauth:grant-type:device_code",
        "device_code": CODE.reveal(),
        "client_id": "1406020730",
    }
    assert CODE.reveal() not in repr(request)


def test_the_answer_to_a_poll_is_given_unread() -> None:
    answer = HttpResponse(400, (), b'{"error":"authorization_pending"}')
    flow = device_token_flow(
        settings=SETTINGS, secrets=ClientSecrets(), device_code=CODE, moment=MOMENT
    )
    assert drive(flow, lambda _: answer) is answer
