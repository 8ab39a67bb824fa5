"""Who may do what: every operation, found by itself, tried by those who may not."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.conftest import Api, Inhabited
from tests.api.routes import OPERATIONS, Operation

# What a key with the scope `use` may do, spelled out: adding to it is a decision.
USABLE = {
    "get_connection",
    "get_credential",
    "get_page",
    "get_provider",
    "get_scenario_run",
    "get_version",
    "list_connections",
    "list_credential_uses",
    "list_credentials",
    "list_providers",
    "list_runs",
    "list_runs_of_scenario",
    "list_saved_requests",
    "list_scenario_runs",
    "list_scenarios",
    "list_steps",
    "list_uses",
    "make_request",
    "run_saved_request",
    "start_scenario",
}
PROTECTED = [each for each in OPERATIONS if each.id != "get_health"]
WITH_ID = [each for each in OPERATIONS if each.parameters and each.id != "get_provider"]
UNKNOWN = {
    "connection": "con_unknown",
    "app": "app_unknown",
    "credential": "crd_unknown",
    "request": "req_unknown",
    "run": "run_unknown",
    "scenario": "scn_unknown",
    "scenario_run": "srn_unknown",
    "path": "step-path",
    "key": "key_unknown",
    "provider": "github",
}
LISTS = (
    "/connections",
    "/apps",
    "/credentials",
    "/saved-requests",
    "/scenarios",
    "/scenario-runs",
    "/runs",
    "/api-keys",
)
BODIES: dict[str, Any] = {
    "duplicate_connection": {"name": "taken"},
    "duplicate_credential": {"name": "taken"},
    "duplicate_saved_request": {"name": "taken"},
    "duplicate_scenario": {"name": "taken"},
}


def by_id(operations: list[Operation]) -> Any:
    return pytest.mark.parametrize("operation", operations, ids=lambda each: each.id)


def body_of(operation: Operation) -> Any:
    return BODIES.get(operation.id, {}) if operation.has_body else None


@by_id(PROTECTED)
async def test_nobody_passes_without_a_key(inhabited: Inhabited, operation: Operation) -> None:
    api = inhabited.api
    path = operation.at(UNKNOWN)
    spoiled = api.manage[:-1] + ("A" if api.manage[-1] != "A" else "B")
    for headers in (
        {},
        {"Authorization": f"Bearer {spoiled}"},
        {"Authorization": f"Basic {api.manage}"},
        {"Authorization": "Bearer"},
        {"Authorization": ""},
    ):
        answer = await api.call(operation.method, path, {}, key=None, headers=headers)
        assert answer.status_code == 401
        assert answer.json()["code"] == "unauthenticated"
        assert answer.headers["www-authenticate"].startswith("Bearer")
        assert answer.headers["cache-control"] == "no-store"


def test_only_these_operations_are_for_keys_that_use() -> None:
    assert {each.id for each in OPERATIONS if "use" in each.scopes} == USABLE
    assert [each.id for each in OPERATIONS if not each.scopes] == ["get_health"]


@by_id([each for each in PROTECTED if each.id not in USABLE])
async def test_a_key_that_uses_cannot_manage(inhabited: Inhabited, operation: Operation) -> None:
    api, path = inhabited.api, operation.at(inhabited.ids)
    problem = await api.refused(operation.method, path, body_of(operation), key=api.use)
    assert problem["status"] == 403
    assert problem["code"] == "insufficient_scope"


@by_id(WITH_ID)
async def test_a_foreign_id_is_an_unknown_id(inhabited: Inhabited, operation: Operation) -> None:
    api, ids = inhabited.api, inhabited.ids
    entries = len(api.world.server.journal.entries)
    before = [await api.get(path) for path in LISTS]

    async def told(given: dict[str, str]) -> Any:
        path = operation.at(given)
        answer = await api.call(operation.method, path, body_of(operation), key=api.foreign)
        text = answer.text
        for each in given.values():
            text = text.replace(each, "ID")
        return answer.status_code, text, {**answer.headers, "content-length": ""}

    foreign, unknown = await told(ids), await told(UNKNOWN)

    assert foreign == unknown
    assert foreign[0] == 404
    assert len(api.world.server.journal.entries) == entries
    after = [await api.get(path) for path in LISTS]
    assert after == before


@pytest.mark.parametrize(
    "path",
    [each.path for each in OPERATIONS if each.id.startswith("list_") and "{" not in each.path],
)
async def test_a_list_shows_nothing_of_another_workspace(inhabited: Inhabited, path: str) -> None:
    shown = (await inhabited.api.call("GET", path, key=inhabited.api.foreign)).text
    for each in (*inhabited.ids.values(), '"demo"', '"me"', '"weather"'):
        assert each == "github" or each not in shown


async def test_a_key_that_was_revoked_ends_at_once(api: Api) -> None:
    made = await api.post("/api-keys", {"name": "short", "scope": "use"}, status=201)
    assert made["key"].startswith("glk_")
    assert (await api.get("/version", key=made["key"]))["scope"] == "use"

    gone = await api.call("DELETE", f"/api-keys/{made['id']}")

    assert gone.status_code == 204
    assert (await api.refused("GET", "/version", key=made["key"]))["code"] == "unauthenticated"
    assert (await api.call("DELETE", f"/api-keys/{made['id']}")).status_code == 204


async def test_a_key_is_shown_once_and_its_use_is_noted(api: Api) -> None:
    made = await api.post("/api-keys", {"name": "report", "scope": "manage"}, status=201)
    await api.get("/version", key=made["key"])

    listed = await api.call("GET", "/api-keys")

    (shown,) = (each for each in listed.json()["items"] if each["id"] == made["id"])
    assert shown["last_used_at"] is not None
    assert shown == {
        **{name: value for name, value in made.items() if name != "key"},
        "last_used_at": shown["last_used_at"],
    }
    for key in (made["key"], api.manage, api.use):
        assert key not in listed.text


@pytest.mark.parametrize(
    "given", [{"name": "", "scope": "use"}, {"name": "x", "scope": "all"}, {"name": "x"}]
)
async def test_a_key_needs_a_name_and_a_scope(inhabited: Inhabited, given: dict[str, Any]) -> None:
    assert (await inhabited.api.refused("POST", "/api-keys", given))["code"] == "invalid_input"


async def test_a_session_may_manage_and_a_wrong_key_beside_it_may_not(api: Api) -> None:
    path = "/api/v1/apps"
    assert (await api.site.get(path)).status_code == 200
    wrong = {"Authorization": "Bearer glk_wrong"}
    assert (await api.site.get(path, headers=wrong)).status_code == 401
