import json
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grantline.errors import InvalidResponse
from grantline.messages import HttpResponse
from grantline.oauth.answers.body import MAX_DEPTH, Notation, looks_like_page, parse_body
from grantline.oauth.token_set import Warn

NAMES = st.text(st.characters(codec="ascii", categories=["L"]), min_size=1, max_size=8)
TEXT = st.text(st.characters(codec="utf-8"), max_size=20)


def answer(body: bytes | str, content_type: str = "") -> HttpResponse:
    headers = (("content-type", content_type),) if content_type else ()
    return HttpResponse(200, headers, body.encode() if isinstance(body, str) else body)


@pytest.mark.parametrize(
    ("body", "notation"),
    [
        ('{"a": "b"}', Notation.JSON),
        ('\ufeff {"a": "b"}\r\n', Notation.JSON),
        ("a=b", Notation.FORM),
        ('callback( {"a": "b"} );', Notation.JSONP),
        ('/**/cb({"a": "b"})', Notation.JSONP),
    ],
)
def test_the_content_decides_the_notation(body: str, notation: Notation) -> None:
    read = parse_body(answer(body, "application/octet-stream"))
    assert (read.fields, read.notation, read.warnings) == ({"a": "b"}, notation, ())


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be", "utf-32-le"])
def test_every_unicode_encoding_is_read(codec: str) -> None:
    assert parse_body(answer('{"a":"é"}'.encode(codec))).fields == {"a": "é"}


@pytest.mark.parametrize(
    ("body", "check"),
    [
        ("", "empty"),
        (" \r\n", "empty"),
        ("<html>", "not_json"),
        ("sorry", "not_json"),
        ("{", "not_json"),
        ("window.location='x'", "not_json"),
        ('{"n": ' + "9" * 5000 + "}", "not_json"),
        ("a=1&" * 2000, "not_json"),
        ("null", "not_object"),
        ("17", "not_object"),
        ("[]", "not_object"),
        ("[" * 100_000, "json_depth"),
        ('{"a":' * (MAX_DEPTH + 1) + "1" + "}" * (MAX_DEPTH + 1), "json_depth"),
        ("<?xml version='1.0'?><a/>", "unsupported_format"),
        ("e30.e30.c2ln", "unsupported_format"),
    ],
)
def test_a_body_that_has_no_fields_is_refused_by_name(body: str, check: str) -> None:
    with pytest.raises(InvalidResponse) as caught:
        parse_body(answer(body))
    assert caught.value.check == check


def test_brackets_inside_strings_are_not_depth() -> None:
    text = json.dumps({"a": "[{" * 1000 + '\\"'})
    assert parse_body(answer(text)).fields == json.loads(text)


def test_depth_is_found_quickly_in_a_string_that_never_ends() -> None:
    with pytest.raises(InvalidResponse):
        parse_body(answer('{"a":"' + '\\"' * 500_000))


def test_names_that_come_twice_with_two_values_are_told_at_any_depth() -> None:
    body = parse_body(answer('{"a":{"x":1,"x":2},"y":1,"y":1}'))
    assert body.conflicts == {"x"}
    body.refuse_conflicts(["y"])
    with pytest.raises(InvalidResponse):
        body.refuse_conflicts(["x", "y"])


def test_what_json_cannot_hold_stays_as_a_word() -> None:
    body = parse_body(answer('{"a": NaN, "b": -Infinity, "c": 1e999}'))
    assert body.fields == {"a": "NaN", "b": "-Infinity", "c": "1e999"}
    assert body.warnings == (Warn.NONSTANDARD_JSON,)


@pytest.mark.parametrize(
    ("body", "is_page"),
    [("<!doctype html>", True), ("\ufeff\n<HTML>", True), ("{}", False), ("<?xml?>", False)],
)
def test_a_page_is_told_by_its_first_tag(body: str, *, is_page: bool) -> None:
    assert looks_like_page(answer(body)) is is_page


@given(st.binary(max_size=200), TEXT)
def test_no_bytes_and_no_content_type_raise_anything_else(body: bytes, content_type: str) -> None:
    try:
        fields = parse_body(answer(body, content_type)).fields
    except InvalidResponse:
        return
    json.dumps(fields, allow_nan=False, ensure_ascii=False).encode()


@given(st.recursive(TEXT | st.integers() | st.none(), lambda inner: st.dictionaries(NAMES, inner)))
def test_what_is_written_as_json_is_read_back(value: object) -> None:
    assert parse_body(answer(json.dumps({"value": value}))).fields == {"value": value}


@given(st.dictionaries(NAMES, TEXT, min_size=1))
def test_what_is_written_as_a_form_is_read_back(fields: dict[str, str]) -> None:
    assert parse_body(answer(urlencode(fields))).fields == fields
