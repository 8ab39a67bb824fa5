"""A jar: who may set a cookie where, and who gets it back."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grantline.calls.cookies import LARGEST, LONGEST, MOST_COOKIES, CookieJar, parse_set_cookie
from grantline.url import parse_url

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
API = "https://api.example.com/v1/orders"


def back(set_cookie: str, *, url: str = API, to: str = API, after: timedelta = timedelta(0)) -> str:
    """What goes back to ``to`` after ``url`` has set one cookie."""
    jar = CookieJar()
    jar.learn(url, [set_cookie], NOW)
    return jar.header(to, NOW + after)


@pytest.mark.parametrize(
    ("set_cookie", "sent"),
    [
        ("a=1", "a=1"),
        (" a = 1 ; Path=/", "a=1"),
        ('a="1"', 'a="1"'),
        ("a=1=2", "a=1=2"),
        ("a=", "a="),
        ("alone", "alone"),
        ("=alone", "alone"),
        ("", ""),
        (";", ""),
        ("a=\u00e9", ""),
        ("a=1\r\nX: y", ""),
        ("a=" + "x" * (LARGEST - 1), "a=" + "x" * (LARGEST - 1)),
        ("a=" + "x" * LARGEST, ""),
        ("a=1; Secure; HttpOnly; SameSite=Strict; Priority=High", "a=1"),
        ("__Secure-a=1; Secure", "__Secure-a=1"),
        ("__Secure-a=1", ""),
        ("__Host-a=1; Secure; Path=/", "__Host-a=1"),
        ("__Host-a=1; Secure; Path=/; Domain=example.com", ""),
        ("__Host-a=1; Secure", ""),
    ],
)
def test_what_is_set_goes_back(set_cookie: str, sent: str) -> None:
    assert back(set_cookie) == sent


@pytest.mark.parametrize(
    ("domain", "to", "goes"),
    [
        ("", "https://api.example.com/v1/x", True),
        ("", "https://example.com/v1/x", False),
        ("", "https://x.api.example.com/v1/x", False),
        ("example.com", "https://example.com/v1/x", True),
        (".EXAMPLE.com", "https://www.example.com/v1/x", True),
        ("example.com", "https://badexample.com/v1/x", False),
        ("api.example.com", "https://x.api.example.com/v1/x", True),
        ("other.com", "https://other.com/v1/x", False),
        ("www.example.com", "https://www.example.com/v1/x", False),
        ("com", "https://other.com/v1/x", False),
        ("com", API, False),
        ("bad domain", API, False),
    ],
)
def test_a_domain_reaches_no_further_than_its_owner(domain: str, to: str, *, goes: bool) -> None:
    written = f"a=1; Domain={domain}" if domain else "a=1"
    assert back(written, to=to) == ("a=1" if goes else "")


@pytest.mark.parametrize(
    ("url", "domain", "to"),
    [
        ("https://shop.co.uk/", "co.uk", "https://other.co.uk/"),
        ("https://me.github.io/", "github.io", "https://you.github.io/"),
        ("http://127.0.0.1/", "0.0.1", "http://127.0.0.1/"),
        ("https://a.localhost/", "localhost", "https://b.localhost/"),
    ],
)
def test_a_public_suffix_or_an_address_is_nobodys_domain(url: str, domain: str, to: str) -> None:
    assert back(f"a=1; Domain={domain}", url=url, to=to) == ""


def test_a_host_may_name_itself() -> None:
    there = "http://127.0.0.1:8080/"
    assert back("a=1; Domain=127.0.0.1", url=there, to=there) == "a=1"


@pytest.mark.parametrize(
    ("path", "to", "goes"),
    [
        ("", "/v1/", True),
        ("", "/v1/other", True),
        ("", "/v1", True),
        ("", "/v2", False),
        ("/", "/v2", True),
        ("/v1", "/v1", True),
        ("/v1", "/v1/x", True),
        ("/v1", "/v12", False),
        ("/v1/", "/v1/x", True),
        ("/v1/", "/v1", False),
        ("v2", "/v1/x", True),
    ],
)
def test_a_path_covers_what_is_under_it(path: str, to: str, *, goes: bool) -> None:
    written = f"a=1; Path={path}" if path else "a=1"
    assert back(written, to=f"https://api.example.com{to}") == ("a=1" if goes else "")


def test_secure_cookies_go_over_tls_only() -> None:
    plain = API.replace("https", "http")
    assert back("a=1; Secure", to=plain) == ""
    assert back("a=1; Secure", url=plain) == ""
    assert back("a=1", to=plain) == "a=1"


@pytest.mark.parametrize(
    ("lifetime", "seconds"),
    [
        ("Max-Age=60", 60),
        ("max-age=60; Expires=Thu, 01 Jan 1970 00:00:00 GMT", 60),
        ("Expires=Sun, 01 Mar 2026 12:01:00 GMT", 60),
        ("Expires=Sun, 01-Mar-26 12:01:00 GMT", 60),
        ("Expires=Sun Mar  1 12:01:00 2026", 60),
        ("Max-Age=0", 0),
        ("Max-Age=-1", 0),
        ("Expires=Thu, 01 Jan 1970 00:00:00 GMT", 0),
        ("Max-Age=999999999999999999", LONGEST.total_seconds()),
    ],
)
def test_a_cookie_has_an_end(lifetime: str, seconds: float) -> None:
    written = f"a=1; {lifetime}"
    assert back(written, after=timedelta(seconds=seconds)) == ""
    if seconds:
        assert back(written, after=timedelta(seconds=seconds - 1)) == "a=1"


@pytest.mark.parametrize(
    "lifetime",
    ["Max-Age=soon", "Expires=soon", "Expires=Sun, 32 Mar 2026 12:01:00 GMT", "Expires=", "x"],
)
def test_an_end_that_cannot_be_read_is_none(lifetime: str) -> None:
    assert back(f"a=1; {lifetime}", after=timedelta(days=3000)) == "a=1"


def test_cookies_replace_each_other_and_are_taken_back() -> None:
    jar = CookieJar()
    jar.learn(API, ["a=1; Path=/", "b=2; Path=/v1", "a=3; Path=/v1/orders"], NOW)
    assert jar.header(API, NOW) == "a=3; b=2; a=1"
    jar.learn(API, ["a=4; Path=/", "b=; Path=/v1; Max-Age=0"], NOW)
    assert jar.header(API, NOW) == "a=3; a=4"


def test_a_jar_is_bounded() -> None:
    jar = CookieJar()
    jar.learn(API, [f"c{number}=1" for number in range(MOST_COOKIES + 10)], NOW)
    assert len(jar) == MOST_COOKIES


@given(
    st.text() | st.text(alphabet="a=1; DomainPathExpiresMax-Age0123456789:,./\x00"),
    st.sampled_from([API, "http://127.0.0.1/", "https://[::1]/a/b"]),
)
def test_no_header_makes_a_jar_fail_or_breaks_out_of_a_header(text: str, url: str) -> None:
    jar = CookieJar()
    jar.learn(url, [text], NOW)
    assert jar.header(url, NOW).isprintable()
    cookie = parse_set_cookie(text, parse_url(url), NOW)
    assert cookie is None or parse_url(url).host.endswith(cookie.domain)
