"""Redirects, one hop at a time."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grantline.calls.redirect import MAX_REDIRECTS, Hop, next_hop
from grantline.errors import EgressBlocked, LimitExceeded
from grantline.messages import (
    ClientCertificate,
    HttpRequest,
    HttpResponse,
    Proxy,
    Route,
    TlsVersion,
)
from grantline.secret import Secret
from tests.sources import ListSource

CERTIFICATE = ClientCertificate("certificate", Secret("key"))
HEADERS = (
    ("Accept", "application/json"),
    ("Authorization", "Bearer t"),
    ("X-Api-Key", "k"),
    ("Content-Type", "text/plain"),
)


def request_of(method: str, url: str = "https://api.example/a") -> HttpRequest:
    body = b"" if method in {"GET", "HEAD"} else b"body"
    return HttpRequest(method, url, HEADERS, body, Route(client_certificate=CERTIFICATE))


def moved(status: int, location: str | None) -> HttpResponse:
    headers = () if location is None else (("location", location),)
    return HttpResponse(status, headers)


@pytest.mark.parametrize(
    ("status", "method", "becomes"),
    [
        (301, "POST", "GET"),
        (302, "POST", "GET"),
        (303, "POST", "GET"),
        (303, "PUT", "GET"),
        (303, "HEAD", "HEAD"),
        (301, "PUT", "PUT"),
        (302, "DELETE", "DELETE"),
        (307, "POST", "POST"),
        (308, "PATCH", "PATCH"),
        (302, "GET", "GET"),
    ],
)
def test_within_an_origin_only_the_status_changes_the_request(
    status: int, method: str, becomes: str
) -> None:
    hop = next_hop(Hop(request_of(method)), moved(status, "/b"))
    assert hop is not None
    assert hop.credentials
    assert (hop.request.method, hop.request.url) == (becomes, "https://api.example/b")
    assert hop.request.header("Authorization") == "Bearer t"
    assert hop.request.route.client_certificate == CERTIFICATE
    kept = becomes == method
    assert (hop.request.body == request_of(method).body) is kept
    assert (hop.request.header("Content-Type") is not None) is kept


@pytest.mark.parametrize(
    "location",
    [
        "https://evil.example/",
        "https://sub.api.example/",
        "https://api.example:8443/",
        "//evil.example",
        "http://api.example/",
    ],
)
def test_another_origin_gets_nothing_of_the_connection_and_it_does_not_come_back(
    location: str,
) -> None:
    away = next_hop(Hop(request_of("GET")), moved(302, location))
    assert away is not None
    assert away.request.headers == (("Accept", "application/json"),)
    assert (away.credentials, away.request.route.client_certificate) == (False, None)
    back = next_hop(away, moved(302, "https://api.example/b"))
    assert back is not None
    assert (back.credentials, back.request.headers) == (False, away.request.headers)


@pytest.mark.parametrize("status", [301, 302, 307, 308])
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_a_body_does_not_cross_an_origin(status: int, method: str) -> None:
    with pytest.raises(EgressBlocked) as caught:
        next_hop(Hop(request_of(method)), moved(status, "https://evil.example/"))
    assert caught.value.rule == "body_cross_origin"


def test_see_other_leads_a_post_to_another_origin_as_a_bare_get() -> None:
    hop = next_hop(Hop(request_of("POST")), moved(303, "https://files.example/1"))
    assert hop is not None
    assert hop.request == HttpRequest(
        "GET", "https://files.example/1", (("Accept", "application/json"),)
    )


@pytest.mark.parametrize(
    ("status", "location"), [(200, "/b"), (304, "/b"), (300, "/b"), (305, "/b"), (302, None)]
)
def test_other_answers_are_the_end(status: int, location: str | None) -> None:
    assert next_hop(Hop(request_of("GET")), moved(status, location)) is None


def test_the_chain_is_limited() -> None:
    hop = Hop(request_of("GET"))
    for number in range(MAX_REDIRECTS):
        following = next_hop(hop, moved(302, f"/{number}"))
        assert following is not None
        hop = following
    with pytest.raises(LimitExceeded) as caught:
        next_hop(hop, moved(302, "/again"))
    assert caught.value.limit == "redirects"
    assert next_hop(hop, moved(200, None)) is None


@pytest.mark.parametrize(
    "location", ["https://user:pw@evil.example/", "file:///etc/passwd", "/\r\nx"]
)
def test_a_location_with_two_readings_is_refused(location: str) -> None:
    with pytest.raises(EgressBlocked):
        next_hop(Hop(request_of("GET")), moved(302, location))


_LOCATIONS = st.sampled_from(
    ["/b", "https://api.example/c", "https://evil.example/", "https://evil.example:1/", "b"]
)
_MOVES = st.lists(st.tuples(st.sampled_from([301, 302, 303, 307, 308]), _LOCATIONS), max_size=8)


@given(st.sampled_from(["GET", "POST", "PUT", "HEAD"]), _MOVES)
def test_no_chain_brings_a_secret_to_another_origin(
    method: str, moves: list[tuple[int, str]]
) -> None:
    hop = Hop(request_of(method))
    for status, location in moves:
        try:
            following = next_hop(hop, moved(status, location))
        except (EgressBlocked, LimitExceeded):
            return
        assert following is not None
        hop = following
        if not hop.request.url.startswith("https://api.example/"):
            assert not hop.credentials
        if not hop.credentials:
            assert hop.request.body == b""
            assert {name for name, _ in hop.request.headers} <= {"Accept"}


@pytest.mark.parametrize("replayable", [True, False])
@pytest.mark.parametrize(("status", "keeps"), [(307, True), (303, False)])
def test_a_body_that_is_read_once_cannot_be_redirected(
    status: int, *, keeps: bool, replayable: bool
) -> None:
    source = ListSource(replayable=replayable)
    request = HttpRequest("POST", "https://api.example/a", (("Content-Type", "a/b"),), source)
    if keeps and not replayable:
        with pytest.raises(EgressBlocked) as caught:
            next_hop(Hop(request), moved(status, "/b"))
        assert caught.value.rule == "body_not_replayable"
        return
    hop = next_hop(Hop(request), moved(status, "/b"))
    assert hop is not None
    assert hop.request.body == (source if keeps else b"")


def test_a_body_that_is_read_does_not_cross_an_origin_either() -> None:
    request = HttpRequest("POST", "https://api.example/a", body=ListSource())
    with pytest.raises(EgressBlocked) as caught:
        next_hop(Hop(request), moved(307, "https://evil.example/"))
    assert caught.value.rule == "body_cross_origin"


def test_another_origin_is_reached_by_the_same_route_without_the_certificate() -> None:
    route = Route(CERTIFICATE, "pem", TlsVersion.TLS_1_3, Proxy("http://p.example:1"))
    hop = next_hop(
        Hop(HttpRequest("GET", "https://api.example/", route=route)),
        moved(302, "https://other.example/"),
    )
    assert hop is not None
    assert hop.request.route == replace(route, client_certificate=None)
