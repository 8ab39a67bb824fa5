"""The strict URL parse: one reading or none."""

import re
from ipaddress import ip_address
from urllib.parse import urlsplit

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from yarl import URL

from grantline.errors import EgressBlocked
from grantline.url import (
    Url,
    canonical_host,
    is_loopback_host,
    local_path,
    parse_endpoint,
    parse_url,
    resolve_reference,
)


@pytest.mark.parametrize(
    ("text", "rebuilt"),
    [
        ("HTTPS://API.Example", "https://api.example/"),
        ("https://api.example:443/x", "https://api.example/x"),
        ("http://api.example:80/x", "http://api.example/x"),
        ("https://api.example:80/x", "https://api.example:80/x"),
        ("https://api.example./x", "https://api.example/x"),
        ("https://api.example?a=1#@evil.example", "https://api.example/?a=1"),
        ("https://fa\u00df.example/", "https://xn--fa-hia.example/"),
        ("https://M\u00dcNCHEN.example/", "https://xn--mnchen-3ya.example/"),
        ("https://xn--fa-hia.example/", "https://xn--fa-hia.example/"),
        ("https://r3---sn-x.example/", "https://r3---sn-x.example/"),
        ("https://auth_server/", "https://auth_server/"),
        ("https://[0:0::1]:8443/", "https://[::1]:8443/"),
        ("https://a.example/\u00e9?q=\u00e9", "https://a.example/%C3%A9?q=%C3%A9"),
        ("https://a.example/%c3%A9", "https://a.example/%c3%A9"),
        ("https://a.example/100%?x=%zz", "https://a.example/100%25?x=%25zz"),
        ("https://a.example/?f[a]=1", "https://a.example/?f%5Ba%5D=1"),
        ("https://a.example/a/../b", "https://a.example/a/../b"),
    ],
)
def test_only_the_rebuilt_text_is_left(text: str, rebuilt: str) -> None:
    assert str(parse_url(text)) == rebuilt


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("https://a.example/ x", "bad_character"),
        ("https://a.example/\u00a0", "bad_character"),
        ("https://a.example/\u2028", "bad_character"),
        ("https://a.example\\@b.example/", "bad_character"),
        ("https://a.example/\ud800", "bad_character"),
        ("java\tscript:alert(1)", "bad_character"),
        ("", "scheme"),
        ("a.example/x", "scheme"),
        ("ws://a.example/", "scheme"),
        ("https:a.example", "bad_url"),
        ("https://", "bad_url"),
        ("https://:443/", "bad_url"),
        ("https://?x", "bad_url"),
        ("https://[::1/", "bad_url"),
        (f"https://a.example/{'x' * 70_000}", "bad_url"),
        ("https://@a.example/", "userinfo"),
        ("https://[::1]@a.example/", "userinfo"),
        ("https://a.example:/", "bad_port"),
        ("https://a.example:0/", "bad_port"),
        ("https://a.example:0443/", "bad_port"),
        ("https://a.example:65536/", "bad_port"),
        ("https://a.example:+443/", "bad_port"),
        ("https://a.example:\u0664\u0664\u0663/", "bad_port"),
        ("https://./", "host_not_canonical"),
        ("https://a..example/", "host_not_canonical"),
        ("https://-a.example/", "host_not_canonical"),
        (f"https://{'a' * 64}.example/", "host_not_canonical"),
        (f"https://{'a.' * 127}example/", "host_not_canonical"),
        ("https://127.0.0.1./", "host_not_canonical"),
        ("https://1.2.3.4.5/", "host_not_canonical"),
        ("https://a.example.0x7f/", "host_not_canonical"),
        ("https://08.8.8.8/", "host_not_canonical"),
        ("https://127\u30020.0.1/", "host_not_canonical"),
        ("https://\u212aeycloak.example/", "host_not_canonical"),
        ("https://xn--a.example/", "host_not_canonical"),
        ("https://[::1%25lo]/", "host_not_canonical"),
        ("https://[v1.x]/", "host_not_canonical"),
        ("https://x[::1]/", "host_not_canonical"),
        ("https://[::1]x/", "host_not_canonical"),
        ("https://[127.0.0.1]/", "host_not_canonical"),
    ],
)
def test_what_has_two_readings_is_refused(text: str, rule: str) -> None:
    with pytest.raises(EgressBlocked) as caught:
        parse_url(text)
    assert caught.value.rule == rule


_PIECES = r"https:// http: // / \ @ : [ ] % %2e # ? . .. ::1 127.0.0.1 0x7f.1 a.example xn-- 443"
_FRAGMENTS = st.sampled_from([*_PIECES.split(), *"\u3002\u00df\u212a \t\0"])
_TEXTS = st.one_of(
    st.text(), st.lists(st.one_of(_FRAGMENTS, st.text(max_size=3)), max_size=12).map("".join)
)


@given(_TEXTS)
@example("https://[::ffff:127.0.0.1]:1/")
def test_any_text_is_a_url_or_is_refused_and_rebuilding_changes_nothing(text: str) -> None:
    try:
        url = parse_url(text)
    except EgressBlocked:
        return
    assert parse_url(str(url)) == url
    assert str(url).isascii()
    assert re.fullmatch(r"[!-~]+", str(url))


