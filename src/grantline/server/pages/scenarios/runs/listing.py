"""Runs of scenarios in a list, by filters that are in the address; cancelled, and run again."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from grantline.scenarios.kept import KeptScenario
from grantline.scenarios.runs.run import Cause, RunState, ScenarioRun
from grantline.server.page import actor_of, engine_of, now_of, page, scenarios_of, see_other
from grantline.server.pages.list_pages import PER_PAGE, ListPage
from grantline.server.pages.returning import return_path

LIST: Final = "/scenarios/runs"
STATES: Final = (
    ("", "Any state"),
    (RunState.RUNNING, "Running"),
    (RunState.WAITING, "Waiting"),
    (RunState.RETRYING, "Tries again"),
    (RunState.PARKED, "Waits for a connection"),
    (RunState.SUCCEEDED, "Succeeded"),
    (RunState.FAILED, "Failed"),
    (RunState.CANCELLED, "Cancelled"),
)
CAUSES: Final = (
    ("", "Any start"),
    (Cause.BY_HAND, "By hand"),
    (Cause.SCHEDULE, "Schedule"),
    (Cause.WEBHOOK, "Webhook"),
    (Cause.RERUN, "Re-run"),
)
SPANS: Final = {
    "1h": ("Last hour", timedelta(hours=1)),
    "1d": ("Last 24 hours", timedelta(days=1)),
    "7d": ("Last 7 days", timedelta(days=7)),
    "30d": ("Last 30 days", timedelta(days=30)),
}


async def overview(request: Request) -> Response:
    """Runs of all scenarios, newest first."""
    return await _list(request, None)


async def of_scenario(request: Request) -> Response:
    """Runs of one scenario."""
    kept = await scenarios_of(request).find(actor_of(request), request.path_params["scenario_id"])
    return await _list(request, kept)


async def _list(request: Request, kept: KeptScenario | None) -> Response:
    actor, asked, at = actor_of(request), request.query_params, ListPage.of(request)
    query, within = asked.get("q", "").strip(), asked.get("within", "")
    state, cause = asked.get("state", ""), asked.get("cause", "")
    connection_id = asked.get("connection", "")
    found = await scenarios_of(request).runs.page(
        actor,
        scenario_id=kept.id if kept else None,
        state=RunState(state) if state in set(RunState) else None,
        cause=Cause(cause) if cause in set(Cause) else None,
        connection_id=connection_id or None,
        since=now_of(request) - SPANS[within][1] if within in SPANS else None,
        query=query,
        offset=at.offset,
        limit=PER_PAGE,
    )
    waited_for = {each.connection_id for each in found.rows if each.connection_id}
    return page(
        request,
        "scenarios/runs.html",
        kept=kept,
        found=found,
        at=at,
        query=query,
        state=state,
        cause=cause,
        within=within,
        connection_id=connection_id,
        states=STATES,
        causes=CAUSES,
        spans=[("", "Any time"), *((key, word) for key, (word, _) in SPANS.items())],
        connections=await engine_of(request).listing.names(
            actor, waited_for | ({connection_id} if connection_id else set())
        ),
        is_filtered=bool(query or state or cause or within or connection_id),
    )


async def cancel(request: Request) -> Response:
    """Ends a run, at once or after the step that is under way."""
    form = await request.form()
    run_id = request.path_params["scenario_run_id"]
    run = await scenarios_of(request).runs.cancel(actor_of(request), run_id)
    if form.get("stay"):
        return Response(status_code=204)  # the page follows the run by itself
    said = "The run is cancelled." if run.state.has_ended else "The run ends after this step."
    return see_other(request, return_path(form.get("back")) or run_url(run), said)


async def rerun(request: Request) -> Response:
    """Starts a run like this one: from its beginning, or from a step on."""
    form = await request.form()
    step = str(form.get("step") or "")
    run = await scenarios_of(request).runs.rerun(
        actor_of(request), request.path_params["scenario_run_id"], from_step=step or None
    )
    said = "What came before that step was taken over." if step else ""
    return see_other(request, run_url(run), said)


def run_url(run: ScenarioRun) -> str:
    """The page of a run."""
    return f"{LIST}/{run.id}"


ROUTES: Final[list[BaseRoute]] = [
    Route(LIST, overview),
    Route("/scenarios/{scenario_id}/runs", of_scenario),
    Route("/scenarios/runs/{scenario_run_id}/cancel", cancel, methods=["POST"]),
    Route("/scenarios/runs/{scenario_run_id}/rerun", rerun, methods=["POST"]),
]
