from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grantline.calls.json_values import dump_json
from grantline.messages import Headers
from grantline.scenarios.triggers.hook_request import HookRequest, trigger_of

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
FORM_TYPE = "application/x-www-form-urlencoded"
BYTES = {"media_type": "application/octet-stream", "size": 2, "base64": "AAE="}
FORM = (
    b'--x\r\nContent-Disposition: form-data; name="from"\r\n\r\nada@example.com\r\n'
    b'--x\r\nContent-Disposition: form-data; name="tag"\r\n\r\na\r\n'
    b'--x\r\nContent-Disposition: form-data; name="tag"\r\n\r\nb\r\n'
    b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.bin"\r\n'
    b"Content-Type: application/octet-stream\r\n\r\n\x00\x01\r\n--x--\r\n"
)


def came(body: bytes, content_type: str = "", **more: Any) -> dict[str, Any]:
    headers: Headers = (("Content-Type", content_type),) if content_type else ()
    plain: dict[str, Any] = {"method": "POST", "headers": headers, "body": body}
    return trigger_of(HookRequest(**(plain | more)), received_at=NOW)


@pytest.mark.parametrize(
    ("body", "content_type", "read"),
    [
        (b'{"id": 7, "items": [1.5, null]}', "application/json", {"id": 7, "items": [1.5, None]}),
        (b'{"id": 7}', "", {"id": 7}),
        (b"a=1&b=x+y&a=2&c=", FORM_TYPE, {"a": ["1", "2"], "b": "x y", "c": ""}),
        (b"payload=%7B%22id%22%3A7%7D", FORM_TYPE + "; charset=utf-8", {"payload": '{"id":7}'}),
        (b"hello", "text/plain", "hello"),
        (b"<order><id>7</id></order>", "application/xml", {"order": {"id": "7"}}),
        (b"", "", None),
        (b"{broken", "application/json", "{broken"),
        (
            b"\x00\x01", "application/octet-stream",
            {"name": "", **BYTES},
        ),
        (
            FORM, "multipart/form-data; boundary=x",
            {
                "from": "ada@example.com",
                "tag": ["a", "b"],
                "file": {"name": "a.bin", **BYTES},
            },
        ),
    ],
)  # fmt: skip
def test_bodies_are_read_as_what_they_are(body: bytes, content_type: str, read: Any) -> None:
    assert came(body, content_type)["body"] == read


def test_query_headers_and_the_instant_come_along() -> None:
    bundle = came(
        b"",
        method="GET",
        query="hub.challenge=42&a=1&a=2",
        headers=(("X-Event", "push"), ("X-Event", "again"), ("Host", "g.example")),
    )

    assert bundle == {
        "method": "GET",
        "query": {"hub.challenge": "42", "a": ["1", "2"]},
        "headers": {"x-event": "push, again", "host": "g.example"},
        "body": None,
        "received_at": "2026-11-29T12:00:00Z",
    }


@pytest.mark.parametrize(
    "name", ["Authorization", "Cookie", "X-Gitlab-Token", "X-Telegram-Bot-Api-Secret-Token"]
)
def test_headers_with_credentials_stay_outside(name: str) -> None:
    assert "s3cret" not in json.dumps(came(b"", headers=((name, "s3cret"),)))


@given(
    body=st.binary(max_size=300) | st.just(FORM),
    content_type=st.sampled_from(
        ("multipart/form-data; boundary=x", "multipart/form-data", "text/xml", "text/csv",
         "application/x-www-form-urlencoded", "application/json", "text/plain; charset=nonsense")
    ),
    query=st.text(max_size=50),
)  # fmt: skip
def test_whatever_is_sent_becomes_json(body: bytes, content_type: str, query: str) -> None:
    bundle = came(body, content_type, query=query)

    assert dump_json(bundle)
