"""What a page shows of an answer."""

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grantline.calls.answers.presentation import (
    MAX_PRETTY,
    MAX_TEXT,
    Kind,
    duration_words,
    masked_headers,
    present,
    size_words,
)
from grantline.calls.answers.response import Response
from grantline.calls.structures.json_outline import MAX_NODES
from grantline.secret import REDACTED, Secret

PNG = b"\x89PNG\r\n\x1a\n\x00\x00"


def answer(content: bytes, content_type: str | None = None) -> Response:
    headers = () if content_type is None else (("content-type", content_type),)
    return Response(status=200, headers=headers, content=content, url="https://api.example/")


@pytest.mark.parametrize(
    ("content", "content_type", "kind"),
    [
        (b"", "application/json", Kind.EMPTY),
        (b'{"a": 1}', "application/json; charset=utf-8", Kind.JSON),
        (b"12", "application/json", Kind.JSON),
        (b'{"type": "x"}', "application/problem+json", Kind.JSON),
        (b'{"a": 1}', "text/plain", Kind.JSON),
        (b'\xef\xbb\xbf{"a": 1}', None, Kind.JSON),
        (b"12", "text/plain", Kind.TEXT),
        (b"<html>oops", "application/json", Kind.TEXT),
        (b"[not json]", None, Kind.TEXT),
        (b"<a/>", "application/atom+xml", Kind.XML),
        (b"<svg/>", "image/svg+xml", Kind.XML),
        (b'<?xml version="1.0"?><a/>', "text/plain", Kind.XML),
        (b"<p>hi", "text/html", Kind.HTML),
        (b"<html/>", "application/xhtml+xml", Kind.HTML),
        (b"\n<!DOCTYPE html><p>", None, Kind.HTML),
        (PNG, "image/png", Kind.IMAGE),
        (PNG, None, Kind.IMAGE),
        (b"\xff\xd8\xff\xe0", "text/html", Kind.IMAGE),
        (b"RIFF1234WEBPVP8 ", None, Kind.IMAGE),
        (b"<script>alert(1)</script>", "image/png", Kind.TEXT),
        (b"\x00\x01\x02", "text/plain", Kind.BINARY),
        (b"%PDF-1.7\n\xe2\xe3", "application/pdf", Kind.BINARY),
        (b"\xe9t\xe9", "text/plain; charset=iso-8859-1", Kind.TEXT),
        ("\u00e9t\u00e9".encode(), None, Kind.TEXT),
        ("\ufeffhi".encode("utf-16-le"), "text/plain; charset=utf-16", Kind.TEXT),
    ],
)
def test_the_kind_comes_from_content_type_and_content(
    content: bytes, content_type: str | None, kind: Kind
) -> None:
    shown = present(answer(content, content_type))
    assert shown.kind is kind
    assert bool(shown.tree) is (kind is Kind.JSON)
    assert bool(shown.text) is (kind not in {Kind.EMPTY, Kind.IMAGE, Kind.BINARY})


def test_an_image_has_the_media_type_that_its_bytes_say() -> None:
    assert present(answer(PNG, "text/html; x=y")).media_type == "image/png"


def test_text_is_read_in_its_charset() -> None:
    assert present(answer(b"\xe9t\xe9", "text/plain; charset=latin-1")).text == "\u00e9t\u00e9"


@pytest.mark.parametrize("charset", ["nonsense", "hex", "idna", "punycode", "undefined", "\x00"])
def test_a_charset_that_is_none_is_read_as_utf_8(charset: str) -> None:
    shown = present(answer("\u00e9t\u00e9".encode(), f"text/plain; charset={charset}"))
    assert shown.text == "\u00e9t\u00e9"


def test_a_long_text_is_cut_and_is_no_tree() -> None:
    shown = present(answer(b"[" + b"1," * MAX_TEXT + b"1]", "application/json"))
    assert (shown.kind, shown.cut, shown.tree) == (Kind.JSON, True, None)
    assert len(shown.text) == MAX_TEXT


def test_a_character_at_the_cut_does_not_make_a_text_binary() -> None:
    shown = present(answer(b"x" * (MAX_TEXT - 1) + "\u20ac".encode() * 3))
    assert (shown.kind, shown.cut) == (Kind.TEXT, True)


def test_credentials_in_headers_are_masked() -> None:
    headers = (
        ("set-cookie", "sid=abc; Path=/; HttpOnly"),
        ("x-api-key", "k"),
        ("www-authenticate", 'Bearer realm="x"'),
        ("location", "https://x/?code=hunter22"),
    )
    assert masked_headers(headers, (Secret("hunter22"),)) == (
        ("set-cookie", f"sid={REDACTED}; Path=/; HttpOnly"),
        ("x-api-key", REDACTED),
        ("www-authenticate", 'Bearer realm="x"'),
        ("location", f"https://x/?code={REDACTED}"),
    )


def test_a_secret_is_masked_wherever_the_body_repeats_it() -> None:
    body = b'{"token": "hunter22", "escaped": "hunter2\\u0032"}'
    shown = present(answer(body, "application/json"), secrets=(Secret("hunter22"),))
    assert "hunter22" not in shown.text
    assert shown.tree is not None
    assert [node.text for node in shown.tree.nodes] == ["", REDACTED, REDACTED]
    edge = present(answer(b"x" * (MAX_TEXT - 4) + b"hunter22"), secrets=(Secret("hunter22"),))
    assert "hunt" not in edge.text


@pytest.mark.parametrize(
    ("size", "words"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 KB"),
        (1234, "1.2 KB"),
        (9949, "9.9 KB"),
        (9960, "10 KB"),
        (999_499, "999 KB"),
        (999_500, "1.0 MB"),
        (34_400_000, "34 MB"),
        (2_000_000_000, "2.0 GB"),
        (3_000_000_000_000, "3.0 TB"),
    ],
)
def test_a_size_in_words(size: int, words: str) -> None:
    assert size_words(size) == words


@pytest.mark.parametrize(
    ("milliseconds", "words"),
    [
        (0.2, "under 1 ms"),
        (1, "1 ms"),
        (999, "999 ms"),
        (999.6, "1.00 s"),
        (1234, "1.23 s"),
        (59_990, "59.99 s"),
        (59_999, "1 min"),
        (125_000, "2 min 5 s"),
    ],
)
def test_a_duration_in_words(milliseconds: float, words: str) -> None:
    assert duration_words(timedelta(milliseconds=milliseconds)) == words


hostile = (
    st.binary()
    | st.text().map(str.encode)
    | st.tuples(
        st.sampled_from([b"[", b'{"a":', b"[[1,", b"<a>", b'"']), st.integers(0, 300_000)
    ).map(lambda each: each[0] * each[1])
    | st.integers(0, 200_000).map(lambda depth: b"[" * depth + b"]" * depth)
    | st.integers(0, 300_000).map(lambda count: b"[" * 60 + b"1," * count + b"1" + b"]" * 60)
)
content_types = st.none() | st.sampled_from(
    [
        "application/json",
        "text/html",
        "image/png",
        "text/plain; charset=utf-16",
        "a;charset=\x00",
        ";;",
    ]
)


@settings(max_examples=40)  # most of them are large
@given(hostile, content_types)
def test_whatever_a_service_sends_what_is_shown_is_bounded(
    content: bytes, content_type: str | None
) -> None:
    shown = present(answer(content, content_type))
    assert len(shown.text) <= MAX_PRETTY
    if shown.tree:
        assert len(shown.tree.nodes) <= MAX_NODES
        assert sum(len(node.path) + len(node.text) for node in shown.tree.nodes) < 20 * MAX_TEXT
