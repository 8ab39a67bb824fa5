"""The reading half of ``oauth.device``; what it sends is in ``test_device.py``."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grantline.errors import AuthorizationServerError, GrantlineError, InvalidResponse
from grantline.messages import HttpResponse, json_body
from grantline.oauth.answers.failure import Failure, FailureKind, failure_of
from grantline.oauth.authorization.device import (
    DEFAULT_INTERVAL,
    LONGEST_INTERVAL,
    DeviceAuthorization,
    next_interval,
    parse_device_authorization_response,
)
from grantline.secret import Secret

NOW = datetime(2026, 11, 23, tzinfo=UTC)
SERVER = "https://as.example/device_authorization"
STARTED = {
    "device_code": "d",
    "user_code": "WDJB-MJHT",
    "verification_uri": "https://as.example/device",
}


def start(fields: Any, *, status: int = 200, url: str = SERVER) -> DeviceAuthorization:
    response = HttpResponse(status, (), json_body(fields), url)
    return parse_device_authorization_response(response, now=NOW)


def test_a_start_as_rfc_8628_section_3_2_shows_it() -> None:
    complete = "https://as.example/device?user_code=WDJB-MJHT"
    fields = {**STARTED, "verification_uri_complete": complete, "expires_in": 1800, "interval": 7}
    assert start(fields) == DeviceAuthorization(
        device_code=Secret("d"),
        user_code="WDJB-MJHT",
        verification_uri="https://as.example/device",
        verification_uri_complete=complete,
        expires_at=NOW + timedelta(minutes=30),
        interval=timedelta(seconds=7),
    )


@pytest.mark.parametrize("interval", [None, 0, -1, "soon", {}])
def test_an_interval_that_is_none_is_five_seconds(interval: Any) -> None:
    assert start({**STARTED, "interval": interval}).interval == DEFAULT_INTERVAL


def test_no_server_makes_people_wait_longer_than_five_minutes() -> None:
    assert start({**STARTED, "interval": 10**9}).interval == LONGEST_INTERVAL


@pytest.mark.parametrize(
    "uri",
    [
        "javascript:alert(1)",
        "http://as.example/device",
        "http://127.0.0.1/device",
        "https://user@as.example/",
        "https://as.example\\@evil.example/",
        "https:///device",
        "https://[",
        "https://as.example/a b",
        "",
        7,
    ],
)
def test_people_are_sent_to_https_only(uri: Any) -> None:
    with pytest.raises(InvalidResponse) as caught:
        start({**STARTED, "verification_uri": uri})
    assert caught.value.check == "bad_verification_uri"


def test_a_server_on_this_machine_may_send_people_to_this_machine_without_tls() -> None:
    fields = {**STARTED, "verification_uri": "http://127.0.0.1:8000/device"}
    assert start(fields, url="http://127.0.0.1:8000/start").verification_uri


def test_a_link_with_the_code_in_it_is_dropped_when_it_is_not_safe() -> None:
    fields = {**STARTED, "verification_uri_complete": "data:text/html,x"}
    assert start(fields).verification_uri_complete == ""


def test_a_start_without_codes_is_no_start() -> None:
    with pytest.raises(InvalidResponse):
        start({**STARTED, "device_code": ""})


def test_a_refusal_is_raised_with_the_code_of_the_server() -> None:
    with pytest.raises(AuthorizationServerError) as caught:
        start({"error": "invalid_scope"}, status=400)
    assert caught.value.error == "invalid_scope"


def poll_failed(error: str, **fields: Any) -> Failure:
    return Failure(kind=FailureKind.TRANSIENT, error=error, may_retry=True, **fields)


@pytest.mark.parametrize(
    ("failure", "seconds"),
    [
        (poll_failed("authorization_pending", status=400), 5),
        (poll_failed("slow_down", status=400), 10),
        (poll_failed("slow_down", status=200, extra={"interval": 15}), 15),
        (poll_failed("slow_down", status=200, extra={"interval": 1}), 10),
        (poll_failed("timeout"), 10),
        (poll_failed("http_503", status=503, retry_after=timedelta(seconds=40)), 40),
        (poll_failed("http_503", status=503, retry_after=timedelta(seconds=1)), 5),
    ],
)
def test_polling_slows_down_as_rfc_8628_section_3_5_asks(failure: Failure, seconds: int) -> None:
    wait = next_interval(failure, timedelta(seconds=5), now=NOW)
    assert wait == timedelta(seconds=seconds)


def test_doubling_ends_at_five_minutes() -> None:
    interval = DEFAULT_INTERVAL
    for _ in range(20):
        interval = next_interval(poll_failed("timeout"), interval, now=NOW)
    assert interval == LONGEST_INTERVAL


VALUES = st.none() | st.booleans() | st.integers() | st.text() | st.lists(st.text())


@given(
    st.binary(max_size=100)
    | st.dictionaries(st.sampled_from([*STARTED, "interval", "error"]), VALUES).map(json_body),
    st.integers(200, 599),
)
def test_no_answer_raises_anything_else(body: bytes, status: int) -> None:
    try:
        parse_device_authorization_response(HttpResponse(status, (), body, SERVER), now=NOW)
    except GrantlineError as error:
        found = failure_of(error)
    else:
        return
    assert found is not None
