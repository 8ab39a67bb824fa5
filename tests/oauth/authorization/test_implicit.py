from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grantline.errors import AuthorizationDenied, CallbackRejected, GrantlineError
from grantline.oauth.authorization.callback import CallbackExpectation
from grantline.oauth.authorization.implicit import parse_implicit_response
from grantline.oauth.grant import GrantType
from grantline.oauth.token_set import TokenSet
from grantline.oauth.tokens.token_response import Asked
from grantline.secret import Secret

NOW = datetime(2026, 11, 23, tzinfo=UTC)
EXPECTED = CallbackExpectation(state=Secret("st_1"))
ASKED = Asked(grant=GrantType.AUTHORIZATION_CODE)


def parse(fragment: str) -> TokenSet:
    return parse_implicit_response(fragment, EXPECTED, ASKED, now=NOW)


def test_the_fragment_holds_a_token_set() -> None:
    tokens = parse("#access_token=at%2B1&token_type=bearer&expires_in=60&state=st_1&user=7")
    assert tokens.access_token == Secret("at+1")
    assert tokens.expires_at == NOW + timedelta(minutes=1)
    assert tokens.extra == {"user": "7"}


@pytest.mark.parametrize("fragment", ["access_token=at_1", "access_token=at_1&state=other"])
def test_a_fragment_of_another_journey_is_refused(fragment: str) -> None:
    with pytest.raises(CallbackRejected):
        parse(fragment)


def test_a_refusal_comes_in_the_fragment_too() -> None:
    with pytest.raises(AuthorizationDenied):
        parse("error=access_denied&state=st_1")


@given(st.text())
def test_no_fragment_raises_anything_else(fragment: str) -> None:
    for text in (fragment, f"state=st_1&{fragment}"):
        try:
            parse(text)
        except GrantlineError:
            continue
