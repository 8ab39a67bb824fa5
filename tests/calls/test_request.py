"""What leaves for a spec, header by header."""

import gzip
from dataclasses import replace
from typing import Any

import pytest

from grantline.calls.bodies.content import Content
from grantline.calls.query import ArrayStyle
from grantline.calls.request import RequestSpec, build_request
from grantline.errors import InvalidInput
from grantline.messages import AddressFamily, HttpRequest, Proxy, Route, TlsVersion
from grantline.version import USER_AGENT

TEXT = Content(b"a body that is long enough " * 20, "text/plain")


def built(**spec: Any) -> HttpRequest:
    return build_request(RequestSpec(url="https://api.example/x", **spec), base_url="")


def test_accept_and_user_agent_are_sent_unless_the_caller_sends_them() -> None:
    assert built().headers == (("Accept", "*/*"), ("User-Agent", USER_AGENT))
    own = (("accept", "text/csv"), ("user-agent", "mine/1"))
    assert built(headers=own).headers == own


def test_an_answer_without_coding_can_be_asked_for() -> None:
    assert built(accept_compressed=False).header("Accept-Encoding") == "identity"
    own = built(accept_compressed=False, headers=(("Accept-Encoding", "br"),))
    assert own.header("Accept-Encoding") == "br"
    assert built().header("Accept-Encoding") is None


def test_a_body_is_compressed_on_demand_and_always_to_the_same_bytes() -> None:
    request = built(method="POST", content=TEXT, compress=True)
    assert gzip.decompress(request.data) == TEXT.data
    assert request.header("Content-Encoding") == "gzip"
    assert request.header("Content-Type") == "text/plain"
    assert request == built(method="POST", content=TEXT, compress=True)
    assert built(compress=True).header("Content-Encoding") is None


def test_a_body_that_is_coded_already_is_not_coded_again() -> None:
    with pytest.raises(InvalidInput) as caught:
        built(content=TEXT, compress=True, headers=(("content-encoding", "br"),))
    assert caught.value.field == "compress"


def test_the_query_goes_behind_that_of_the_url_in_the_style_that_was_chosen() -> None:
    spec = RequestSpec(
        url="https://api.example/x?a=1",
        query=(("b", "2"), ("b", "3")),
        array_style=ArrayStyle.COMMA,
    )
    assert build_request(spec, base_url="").url == "https://api.example/x?a=1&b=2,3"


def test_tls_and_addresses_that_were_chosen_are_part_of_the_route() -> None:
    proxied = Route(proxy=Proxy("http://proxy.example:3128"))
    spec = RequestSpec(
        url="https://api.example/",
        minimum_tls=TlsVersion.TLS_1_3,
        address_family=AddressFamily.IPV6,
    )
    route = build_request(spec, base_url="", route=proxied).route
    assert route == replace(
        proxied, minimum_tls=TlsVersion.TLS_1_3, address_family=AddressFamily.IPV6
    )
    plain = RequestSpec(url="https://api.example/")
    strict = replace(proxied, minimum_tls=TlsVersion.TLS_1_3)
    assert build_request(plain, base_url="", route=strict).route == strict
