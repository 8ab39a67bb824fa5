"""Runs of scenarios: start, list, wait for, look into, cancel, repeat."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import UTC, datetime
from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Query, Response

from grantline.connections.connection import Actor
from grantline.scenarios.runs.result import output_of
from grantline.scenarios.runs.run import Cause, RunState, ScenarioRun
from grantline.scenarios.service import Scenarios
from grantline.server.api.address import API_PREFIX
from grantline.server.api.auth import Caller, Manager, Reader
from grantline.server.api.fields import Limit, Listed, Offset, Ref, Search
from grantline.server.api.requests.requests import exact_json
from grantline.server.api.scenarios.models_runs import (
    LONGEST_WAIT,
    RerunGiven,
    RunResultShown,
    ScenarioRunShown,
    StartGiven,
    StepDetailShown,
    StepShown,
    run_view,
    step_view,
)
from grantline.server.api.scenarios.scenarios import TheScenarios
from grantline.server.api_keys import Scope as KeyScope

router: Final = APIRouter(tags=["Scenarios"])

States = Annotated[list[RunState], Query(description="Only these; all by default.", max_length=10)]
Causes = Annotated[Cause | None, Query(description="Only those started so.")]
Since = Annotated[datetime | None, Query(description="Those started then or later.")]
Until = Annotated[datetime | None, Query(description="Those started before.")]
Wait = Annotated[
    float,
    Query(
        description="How long to wait for its end before answering.",
        ge=0,
        le=LONGEST_WAIT.total_seconds(),
    ),
]
StepPath = Annotated[
    str, Path(description="As in the list of steps.", min_length=1, max_length=500)
]


@router.post("/scenarios/{scenario}/runs", status_code=201, response_model=RunResultShown)
async def start_scenario(
    *,
    caller: Reader,
    scenarios: TheScenarios,
    scenario: Ref,
    given: StartGiven,
) -> Any:
    """Starts a run, on or off as its trigger may be; with `wait_s` it answers with the output."""
    run = await scenarios.runs.start(caller.actor, scenario, given.inputs)
    run = await _waited(scenarios, caller.actor, run, given.wait_s)
    response = await _result(scenarios, caller, run)
    response.status_code = 201
    response.headers["Location"] = f"{API_PREFIX}/scenario-runs/{run.id}"
    return response


@router.get("/scenarios/{scenario}/runs", response_model=Listed[ScenarioRunShown])
async def list_runs_of_scenario(
    *,
    caller: Reader,
    scenarios: TheScenarios,
    scenario: Ref,
    state: States = [],  # noqa: B006 - FastAPI copies it
    cause: Causes = None,
    since: Since = None,
    until: Until = None,
    q: Search = "",
    offset: Offset = 0,
    limit: Limit = 50,
) -> Any:
    """The runs of one scenario, newest first."""
    kept = await scenarios.find(caller.actor, scenario)
    page = await scenarios.runs.page(
        caller.actor,
        scenario_id=kept.id,
        state=state,
        cause=cause,
        since=_aware(since),
        until=_aware(until),
        query=q,
        offset=offset,
        limit=limit,
    )
    return {"items": [run_view(each) for each in page.rows], "total": page.total}


@router.get("/scenario-runs", response_model=Listed[ScenarioRunShown])
async def list_scenario_runs(
    *,
    caller: Reader,
    scenarios: TheScenarios,
    state: States = [],  # noqa: B006 - FastAPI copies it
    cause: Causes = None,
    since: Since = None,
    until: Until = None,
    q: Search = "",
    offset: Offset = 0,
    limit: Limit = 50,
) -> Any:
    """Runs of all scenarios, those of deleted ones too, newest first."""
    page = await scenarios.runs.page(
        caller.actor,
        state=state,
        cause=cause,
        since=_aware(since),
        until=_aware(until),
        query=q,
        offset=offset,
        limit=limit,
    )
    return {"items": [run_view(each) for each in page.rows], "total": page.total}


@router.get("/scenario-runs/{scenario_run}", response_model=RunResultShown)
async def get_scenario_run(
    caller: Reader, scenarios: TheScenarios, scenario_run: Ref, wait_s: Wait = 0
) -> Any:
    """One run; with `wait_s` as soon as it has ended, or waits for a person."""
    run = await scenarios.runs.find(caller.actor, scenario_run)
    run = await _waited(scenarios, caller.actor, run, wait_s)
    return await _result(scenarios, caller, run)


@router.delete("/scenario-runs/{scenario_run}", status_code=204)
async def delete_scenario_run(caller: Manager, scenarios: TheScenarios, scenario_run: Ref) -> None:
    """Takes a run that has ended out of the history."""
    await scenarios.runs.delete(caller.actor, scenario_run)


@router.get("/scenario-runs/{scenario_run}/steps", response_model=Listed[StepShown])
async def list_steps(
    caller: Reader,
    scenarios: TheScenarios,
    scenario_run: Ref,
    offset: Offset = 0,
    limit: Limit = 50,
) -> Any:
    """The steps of a run, in order."""
    page = await scenarios.runs.steps_page(caller.actor, scenario_run, offset=offset, limit=limit)
    return {"items": [step_view(each) for each in page.rows], "total": page.total}


@router.get("/scenario-runs/{scenario_run}/steps/{path:path}", response_model=StepDetailShown)
async def get_step(
    caller: Manager, scenarios: TheScenarios, scenario_run: Ref, path: StepPath
) -> Any:
    """One step, with what went in and what came out."""
    found = await scenarios.runs.step(caller.actor, scenario_run, path)
    shown = StepShown.model_validate(step_view(found.step)).model_dump(mode="json")
    bundles = {"input": found.input, "output": found.output, "failure": found.failure}
    return exact_json({**shown, **bundles})


@router.post("/scenario-runs/{scenario_run}/cancel", response_model=ScenarioRunShown)
async def cancel_scenario_run(caller: Manager, scenarios: TheScenarios, scenario_run: Ref) -> Any:
    """Ends a run at its next step; one that has ended stays as it is."""
    return run_view(await scenarios.runs.cancel(caller.actor, scenario_run))


@router.post(
    "/scenario-runs/{scenario_run}/rerun", status_code=201, response_model=ScenarioRunShown
)
async def rerun_scenario_run(
    caller: Manager,
    scenarios: TheScenarios,
    scenario_run: Ref,
    given: RerunGiven,
    response: Response,
) -> Any:
    """A new run of what a run was started with, from one of its steps on."""
    run = await scenarios.runs.rerun(caller.actor, scenario_run, from_step=given.from_step)
    response.headers["Location"] = f"{API_PREFIX}/scenario-runs/{run.id}"
    return run_view(run)


async def _waited(
    scenarios: Scenarios, actor: Actor, run: ScenarioRun, wait_s: float
) -> ScenarioRun:
    """The run after its end, or as it is when the time is up."""
    if not wait_s or run.state.has_ended:
        return run
    with suppress(TimeoutError):
        async with asyncio.timeout(wait_s):
            return await scenarios.runs.wait(actor, run.id)
    return await scenarios.runs.find(actor, run.id)


async def _result(scenarios: Scenarios, caller: Caller, run: ScenarioRun) -> Response:
    """The fields of ``RunResultShown``, numbers with all their digits."""
    shown = ScenarioRunShown.model_validate(run_view(run)).model_dump(mode="json")
    may_see = caller.scope is KeyScope.MANAGE or caller.actor.user == run.owner
    output = await output_of(scenarios.runs, caller.actor, run) if may_see else None
    return exact_json({**shown, "output": output})


def _aware(instant: datetime | None) -> datetime | None:
    """``instant`` in UTC, which is meant where no offset stands."""
    if instant is None:
        return None
    return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)
