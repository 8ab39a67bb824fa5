"""What is inside a credential: put together, refused, shown, and written as JSON."""

from __future__ import annotations

from typing import Any

import pytest

from grantline.connections.credentials.authentication import (
    BasicCredential,
    KeyCredential,
    KeyPlacement,
)
from grantline.connections.credentials.credential import CredentialFields, Kind
from grantline.connections.credentials.credential_contents import (
    contents_from_plain,
    contents_of,
    contents_to_plain,
    details_of,
    secrets_in,
)
from grantline.errors import InvalidInput
from grantline.messages import Proxy
from grantline.secret import Secret
from tests.canary import assert_no_canary
from tests.connections.credential_values import CANARY, FIELDS, KEY_CANARY

BY_KIND = pytest.mark.parametrize("kind", list(Kind))


def whole(kind: Kind, **changes: Any) -> Any:
    return contents_of(kind, CredentialFields(**{**FIELDS[kind], **changes}))


@BY_KIND
def test_contents_come_back_from_json(kind: Kind) -> None:
    contents = whole(kind)
    assert contents_from_plain(kind, contents_to_plain(contents), ()) == contents


@BY_KIND
def test_what_is_shown_holds_no_secret(kind: Kind) -> None:
    contents = whole(kind)
    shown = repr(details_of(contents)) + repr(contents)
    assert_no_canary([CANARY, KEY_CANARY], shown)
    assert bool(secrets_in(contents)) is (kind is not Kind.AUTHORITY)


@BY_KIND
def test_nothing_typed_changes_nothing(kind: Kind) -> None:
    contents = whole(kind)
    assert contents_of(kind, CredentialFields(), contents) == contents


def test_secrets_are_replaced_one_by_one() -> None:
    key = contents_of(Kind.KEY, CredentialFields(key_name="X-Key"), whole(Kind.KEY))
    assert key == KeyCredential(name="X-Key", value=Secret(CANARY))
    moved = CredentialFields(placement=KeyPlacement.QUERY, value=Secret(" new\n"))
    in_query = KeyCredential(name="X-Key", value=Secret("new"), placement=KeyPlacement.QUERY)
    assert contents_of(Kind.KEY, moved, key) == in_query
    basic = contents_of(Kind.BASIC, CredentialFields(password=Secret("")), whole(Kind.BASIC))
    assert basic == BasicCredential(username="ada", password=Secret(""))
    certificate = whole(Kind.CERTIFICATE)
    again = CredentialFields(certificate=FIELDS[Kind.CERTIFICATE]["certificate"])
    assert contents_of(Kind.CERTIFICATE, again, certificate) == certificate


def test_a_user_name_without_a_password_is_not_shown() -> None:
    bare = contents_of(Kind.BASIC, CredentialFields(username=CANARY))
    details, _ = details_of(bare)
    assert (details.username, details.has_password) == ("", False)
    assert Secret(CANARY) in secrets_in(bare)


def test_a_certificate_says_whose_it_is_and_when_it_ends() -> None:
    details, expires_at = details_of(whole(Kind.CERTIFICATE))
    assert "CN=ada" in details.subject
    assert "Private Authority" in details.issuer
    assert details.more == 0
    assert expires_at is not None


def test_a_proxy_is_known_by_its_origin() -> None:
    proxy = whole(Kind.PROXY, url=" HTTP://Proxy.example:3128/ ")
    assert proxy == Proxy(url="http://proxy.example:3128", username="me", password=Secret(CANARY))
    with pytest.raises(InvalidInput) as refused:
        contents_of(Kind.PROXY, CredentialFields(url="http://other.example:3128"), proxy)
    assert refused.value.field == "Password"
    both = CredentialFields(url="http://other.example", password=Secret("new"))
    moved = contents_of(Kind.PROXY, both, proxy)
    assert isinstance(moved, Proxy)
    assert moved.password == Secret("new")


@pytest.mark.parametrize(
    ("kind", "changes", "field"),
    [
        (Kind.KEY, {"value": None}, "API key"),
        (Kind.KEY, {"value": Secret(" \n")}, "API key"),
        (Kind.KEY, {"key_name": " "}, "API key"),
        (Kind.KEY, {"key_name": "Host"}, "Key name"),
        (Kind.KEY, {"key_name": "X Y"}, "Key name"),
        (Kind.KEY, {"value": Secret("a\r\nb: c")}, "Key name"),
        (Kind.KEY, {"prefix": "Token", "placement": KeyPlacement.QUERY}, "Prefix"),
        (Kind.KEY, {"username": "ada"}, "User name"),
        (Kind.BASIC, {"username": "a:b"}, "User name"),
        (Kind.BASIC, {"username": "", "password": None}, "User name"),
        (Kind.CERTIFICATE, {"private_key": None}, "Private key"),
        (Kind.CERTIFICATE, {"certificate": None}, "Certificate"),
        (Kind.CERTIFICATE, {"pkcs12": b"x"}, "Certificate"),
        (Kind.AUTHORITY, {"certificate": None}, "Certificate"),
        (Kind.AUTHORITY, {"certificate": "words"}, "Certificate"),
        (Kind.PROXY, {"url": None}, "Proxy URL"),
        (Kind.PROXY, {"url": "proxy.example:3128"}, "Proxy URL"),
        (Kind.PROXY, {"url": "socks5://proxy.example"}, "Proxy URL"),
        (Kind.PROXY, {"url": f"http://me:{CANARY}@proxy.example"}, "Proxy URL"),
        (Kind.PROXY, {"url": "http://proxy.example/path"}, "Proxy URL"),
        (Kind.PROXY, {"username": ""}, "User name"),
        (Kind.PROXY, {"username": "a:b"}, "User name"),
    ],
)
def test_what_cannot_be_used_is_refused_by_the_field_it_is_in(
    kind: Kind, changes: dict[str, Any], field: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        whole(kind, **changes)
    assert refused.value.field == field
    assert_no_canary([CANARY], str(refused.value))
