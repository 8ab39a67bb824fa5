"""Which charset a text is in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grantline.calls.structures.charset import charset_of, decode

WORD = "Grüße 東"


@pytest.mark.parametrize(
    ("content", "content_type", "text"),
    [
        (WORD.encode(), "text/plain", WORD),
        (WORD.encode(), "text/plain; charset=UTF-8", WORD),
        ("Grüße".encode("latin-1"), 'text/plain; charset="ISO-8859-1"', "Grüße"),
        ("Grüße".encode("cp1252"), "text/html; charset=windows-1252", "Grüße"),
        (WORD.encode("shift_jis", "replace"), "text/plain;charset=Shift_JIS", "Gr??e 東"),
        (WORD.encode("utf-8-sig"), "text/plain; charset=iso-8859-1", WORD),
        (WORD.encode("utf-16"), "text/plain", WORD),
        (WORD.encode("utf-32"), "text/plain", WORD),
        (b'<?xml version="1.0" encoding="ISO-8859-1"?><a>\xe9</a>', "text/xml", "é"),
        (b"<html><head><meta charset=windows-1252></head>\x80", "text/html", "€"),
        (b"<meta http-equiv=x content='text/html; charset=latin1'>\xe9", "", "é"),
        (b'<?xml version="1.0" encoding="utf-16"?><a>\xc3\xa9</a>', "text/xml", "é"),
        (b"\xff\xe9", "text/plain; charset=no-such", "\ufffd\ufffd"),
        (b"abc", "text/plain; charset=base64", "abc"),
        (b"abc", "text/plain; charset=punycode", "abc"),
        (b"abc", "text/plain; charset=\xe9\udcff", "abc"),
    ],
)
def test_mark_header_and_declaration(content: bytes, content_type: str, text: str) -> None:
    assert decode(content, content_type).count(text) == 1


@given(st.binary(), st.one_of(st.text(), st.text().map(lambda name: f"text/plain; charset={name}")))
def test_any_bytes_under_any_type_are_a_text(content: bytes, content_type: str) -> None:
    assert isinstance(decode(content, content_type), str)
    assert charset_of(content, content_type)
