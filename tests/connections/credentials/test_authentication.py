"""An API key or a password on a request: where it goes, and what is refused."""

from __future__ import annotations

from dataclasses import replace

import pytest

from grantline.connections.credentials.authentication import (
    BasicCredential,
    KeyCredential,
    KeyPlacement,
    RequestCredential,
    check_credential_host,
    checked_credential,
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


@pytest.mark.parametrize("credential", [KEY, BASIC])
def test_a_credential_does_not_print(credential: RequestCredential) -> None:
    assert credential.secret.reveal() not in repr(credential)


def test_a_word_goes_before_the_key() -> None:
    prefixed = replace(KEY, name="Authorization", prefix="Token")
    sent = put_on(HttpRequest("GET", URL), prefixed)
    assert sent.headers == (("Authorization", "Token k-123456"),)


def test_a_user_name_without_a_password_is_the_secret() -> None:
    bare = replace(BASIC, username="sk_test_123456", password=Secret(""))
    assert bare.secret == Secret("sk_test_123456")
    assert [each.reveal() for each in BASIC.secrets] == ["päss:word", "YWRhOnDDpHNzOndvcmQ="]


def test_a_refusal_names_what_is_kept_and_how_to_allow_the_host() -> None:
    request = HttpRequest("GET", "https://b.example/")
    with pytest.raises(EgressBlocked) as refused:
        check_credential_host(request, replace(KEY, kept_as="weather"))
    assert refused.value.message == "“weather” may not go to b.example."
    assert "grantline credential edit weather --add-host b.example" in refused.value.hint
