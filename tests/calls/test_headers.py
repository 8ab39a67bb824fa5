"""What a person may put into a request's head."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grantline.calls.headers import check_header, check_headers, check_method
from grantline.errors import EgressBlocked


@pytest.mark.parametrize("name", ["X-Api-Key", "accept", "x_y", "Cookie", "X-Forwarded-For", "!#$"])
def test_ordinary_names_pass(name: str) -> None:
    check_headers([(name, "v")])


@pytest.mark.parametrize(
    ("name", "value", "rule"),
    [
        ("", "v", "header_name"),
        ("Authorization ", "v", "header_name"),
        (" X", "v", "header_name"),
        ("X:", "v", "header_name"),
        ("X\r\nY", "v", "header_name"),
        ("\u0425", "v", "header_name"),
        ("host", "v", "reserved_header"),
        ("CONTENT-LENGTH", "1", "reserved_header"),
        ("Proxy-Connection", "v", "reserved_header"),
        ("Metadata", "true", "reserved_header"),
        ("X-aws-ec2-metadata-token", "v", "reserved_header"),
        ("aUTHORIZATION", "v", "credential_conflict"),
        ("X", "a\nb", "header_value"),
        ("X", "a\x00", "header_value"),
        ("X", "\u2603", "header_value"),
        ("X", "\u00e9", "header_value"),
        ("X", "\x7f", "header_value"),
    ],
)
def test_headers_that_smuggle_or_confuse_are_refused(name: str, value: str, rule: str) -> None:
    with pytest.raises(EgressBlocked) as caught:
        check_headers([("Accept", "*/*"), (name, value)])
    assert caught.value.rule == rule


def test_only_the_header_that_the_connection_places_is_in_conflict() -> None:
    check_headers([("Authorization", "Basic x")], placed=frozenset({"x-api-key"}))
    with pytest.raises(EgressBlocked):
        check_headers([("X-API-Key", "k")], placed=frozenset({"x-api-key"}))


@given(st.text(), st.text())
def test_what_passes_fits_on_one_line(name: str, value: str) -> None:
    try:
        check_header(name, value)
    except EgressBlocked:
        return
    line = f"{name}: {value}"
    assert line.isascii()
    assert not set("\r\n\0") & set(line)
    assert name == name.strip()


@pytest.mark.parametrize("method", ["GET", "POST", "PATCH", "PROPFIND", "M-SEARCH"])
def test_plain_methods_pass(method: str) -> None:
    check_method(method)


@pytest.mark.parametrize(
    "method",
    ["", "get", "GET ", "GET / HTTP/1.1\r\nX:", "CONNECT", "TRACE", "TRACK", "G\u00cbT", "A" * 40],
)
def test_other_methods_are_refused(method: str) -> None:
    with pytest.raises(EgressBlocked) as caught:
        check_method(method)
    assert caught.value.rule == "method"
