"""Ranges: when the rest of an answer may be asked for, and what came (RFC 9110 section 14)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grantline.calls.answers.resumption import Part, part_of, rest_of, validator_of
from grantline.messages import HttpResponse

MODIFIED = "Wed, 21 Oct 2026 07:28:00 GMT"
LATER = "Wed, 21 Oct 2026 07:28:01 GMT"


def validator(**headers: str) -> str | None:
    pairs = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return validator_of(HttpResponse(200, pairs).header)


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"etag": '"abc"'}, '"abc"'),
        ({"etag": 'W/"abc"'}, None),
        ({"etag": "abc"}, None),
        ({"etag": '"abc"', "content_encoding": "gzip"}, None),
        ({"etag": '"abc"', "accept_ranges": "none"}, None),
        ({"etag": '"abc"', "accept_ranges": "bytes"}, '"abc"'),
        ({"last_modified": MODIFIED, "date": LATER}, MODIFIED),
        ({"last_modified": MODIFIED, "date": MODIFIED}, None),
        ({"last_modified": MODIFIED}, None),
        ({"last_modified": "yesterday", "date": LATER}, None),
        ({"etag": 'W/"abc"', "last_modified": MODIFIED, "date": LATER}, None),
        ({}, None),
    ],
)
def test_only_a_strong_validator_lets_a_download_go_on(
    headers: dict[str, str], expected: str | None
) -> None:
    assert validator(**headers) == expected


def test_the_rest_is_asked_for_by_its_first_byte() -> None:
    assert rest_of('"a"', 7) == (("Range", "bytes=7-"), ("If-Range", '"a"'))


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("bytes 7-9/10", Part(7, 9, 10)),
        ("bytes 0-0/1", Part(0, 0, 1)),
        ("bytes 7-9/*", Part(7, 9, None)),
        ("bytes 9-7/10", None),
        ("bytes 7-10/10", None),
        ("bytes */10", None),
        ("chars 7-9/10", None),
        ("bytes 7-9", None),
        ("", None),
    ],
)
def test_a_part_is_what_content_range_says(text: str, part: Part | None) -> None:
    assert part_of(HttpResponse(206, (("content-range", text),)).header) == part


@given(st.text(), st.text(), st.text())
def test_no_header_makes_the_reader_fall_over(etag: str, modified: str, date: str) -> None:
    validator(etag=etag, last_modified=modified, date=date)
    part_of(HttpResponse(206, (("content-range", etag),)).header)
