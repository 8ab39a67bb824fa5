"""What the pages of one scenario share: the scenario, its editor, what lies between two pages."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from grantline.connections.credentials.credential import Kind
from grantline.connections.state import HELD
from grantline.errors import InvalidInput, ScenarioNotReady
from grantline.scenarios.definition.modules import KINDS
from grantline.scenarios.definition.problem import Problem
from grantline.scenarios.definition.scenario import Scenario
from grantline.scenarios.definition.spans import span_words
from grantline.scenarios.definition.triggers import Manual
from grantline.scenarios.kept import KeptScenario
from grantline.server.page import actor_of, engine_of, is_part, page, scenarios_of
from grantline.server.pages.requests.bench import Shelf
from grantline.server.pages.scenarios.outline import ABOUT, ICONS, outline_of, used_ids
from grantline.server.pages.scenarios.problems import href_of, said_with_place
from grantline.server.pages.scenarios.runs.once import once_context
from grantline.server.pages.scenarios.trigger import trigger_card

MOST_DRAFTS_BYTES: Final = 16 * 1024 * 1024
MOST_UNDO_BYTES: Final = 16 * 1024 * 1024
# Connections of one scenario whose state its editor tells; few have more.
MOST_ASKED: Final = 20
LISTED_KINDS: Final = tuple((kind, KINDS[kind].title, ICONS[kind], ABOUT[kind]) for kind in KINDS)


@dataclass(frozen=True, slots=True)
class Undo:
    """What there was before something was deleted.

    Attributes:
        version: The scenario's since then; with a later one it is too late.
        what: What was deleted, in words.
    """

    scenario: Scenario
    version: int
    what: str


@dataclass(slots=True)
class ScenarioBench:
    """What lies between two pages, in memory and bounded, as on the bench of requests."""

    drafts: Shelf[list[tuple[str, str]]] = field(default_factory=lambda: Shelf(MOST_DRAFTS_BYTES))
    undos: Shelf[Undo] = field(default_factory=lambda: Shelf(MOST_UNDO_BYTES))


@dataclass(frozen=True, slots=True)
class ShownProblem:
    """A problem with the address of the field that it is about."""

    message: str
    hint: str
    href: str


def scenario_bench(request: Request) -> ScenarioBench:
    """The bench of the app that answers ``request``."""
    state = request.app.state
    if not hasattr(state, "scenario_bench"):
        state.scenario_bench = ScenarioBench()
    bench: ScenarioBench = state.scenario_bench
    return bench


async def kept_of(request: Request) -> KeptScenario:
    """The scenario that the address names; raises ``NotFound``."""
    return await scenarios_of(request).find(actor_of(request), request.path_params["scenario_id"])


def home_of(kept: KeptScenario) -> str:
    """The address of a scenario."""
    return f"/scenarios/{kept.id}"


async def sent_version(request: Request) -> int | None:
    """The version of the scenario that the page which was sent had shown."""
    text = str((await request.form()).get("version", ""))
    return int(text) if text.isdecimal() and len(text) < 10 else None


async def show_editor(
    request: Request, kept: KeptScenario, *, status: int = 200, **said: Any
) -> Response:
    """The editor, or the part of it that changes; ``said`` is what there is to say besides."""
    engine, actor, scenario = engine_of(request), actor_of(request), kept.scenario
    connections, credentials = used_ids(scenario)
    names = {
        **await engine.listing.names(actor, connections),
        **await engine.credentials.names(actor, credentials),
    }
    problems = await scenarios_of(request).problems(actor, scenario)
    asked = sorted(each for each in connections if each in names)[:MOST_ASKED]
    found = [await engine.find(actor, each) for each in asked]
    undo = scenario_bench(request).undos.get(actor, said.get("undo", ""))
    if undo is not None and undo.version != kept.version:
        undo = None
    home = home_of(kept)
    return page(
        request,
        "scenarios/flow.html" if is_part(request) else "scenarios/editor.html",
        status=status,
        **{**said, "undo": said.get("undo", "") if undo else ""},
        undone_word=f"{undo.what} is deleted." if undo else "",
        kept=kept,
        scenario=scenario,
        home=home,
        is_manual=isinstance(scenario.trigger, Manual),
        lane=outline_of(scenario, names, problems),
        trigger=trigger_card(request, kept),
        problems=[shown(each, home) for each in problems],
        unauthorized={each.id: each for each in found if each.state not in HELD},
        within_words=span_words(scenario.bounds.within),
        kinds=LISTED_KINDS,
        place="",
        given=once_context(kept)["given"],
        error=None,
    )


def shown(problem: Problem, home: str) -> ShownProblem:
    """``problem`` with a link to its field."""
    return ShownProblem(said_with_place(problem), problem.hint, home + href_of(problem))


def problems_of(error: ScenarioNotReady) -> tuple[Problem, ...]:
    """What keeps the scenario from running."""
    return tuple(each for each in error.problems if isinstance(each, Problem))


def refused_while_on(error: ScenarioNotReady, label: str = "Modules") -> ScenarioNotReady:
    """``error``, which an edit of a scenario met that is on, with the way out."""
    return ScenarioNotReady(
        f"Nothing is saved: the scenario is on, and could not run like this. {error.message}",
        field=label,
        hint=f"{error.hint} Or switch it off, and save a draft.".lstrip(),
        problems=error.problems,
    )


def kind_named(text: str) -> str:
    """``text`` as a kind of module; raises ``InvalidInput``."""
    if text not in KINDS:
        raise InvalidInput(
            "There is no such kind of module.", field="kind", hint=f"There are {', '.join(KINDS)}."
        )
    return text


async def credential_kind(request: Request, credential_id: str | None) -> Kind | None:
    """The kind of a credential; None when there is none, or it is there no more."""
    if credential_id is None:
        return None
    names = await engine_of(request).credentials.names(actor_of(request), {credential_id})
    if credential_id not in names:
        return None
    return (await engine_of(request).credentials.find(actor_of(request), credential_id)).kind
