import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey

from grantline.errors import InvalidInput
from grantline.messages import HttpResponse
from grantline.oauth.app.assertion_settings import AssertionSettings
from grantline.oauth.app.request_choices import ClientAuthentication
from grantline.oauth.app.settings import AppSettings, ClientSecrets
from grantline.oauth.flow import drive
from grantline.oauth.grants.jwt_bearer import jwt_bearer_flow, jwt_bearer_request
from grantline.oauth.jwt import new_ec_key
from grantline.oauth.moment import Moment

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
MOMENT = Moment(now=NOW, seed=b"0" * 32)
KEY = new_ec_key(b"1" * 40)
SECRETS = ClientSecrets(private_key=KEY)
RULES = AssertionSettings(algorithm="ES256", key_id="k1", lifetime=timedelta(hours=1))
SETTINGS = AppSettings(
    client_id="robot@project.example",
    token_uri="https://as.example/token",
    client_authentication=ClientAuthentication.NONE,
    assertion=RULES,
)


def build(settings: AppSettings = SETTINGS) -> tuple[dict[str, str], dict[str, Any]]:
    request = jwt_bearer_request(
        settings=settings, secrets=SECRETS, scopes=("a", "b"), moment=MOMENT
    )
    form = dict(parse_qsl(request.data.decode()))
    key = ECKey.import_key(json.loads(KEY.reveal()))
    token = jwt.decode(form["assertion"], key, algorithms=["ES256"])
    assert token.header["kid"] == "k1"
    return form, token.claims


def test_an_assertion_is_about_us_and_for_the_server() -> None:
    """RFC 7523 section 3."""
    form, claims = build()
    assert form["grant_type"] == "urn:ietf:params:oauth:grant-type:jwt-bearer"
    assert form["scope"] == "a b"
    issued = int(NOW.timestamp())
    assert claims == {
        "iss": "robot@project.example",
        "sub": "robot@project.example",
        "aud": "https://as.example/token",
        "iat": issued,
        "exp": issued + 3600,
        "jti": MOMENT.identifier("assertion"),
    }


def test_a_google_service_account_acts_for_a_user_with_scopes_inside() -> None:
    rules = replace(RULES, scope_in_assertion=True, subject="person@company.example")
    form, claims = build(replace(SETTINGS, assertion=rules))
    assert "scope" not in form
    assert claims["scope"] == "a b"
    assert (claims["iss"], claims["sub"]) == ("robot@project.example", "person@company.example")


def test_the_issuer_is_the_audience_where_there_is_one() -> None:
    assert build(replace(SETTINGS, issuer="https://as.example"))[1]["aud"] == "https://as.example"


@pytest.mark.parametrize("lifetime", [timedelta(0), timedelta(hours=1, seconds=1)])
def test_an_assertion_lives_up_to_an_hour(lifetime: timedelta) -> None:
    with pytest.raises(InvalidInput) as caught:
        build(replace(SETTINGS, assertion=replace(RULES, lifetime=lifetime)))
    assert caught.value.field == "Assertion lifetime"


def test_a_grant_without_a_key_is_told_so() -> None:
    with pytest.raises(InvalidInput) as caught:
        jwt_bearer_request(settings=SETTINGS, secrets=ClientSecrets(), scopes=(), moment=MOMENT)
    assert caught.value.field == "Private key"


def test_the_flow_gives_the_answer_as_it_came() -> None:
    answer = HttpResponse(200)
    flow = jwt_bearer_flow(settings=SETTINGS, secrets=SECRETS, scopes=(), moment=MOMENT)
    assert drive(flow, lambda _: answer) is answer
