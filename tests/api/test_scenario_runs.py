"""Runs of scenarios over the API, against a service that answers."""

from __future__ import annotations

from typing import Any

import pytest

from grantline.connections.engine import LOCAL
from grantline.secret import REDACTED
from tests.api.conftest import Api

PATIENT = {"wait_s": 30}


def ask(number: int, url: str, **changes: Any) -> dict[str, Any]:
    return {"id": number, "make_request": {"connection": "demo", "url": url, **changes}}


async def scenario(api: Api, *modules: dict[str, Any], **more: Any) -> Any:
    await api.world.authorized()
    given = {"name": "Orders", "modules": modules or (ask(1, "/me"),), **more}
    return await api.post("/scenarios", given, status=201)


async def test_a_run_is_started_waited_for_and_gives_its_output(api: Api) -> None:
    made = await scenario(
        api,
        ask(1, "/me"),
        {"id": 2, "set_variables": {"since": "{{ input.since }}", "who": "{{ 1.status }}"}},
        inputs={"since": {"default": "2026-01-01"}},
    )
    answer = await api.call(
        "POST",
        f"/scenarios/{made['id']}/runs",
        {"inputs": {"since": "now"}, **PATIENT},
        key=api.use,
    )

    assert answer.status_code == 201, answer.text
    run = answer.json()
    assert answer.headers["location"] == f"/api/v1/scenario-runs/{run['id']}"
    assert (run["state"], run["cause"], run["steps"]) == ("succeeded", "by_hand", 2)
    assert (run["scenario_id"], run["error"]) == (made["id"], None)
    assert run["output"] == {"since": "now", "who": 200}
    assert await api.get(f"/scenario-runs/{run['id']}", params=PATIENT) == run


async def test_steps_are_listed_for_all_and_opened_for_managers(api: Api) -> None:
    await scenario(api, ask(1, "/me"))
    run = await api.post("/scenarios/Orders/runs", PATIENT, status=201)
    path = f"/scenario-runs/{run['id']}/steps"

    (step,) = (await api.get(path, key=api.use))["items"]
    assert await api.get(path, params={"offset": 1}) == {"items": [], "total": 1}
    assert (step["path"], step["kind"], step["state"]) == ("1", "make_request", "succeeded")
    detail = await api.get(f"{path}/{step['path']}")
    assert detail["output"]["status"] == 200
    assert detail["input"]["url"].endswith("/me")
    assert {**detail, **step} == detail
    assert (await api.refused("GET", f"{path}/1", key=api.use))["status"] == 403
    assert (await api.refused("GET", f"{path}/9"))["status"] == 404


async def test_a_step_is_shown_without_the_token_of_its_connection(api: Api) -> None:
    echo = ask(1, "/echo?reveal=1")
    await scenario(api, echo, {"id": 2, "set_variables": {"answered": "{{ 1.data }}"}})
    run = await api.post("/scenarios/Orders/runs", PATIENT, status=201)
    token = await api.world.token(await api.world.engine.find(LOCAL, "demo"))

    assert token in str(run["output"]), "what a program is given is as it came"
    for path in "12":
        shown = str(await api.get(f"/scenario-runs/{run['id']}/steps/{path}"))
        assert token not in shown
        assert REDACTED in shown


async def test_runs_are_listed_and_filtered(api: Api) -> None:
    made = await scenario(api)
    one = await api.post("/scenarios/Orders/runs", PATIENT, status=201)
    two = await api.post(f"/scenario-runs/{one['id']}/rerun", {}, status=201)
    await api.get(f"/scenario-runs/{two['id']}", params=PATIENT)

    async def found(path: str, **filters: Any) -> list[str]:
        page = await api.get(path, params=filters, key=api.use)
        assert page["total"] == len(page["items"])
        return [each["id"] for each in page["items"]]

    own = f"/scenarios/{made['id']}/runs"
    assert await found(own) == [two["id"], one["id"]] == await found("/scenario-runs")
    assert await found(own, cause="rerun") == [two["id"]]
    assert await found(own, state=["failed", "parked"]) == []
    assert await found("/scenario-runs", q="orders", state="succeeded") == [two["id"], one["id"]]
    assert await found(own, since="2100-01-01T00:00:00Z") == []
    assert await found(own, until="2100-01-01T00:00:00") == [two["id"], one["id"]]
    await api.call("DELETE", "/scenarios/Orders")
    assert await found("/scenario-runs") == [two["id"], one["id"]]
    gone = await api.call("DELETE", f"/scenario-runs/{one['id']}")
    assert gone.status_code == 204
    assert await found("/scenario-runs") == [two["id"]]


async def test_a_run_that_fails_says_where_and_has_no_output(api: Api) -> None:
    await scenario(api, ask(1, "/me"), ask(2, "/status/404"))
    run = await api.post("/scenarios/Orders/runs", PATIENT, status=201)

    assert (run["state"], run["output"]) == ("failed", None)
    assert run["error"]["path"] == "2"
    again = await api.post(f"/scenario-runs/{run['id']}/rerun", {"from_step": "2"}, status=201)
    assert (again["origin_run_id"], again["origin_path"]) == (run["id"], "2")
    ended = await api.get(f"/scenario-runs/{again['id']}", params=PATIENT)
    assert ended["state"] == "failed"
    asked = [each.incoming.path for each in api.world.server.journal.at("api")]
    assert asked.count("/api/me") == 1


async def test_a_run_that_waits_is_cancelled(api: Api) -> None:
    await scenario(api, {"id": 1, "sleep": {"span": "1 h"}})
    run = await api.post("/scenarios/Orders/runs", status=201, body={})
    assert not run["ended_at"]

    await api.post(f"/scenario-runs/{run['id']}/cancel")
    ended = await api.get(f"/scenario-runs/{run['id']}", params=PATIENT)
    assert ended["state"] == "cancelled"
    again = await api.post(f"/scenario-runs/{run['id']}/cancel")
    assert again["state"] == "cancelled"


@pytest.mark.parametrize(
    "given",
    [
        {"inputs": {"nothing": 1}},
        {"inputs": []},
        {"wait_s": 61},
        {"wait_s": -1},
        {"input": {}},
    ],
)
async def test_what_a_run_cannot_be_given_is_refused(api: Api, given: dict[str, Any]) -> None:
    await scenario(api, inputs={"since": {"required": True}})
    for body in ({}, given):
        problem = await api.refused("POST", "/scenarios/Orders/runs", body)
        assert problem["code"] == "invalid_input"
    assert (await api.get("/scenario-runs"))["total"] == 0
