"""``grantline scenario``: scenarios listed, shown, switched on and off, deleted."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated, Final

import typer

from grantline.cli.commands.connection.change import YesOption
from grantline.cli.errors import UsageError
from grantline.cli.output import (
    Format,
    FormatOption,
    note,
    say,
    say_fields,
    say_json,
    say_table,
)
from grantline.cli.prompts import confirm
from grantline.cli.running import with_scenarios
from grantline.cli.words import relative, when
from grantline.clock import SystemClock
from grantline.errors import ScenarioNotReady

if TYPE_CHECKING:
    from grantline.scenarios.definition.problem import Problem
    from grantline.scenarios.definition.triggers import Trigger
    from grantline.scenarios.kept import KeptScenario, ScenarioSummary
    from grantline.scenarios.service import Scenarios

commands = typer.Typer()

NameArgument = Annotated[str, typer.Argument(help="Name or id of the scenario.")]
# A list of more is for programs, which ask for JSON; that has them all.
AT_ONCE: Final = 200


@commands.command("list", epilog="Example: grantline scenario list --search sheet")
def list_scenarios(
    *,
    search: Annotated[str, typer.Option(metavar="TEXT", help="Only names with this in them.")] = "",
    form: FormatOption = Format.TEXT,
) -> None:
    """Shows all scenarios: what starts each, whether it is on, when it is due."""
    from grantline.cli.commands.scenario.views import next_words, summary_view, trigger_words
    from grantline.scenarios.definition.triggers import MANUAL, Schedule, Webhook

    found = with_scenarios(lambda scenarios: _all(scenarios, search))
    if form is Format.JSON:
        say_json([summary_view(each) for each in found])
        return
    if not found:
        note("There are no scenarios yet." if not search else "None has this in its name.")
        note("hint: Take one from a file with: grantline scenario import FILE")
        return
    now = SystemClock().now()
    rows = []
    for each in found:
        trigger: Trigger = MANUAL
        if each.trigger == "schedule":
            trigger = Schedule(cron=each.cron, time_zone=each.time_zone)
        elif each.trigger == "webhook":
            trigger = Webhook()
        due = next_words(trigger, now) if each.is_active else ""
        rows.append(
            (
                each.name,
                "on" if each.is_active else "off",
                trigger_words(trigger),
                due or "-",
                str(each.modules),
                relative(each.updated_at, now),
            )
        )
    say_table(("NAME", "STATE", "STARTS", "NEXT", "MODULES", "CHANGED"), rows)


@commands.command(epilog="Example: grantline scenario show nightly-copy")
def show(
    name: NameArgument,
    *,
    webhook_url: Annotated[
        bool,
        typer.Option(
            "--webhook-url",
            help="Print the address of its webhook and nothing else: who knows it can start runs.",
        ),
    ] = False,
    form: FormatOption = Format.TEXT,
) -> None:
    """Shows one scenario: what starts it, its modules, what would keep it from running."""
    from grantline.cli.commands.scenario.views import (
        module_lines,
        next_words,
        note_problems,
        problem_view,
        scenario_view,
        trigger_words,
    )
    from grantline.connections.engine import LOCAL

    async def work(
        scenarios: Scenarios,
    ) -> tuple[KeptScenario, tuple[Problem, ...], dict[str, str]]:
        kept = await scenarios.find(LOCAL, name)
        problems = await scenarios.problems(LOCAL, kept.scenario)
        return kept, problems, await scenarios.names_of(LOCAL, kept.scenario)

    kept, problems, names = with_scenarios(work)
    if webhook_url:
        say(_webhook_url(kept))
        return
    if form is Format.JSON:
        say_json({**scenario_view(kept), "problems": [problem_view(each) for each in problems]})
        return
    now, scenario = SystemClock().now(), kept.scenario
    due = next_words(scenario.trigger, now) if kept.is_active else ""
    facts = [
        ("Scenario", f"{kept.name}  ({kept.id})"),
        ("State", "on" if kept.is_active else "off"),
        ("Starts", trigger_words(scenario.trigger)),
        ("Next", due),
        ("Note", scenario.note),
        ("Inputs", "\n".join(each.name for each in scenario.inputs)),
        ("Modules", "\n".join(module_lines(scenario.modules, names))),
        ("Changed", when(kept.updated_at, now)),
        ("Created", when(kept.created_at, now)),
    ]
    say_fields([(label, value) for label, value in facts if value])
    note_problems(problems)


@commands.command(epilog="Example: grantline scenario enable nightly-copy")
def enable(name: NameArgument, *, form: FormatOption = Format.TEXT) -> None:
    """Switches a scenario on: its trigger starts runs, in grantline serve."""
    from grantline.cli.commands.scenario.views import next_words, trigger_words
    from grantline.scenarios.definition.triggers import MANUAL

    kept = _switched(name, form, is_active=True)
    if form is Format.TEXT:
        trigger = kept.scenario.trigger
        due = next_words(trigger, SystemClock().now())
        say(f"“{kept.name}” is on: {trigger_words(trigger)}{f', next {due}' if due else ''}.")
        if trigger is not MANUAL:
            note("grantline serve starts the runs, as long as it is running.")


@commands.command(epilog="Example: grantline scenario disable nightly-copy")
def disable(name: NameArgument, *, form: FormatOption = Format.TEXT) -> None:
    """Switches a scenario off: its trigger starts no runs; it can be run by hand."""
    kept = _switched(name, form, is_active=False)
    if form is Format.TEXT:
        say(f"“{kept.name}” is off.")


@commands.command(epilog="Example: grantline scenario delete nightly-copy --yes")
def delete(name: NameArgument, *, yes: YesOption = False, form: FormatOption = Format.TEXT) -> None:
    """Deletes a scenario; the history of its runs stays."""
    from grantline.connections.engine import LOCAL

    found = with_scenarios(lambda scenarios: scenarios.find(LOCAL, name))
    if not yes and not confirm(f"Delete the scenario “{found.name}”?", option="--yes"):
        note("Nothing was deleted.")
        raise typer.Exit(1)
    gone = with_scenarios(lambda scenarios: scenarios.delete(LOCAL, found.id))
    if form is Format.JSON:
        say_json({"deleted": gone.name})
    else:
        say(f"Deleted the scenario “{gone.name}”.")


def _webhook_url(kept: KeptScenario) -> str:
    from grantline.server.settings import ServerSettings

    if (path := kept.hook_url_path) is None:
        raise UsageError(
            f"No webhook starts “{kept.name}”.",
            hint="Write trigger: {webhook: {}} into its file, and import it with --replace.",
        )
    return ServerSettings.from_environment(os.environ).public_url + path.reveal()


def _switched(name: str, form: Format, *, is_active: bool) -> KeptScenario:
    from grantline.cli.commands.scenario.views import scenario_view
    from grantline.connections.engine import LOCAL

    with all_problems(form):
        kept = with_scenarios(lambda scenarios: scenarios.set_active(LOCAL, name, is_active))
    if form is Format.JSON:
        say_json(scenario_view(kept))
    return kept


class all_problems:  # noqa: N801 - it is used as a function
    """Within it, of a scenario that is not ready every problem is said, not the first alone."""

    def __init__(self, form: Format) -> None:
        self._form = form

    def __enter__(self) -> None:
        """Nothing is said yet."""

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        if isinstance(error, ScenarioNotReady) and self._form is Format.TEXT:
            for each in error.problems[1:]:
                note(f"problem: {each}")


async def _all(scenarios: Scenarios, search: str) -> list[ScenarioSummary]:
    from grantline.connections.engine import LOCAL

    found: list[ScenarioSummary] = []
    while True:
        page = await scenarios.page(LOCAL, query=search, offset=len(found), limit=AT_ONCE)
        found += page.rows
        if not page.rows or len(found) >= page.total:
            return found
