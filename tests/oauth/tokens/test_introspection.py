import json
from datetime import UTC, datetime
from urllib.parse import parse_qsl

import pytest

from grantline.errors import InvalidInput, TemporarilyUnavailable
from grantline.messages import HttpResponse
from grantline.oauth.app.request_choices import TokenRequestFormat
from grantline.oauth.app.settings import AppSettings, ClientSecrets
from grantline.oauth.moment import Moment
from grantline.oauth.tokens.introspection import (
    Introspection,
    introspection_request,
    parse_introspection_response,
)
from grantline.secret import Secret

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
SETTINGS = AppSettings(
    client_id="app",
    introspection_uri="https://as.example/introspect",
    token_request_format=TokenRequestFormat.QUERY,
)


def ask(settings: AppSettings = SETTINGS) -> object:
    return introspection_request(
        settings=settings,
        secrets=ClientSecrets(client_secret=Secret("s")),
        token=Secret("at"),
        moment=Moment(now=NOW, seed=b"0" * 32),
    )


def parse(status: int = 200, **fields: object) -> Introspection:
    response = HttpResponse(status, (), json.dumps(fields).encode())
    return parse_introspection_response(response, now=NOW)


def test_the_question_is_a_post_whatever_the_token_endpoint_takes() -> None:
    """RFC 7662 section 2.1."""
    request = introspection_request(
        settings=SETTINGS,
        secrets=ClientSecrets(client_secret=Secret("s")),
        token=Secret("at"),
        moment=Moment(now=NOW, seed=b"0" * 32),
    )
    assert (request.method, request.url) == ("POST", SETTINGS.introspection_uri)
    assert dict(parse_qsl(request.data.decode())) == {
        "token": "at",
        "token_type_hint": "access_token",
        "client_id": "app",
        "client_secret": "s",
    }


def test_an_app_without_an_introspection_uri_is_told_so() -> None:
    with pytest.raises(InvalidInput) as caught:
        ask(AppSettings(client_id="app", token_uri="https://as.example/token"))
    assert caught.value.field == "Introspection URI"


@pytest.mark.parametrize("active", [False, None, "true", 1, "false", [True]])
def test_only_true_is_active(active: object) -> None:
    """RFC 7662 section 2.2."""
    answer = parse(active=active, exp=int(NOW.timestamp()))
    assert (answer.is_active, answer.expires_at) == (False, None)


@pytest.mark.parametrize(
    ("exp", "expected"),
    [(int(NOW.timestamp()), NOW), (None, None), (True, None), ("x", None), (10**30, None)],
)
def test_an_active_token_may_tell_its_end(exp: object, expected: datetime | None) -> None:
    answer = parse(active=True, exp=exp)
    assert (answer.is_active, answer.expires_at) == (True, expected)


def test_a_busy_server_says_nothing_of_the_token() -> None:
    with pytest.raises(TemporarilyUnavailable):
        parse(503)
