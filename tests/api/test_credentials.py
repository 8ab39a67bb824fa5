"""Credentials over HTTP: kept, read without their secrets, edited one by one, deleted."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    load_pem_private_key,
    pkcs12,
)
from cryptography.x509 import load_pem_x509_certificate

from grantline.connections.credentials.credential import Kind
from tests.api.conftest import Api, Inhabited
from tests.canary import assert_no_canary
from tests.connections.credential_values import (
    AUTHORITY_PEM,
    CANARY,
    CHAIN_PEM,
    KEY_CANARY,
    KEY_PEM,
)

HOSTS = {"hosts": ["api.example.com"]}
GIVEN: dict[Kind, dict[str, Any]] = {
    Kind.KEY: {**HOSTS, "key_name": "X-Api-Key", "prefix": "Token", "value": CANARY},
    Kind.BASIC: {**HOSTS, "username": "ada", "password": CANARY},
    Kind.CERTIFICATE: {**HOSTS, "certificate": CHAIN_PEM, "private_key": KEY_PEM},
    Kind.AUTHORITY: {"certificate": AUTHORITY_PEM},
    Kind.PROXY: {"url": "http://proxy.example:3128", "username": "me", "password": CANARY},
}
SHOWN: dict[Kind, dict[str, Any]] = {
    Kind.KEY: {"key_name": "X-Api-Key", "prefix": "Token", "placement": "header"},
    Kind.BASIC: {"username": "ada", "has_password": True},
    Kind.CERTIFICATE: {"more": 0},
    Kind.AUTHORITY: {"hosts": []},
    Kind.PROXY: {"url": "http://proxy.example:3128", "username": "me", "has_password": True},
}


@pytest.mark.parametrize("kind", list(Kind))
async def test_a_credential_is_kept_and_shown_without_its_secret(api: Api, kind: Kind) -> None:
    made = await api.call("POST", "/credentials", {"name": "a", "kind": kind, **GIVEN[kind]})
    assert made.status_code == 201
    view = made.json()
    assert made.headers["location"] == f"/api/v1/credentials/{view['id']}"
    assert made.headers["etag"] == '"1"'
    assert view == {**view, "kind": kind, "last_used_at": None, **SHOWN[kind]}
    assert bool(view["subject"]) is bool(view["expires_at"]) is ("certificate" in GIVEN[kind])

    listed = await api.get("/credentials", params={"kind": kind}, key=api.use)
    assert listed == {"items": [{**view, "uses": 0}], "total": 1}
    assert await api.get("/credentials/a", key=api.use) == view
    others = [("kind", each.value) for each in Kind if each is not kind]
    assert (await api.get("/credentials", params=others))["total"] == 0
    assert_no_canary([CANARY, KEY_CANARY], made.content)


async def test_a_pkcs12_file_is_taken_and_its_passphrase_is_not_kept(api: Api) -> None:
    key = load_pem_private_key(KEY_PEM.encode(), password=None)
    own = load_pem_x509_certificate(CHAIN_PEM.encode())
    data = pkcs12.serialize_key_and_certificates(
        b"ada",
        key,  # type: ignore[arg-type]
        own,
        None,
        BestAvailableEncryption(CANARY.encode()),
    )
    given = {"name": "a", "kind": "certificate", "pkcs12": base64.b64encode(data).decode(), **HOSTS}
    problem = await api.refused("POST", "/credentials", {**given, "passphrase": "wrong"})
    assert problem["field"] == "Passphrase"
    made = await api.post("/credentials", {**given, "passphrase": CANARY}, status=201)
    assert "CN=ada" in made["subject"]


async def test_an_edit_names_what_changes_and_its_version(api: Api) -> None:
    kind = Kind.BASIC
    await api.post("/credentials", {"name": "a", "kind": kind, **GIVEN[kind]}, status=201)
    change = {"username": "grace", "hosts": ["*.example.com"], "name": "b"}
    edited = await api.call("PATCH", "/credentials/a", change, headers={"If-Match": '"1"'})
    view = edited.json()
    assert (view["username"], view["hosts"], view["name"]) == ("grace", ["*.example.com"], "b")
    assert edited.headers["etag"] == '"2"'
    late = await api.refused("PATCH", "/credentials/b", {"name": "c", "version": 1})
    assert late["code"] == "connection_changed"
    bare = await api.call("PATCH", "/credentials/b", {"password": ""})
    # Without a password the user name is the secret.
    assert (bare.json()["username"], bare.json()["has_password"]) == ("", False)


async def test_uses_are_told_and_what_is_gone_is_said(api: Api) -> None:
    kind = Kind.PROXY
    kept = await api.post("/credentials", {"name": "way", "kind": kind, **GIVEN[kind]}, status=201)
    saved = {"name": "me", "url": "https://api.example.com/", "proxy": "way"}
    await api.post("/saved-requests", saved, status=201)
    uses = await api.get("/credentials/way/uses", key=api.use)
    assert [each["proxy_id"] for each in uses["items"]] == [kept["id"]]
    copy = await api.post("/credentials/way/duplicate", {"name": "too"}, status=201)
    assert copy["url"] == kept["url"]

    gone = await api.call("DELETE", "/credentials/way")

    assert gone.json()["id"] == kept["id"]
    problem = await api.refused("POST", "/saved-requests/me/run")
    assert problem["code"] == "not_found"
    assert "credential" in problem["title"]


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "magic"},
        {"hosts": []},
        {"hosts": ["*.com"]},
        {"value": ""},
        {"username": "ada"},
        {"placement": "body"},
        {"pkcs12": "é"},
        {"extra": 1},
        {"value": "•••"},
    ],
)
async def test_what_cannot_be_kept_is_refused(inhabited: Inhabited, change: dict[str, Any]) -> None:
    given = {"name": "bad", "kind": "key", **GIVEN[Kind.KEY], **change}
    problem = await inhabited.api.refused("POST", "/credentials", given)
    assert (problem["status"], problem["code"]) == (400, "invalid_input")
