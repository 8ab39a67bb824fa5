"""An API key or a password on a request: where it goes, and what is refused."""

from __future__ import annotations

from dataclasses import replace

import pytest

from grantline.connections.credentials import (
    BasicCredential,
    KeyCredential,
    KeyPlacement,
    RequestCredential,
    check_credential_host,
    checked_credential,
    credential_from_plain,
    credential_to_plain,
    kept_or_new,
    put_on,
)
from grantline.errors import EgressBlocked, InvalidInput
from grantline.messages import HttpRequest
from grantline.secret import Secret

URL = "https://api.example.com/me?page=2"
KEY = KeyCredential(name="X-Api-Key", value=Secret("k-123456"), hosts=("api.example.com",))
IN_QUERY = replace(KEY, name="api_key", placement=KeyPlacement.QUERY)
BASIC = BasicCredential(username="ada", password=Secret("päss:word"), hosts=("api.example.com",))


@pytest.mark.parametrize(
    ("credential", "url", "headers"),
    [
        (KEY, URL, (("X-Api-Key", "k-123456"),)),
        (IN_QUERY, f"{URL}&api_key=k-123456", ()),
        # RFC 7617 section 2.1: UTF-8.
        (BASIC, URL, (("Authorization", "Basic YWRhOnDDpHNzOndvcmQ="),)),
    ],
)
def test_a_credential_goes_where_it_says(
    credential: RequestCredential, url: str, headers: tuple[tuple[str, str], ...]
) -> None:
    request = put_on(HttpRequest("GET", URL), credential)
    assert (request.url, request.headers) == (url, headers)


@pytest.mark.parametrize(
    ("credential", "request_"),
    [
        (KEY, HttpRequest("GET", URL, (("x-api-key", "other"),))),
        (IN_QUERY, HttpRequest("GET", f"{URL}&API_KEY=other")),
        (BASIC, HttpRequest("GET", URL, (("authorization", "Bearer other"),))),
    ],
)
def test_a_second_credential_in_one_place_is_refused(
    credential: RequestCredential, request_: HttpRequest
) -> None:
    with pytest.raises(EgressBlocked) as refused:
        put_on(request_, credential)
    assert refused.value.rule == "credential_conflict"


def test_hosts_are_those_of_the_url_unless_given() -> None:
    bare = replace(KEY, hosts=())
    assert checked_credential(bare, URL).hosts == ("api.example.com",)
    wide = replace(KEY, hosts=("*.Example.com", "b.example"))
    assert checked_credential(wide, URL).hosts == ("*.example.com", "b.example")


def test_a_credential_goes_to_its_hosts_alone() -> None:
    check_credential_host(HttpRequest("GET", URL), KEY)
    with pytest.raises(EgressBlocked) as refused:
        check_credential_host(HttpRequest("GET", "https://example.com/"), KEY)
    assert refused.value.rule == "host_not_allowed"


@pytest.mark.parametrize(
    ("credential", "error"),
    [
        (replace(KEY, name=""), InvalidInput),
        (replace(KEY, value=Secret("")), InvalidInput),
        (replace(KEY, name="Host"), EgressBlocked),
        (replace(KEY, value=Secret("a\r\nb: c")), EgressBlocked),
        (replace(BASIC, username="a:b"), InvalidInput),
        (replace(BASIC, username="a\n"), InvalidInput),
        (replace(KEY, hosts=("*.com",)), InvalidInput),
    ],
)
def test_what_cannot_be_sent_is_refused(
    credential: RequestCredential, error: type[Exception]
) -> None:
    with pytest.raises(error):
        checked_credential(credential, URL)


@pytest.mark.parametrize("credential", [KEY, IN_QUERY, BASIC])
def test_a_credential_comes_back_from_json(credential: RequestCredential) -> None:
    assert credential_from_plain(credential_to_plain(credential)) == credential


@pytest.mark.parametrize("credential", [KEY, BASIC])
def test_a_credential_does_not_print(credential: RequestCredential) -> None:
    assert credential.secret.reveal() not in repr(credential)


def test_an_empty_secret_keeps_the_stored_one() -> None:
    renamed = KeyCredential(name="X-Key", value=Secret(""))
    assert kept_or_new(KEY, renamed) == replace(KEY, name="X-Key")
    other = BasicCredential(username="grace", password=Secret(""))
    assert kept_or_new(BASIC, other) == replace(BASIC, username="grace")
    typed = replace(KEY, value=Secret("new"), hosts=("b.example",))
    assert kept_or_new(KEY, typed) == typed


@pytest.mark.parametrize("old", [None, BASIC, replace(KEY, hosts=("other.example",))])
def test_a_secret_is_typed_again_where_there_is_none_to_keep_or_it_would_travel(
    old: RequestCredential | None,
) -> None:
    with pytest.raises(InvalidInput) as refused:
        kept_or_new(old, replace(KEY, value=Secret("")))
    assert refused.value.field == "API key"
