"""The hosts that a token may go to."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grantline.calls.hosts import HostList, is_public_suffix, parse_pattern
from grantline.errors import EgressBlocked, InvalidInput
from grantline.url import parse_url


@pytest.mark.parametrize(
    ("pattern", "host", "allowed"),
    [
        ("api.example", "api.example", True),
        ("API.Example.", "api.example", True),
        ("api.example", "x.api.example", False),
        ("api.example", "evilapi.example", False),
        ("*.api.example", "x.api.example", True),
        ("*.api.example", "x.y.api.example", True),
        ("*.api.example", "api.example", False),
        ("*.api.example", "evilapi.example", False),
        ("*.api.example", "api.example.evil.example", False),
        ("fa\u00df.example", "xn--fa-hia.example", True),
        ("s3.amazonaws.com", "s3.amazonaws.com", True),
        ("127.0.0.1", "127.0.0.1", True),
        ("[::1]", "::1", True),
        ("localhost", "localhost", True),
    ],
)
def test_an_entry_covers_itself_or_what_is_under_it(
    pattern: str, host: str, allowed: object
) -> None:
    assert HostList.parse([pattern]).allows(host) is allowed


def test_an_empty_list_allows_nothing() -> None:
    with pytest.raises(EgressBlocked) as caught:
        HostList.parse([]).check(parse_url("https://api.example/"))
    assert (caught.value.rule, caught.value.address) == ("host_not_allowed", "api.example")


@pytest.mark.parametrize(
    "pattern",
    ["*", "*.", "*.com", "*.co.uk", "*.github.io", "*.example", "*.s3.amazonaws.com", "*.10.0.0.1"],
)
def test_a_wildcard_over_other_peoples_hosts_is_refused(pattern: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        HostList.parse([pattern], field="Hosts")
    assert caught.value.field == "Hosts"


@pytest.mark.parametrize(
    "pattern", ["", "com", "co.uk", "a b", "https://api.example", "a.*.example"]
)
def test_what_is_no_host_of_anybody_is_refused(pattern: str) -> None:
    with pytest.raises(InvalidInput):
        parse_pattern(pattern)


@given(st.from_regex(r"\*?\.?[a-z.]{0,12}(com|co\.uk|github\.io|example\.com)", fullmatch=True))
def test_no_list_covers_a_public_suffix(pattern: str) -> None:
    try:
        canonical = parse_pattern(pattern)
    except InvalidInput:
        return
    if canonical.startswith("*."):
        assert not is_public_suffix(canonical.removeprefix("*."))
