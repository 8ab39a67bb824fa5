"""Run once: what a run is given, and how it goes on, beside the modules in the editor."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from grantline.calls.structures.json_values import dump_json, load_json
from grantline.errors import GrantlineError, InvalidInput
from grantline.scenarios.definition.scenario import Input
from grantline.scenarios.kept import KeptScenario
from grantline.scenarios.runs.run import ScenarioRun
from grantline.server.page import actor_of, is_part, page, scenarios_of, see_other
from grantline.server.pages.scenarios.runs.listing import run_url
from grantline.server.pages.scenarios.runs.run import changed_run, connection_of, steps_of
from grantline.server.pages.scenarios.runs.steps import module_lights

PREFIX: Final = "input."
GIVEN: Final = "inputs."
LIVE: Final = "scenarios/run-live.html"


async def ask(request: Request) -> Response:
    """The page that asks for what a run is given."""
    kept = await scenarios_of(request).find(actor_of(request), request.path_params["scenario_id"])
    return page(request, "scenarios/run-once.html", **once_context(kept))


async def start(request: Request) -> Response:
    """Starts a run, and shows it: beside the modules for our script, else on its own page."""
    actor, form = actor_of(request), await request.form()
    kept = await scenarios_of(request).find(actor, request.path_params["scenario_id"])
    try:
        inputs = inputs_of(kept.scenario.inputs, form)
        run = await scenarios_of(request).runs.start(actor, kept.id, inputs)
    except GrantlineError as error:
        context = once_context(kept, typed=form, error=_by_its_field(error))
        return page(request, _form(request), status=error.http_status, **context)
    if not is_part(request):
        return see_other(request, run_url(run))
    shown = page(request, LIVE, **await _live_context(request, run))
    shown.headers["HX-Retarget"] = "#run-live"
    shown.headers["HX-Reswap"] = "outerHTML"
    shown.headers["HX-Trigger"] = "run-started"
    return shown


async def live(request: Request) -> Response:
    """The run beside the modules, as soon as there is news of it."""
    run = await changed_run(request)
    if run is None:
        return Response(status_code=204)
    return page(request, LIVE, is_update=True, **await _live_context(request, run))


def once_context(
    kept: KeptScenario, *, typed: FormData | None = None, error: GrantlineError | None = None
) -> dict[str, Any]:
    """What the form for the inputs of a run shows; the editor has it in a dialog."""
    given = {
        each.name: str(typed.get(PREFIX + each.name, "")) if typed is not None else _shown(each)
        for each in kept.scenario.inputs
    }
    return {"kept": kept, "given": given, "error": error}


def inputs_of(wanted: tuple[Input, ...], form: Mapping[str, Any]) -> dict[str, Any]:
    """The inputs that a form gives. An empty field is an input that is not given.

    Raises:
        InvalidInput: A value is not of the kind of its default.
    """
    given = {}
    for each in wanted:
        text = str(form.get(PREFIX + each.name, ""))
        if text.strip() or isinstance(each.default, str):
            given[each.name] = _value(each, text)
    return given


def _form(request: Request) -> str:
    """Where a refusal is shown: the dialog of the editor, above its cards, or a page."""
    if not is_part(request):
        return "scenarios/run-once.html"
    is_dialog = request.headers.get("HX-Target") == "run-inputs-form"
    return "scenarios/run-inputs.html" if is_dialog else "scenarios/run-refused.html"


def _by_its_field(error: GrantlineError) -> GrantlineError:
    """``error``, about the field by which the form calls the input."""
    if isinstance(error, InvalidInput) and error.field.startswith(GIVEN):
        name = error.field.removeprefix(GIVEN)
        return InvalidInput(error.message, field=name, hint=error.hint)
    return error


def _value(wanted: Input, text: str) -> Any:
    """A text as it is; JSON where the default is a number, a list or the like."""
    if wanted.default is None or isinstance(wanted.default, str):
        return text
    try:
        return load_json(text)
    except ValueError:
        raise InvalidInput(
            f"{wanted.name} is no JSON value.",
            field=wanted.name,
            hint=f"Write it like its default: {dump_json(wanted.default)[:100]}.",
        ) from None


def _shown(wanted: Input) -> str:
    if wanted.default is None:
        return ""
    return wanted.default if isinstance(wanted.default, str) else dump_json(wanted.default)


async def _live_context(request: Request, run: ScenarioRun) -> dict[str, Any]:
    return {
        "run": run,
        "connection": await connection_of(request, run.connection_id),
        "lights": module_lights(await steps_of(request, run)),
    }


ROUTES: Final[list[BaseRoute]] = [
    Route("/scenarios/{scenario_id}/run", ask),
    Route("/scenarios/{scenario_id}/runs", start, methods=["POST"]),
    Route("/scenarios/runs/{scenario_run_id}/live", live),
]
