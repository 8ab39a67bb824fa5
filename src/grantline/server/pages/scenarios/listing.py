"""Scenarios: the list, a new one, and what is done to a whole one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from grantline.errors import GrantlineError, InvalidInput, ScenarioNotReady
from grantline.scenarios.definition.scenario import Scenario
from grantline.scenarios.definition.triggers import Schedule
from grantline.scenarios.kept import ScenarioSummary
from grantline.scenarios.runs.run import ScenarioRun
from grantline.scenarios.triggers.schedule import next_times
from grantline.scenarios.triggers.schedule_words import in_words
from grantline.server.flash import Tone
from grantline.server.page import actor_of, engine_of, now_of, page, scenarios_of, see_other
from grantline.server.pages.list_pages import PER_PAGE, ListPage
from grantline.server.pages.scenarios.files import EXAMPLES, free_name
from grantline.server.pages.scenarios.page import home_of, kept_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A scenario as the list shows it.

    Attributes:
        trigger: What starts it, in words.
        next_at: When it runs next, for one that is on and has a schedule.
    """

    scenario: ScenarioSummary
    trigger: str
    next_at: datetime | None = None
    last_run: ScenarioRun | None = None


async def overview(request: Request) -> Response:
    """The list."""
    engine, actor = engine_of(request), actor_of(request)
    query = request.query_params.get("q", "").strip()
    connection_id = request.query_params.get("connection", "")
    at = ListPage.of(request)
    found = await scenarios_of(request).page(
        actor,
        query=query,
        connection_id=connection_id or None,
        offset=at.offset,
        limit=PER_PAGE,
    )
    names = await engine.listing.names(actor, {connection_id}) if connection_id else {}
    latest = await scenarios_of(request).runs.latest(actor, {each.id for each in found.rows})
    now = now_of(request)
    return page(
        request,
        "scenarios/list.html",
        rows=[_row(each, latest.get(each.id), now) for each in found.rows],
        total=found.total,
        query=query,
        connection_id=connection_id,
        connection_name=names.get(connection_id),
        examples=EXAMPLES,
        at=at,
    )


async def new(request: Request) -> Response:
    """The form of a new scenario."""
    return page(request, "scenarios/new.html", name="", error=None)


async def create(request: Request) -> Response:
    """A new scenario without modules."""
    name = str((await request.form()).get("name", "")).strip()
    try:
        if not name:
            raise InvalidInput(
                "The name is empty.", field="Name", hint="For example: Nightly report."
            )
        kept = await scenarios_of(request).create(actor_of(request), Scenario(name=name))
    except GrantlineError as error:
        label = getattr(error, "field", "Name")
        shown = InvalidInput(
            error.message, field="Name" if label == "Scenario name" else label, hint=error.hint
        )
        return page(request, "scenarios/new.html", status=error.http_status, name=name, error=shown)
    return see_other(request, home_of(kept))


async def duplicate(request: Request) -> Response:
    """The same scenario once more, under a name that is free."""
    kept = await kept_of(request)
    copy = await scenarios_of(request).duplicate(
        actor_of(request), kept.id, await free_name(request, kept.name)
    )
    return see_other(request, home_of(copy), f"This is a copy of “{kept.name}”. It is off.")


async def delete(request: Request) -> Response:
    """Deletes a scenario; its runs stay."""
    gone = await scenarios_of(request).delete(actor_of(request), request.path_params["scenario_id"])
    return see_other(request, "/scenarios", f"“{gone.name}” is deleted. Its runs stay.")


async def switch_on(request: Request) -> Response:
    """Lets the trigger start runs, unless something keeps them from running."""
    kept = await kept_of(request)
    try:
        await scenarios_of(request).set_active(actor_of(request), kept.id, True)  # noqa: FBT003
    except ScenarioNotReady as error:
        count = len(error.problems)
        what = "One problem keeps" if count == 1 else f"{count} problems keep"
        text = f"It stays off. {what} it from running: {error.message} {error.hint}"
        return see_other(request, home_of(kept), text, tone=Tone.WARNING)
    return see_other(request, home_of(kept), f"“{kept.name}” is on.")


async def switch_off(request: Request) -> Response:
    """Keeps the trigger from starting runs."""
    kept = await kept_of(request)
    await scenarios_of(request).set_active(actor_of(request), kept.id, False)  # noqa: FBT003
    return see_other(request, home_of(kept), f"“{kept.name}” is off. Runs under way go on.")


async def new_address(request: Request) -> Response:
    """Gives the webhook another address, which the page of the trigger then shows."""
    kept = await kept_of(request)
    await scenarios_of(request).rotate_hook(actor_of(request), kept.id)
    said = "The webhook has a new address. The old one is unknown from now on."
    return see_other(request, f"{home_of(kept)}/trigger", said)


def _row(summary: ScenarioSummary, last_run: ScenarioRun | None, now: datetime) -> Row:
    row = Row(scenario=summary, trigger="By hand", last_run=last_run)
    if summary.trigger == "webhook":
        return replace(row, trigger="Webhook")
    if summary.trigger != "schedule":
        return row
    schedule = Schedule(cron=summary.cron, time_zone=summary.time_zone)
    try:
        words = in_words(schedule)
        times = next_times(schedule, now, 1) if summary.is_active else ()
    except GrantlineError:
        return replace(row, trigger=summary.cron or "Schedule")
    return replace(row, trigger=words, next_at=times[0] if times else None)


ROUTES: Final[list[BaseRoute]] = [
    Route("/scenarios", overview),
    Route("/scenarios/new", new),
    Route("/scenarios/new", create, methods=["POST"]),
    Route("/scenarios/{scenario_id}/duplicate", duplicate, methods=["POST"]),
    Route("/scenarios/{scenario_id}/delete", delete, methods=["POST"]),
    Route("/scenarios/{scenario_id}/switch-on", switch_on, methods=["POST"]),
    Route("/scenarios/{scenario_id}/switch-off", switch_off, methods=["POST"]),
    Route("/scenarios/{scenario_id}/new-address", new_address, methods=["POST"]),
]
