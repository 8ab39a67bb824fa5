from dataclasses import replace
from datetime import UTC, datetime

import pytest

from grantline.errors import EgressBlocked, InvalidInput
from grantline.messages import HttpRequest
from grantline.oauth.app.settings import AppSettings, TokenPlacement
from grantline.oauth.jwt import new_ec_key
from grantline.oauth.moment import Moment
from grantline.oauth.requests.dpop import Dpop
from grantline.oauth.token_set import TokenSet
from grantline.oauth.tokens.placement import place_token
from grantline.secret import Secret

MOMENT = Moment(now=datetime(2026, 11, 23, 12, 0, tzinfo=UTC), seed=b"0" * 32)
SETTINGS = AppSettings(client_id="app")
TOKENS = TokenSet(access_token=Secret("a+t/1="))
GET = HttpRequest("GET", "https://api.example/x?y=1", (("X-A", "1"),))
DPOP = Dpop(key=new_ec_key(b"1" * 40))


def place(
    request: HttpRequest = GET,
    tokens: TokenSet = TOKENS,
    dpop: Dpop | None = None,
    **changes: object,
) -> HttpRequest:
    settings = replace(SETTINGS, **changes)  # type: ignore[arg-type]
    return place_token(request, settings=settings, tokens=tokens, moment=MOMENT, dpop=dpop)


def test_the_header_is_the_default() -> None:
    """RFC 6750 section 2.1."""
    placed = place()
    assert placed.headers == (("X-A", "1"), ("Authorization", "Bearer a+t/1="))
    assert placed.url == GET.url


@pytest.mark.parametrize(
    ("name", "expected"), [("Zoho-oauthtoken", "Zoho-oauthtoken a+t/1="), ("", "a+t/1=")]
)
def test_the_token_name_is_the_word_in_front(name: str, expected: str) -> None:
    assert place(token_name=name).header("Authorization") == expected


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://api.example/x", "https://api.example/x?access_token=a%2Bt%2F1%3D"),
        ("https://api.example/x?y=1", "https://api.example/x?y=1&access_token=a%2Bt%2F1%3D"),
        ("https://api.example/x#f", "https://api.example/x?access_token=a%2Bt%2F1%3D#f"),
    ],
)
def test_the_query_carries_the_token_encoded_and_the_header_does_not(
    url: str, expected: str
) -> None:
    placed = place(replace(GET, url=url), token_placement=TokenPlacement.QUERY)
    assert placed.url == expected
    assert placed.header("Authorization") is None


def test_both_means_both() -> None:
    placed = place(token_placement=TokenPlacement.BOTH, query_name="key")
    assert placed.url.endswith("&key=a%2Bt%2F1%3D")
    assert placed.header("Authorization") == "Bearer a+t/1="


@pytest.mark.parametrize(
    ("request_", "placement"),
    [
        (replace(GET, headers=(("authorization", "Basic x"),)), TokenPlacement.HEADER),
        (replace(GET, headers=(("AUTHORIZATION", ""),)), TokenPlacement.BOTH),
        (replace(GET, url="https://api.example/?access_token=x"), TokenPlacement.QUERY),
        (replace(GET, url="https://api.example/?Access%5Ftoken="), TokenPlacement.BOTH),
    ],
)
def test_a_credential_of_the_requests_own_is_not_replaced_silently(
    request_: HttpRequest, placement: TokenPlacement
) -> None:
    with pytest.raises(EgressBlocked) as caught:
        place(request_, token_placement=placement)
    assert caught.value.rule == "credential_conflict"


@pytest.mark.parametrize("token", ["", "a b", "a\r\nX: 1", "é", "a\n"])
def test_a_token_that_no_header_can_carry_is_refused_unshown(token: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        place(tokens=TokenSet(access_token=Secret(token)))
    assert not token or token not in str(caught.value)


@pytest.mark.parametrize("name", ["a b", "a:", "é", "a\n"])
def test_a_token_name_is_one_word(name: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        place(token_name=name)
    assert caught.value.field == "Token name"


BOUND = replace(TOKENS, token_type="DPoP")


def test_a_bound_token_travels_with_its_scheme_and_a_proof() -> None:
    """RFC 9449 section 7.1."""
    placed = place(tokens=BOUND, dpop=DPOP, token_name="other")
    assert placed.header("Authorization") == "DPoP a+t/1="
    assert placed.header("DPoP")


def test_a_bound_token_goes_nowhere_without_its_key_or_in_a_query() -> None:
    with pytest.raises(InvalidInput):
        place(tokens=BOUND)
    with pytest.raises(InvalidInput):
        place(tokens=BOUND, dpop=DPOP, token_placement=TokenPlacement.BOTH)
    with pytest.raises(EgressBlocked):
        place(replace(GET, headers=(("dpop", "x"),)), tokens=BOUND, dpop=DPOP)
