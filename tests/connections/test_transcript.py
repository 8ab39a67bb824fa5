"""Lines of a transcript: what may be seen is on a list, and nothing else is seen."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grantline.calls.bodies.content import FORM_TYPE, JSON_TYPE, form_content
from grantline.connections.transcript import (
    LONGEST_VALUE,
    MOST_FIELDS,
    Field,
    Line,
    Step,
    as_text,
    line_from_text,
    line_of,
    line_to_text,
)
from grantline.errors import TransportFailed
from grantline.messages import HttpRequest, HttpResponse, json_body
from grantline.secret import Secret
from tests.canary import assert_no_canary

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
CANARY = "canary-token-0a1b2c3d4e5f"
FORM = (("Content-Type", FORM_TYPE),)
JSON = (("Content-Type", JSON_TYPE),)
TOKEN_URI = "https://auth.example/token"


def line(request: HttpRequest, answer: HttpResponse | None = None) -> Line:
    return line_of(Step.TOKEN, request, answer, at=NOW, duration=timedelta(milliseconds=120))


def post(**fields: str) -> HttpRequest:
    return HttpRequest("POST", TOKEN_URI, FORM, form_content(tuple(fields.items())).data)


def test_an_exchange_is_told_but_for_its_secrets() -> None:
    request = post(
        grant_type="authorization_code",
        code=CANARY,
        client_id="client-1234567890",
        client_secret=CANARY,
        redirect_uri="https://app.example/cb",
        invented=CANARY,
    )
    answer = HttpResponse(
        200,
        (*JSON, ("set-cookie", CANARY), ("date", "Sun, 01 Mar 2026 12:00:00 GMT")),
        json_body(
            {
                "access_token": CANARY,
                "expires_in": 3600,
                "authed_user": {"scope": "read", "id": CANARY},
                "empty": "",
            }
        ),
    )
    told = line(request, answer)
    assert told.sent == (
        Field("header", "Content-Type", FORM_TYPE),
        Field("form", "grant_type", "authorization_code"),
        Field("form", "code", "•••"),
        Field("form", "client_id", "•••7890"),
        Field("form", "client_secret", "•••"),
        Field("form", "redirect_uri", "https://app.example/cb"),
        Field("form", "invented", "•••"),
    )
    assert told.received == (
        Field("header", "Content-Type", JSON_TYPE),
        Field("header", "set-cookie", "•••"),
        Field("header", "date", "Sun, 01 Mar 2026 12:00:00 GMT"),
        Field("json", "access_token", "•••"),
        Field("json", "expires_in", "3600"),
        Field("json", "authed_user.scope", "read"),
        Field("json", "authed_user.id", "•••"),
        Field("json", "empty", ""),
    )


@pytest.mark.parametrize(
    "request_",
    [
        post(refresh_token=CANARY),
        HttpRequest("POST", f"{TOKEN_URI}?key={CANARY}"),
        HttpRequest("POST", f"{TOKEN_URI}/{CANARY}", (("Authorization", f"Basic {CANARY}"),)),
        HttpRequest("POST", TOKEN_URI, JSON, json_body({"a": {"b": [CANARY]}})),
        HttpRequest("POST", TOKEN_URI, (("Content-Type", "text/plain"),), CANARY.encode()),
        HttpRequest("POST", TOKEN_URI, (("X-Own", CANARY), *JSON), CANARY.encode()),
    ],
)
@pytest.mark.parametrize(
    "answer",
    [
        None,
        HttpResponse(400, JSON, json_body({"error_description": f"{CANARY} is unknown"})),
        HttpResponse(400, JSON, json_body({"access_token": CANARY, "message": f"made {CANARY}"})),
        HttpResponse(400, JSON, json_body({CANARY: 1, "error": CANARY})),
        HttpResponse(500, (("content-type", "text/html"),), f"<p>{CANARY}".encode()),
        HttpResponse(200, FORM, f"access_token={CANARY}&scope=read".encode()),
        HttpResponse(200, JSON, json_body([CANARY])),
        HttpResponse(401, (("www-authenticate", f'Bearer error="{CANARY}"'),)),
    ],
)
def test_no_secret_is_in_a_line(request_: HttpRequest, answer: HttpResponse | None) -> None:
    told = line_of(Step.REFRESH, request_, answer, at=NOW, secrets=[Secret(CANARY)])
    assert_no_canary([CANARY], as_text([told]), repr(told), line_to_text(told))


def test_what_is_sent_is_masked_where_it_is_quoted_though_nobody_knew_it() -> None:
    quoting = HttpResponse(400, JSON, json_body({"error_description": f"code {CANARY} is used"}))
    told = line(post(code=CANARY), quoting)
    assert Field("json", "error_description", "code ••• is used") in told.received


@given(st.dictionaries(st.text(max_size=8), st.text(min_size=12), max_size=4))
def test_a_name_that_nobody_listed_is_never_shown(fields: dict[str, str]) -> None:
    invented = {f"x_{name}": value for name, value in fields.items()}
    told = line(HttpRequest("POST", TOKEN_URI, JSON, json_body(invented)))
    shown = [each.value for each in told.sent if each.where == "json"]
    assert set(shown) <= {"•••"}


def test_why_no_answer_came_is_told() -> None:
    failed = TransportFailed("auth.example could not be reached.", check="connect", sent=False)
    told = line_of(Step.TOKEN, post(), failed, at=NOW)
    assert (told.status, told.error) == (None, "auth.example could not be reached.")


def test_of_very_many_fields_the_first_are_kept() -> None:
    answer = HttpResponse(200, JSON, json_body({f"name-{n}": f"value-{n}" for n in range(1000)}))
    found = line(post(**{f"sent-{n}": CANARY for n in range(1000)}), answer)
    assert len(found.sent) == MOST_FIELDS + len(FORM)
    assert len(found.received) == MOST_FIELDS + len(JSON)


def test_long_values_are_cut() -> None:
    told = line(post(scope="s" * 2 * LONGEST_VALUE))
    assert told.sent[-1].value == "s" * LONGEST_VALUE + "…"


@pytest.mark.parametrize("body", [b"", b"{", b"[1]", b'{"a":' * 500, b"\xff\xfe", b"x" * 70_000])
def test_a_body_that_cannot_be_read_is_told_by_its_length(body: bytes) -> None:
    told = line(HttpRequest("POST", TOKEN_URI, JSON, body))
    expected = (Field("body", JSON_TYPE, f"{len(body)} bytes"),) if body else ()
    assert told.sent[1:] == expected


def test_a_line_comes_back_from_json() -> None:
    told = line(post(scope="read"), HttpResponse(400, JSON, json_body({"error": "no"})))
    assert line_from_text(line_to_text(told), at=told.at, step=told.step) == told


def test_the_text_is_for_people() -> None:
    told = line(post(scope="read"), HttpResponse(400, JSON, json_body({"error": "invalid_grant"})))
    browser = replace(told, step=Step.AUTHORIZE, status=None, received=())
    assert as_text([told, browser], title="Transcript of “demo”").splitlines() == [
        "Transcript of “demo”. Secrets are masked as •••.",
        "",
        "2026-03-01 12:00:00 UTC  token",
        "POST https://auth.example/token  ->  400 in 120 ms",
        "  > header Content-Type: application/x-www-form-urlencoded",
        "  > form scope: read",
        "  < header Content-Type: application/json",
        "  < json error: invalid_grant",
        "",
        "2026-03-01 12:00:00 UTC  authorize",
        "POST https://auth.example/token",
        "  > header Content-Type: application/x-www-form-urlencoded",
        "  > form scope: read",
    ]
