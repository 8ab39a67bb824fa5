"""Answers as structures: what they are called, and what they are."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grantline.calls.answers.response import Response
from grantline.calls.structures.parsing import parse_data

PNG = b"\x89PNG\r\n\x1a\n\x00"
CSV = "text/csv; charset=utf-8"
BOMB = '<!DOCTYPE a [<!ENTITY b "x">]><a>&b;</a>'
PEOPLE = [{"id": "1", "name": "Ada, C."}, {"id": "2", "name": "Bob"}]
RAGGED = [
    {"a": "1", "column_2": "2", "column_3": "3", "column_4": "4"},
    {"a": "5", "column_2": "", "column_3": ""},
]


@pytest.mark.parametrize(
    ("content", "content_type", "data"),
    [
        (b"", "application/json", None),
        (b'{"a": 12345678901234567890}', "application/json", {"a": 12345678901234567890}),
        (b'{"a": 1}', "application/vnd.api+json; charset=utf-8", {"a": 1}),
        (b'\xef\xbb\xbf{"a": 1}', "application/json", {"a": 1}),
        ('{"a": "é"}'.encode("utf-16"), "application/json", {"a": "é"}),
        (b" [1, 2]\n", "text/html", [1, 2]),
        (b'{"a": 1}', "application/octet-stream", {"a": 1}),
        (b'{"a": 1}', "", {"a": 1}),
        (b"17", "application/json", 17),
        (b"17", "text/plain", "17"),
        (b"[INFO] started", "text/plain", "[INFO] started"),
        (b"no json", "application/json", "no json"),
        (b"<a><b>1</b></a>", "application/json", {"a": {"b": "1"}}),
        (b"<a>1</a>", "text/xml", {"a": "1"}),
        (b"<feed/>", "application/atom+xml", {"feed": None}),
        (b'<?xml version="1.0" encoding="latin1"?><a>\xe9</a>', "text/xml", {"a": "é"}),
        (b"<!DOCTYPE html><html></html>", "text/html", "<!DOCTYPE html><html></html>"),
        (b"<html/>", "", "<html/>"),
        (BOMB.encode(), "text/xml", BOMB),
        (b'{"a": 1}\n\n{"a": 2}\n', "application/x-ndjson", [{"a": 1}, {"a": 2}]),
        (b'{"a": 1}\n{"a": 2}', "application/json", [{"a": 1}, {"a": 2}]),
        (b'{"a": 1}', "application/jsonl", [{"a": 1}]),
        (b'id,name\r\n1,"Ada, C."\r\n2,Bob\r\n', CSV, PEOPLE),
        (b"id;sum\n1;2,5\n", CSV, [{"id": "1", "sum": "2,5"}]),
        (b"a\tb\n1\t2", "text/tab-separated-values", [{"a": "1", "b": "2"}]),
        (b"a,a,\n1,2,3,4\n5\n", CSV, RAGGED),
        (b'a\n"open', CSV, 'a\n"open'),
        (PNG, "image/png", PNG),
        (PNG, "text/plain", PNG),
        (b"\xff\xd8\xff", "", b"\xff\xd8\xff"),
        ("Grüße".encode("latin-1"), "text/plain; charset=latin1", "Grüße"),
    ],
)
def test_content_decides_where_the_header_lies(
    content: bytes, content_type: str, data: Any
) -> None:
    assert parse_data(content, content_type) == data


def response(content: bytes, *headers: tuple[str, str], **more: Any) -> Response:
    return Response(status=200, headers=headers, content=content, url="", **more)


def test_a_table_takes_no_more_memory_and_time_than_its_bytes_pay_for() -> None:
    wide = ",".join(map(str, range(20_000)))
    assert len(parse_data(f"{wide}\n{wide}".encode(), CSV)[0]) == 20_000
    sparse = wide + "\n1" * 100
    assert parse_data(sparse.encode(), CSV) == sparse


def test_parsing_can_be_off() -> None:
    kind = ("content-type", "application/json")
    assert response(b'{"a": 1}', kind).data == {"a": 1}
    assert response(b'{"a": 1}', kind, parse_response=False).data == '{"a": 1}'
    assert response(PNG, kind, parse_response=False).data == PNG


def test_headers_by_name_are_in_lower_case_and_cookies_are_a_list() -> None:
    found = response(b"", ("Vary", "A"), ("vary", "B"), ("Set-Cookie", "a=1"), ("X-One", "1"))
    assert found.headers_by_name == {"vary": "A, B", "set-cookie": ["a=1"], "x-one": "1"}


@given(
    st.one_of(st.binary(), st.text(alphabet='{}[]<>,;"\n\t1a/?!-').map(str.encode)),
    st.sampled_from(
        [
            "",
            "application/json",
            "text/xml",
            "text/csv",
            "application/x-ndjson",
            "text/plain",
            "a/b",
        ]
    ),
)
def test_any_answer_can_be_read(content: bytes, content_type: str) -> None:
    parse_data(content, content_type)
