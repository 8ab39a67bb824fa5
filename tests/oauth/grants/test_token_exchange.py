from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import parse_qsl

import pytest

from grantline.errors import InvalidInput
from grantline.messages import HttpResponse
from grantline.oauth.app.request_choices import Pairs
from grantline.oauth.app.settings import AppSettings, ClientSecrets
from grantline.oauth.flow import drive
from grantline.oauth.grants.token_exchange import (
    ACCESS_TOKEN_TYPE,
    Exchange,
    token_exchange_flow,
    token_exchange_request,
)
from grantline.oauth.moment import Moment
from grantline.secret import Secret

MOMENT = Moment(now=datetime(2026, 11, 23, 12, 0, tzinfo=UTC), seed=b"0" * 32)
SECRETS = ClientSecrets()
SETTINGS = AppSettings(
    client_id="app", token_uri="https://as.example/token", resources=("https://api.example/",)
)
EXCHANGE = Exchange(subject_token=Secret("st"))


def build(exchange: Exchange) -> Pairs:
    request = token_exchange_request(
        settings=SETTINGS, secrets=SECRETS, exchange=exchange, moment=MOMENT
    )
    return tuple(parse_qsl(request.data.decode()))


def test_an_exchange_names_what_it_gives_and_what_it_wants() -> None:
    """RFC 8693 section 2.1."""
    exchange = replace(
        EXCHANGE,
        actor_token=Secret("act"),
        actor_token_type=ACCESS_TOKEN_TYPE,
        requested_token_type=ACCESS_TOKEN_TYPE,
        audiences=("one", "two"),
        scopes=("a", "b"),
    )
    assert build(exchange) == (
        ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
        ("subject_token", "st"),
        ("subject_token_type", ACCESS_TOKEN_TYPE),
        ("actor_token", "act"),
        ("actor_token_type", ACCESS_TOKEN_TYPE),
        ("requested_token_type", ACCESS_TOKEN_TYPE),
        ("audience", "one"),
        ("audience", "two"),
        ("scope", "a b"),
        ("resource", "https://api.example/"),
        ("client_id", "app"),
    )


@pytest.mark.parametrize(
    "exchange",
    [
        replace(EXCHANGE, actor_token=Secret("act")),
        replace(EXCHANGE, actor_token_type=ACCESS_TOKEN_TYPE),
    ],
)
def test_an_actor_token_and_its_type_come_together(exchange: Exchange) -> None:
    with pytest.raises(InvalidInput):
        build(exchange)


def test_the_flow_gives_the_answer_as_it_came() -> None:
    answer = HttpResponse(200)
    flow = token_exchange_flow(settings=SETTINGS, secrets=SECRETS, exchange=EXCHANGE, moment=MOMENT)
    assert drive(flow, lambda _: answer) is answer
