import json
from email.parser import BytesParser
from email.policy import default
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grantline.errors import InvalidInput
from grantline.oauth.app.request_choices import Pairs
from grantline.oauth.requests.parameters import (
    OWNED_IN_TOKEN_REQUEST,
    Purpose,
    append_query,
    encode_form,
    encode_json,
    encode_multipart,
    left_out,
    merge_parameters,
    rename_parameters,
)

PAIRS = st.lists(st.tuples(st.text(max_size=8), st.text(max_size=8)), max_size=6).map(tuple)


@pytest.mark.parametrize(
    ("extra", "told"),
    [
        ((("nonce", "x"),), "“nonce”"),
        ((("client_secret", "x"),), "“client_secret”"),
        ((("Grant_Type", "x"),), "“Grant_Type”"),
        ((("code ", "x"),), "“code ”"),
        ((("mine", "x"),), "“mine”"),
        ((("a", "1"), ("A", "2")), "“A” twice"),
        ((("", "x"),), "without a name"),
    ],
)
def test_what_is_ours_or_doubled_is_refused_by_name(extra: Pairs, told: str) -> None:
    with pytest.raises(InvalidInput, match=told) as caught:
        merge_parameters(
            (("mine", "1"),), extra, owned=OWNED_IN_TOKEN_REQUEST, field="Access token parameters"
        )
    assert caught.value.field == "Access token parameters"


def test_a_service_that_wants_the_state_at_the_token_endpoint_too_can_have_it() -> None:
    """quirk: Dropbox Sign, https://developers.hellosign.com/api/reference/oauth/, 2026-11-29."""
    extra = (("state", "{state}"),)
    assert merge_parameters((), extra, owned=OWNED_IN_TOKEN_REQUEST, field="f") == extra


def test_resource_and_audience_may_repeat() -> None:
    extra = (("resource", "https://a/"), ("resource", "https://b/"), ("audience", "x"))
    assert merge_parameters((), extra, owned=frozenset(), field="f") == extra


@given(own=PAIRS, extra=PAIRS)
def test_no_name_ever_goes_out_twice(own: Pairs, extra: Pairs) -> None:
    own = tuple({name.strip().casefold(): (name, value) for name, value in own}.values())
    try:
        merged = merge_parameters(own, extra, owned=OWNED_IN_TOKEN_REQUEST, field="f")
    except InvalidInput:
        return
    names = [name.strip().casefold() for name, _ in merged]
    assert len(names) == len(set(names))


@given(PAIRS)
def test_a_form_comes_back_as_it_was(pairs: Pairs) -> None:
    assert tuple(parse_qsl(encode_form(pairs), keep_blank_values=True)) == pairs


@given(pairs=PAIRS, uri=st.sampled_from(["https://a.example/x", "https://a.example/x?"]))
def test_a_query_comes_back_as_it_was(pairs: Pairs, uri: str) -> None:
    query = urlsplit(append_query(uri, pairs)).query
    assert tuple(parse_qsl(query, keep_blank_values=True)) == pairs


def test_the_query_a_uri_has_stays_byte_for_byte() -> None:
    appended = append_query("https://a.example/x?keep=%7e+me", (("scope", "a b"),))
    assert appended == "https://a.example/x?keep=%7e+me&scope=a%20b"


def test_a_repeated_name_is_an_array_in_json() -> None:
    encoded = encode_json((("a", "1"), ("r", "x"), ("r", "y"), ("r", "z")))
    assert json.loads(encoded) == {"a": "1", "r": ["x", "y", "z"]}


NAMES = (
    ("client_id", "client_key"),
    ("token.redirect_uri", ""),
    ("revoke.token", "access_token"),
    ("scope", ""),
    ("token.scope", "scopes"),
)
SENT = (("client_id", "1"), ("redirect_uri", "2"), ("scope", "3"), ("token", "4"))


@pytest.mark.parametrize(
    ("purpose", "renamed"),
    [
        (Purpose.AUTHORIZE, {"client_key": "1", "redirect_uri": "2", "token": "4"}),
        (Purpose.TOKEN, {"client_key": "1", "scopes": "3", "token": "4"}),
        (Purpose.REVOKE, {"client_key": "1", "redirect_uri": "2", "access_token": "4"}),
    ],
)
def test_parameters_take_the_names_the_service_gives_them_for_this_purpose(
    purpose: Purpose, renamed: dict[str, str]
) -> None:
    assert dict(rename_parameters(SENT, NAMES, purpose)) == renamed


def test_what_a_service_does_not_want_is_left_out_and_may_be_sent_otherwise() -> None:
    assert left_out(NAMES, Purpose.TOKEN) == {"redirect_uri"}
    assert left_out(NAMES, Purpose.REFRESH) == {"scope"}


def test_multipart_is_read_as_it_was_meant() -> None:
    pairs = (("a", "1 & ä"), ('quo"te', "line\r\nbreak"))

    body = encode_multipart(pairs, "frontier")

    head = b"Content-Type: multipart/form-data; boundary=frontier\r\n\r\n"
    message = BytesParser(policy=default).parsebytes(head + body)
    parts = [
        (part.get_param("name", header="content-disposition"), part.get_payload(decode=True))
        for part in message.iter_parts()
    ]
    assert parts == [("a", "1 & ä".encode()), ("quo%22te", b"line\r\nbreak")]
