"""Scenarios over the API: as JSON and as YAML, the same thing."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.conftest import A_SCENARIO, Api

FILE = """\
grantline: 1
name: Who am I
modules:
  - id: 1
    make_request:
      connection: demo
      url: /me
"""
YAML = {"Content-Type": "application/yaml"}
AS_FILE = {"Accept": "application/yaml"}


def modules(**changes: Any) -> list[dict[str, Any]]:
    return [{"id": 1, "make_request": {"url": "https://api.example.com/me", **changes}}]


async def made(api: Api, **changes: Any) -> Any:
    return await api.post("/scenarios", {**A_SCENARIO, **changes}, status=201)


async def test_json_and_yaml_make_the_same_scenario_and_names_become_ids(api: Api) -> None:
    found = await api.world.authorized()
    one = await made(api)
    sent = await api.call(
        "POST", "/scenarios", headers=YAML, content=FILE.replace("Who am I", "Too")
    )

    assert sent.status_code == 201, sent.text
    two = sent.json()
    assert {**two["definition"], "name": "Who am I"} == one["definition"]
    assert one["definition"]["modules"][0]["make_request"]["connection"] == found.id
    assert (one["version"], one["is_active"], one["webhook_url"]) == (1, False, None)
    assert sent.headers["location"] == f"/api/v1/scenarios/{two['id']}"
    assert sent.headers["etag"] == '"1"'


async def test_a_scenario_is_got_as_either_and_comes_back_unchanged(api: Api) -> None:
    await api.world.authorized()
    one = await made(api)
    file = await api.call("GET", "/scenarios/Who am I", headers=AS_FILE)

    assert file.headers["content-type"].startswith("application/yaml")
    assert "demo" in file.text
    again = await api.call("PUT", f"/scenarios/{one['id']}", headers=YAML, content=file.text)
    assert again.status_code == 200, again.text
    assert again.json()["definition"] == one["definition"]
    assert await api.get(f"/scenarios/{one['id']}") == again.json()


async def test_an_edit_names_the_version_it_was_made_against(api: Api) -> None:
    one = await made(api, modules=modules())
    path = f"/scenarios/{one['id']}"
    edited = await api.call(
        "PUT", path, {"name": "New", "modules": []}, headers={"If-Match": '"1"'}
    )
    assert (edited.json()["version"], edited.headers["etag"]) == (2, '"2"')
    late = await api.refused(
        "PUT", path, {**A_SCENARIO, "modules": []}, headers={"If-Match": '"1"'}
    )
    assert late["code"] == "connection_changed"
    assert (await api.get("/scenarios/New"))["name"] == "New"


async def test_scenarios_are_listed_copied_switched_and_deleted(api: Api) -> None:
    found = await api.world.authorized()
    one = await made(api)
    copy = await api.post(f"/scenarios/{one['id']}/duplicate", {"name": "Too"}, status=201)
    on = await api.post(f"/scenarios/{one['id']}/activate")
    assert (on["is_active"], on["version"]) == (True, 1)

    listed = await api.get("/scenarios", params={"active": "true"}, key=api.use)
    assert [(each["name"], each["trigger"]) for each in listed["items"]] == [("Who am I", "manual")]
    of_connection = await api.get("/scenarios", params={"connection_id": found.id, "q": "too"})
    assert [each["id"] for each in of_connection["items"]] == [copy["id"]]
    uses = await api.get("/connections/demo/uses", key=api.use)
    assert [each["name"] for each in uses["scenarios"]["items"]] == ["Too", "Who am I"]
    assert (uses["total"], uses["scenarios"]["total"]) == (0, 2)
    assert (await api.get("/connections"))["items"][0]["uses"] == 2

    off = await api.post(f"/scenarios/{one['id']}/deactivate")
    assert off["is_active"] is False
    gone = await api.call("DELETE", "/scenarios/Too")
    assert gone.json()["id"] == copy["id"]
    assert (await api.refused("GET", "/scenarios/Too"))["code"] == "not_found"


async def test_what_is_wrong_is_told_all_at_once_and_keeps_it_off(api: Api) -> None:
    lost = {"name": "Lost", "modules": modules(connection="con_gone", proxy="crd_gone")}
    checked = await api.post("/scenarios/check", lost)
    told = [(each["module"], each["field"]) for each in checked["problems"]]
    assert (1, "make_request.connection") in told
    assert (1, "make_request.proxy") in told

    draft = await api.post("/scenarios", lost, status=201)
    refused = await api.refused("POST", f"/scenarios/{draft['id']}/activate")
    assert refused["code"] == "scenario_not_ready"
    assert len(refused["errors"]) == len(told)
    assert (await api.get("/scenarios/Lost"))["is_active"] is False


async def test_a_file_that_cannot_be_read_says_line_module_and_field(api: Api) -> None:
    broken = FILE + "      place: /you\n"
    checked = await api.call("POST", "/scenarios/check", headers=YAML, content=broken)
    (first, *_) = checked.json()["problems"]
    assert first["module"] == 1
    assert "place" in first["message"]
    assert first["line"] == 8

    answer = await api.call("POST", "/scenarios", headers=YAML, content=broken)
    assert answer.json()["code"] == "malformed_file"
    assert "Line 8" in answer.json()["title"]


@pytest.mark.parametrize(
    ("content", "headers"),
    [
        ("[]", {}),
        ("{", {}),
        ('{"name": NaN, "modules": []}', {}),
        ('{"name": "\\ud800", "modules": []}', {}),
        ("[" * 100_000, {}),
        ("x" * 1_000_001, {}),
        ("name: x", {"Content-Type": "text/plain"}),
        (b"\xff", {}),
        ("modules: []", YAML),
        ("a: &a [*a]", YAML),
        ("{" * 50_000, YAML),
    ],
)
async def test_what_is_no_scenario_is_refused(
    api: Api, content: str | bytes, headers: dict[str, str]
) -> None:
    for path in ("/scenarios", "/scenarios/check"):
        given = {"Content-Type": "application/json", **headers}
        answer = await api.call("POST", path, content=content, headers=given)
        if answer.status_code == 200:
            assert answer.json()["problems"]
        else:
            assert answer.status_code == 400, answer.text
    assert (await api.get("/scenarios"))["total"] == 0


async def test_the_address_of_a_webhook_is_for_managers_and_can_be_replaced(api: Api) -> None:
    one = await made(api, modules=modules(), trigger={"webhook": {}})
    url = one["webhook_url"]
    assert url.startswith(f"{api.site.settings.public_url}/hooks/")
    listed = await api.call("GET", "/scenarios", key=api.use)
    assert url.rpartition("/")[2] not in listed.text
    assert (await api.refused("GET", f"/scenarios/{one['id']}", key=api.use))["status"] == 403

    again = await api.post(f"/scenarios/{one['id']}/new-webhook-url")
    assert again["webhook_url"] != url
    assert (await api.get(f"/scenarios/{one['id']}"))["webhook_url"] == again["webhook_url"]
