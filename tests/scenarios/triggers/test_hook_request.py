from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grantline.calls.structures.json_values import dump_json
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


PART = b'--x\r\nContent-Disposition: form-data; name="a"'
TYPE = b"\r\nContent-Type: text/plain; charset="
END = b"\r\n\r\nhello\r\n--x--\r\n"


@pytest.mark.parametrize("charset", [b"nonsense", b"base64", b"undefined", b"punycode", b"utf-16"])
def test_a_part_in_a_charset_that_is_none_is_read_even_so(charset: bytes) -> None:
    bundle = came(PART + TYPE + charset + END, "multipart/form-data; boundary=x")

    assert isinstance(bundle["body"]["a"], str)


def test_names_of_fields_and_files_are_read_as_browsers_write_them() -> None:
    head = 'Content-Disposition: form-data; name="größe"; filename="Übersicht.txt"'
    body = f"before\r\n--x \r\n{head}\r\n\r\nhello\r\n--x--\r\nafter".encode()

    assert came(body, "multipart/form-data; boundary=x")["body"]["größe"]["name"] == "Übersicht.txt"


def nested(depth: int) -> bytes:
    """Forms within forms, each line of which would be held against every boundary around it."""
    opened = b"".join(
        b"--x%d\r\nContent-Type: multipart/mixed; boundary=x%d\r\n\r\n" % (each - 1, each)
        for each in range(1, depth)
    )
    return opened + b"x\r\n" * 200_000


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (PART + b";" * 900_000 + END, "multipart/form-data; boundary=x"),
        (PART + TYPE + b"a" + b";a=b" * 200_000 + END, "multipart/form-data; boundary=x"),
        (nested(150), "multipart/form-data; boundary=x0"),
        (nested(5_000), "multipart/form-data; boundary=x0"),
        (b"--x\r\n\r\n" * 100_000, "multipart/form-data; boundary=x"),
        (FORM, "multipart/form-data; boundary=x" + ";a=b" * 16_000),
    ],
    ids=["head", "type", "nested", "deeply nested", "parts", "header"],
)
def test_a_form_that_is_a_bomb_is_no_form(body: bytes, content_type: str) -> None:
    read = came(body, content_type)["body"]

    assert isinstance(read, str) or read["media_type"] == "multipart/form-data"


def test_the_header_that_a_sender_shows_its_token_in_stays_outside() -> None:
    request = HookRequest(method="POST", headers=(("X-Sender", "s3cret"), ("X-Event", "push")))

    headers = trigger_of(request, received_at=NOW, besides="x-sender")["headers"]

    assert headers == {"x-event": "push"}