_LABELS = st.text(alphabet="abcxyz0123456789-_\u00e4\u00df", min_size=1, max_size=8)
_HOSTS = st.lists(_LABELS, min_size=1, max_size=4).map(".".join)
_URLS = st.one_of(
    _TEXTS.map("https://".__add__),
    st.builds(
        "{}://{}{}/{}".format,
        st.sampled_from(["http", "HTTPS"]),
        _HOSTS,
        st.sampled_from(["", ":8443", "."]),
        _TEXTS,
    ),
)


@given(_URLS)
def test_the_host_that_is_checked_is_the_host_that_libraries_would_dial(text: str) -> None:
    try:
        url = parse_url(text)
    except EgressBlocked:
        return
    theirs = urlsplit(str(url))
    assert (theirs.hostname, theirs.port) == (url.host, url.port)
    assert (theirs.username, theirs.password) == (None, None)
    dialled = URL(str(url), encoded=True)
    assert (dialled.raw_host, dialled.port) == (url.host, url.effective_port)
    assert str(dialled) == str(url)


@given(st.ip_addresses())
def test_every_address_in_its_usual_spelling_is_itself(address: object) -> None:
    bracketed = f"[{address}]" if ":" in str(address) else str(address)
    url = parse_url(f"https://{bracketed}/")
    assert url.address == ip_address(str(address))


def test_an_endpoint_has_no_fragment() -> None:
    assert parse_endpoint("https://as.example/token").path == "/token"
    with pytest.raises(EgressBlocked) as caught:
        parse_endpoint("https://as.example/token#x")
    assert caught.value.rule == "fragment"


BASE = Url("https", "api.example", 8443, "/v1/users", "page=2")


@pytest.mark.parametrize(
    ("reference", "target"),
    [
        ("/v2", "https://api.example:8443/v2"),
        ("2", "https://api.example:8443/v1/2"),
        ("../x", "https://api.example:8443/x"),
        ("?page=3", "https://api.example:8443/v1/users?page=3"),
        ("#top", "https://api.example:8443/v1/users?page=2"),
        ("", "https://api.example:8443/v1/users?page=2"),
        ("//other.example/x", "https://other.example/x"),
        ("http://other.example", "http://other.example/"),
    ],
)
def test_a_reference_is_resolved_as_rfc_3986_says(reference: str, target: str) -> None:
    assert str(resolve_reference(BASE, reference)) == target


@pytest.mark.parametrize(
    ("reference", "rule"),
    [
        ("/\\evil.example", "bad_character"),
        ("/\tx", "bad_character"),
        ("https:/evil.example", "bad_url"),
        ("https:evil", "bad_url"),
        ("///evil.example", "bad_url"),
        ("javascript:alert(1)", "scheme"),
        ("//user@evil.example", "userinfo"),
    ],
)
def test_a_reference_is_as_strict_as_a_url(reference: str, rule: str) -> None:
    with pytest.raises(EgressBlocked) as caught:
        resolve_reference(BASE, reference)
    assert caught.value.rule == rule


@given(_TEXTS.filter(lambda text: not re.match(r"[A-Za-z][A-Za-z0-9+.-]*:|//", text)))
def test_a_relative_reference_stays_on_its_origin(reference: str) -> None:
    try:
        url = resolve_reference(BASE, reference)
    except EgressBlocked:
        return
    assert url.origin == BASE.origin


@pytest.mark.parametrize("path", ["/", "/connections", "/a/b/", "/a?next=//x&u=https://y", "/a#b"])
def test_a_local_path_comes_back_as_it_was(path: str) -> None:
    assert local_path(path) == path.partition("#")[0]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/\tx",
        "/\n/x",
        "/.//evil.example",
        "/x/..//evil.example",
        "/x/../y",
        "javascript:x",
        " /",
    ],
)
def test_a_place_elsewhere_is_no_local_path(text: str) -> None:
    with pytest.raises(EgressBlocked) as caught:
        local_path(text)
    assert caught.value.rule == "open_redirect"


@given(_TEXTS)
def test_a_local_path_never_leads_a_browser_away(text: str) -> None:
    try:
        path = local_path(text)
    except EgressBlocked:
        return
    assert resolve_reference(Url("https", "self.example"), path).origin == "https://self.example"
    assert path[:1] == "/"
    assert path[1:2] not in {"/", "\\"}


@pytest.mark.parametrize("host", ["localhost", "a.localhost", "127.0.0.1", "127.9.9.9", "::1"])
def test_names_and_addresses_of_this_machine_are_loopback(host: str) -> None:
    assert is_loopback_host(canonical_host(f"[{host}]" if ":" in host else host))


@pytest.mark.parametrize("host", ["localhost.example", "10.0.0.1", "0.0.0.0", "notlocalhost"])
def test_other_hosts_are_not_loopback(host: str) -> None:
    assert not is_loopback_host(host)
