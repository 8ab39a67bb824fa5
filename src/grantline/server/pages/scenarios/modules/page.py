"""The form of a module: shown, saved, left for a new connection and come back to."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from grantline.errors import ConnectionChanged, GrantlineError, InvalidInput, ScenarioNotReady
from grantline.scenarios.definition.edits import (
    Place,
    module_of,
    next_number,
    with_changed,
    with_module,
)
from grantline.scenarios.definition.modules import Action, Module, Router, Sleep
from grantline.scenarios.definition.problem import Problem
from grantline.scenarios.definition.scenario import Scenario
from grantline.scenarios.definition.scope import visible_modules
from grantline.scenarios.kept import KeptScenario
from grantline.server.page import actor_of, page, scenarios_of, see_other
from grantline.server.pages.connections.consent import go_on
from grantline.server.pages.requests.credential_choices import credential_choices, with_chosen
from grantline.server.pages.requests.form import Authentication, BodyType
from grantline.server.pages.requests.page import BODIES, choices_of, connection_of, words_for
from grantline.server.pages.scenarios.editor import keep_undo
from grantline.server.pages.scenarios.modules.fill import empty_form, form_of_module
from grantline.server.pages.scenarios.modules.form import (
    BranchRow,
    ModuleForm,
    ValueRow,
    escaped,
    module_form_of,
)
from grantline.server.pages.scenarios.modules.read import module_of_form
from grantline.server.pages.scenarios.outline import ABOUT, ICONS
from grantline.server.pages.scenarios.page import (
    credential_kind,
    home_of,
    kept_of,
    kind_named,
    problems_of,
    refused_while_on,
    scenario_bench,
)
from grantline.server.pages.scenarios.picker import (
    MOST_VALUES,
    fixed_values,
    iterators_before,
    last_values,
    open_iterator,
    sources_of,
    usual_values,
)
from grantline.server.pages.scenarios.problems import by_label

ACTIONS: Final = (
    (Action.STOP.value, "Stop: the run fails"),
    (Action.IGNORE.value, "Ignore: this bundle ends here, the run goes on with the next"),
    (Action.RETRY_LATER.value, "Try again later"),
    (Action.FALLBACK.value, "Go on with a fallback"),
)
ACTION_WORDS: Final = {
    Action.STOP.value: "stop",
    Action.IGNORE.value: "ignore",
    Action.RETRY_LATER.value: "try again later",
    Action.FALLBACK.value: "fallback",
}
ANSWERS: Final = tuple(
    each for each in BODIES if each[0] not in frozenset({BodyType.MULTIPART, BodyType.FILE})
)
MOST_FIELDS: Final = 5_000
MOST_BYTES: Final = 4 * 1024 * 1024


async def edit(request: Request) -> Response:
    """The form of a module that is there."""
    kept, number = await kept_of(request), request.path_params["number"]
    module = module_of(kept.scenario, number)
    if (drafted := await _draft(request, module.does.kind, number)) is not None:
        return await show_form(request, kept, drafted)
    call = module.call
    kind = await credential_kind(request, call.credentials.credential_id if call else None)
    return await show_form(request, kept, form_of_module(module, kind, version=kept.version))


async def new(request: Request) -> Response:
    """The form of a module that is to be added."""
    kept, asked = await kept_of(request), request.query_params
    kind = kind_named(asked.get("kind", ""))
    if (drafted := await _draft(request, kind, 0)) is not None:
        return await show_form(request, kept, drafted)
    place = Place.parse(asked.get("place", ""))
    form = empty_form(
        kind,
        place=str(place),
        version=kept.version,
        source=open_iterator(kept.scenario, place),
    )
    return await show_form(request, kept, form)


async def save(request: Request) -> Response:
    """Saves a module, or adds it, over the version of the scenario that the form was made of."""
    kept, number = await kept_of(request), request.path_params.get("number", 0)
    form = await _sent_form(request, kept, number)
    try:
        old, module, changed = _changed(kept.scenario, form, number)
        new = await scenarios_of(request).edit(
            actor_of(request), kept.id, changed, version=form.version
        )
    except ConnectionChanged:
        newer = replace(form, version=kept.version)
        return await show_form(request, kept, newer, status=409, conflict=kept)
    except ScenarioNotReady as error:
        found = by_label(problems_of(error), number or next_number(kept.scenario))
        refused = refused_while_on(error, next(iter(found), "Modules"))
        return await show_form(
            request, kept, form, status=error.http_status, error=refused, problems=found
        )
    except GrantlineError as error:
        return await show_form(request, kept, form, status=error.http_status, error=error)
    return await _after_saving(request, kept, new, module, old)


async def create_connection(request: Request) -> Response:
    """Keeps what was typed, and leads to a new connection, which leads back to it."""
    await kept_of(request)
    back = urlencode({"return_to": await _draft_url(request)})
    return see_other(request, f"/connections/new?{back}")


async def create_credential(request: Request) -> Response:
    """Keeps what was typed, and leads to a new credential, which leads back to it."""
    await kept_of(request)
    asked = {
        "kind": request.query_params.get("kind", ""),
        "return_to": await _draft_url(request),
    }
    return see_other(request, f"/credentials/new?{urlencode(asked)}")


async def connect_again(request: Request) -> Response:
    """Keeps what was typed, and begins a new consent, which leads back to it."""
    kept, number = await kept_of(request), request.path_params.get("number", 0)
    form = await _sent_form(request, kept, number)
    back = await _draft_url(request)
    try:
        connection = await connection_of(request, form.call)
    except InvalidInput as error:
        return await show_form(request, kept, form, status=error.http_status, error=error)
    if connection is None:
        return see_other(request, back)
    return await go_on(request, connection, return_to=back)


async def values(request: Request) -> Response:
    """What a module gave when it last ran: a part of the picker."""
    kept, number = await kept_of(request), request.path_params["number"]
    module = module_of(kept.scenario, number)
    found = await scenarios_of(request).runs.last_output(actor_of(request), kept.id, number)
    paths = last_values(module, found.output) if found is not None and found.output else []
    return page(
        request,
        "scenarios/values.html",
        home=home_of(kept),
        paths=paths,
        is_cut=len(paths) >= MOST_VALUES,
        usual=usual_values(module),
    )


async def check(request: Request) -> Response:
    """What is wrong with a module as it is typed, by the labels of its fields."""
    kept, number = await kept_of(request), request.path_params.get("number", 0)
    form = await _sent_form(request, kept, number)
    try:
        _, module, changed = _changed(kept.scenario, form, number)
    except InvalidInput as error:
        return JSONResponse({error.field: f"{error.message} {error.hint}".rstrip()})
    found = by_label(await scenarios_of(request).problems(actor_of(request), changed), module.id)
    return JSONResponse({label: _words(each) for label, each in found.items()})


async def show_form(
    request: Request, kept: KeptScenario, form: ModuleForm, *, status: int = 200, **said: Any
) -> Response:
    """The page with everything in ``form``; ``said`` is what there is to say besides."""
    scenario, home = kept.scenario, home_of(kept)
    number = form.number or next_number(scenario)
    whole = scenario if form.number else _with_stand_in(scenario, form, number)
    visible = visible_modules(whole, number)
    wrong: dict[str, list[Problem]] = said.pop("problems", {})
    if form.number and not said:
        found = await scenarios_of(request).problems(actor_of(request), scenario)
        wrong = by_label(found, form.number)
    action = f"{home}/modules/{form.number}" if form.number else f"{home}/modules/new"
    return page(
        request,
        "scenarios/module.html",
        status=status,
        **{"error": None, "conflict": None, **said},
        scenario=scenario,
        home=home,
        action=action,
        module=form,
        form=form.call,
        icon=ICONS[form.kind],
        about=ABOUT[form.kind],
        next_number=number,
        problems=wrong,
        problem_count=sum(map(len, wrong.values())),
        ways=action,
        form_id="module",
        types_keys=False,
        has_pages=form.has_pages,
        **(await _call_context(request, form)),
        actions=ACTIONS,
        actions_words=ACTION_WORDS,
        separator=escaped(form.separator),
        iterators=iterators_before(whole, number, form.source),
        new_branch=BranchRow(),
        new_value=ValueRow(),
        sources=sources_of(visible),
        fixed=fixed_values(scenario, visible),
    )


def _changed(
    scenario: Scenario, form: ModuleForm, number: int
) -> tuple[Module | None, Module, Scenario]:
    """The module as it was, as it is meant, and the scenario with it; raises ``InvalidInput``."""
    old = module_of(scenario, number) if number else None
    module = module_of_form(form, number or next_number(scenario), old)
    if old is None:
        return None, module, with_module(scenario, module, Place.parse(form.place))
    return old, module, with_changed(scenario, module)


def _words(problems: Sequence[Problem]) -> str:
    return " ".join(f"{each.message} {each.hint}".rstrip() for each in problems)


async def _call_context(request: Request, form: ModuleForm) -> dict[str, Any]:
    words = words_for(form.call)
    words["bodies"] = BODIES if form.is_call else ANSWERS
    if not form.is_call:
        return words
    return {
        **words,
        "choices": await choices_of(request, form.call.connection_id),
        "kept": await credential_choices(request, form.call),
    }


async def _sent_form(request: Request, kept: KeptScenario, number: int) -> ModuleForm:
    pairs = await _pairs(request)
    kind = dict(pairs).get("kind", "")
    if number:
        kind = module_of(kept.scenario, number).does.kind
    return await module_form_of(pairs, kind_named(kind), number)


async def _pairs(request: Request) -> list[tuple[str, str]]:
    async with request.form(max_fields=MOST_FIELDS, max_part_size=MOST_BYTES) as data:
        return [(name, value) for name, value in data.multi_items() if isinstance(value, str)]


async def _draft_url(request: Request) -> str:
    """The address under which what was typed is shown again."""
    pairs, key = await _pairs(request), secrets.token_urlsafe(9)
    size = sum(len(name) + len(value) for name, value in pairs)
    scenario_bench(request).drafts.put(actor_of(request), key, pairs, size)
    asked = {"draft": key}
    if "number" not in request.path_params:
        asked |= {name: dict(pairs).get(name, "") for name in ("kind", "place")}
    path = request.url.path.rpartition("/")[0]
    return f"{path}?{urlencode(asked)}"


async def _draft(request: Request, kind: str, number: int) -> ModuleForm | None:
    """What was typed before, with what was made meanwhile chosen in it."""
    asked = request.query_params
    pairs = scenario_bench(request).drafts.get(actor_of(request), asked.get("draft", ""))
    if pairs is None:
        return None
    form = await module_form_of(pairs, kind, number)
    call = form.call
    if connection_id := asked.get("connection", ""):
        call = replace(call, authentication=Authentication.OAUTH, connection_id=connection_id)
    if credential_id := asked.get("credential", ""):
        call = await with_chosen(request, call, credential_id)
    return replace(form, call=call)


def _with_stand_in(scenario: Scenario, form: ModuleForm, number: int) -> Scenario:
    """``scenario`` with some module where the new one goes, so that what it sees is known."""
    try:
        return with_module(scenario, Module(id=number, does=Sleep()), Place.parse(form.place))
    except GrantlineError:
        return replace(scenario, modules=(*scenario.modules, Module(id=number, does=Sleep())))


async def _after_saving(
    request: Request, kept: KeptScenario, new: KeptScenario, module: Module, old: Module | None
) -> Response:
    """The editor; but the form again when something keeps the module from running."""
    home = home_of(new)
    found = by_label(
        await scenarios_of(request).problems(actor_of(request), new.scenario), module.id
    )
    if found:
        return see_other(request, f"{home}/modules/{module.id}", f"“{module.label}” is saved.")
    if old is not None and _lost_modules(old, module):
        undo = keep_undo(request, kept, "A branch with its modules")
        return see_other(request, f"{home}?undo={undo}", f"“{module.label}” is saved.")
    return see_other(request, f"{home}#module-{module.id}", f"“{module.label}” is saved.")


def _lost_modules(old: Module, new: Module) -> bool:
    def count(module: Module) -> int:
        return sum(1 for _ in Scenario(name="", modules=(module,)).each_module())

    return isinstance(old.does, Router) and count(new) < count(old)


_ONE: Final = "/scenarios/{scenario_id}/modules/{number:int}"
_NEW: Final = "/scenarios/{scenario_id}/modules/new"

ROUTES: Final[list[BaseRoute]] = [
    Route("/scenarios/{scenario_id}/values/{number:int}", values),
    Route(_NEW, new),
    Route(_NEW, save, methods=["POST"]),
    Route(_ONE, edit),
    Route(_ONE, save, methods=["POST"]),
    *(
        Route(f"{path}/{word}", endpoint, methods=["POST"])
        for path in (_ONE, _NEW)
        for word, endpoint in (
            ("create-connection", create_connection),
            ("create-credential", create_credential),
            ("connect-again", connect_again),
            ("check", check),
        )
    ),
]
