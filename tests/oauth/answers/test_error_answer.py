from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grantline.messages import HttpResponse, json_body
from grantline.oauth.answers.error_answer import error_failure, printable, redirect_failure
from grantline.oauth.answers.error_sign import error_sign
from grantline.oauth.answers.failure import Failure, FailureKind
from grantline.oauth.grant import GrantType

NOW = datetime(2026, 11, 23, tzinfo=UTC)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner),
    max_leaves=8,
)
FIELD_NAMES = ("error", "errors", "error_code", "code", "status", "type", "ok", "data", "message")


def failure(
    status: int, fields: Any = None, *, grant: GrantType = GrantType.REFRESH_TOKEN, **headers: str
) -> Failure | None:
    body = b"" if fields is None else json_body(fields)
    pairs = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return error_failure(HttpResponse(status, pairs, body), grant=grant, now=NOW)


def test_the_words_of_the_server_are_text_and_never_a_link_to_a_script() -> None:
    found = failure(
        400,
        {
            "error": "invalid_request",
            "error_description": "bad\r\nSet-Cookie: a=1\0\u202e<b>" + "x" * 2000,
            "error_uri": "javascript:alert(1)",
        },
    )
    assert found is not None
    assert found.description.startswith("bad Set-Cookie: a=1 <b>x")
    assert len(found.description) == 500
    assert found.uri == ""


def test_a_web_page_about_the_error_may_be_linked() -> None:
    found = failure(400, {"error": "invalid_request", "error_uri": "https://as.example/e"})
    assert found is not None
    assert found.uri == "https://as.example/e"


def test_tokens_in_an_error_are_not_kept_with_it() -> None:
    found = failure(400, {"error": "x", "access_token": "at_1", "trace_id": "t"})
    assert found is not None
    assert found.extra == {"trace_id": "t"}


@pytest.mark.parametrize("grant", GrantType)
@pytest.mark.parametrize("status", [400, 401, 403, 500, 503])
def test_a_status_alone_never_ends_a_connection(grant: GrantType, status: int) -> None:
    found = failure(status, grant=grant)
    assert found is not None
    assert not found.is_dead_grant


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_server_out_of_order_never_ends_a_connection(status: int) -> None:
    found = failure(status, {"error": "invalid_grant"})
    assert found is not None
    assert (found.kind, found.may_retry) == (FailureKind.TRANSIENT, True)


@pytest.mark.parametrize(
    ("grant", "kind"),
    [
        (GrantType.REFRESH_TOKEN, FailureKind.REAUTH),
        (GrantType.PASSWORD, FailureKind.REAUTH),
        (GrantType.AUTHORIZATION_CODE, FailureKind.CODE_REJECTED),
        (GrantType.DEVICE_CODE, FailureKind.CODE_REJECTED),
        (GrantType.CLIENT_CREDENTIALS, FailureKind.CLIENT_CONFIG),
        (GrantType.JWT_BEARER, FailureKind.CLIENT_CONFIG),
    ],
)
def test_the_same_refusal_means_what_was_presented(grant: GrantType, kind: FailureKind) -> None:
    found = failure(400, {"error": "invalid_grant"}, grant=grant)
    assert found is not None
    assert found.kind is kind


def test_a_limit_in_words_only_waits_ten_minutes_and_one_with_a_header_as_long_as_it_says() -> None:
    words = {"error": "Access Denied", "error_description": "Too many requests."}
    assert (found := failure(400, words)) is not None
    assert found.retry_after == timedelta(minutes=10)
    assert (found := failure(400, words, retry_after="5")) is not None
    assert found.retry_after == timedelta(seconds=5)


@pytest.mark.parametrize(
    ("location", "kind"),
    [
        ("/elsewhere", FailureKind.REDIRECT),
        ("https://as.example/elsewhere", FailureKind.REDIRECT),
        ("https://evil.example/token", FailureKind.SECURITY),
        ("//evil.example/token", FailureKind.SECURITY),
        ("http://as.example/token", FailureKind.SECURITY),
        ("https://[", FailureKind.SECURITY),
    ],
)
def test_a_redirect_is_refused_wherever_it_points(location: str, kind: FailureKind) -> None:
    response = HttpResponse(307, (("location", location),), b"", "https://as.example/token")
    found = redirect_failure(response)
    assert found is not None
    assert (found.kind, found.error) == (kind, "redirect_refused")


def test_a_success_is_no_failure() -> None:
    assert failure(200) is None
    assert failure(200, {"ok": True}) is None


@given(
    fields=st.dictionaries(st.sampled_from(FIELD_NAMES), JSON),
    status=st.integers(200, 599),
    has_token=st.booleans(),
)
def test_no_fields_break_the_search_for_an_error(
    fields: dict[str, Any], status: int, *, has_token: bool
) -> None:
    error_sign(fields, status=status, has_token=has_token)
    failure(status, fields)


@given(st.text())
def test_printable_text_is_one_line(text: str) -> None:
    assert printable(text).isprintable()
