"""Secrets are write-only: planted in every field that takes one, and looked for in every answer."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from grantline.connections.engine import LOCAL
from grantline.oauth.app.settings import FlowType
from tests.api.conftest import A_SCENARIO, Api
from tests.api.routes import OPERATIONS
from tests.canary import assert_no_canary
from tests.connections.credential_values import CHAIN_PEM, KEY_CANARY, KEY_PEM

PASSWORD = "canary-password-0a1b2c3d4e"
CLIENT_SECRET = "canary-client-secret-7f3a91"
KEY = "canary-key-5d3f1a9b7c2e"
HEADER = "canary-header-91c0d2e4f6"
QUERY = "canary-query-6e5d4c3b2a"
CERTIFICATE_KEY = "canary-certificate-key-8877"

# They exist to give a secret; and every secret that they give has been asked for.
GIVES = {"get_token", "create_api_key"}
EDITS: dict[str, Any] = {
    "edit_connection": {"password": PASSWORD, "secrets": {"client_secret": CLIENT_SECRET}},
    "price_edit": {"settings": {"client_id": "x"}, "secrets": {"client_secret": CLIENT_SECRET}},
    "edit_app": {"secrets": {"client_secret": CLIENT_SECRET}},
    "edit_saved_request": {"credential": "kept"},
    "edit_credential": {"value": KEY, "prefix": "Token"},
    "duplicate_credential": {"name": "copy"},
    "create_credential": {
        "name": "bank",
        "kind": "certificate",
        "certificate": CHAIN_PEM,
        "private_key": KEY_PEM,
        "hosts": ["127.0.0.1"],
    },
    "duplicate_connection": {"name": "copy"},
    "duplicate_saved_request": {"name": "copy"},
    "discover": {"issuer": f"https://{QUERY}@issuer.example"},
    "create_scenario": {**A_SCENARIO, "name": "another"},
    "replace_scenario": A_SCENARIO,
    "check_scenario": A_SCENARIO,
    "duplicate_scenario": {"name": "a third"},
    "start_scenario": {"wait_s": 30},
    "make_request": {"url": "/me", "connection": "demo"},
    "create_saved_request": {
        "name": "third",
        "url": f"https://api.example/?api_key={QUERY}",
        "query": [["access_token", QUERY]],
        "headers": [["Authorization", f"Bearer {HEADER}"]],
    },
    "create_connection": {
        "name": "second",
        "flow": "password",
        "username": "ada",
        "password": PASSWORD,
        "settings": {
            "client_id": "x",
            "token_uri": "https://auth.example/token",
            "custom_headers": [["X-Tenant", HEADER]],
        },
        "secrets": {
            "client_secret": CLIENT_SECRET,
            "certificate": {"certificate_pem": "x", "private_key_pem": CERTIFICATE_KEY},
        },
    },
}


async def test_no_answer_holds_a_secret(api: Api, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    found = await api.world.authorized(flow=FlowType.AUTHORIZATION_CODE)
    holding = await api.world.engine.context.hold(LOCAL, found.id)
    tokens = [holding.granted.access_token.reveal(), await api.world.refresh_token(found)]
    given = {"name": "kept", "kind": "key", "key_name": "X-Key", "value": KEY}
    kept = await api.post("/credentials", {**given, "hosts": ["127.0.0.1"]}, status=201)
    proxy = {"name": "way", "kind": "proxy", "url": "http://p.example", "username": "me"}
    await api.post("/credentials", {**proxy, "password": PASSWORD}, status=201)
    saved = {"name": "me", "url": api.world.server.api_url + "/echo", "credential": "kept"}
    request = await api.post("/saved-requests", saved, status=201)
    run = await api.post("/saved-requests/me/run")
    scenario = await api.post("/scenarios", A_SCENARIO, status=201)
    scenario_run = await api.post("/scenarios/Who am I/runs", {"wait_s": 30}, status=201)
    ids = {
        "scenario": scenario["id"],
        "scenario_run": scenario_run["id"],
        "path": "1",
        "connection": found.id,
        "app": found.app.id,
        "credential": kept["id"],
        "request": request["id"],
        "run": run["run"],
        "key": "key_unknown",
        "provider": "github",
    }
    own = [CLIENT_SECRET, PASSWORD, KEY, HEADER, QUERY, CERTIFICATE_KEY, KEY_CANARY]
    own += [api.manage, api.use, api.world.server.client.client_secret]

    seen: dict[str, int] = {}
    # First what makes, then what shows, last what destroys.
    for operation in sorted(
        OPERATIONS, key=lambda each: (each.method == "DELETE", each.method == "GET")
    ):
        body = EDITS.get(operation.id, {}) if operation.has_body else None
        answer = await api.call(operation.method, operation.at(ids), body)
        seen[operation.id] = answer.status_code
        if operation.id not in GIVES:
            place = f"{answer.headers} {answer.text}"
            assert_no_canary([*own, *tokens], place)

    assert_no_canary([*own, *tokens], caplog.text)
    assert {each for each in EDITS if seen[each] >= 300} == {"discover"}


async def test_a_credential_that_cannot_be_used_is_not_repeated(api: Api) -> None:
    for given in (
        {"kind": "key", "key_name": "X", "value": [KEY]},
        {"kind": "key", "key_name": "X", "value": f"{KEY}\r\nX: y"},
        {"kind": "basic", "username": f"{KEY}:x"},
        {"kind": "certificate", "certificate": CHAIN_PEM, "private_key": KEY},
        {"kind": "certificate", "pkcs12": "AAAA", "passphrase": KEY},
        {"kind": "proxy", "url": f"http://me:{KEY}@proxy.example"},
        {"kind": KEY},
    ):
        body = {"name": "bad", "hosts": ["127.0.0.1"] if given["kind"] != "proxy" else [], **given}
        answer = await api.call("POST", "/credentials", body)
        assert answer.status_code == 400
        assert_no_canary([KEY], answer.content)


async def test_a_value_that_cannot_be_used_is_not_repeated(api: Api) -> None:
    await api.world.draft()
    for body in (
        {"secrets": {"client_secret": [KEY]}},
        {"secrets": {"certificate": {"certificate_pem": "x", "private_key_pem": KEY, "x": KEY}}},
        {"password": {"typed": KEY}},
        {"settings": {"client_id": [KEY]}},
        {"remove_secrets": [KEY]},
        {"version": KEY},
    ):
        answer = await api.call("PATCH", "/connections/demo", body)
        assert answer.status_code == 400
        assert_no_canary([KEY], answer.content)
