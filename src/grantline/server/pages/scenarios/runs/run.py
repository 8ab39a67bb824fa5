"""One run of a scenario: its steps while they go on and afterwards, each with its bundles."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import anyio
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from grantline.connections.connection import Connection
from grantline.errors import ConnectionNotFound, NotFound
from grantline.scenarios.definition.modules import Iterate
from grantline.scenarios.kept import KeptScenario
from grantline.scenarios.runs.run import ScenarioRun, StepState
from grantline.server.page import actor_of, engine_of, page, scenarios_of
from grantline.server.pages.history import BODY_POLICY
from grantline.server.pages.list_pages import PER_PAGE, ListPage
from grantline.server.pages.scenarios.runs.bundles import body_of_bundle, bytes_of
from grantline.server.pages.scenarios.runs.steps import Steps, branch_names

# How long a page that follows a run waits for news; then it asks again.
NEWS_WITHIN_S: Final = 4.0
# To say how many items iterators have: of so many, and with outputs of that size.
MOST_COUNTED: Final = 5
MOST_OPENED_BYTES: Final = 500_000


async def show(request: Request) -> Response:
    """The run as it is now; the page follows it while it goes on."""
    return page(
        request, "scenarios/run.html", **await run_context(request, await run_asked(request))
    )


async def progress(request: Request) -> Response:
    """What changed since the page was last told; nothing (204) when nothing does for a while."""
    run = await changed_run(request)
    if run is None:
        return Response(status_code=204)
    return page(
        request,
        "scenarios/run-body.html",
        is_update=True,
        swap=True,
        **await run_context(request, run),
    )


async def changed_run(request: Request) -> ScenarioRun | None:
    """The run that is asked for, as soon as it is newer than what the page has."""
    asked = request.query_params.get("revision", "")
    known = int(asked) if asked.isdecimal() and len(asked) < 10 else -1
    actor, run_id = actor_of(request), request.path_params["scenario_run_id"]
    with anyio.move_on_after(NEWS_WITHIN_S):
        async for run in scenarios_of(request).runs.changes(actor, run_id):
            if run.revision > known or run.state.has_ended:
                return run
    return None


async def run_context(request: Request, run: ScenarioRun) -> dict[str, Any]:
    """What the page of a run shows."""
    detail = await scenarios_of(request).runs.detail(actor_of(request), run.id)
    return {
        "run": run,
        "kept": await kept_of(request, run),
        "connection": await connection_of(request, run.connection_id),
        "steps": await steps_of(request, run, branches=branch_names(detail.scenario)),
    }


async def steps_of(
    request: Request, run: ScenarioRun, *, branches: Mapping[int, str] | None = None
) -> Steps:
    """The steps of a run; while it goes on, with what is known of how many items there will be."""
    runs, actor = scenarios_of(request).runs, actor_of(request)
    found = await runs.steps(actor, run.id)
    totals: dict[str, int] = {}
    for each in found if not run.state.has_ended else ():
        if len(totals) < MOST_COUNTED and each.kind == Iterate.kind and "/" not in each.path:
            # What it gave says it, and is opened for that; a long list is not.
            small = 0 < each.output_size <= MOST_OPENED_BYTES
            output = (await runs.step(actor, run.id, each.path)).output if small else None
            totals[each.path] = output.get("total", 0) if isinstance(output, dict) else 0
    return Steps(found, totals=totals, branches=branches)


async def items(request: Request) -> Response:
    """All items of one iterator of the run, those that failed first."""
    run, path = await run_asked(request), request.path_params["path"]
    steps = await steps_of(request, run)
    iterator = steps.at(path)
    if iterator is None or not steps.has_items(iterator):
        raise NotFound("There are no such items in this run.", hint="Its page shows all steps.")
    asked, at = request.query_params.get("state", ""), ListPage.of(request)
    state = StepState(asked) if asked in set(StepState) else None
    found = steps.items(path, state=state, offset=at.offset, limit=PER_PAGE)
    return page(
        request,
        "scenarios/run-items.html",
        run=run,
        iterator=iterator,
        items=found,
        total=found.begun if state is None else found.counts.get(state, 0),
        at=at,
        state=asked,
    )


async def step(request: Request) -> Response:
    """One step: what it was given, what it gave, and why it failed."""
    actor, run, path = actor_of(request), await run_asked(request), request.path_params["path"]
    runs = scenarios_of(request).runs
    detail = await runs.step(actor, run.id, path)
    all_steps = await runs.steps(actor, run.id)
    place = next((at for at, each in enumerate(all_steps) if each.path == path), 0)
    kept = await kept_of(request, run)
    return page(
        request,
        "scenarios/run-step.html",
        run=run,
        step=detail.step,
        failure=detail.failure or {},
        given=await body_of_bundle(detail.input),
        gave=await body_of_bundle(detail.output),
        connection=await connection_of(request, detail.step.connection_id),
        count=len(all_steps),
        before=all_steps[place - 1] if place else None,
        after=all_steps[place + 1] if place + 1 < len(all_steps) else None,
        in_editor=kept is not None and kept.scenario.module(detail.step.module_id) is not None,
    )


async def bundle(request: Request) -> Response:
    """The input or output of a step as a file."""
    asked = request.query_params
    path, side = asked.get("step", ""), asked.get("side", "output")
    run_id = request.path_params["scenario_run_id"]
    detail = await scenarios_of(request).runs.step(actor_of(request), run_id, path)
    given = detail.input if side == "input" else detail.output
    name = f"{run_id}-{path.replace('/', '-')}-{'input' if side == 'input' else 'output'}.json"
    return Response(
        await bytes_of(given),
        media_type="application/octet-stream",
        headers={
            "Content-Disposition": f'attachment; filename="{name}"',
            "Content-Security-Policy": BODY_POLICY,
        },
    )


async def run_asked(request: Request) -> ScenarioRun:
    """The run that the address names."""
    run_id = request.path_params["scenario_run_id"]
    return await scenarios_of(request).runs.find(actor_of(request), run_id)


async def kept_of(request: Request, run: ScenarioRun) -> KeptScenario | None:
    """The scenario of a run, when it is kept and still there."""
    if run.scenario_id is None:
        return None
    try:
        return await scenarios_of(request).find(actor_of(request), run.scenario_id)
    except NotFound:
        return None


async def connection_of(request: Request, connection_id: str | None) -> Connection | None:
    """The connection of this id, when it is still there."""
    if connection_id is None:
        return None
    try:
        return await engine_of(request).find(actor_of(request), connection_id)
    except ConnectionNotFound:
        return None


ROUTES: Final[list[BaseRoute]] = [
    Route("/scenarios/runs/{scenario_run_id}", show),
    Route("/scenarios/runs/{scenario_run_id}/progress", progress),
    Route("/scenarios/runs/{scenario_run_id}/items/{path:path}", items),
    Route("/scenarios/runs/{scenario_run_id}/steps/{path:path}", step),
    Route("/scenarios/runs/{scenario_run_id}/bundle", bundle),
]
