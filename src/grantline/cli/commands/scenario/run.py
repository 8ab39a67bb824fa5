"""``grantline scenario``: scenarios run, and the runs that there were."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from grantline.cli.commands.scenario.file import looked_up, whole_file
from grantline.cli.commands.scenario.progress import Watched, finish, watch
from grantline.cli.commands.scenario.scenario import AT_ONCE, all_problems
from grantline.cli.errors import UsageError
from grantline.cli.files import STDIN, read_text
from grantline.cli.output import Format, FormatOption, note, say, say_fields, say_json, say_table
from grantline.cli.running import with_scenarios
from grantline.cli.words import relative, when
from grantline.clock import SystemClock
from grantline.errors import InvalidInput, ScenarioNotReady
from grantline.scenarios.runs.run import RunState

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from grantline.scenarios.definition.yaml_file import ScenarioFile
    from grantline.scenarios.runs.run import RunStep, ScenarioRun
    from grantline.scenarios.service import Scenarios

commands = typer.Typer()

RUN_PREFIX = "srn_"
STATES = ", ".join(RunState)
RunArgument = Annotated[str, typer.Argument(metavar="RUN", help="Id of the run: srn_...")]
_SUFFIXES = (".yaml", ".yml")


@commands.command(
    epilog="Example: grantline scenario run copy.yaml --input folder=/Make --input most:=100"
)
def run(
    what: Annotated[
        str,
        typer.Argument(
            metavar="FILE_OR_NAME", help="A YAML file, - for stdin, or the name of a scenario."
        ),
    ],
    *,
    inputs: Annotated[
        list[str] | None,
        typer.Option(
            "--input",
            metavar="K=V",
            help="An input: K=V is a text, K:=V is JSON. Repeat it for more.",
        ),
    ] = None,
    form: FormatOption = Format.TEXT,
) -> None:
    """Runs a scenario to its end; what its last module gives is printed."""
    from grantline.connections.engine import LOCAL

    given = input_values(inputs or ())
    file = whole_file(read_text(what), form) if _is_file(what) else None

    async def work(scenarios: Scenarios) -> Watched:
        try:
            if file is None:
                begun = await scenarios.runs.start(LOCAL, what, given)
            else:
                begun = await _start_file(scenarios, file, given)
        except InvalidInput as error:
            raise looked_up(_by_option(error, given), what) from None
        return await watch(scenarios, begun)

    with all_problems(form):
        watched = with_scenarios(work)
    finish(watched, form)


@commands.command(epilog="Example: grantline scenario rerun srn_01h... --from 3")
def rerun(
    run_id: RunArgument,
    *,
    step: Annotated[
        str | None,
        typer.Option(
            "--from", metavar="STEP", help="Begin at this step; what came before is taken over."
        ),
    ] = None,
    form: FormatOption = Format.TEXT,
) -> None:
    """Runs once more what a run was started with, from the beginning or from a step."""
    from grantline.connections.engine import LOCAL

    async def work(scenarios: Scenarios) -> Watched:
        return await watch(scenarios, await scenarios.runs.rerun(LOCAL, run_id, from_step=step))

    finish(with_scenarios(work), form)


@commands.command(epilog="Example: grantline scenario cancel srn_01h...")
def cancel(run_id: RunArgument, *, form: FormatOption = Format.TEXT) -> None:
    """Ends a run before its next step; what has ended stays as it is."""
    from grantline.cli.commands.scenario.views import run_view
    from grantline.connections.engine import LOCAL

    found = with_scenarios(lambda scenarios: scenarios.runs.cancel(LOCAL, run_id))
    if form is Format.JSON:
        say_json(run_view(found))
    elif found.state is RunState.CANCELLED or found.is_cancelling:
        say(f"Cancelled {found.id}.")
    else:
        say(f"{found.id} had ended: {found.state}.")


@commands.command(epilog="Example: grantline scenario runs nightly-copy --state failed")
def runs(
    name: Annotated[
        str | None,
        typer.Argument(help="Of one scenario, by name or id; the id of a run shows its steps."),
    ] = None,
    *,
    state: Annotated[
        RunState | None, typer.Option(metavar="STATE", help=f"Only these: {STATES}.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many to show.")] = 20,
    form: FormatOption = Format.TEXT,
) -> None:
    """Shows the runs that there were, newest first; of one run its steps."""
    from grantline.cli.commands.scenario.views import run_view

    if name is not None and name.startswith(RUN_PREFIX):
        _show_run(name, form)
        return
    found = with_scenarios(lambda scenarios: _runs(scenarios, name, state, limit))
    if form is Format.JSON:
        say_json([run_view(each) for each in found])
        return
    if not found:
        note("There were no such runs yet.")
        return
    now = SystemClock().now()
    say_table(
        ("RUN", "SCENARIO", "STATE", "CAUSE", "STARTED", "STEPS", "WHAT HAPPENED"),
        (
            (
                each.id,
                each.scenario_name,
                each.state.value,
                each.cause.value.replace("_", " "),
                relative(each.created_at, now),
                str(each.steps),
                each.error.message if each.error else "",
            )
            for each in found
        ),
    )


def input_values(words: Iterable[str]) -> dict[str, Any]:
    """The values of ``K=V`` and ``K:=JSON`` words.

    Raises:
        InvalidInput: One is neither; it is not repeated, for it may be a secret.
    """
    values: dict[str, Any] = {}
    for each in words:
        name, separator, text = each.partition("=")
        is_json = name.endswith(":")
        name = name.removesuffix(":")
        if not separator or not name:
            raise InvalidInput(
                "A value of --input is not of the form name=value.",
                field="--input",
                hint="Write --input name=text or --input name:=JSON.",
            )
        try:
            values[name] = json.loads(text) if is_json else text
        except ValueError:
            raise InvalidInput(
                f"The input {name} is no JSON.",
                field="--input",
                hint=f"Write --input {name}=text for a text.",
            ) from None
    return values


def _by_option(error: InvalidInput, given: Mapping[str, Any]) -> InvalidInput:
    """``error``; of an input that is missing, with the option that gives it."""
    name = error.field.removeprefix("inputs.")
    if name == error.field or name in given or isinstance(error, ScenarioNotReady):
        return error
    hint = f"{error.hint} Write --input {name}=VALUE."
    return InvalidInput(error.message, field=error.field, hint=hint)


async def _start_file(
    scenarios: Scenarios, file: ScenarioFile, given: dict[str, Any]
) -> ScenarioRun:
    from grantline.connections.engine import LOCAL
    from grantline.scenarios.definition.problem import Problem

    try:
        scenario = await scenarios.adopt(LOCAL, file)
        return await scenarios.runs.start_file(LOCAL, scenario, given)
    except ScenarioNotReady as error:
        problems = file.located(each for each in error.problems if isinstance(each, Problem))
        if not problems:
            raise
        # The same once more, with the lines of the file.
        message = f"Line {problems[0].line}: {error.message}"
        raise ScenarioNotReady(
            message, field=error.field, hint=error.hint, problems=problems
        ) from None


async def _runs(
    scenarios: Scenarios, name: str | None, state: RunState | None, limit: int
) -> list[ScenarioRun]:
    from grantline.connections.engine import LOCAL

    kept = await scenarios.find(LOCAL, name) if name is not None else None
    found: list[ScenarioRun] = []
    while len(found) < limit:
        page = await scenarios.runs.page(
            LOCAL,
            scenario_id=kept.id if kept is not None else None,
            state=state,
            offset=len(found),
            limit=min(AT_ONCE, limit - len(found)),
        )
        found += page.rows
        if not page.rows:
            break
    return found


def _show_run(run_id: str, form: Format) -> None:
    from grantline.cli.commands.scenario.progress import step_rows
    from grantline.cli.commands.scenario.views import run_view, step_view
    from grantline.connections.engine import LOCAL

    async def work(scenarios: Scenarios) -> tuple[ScenarioRun, tuple[RunStep, ...]]:
        found = await scenarios.runs.find(LOCAL, run_id)
        return found, await scenarios.runs.steps(LOCAL, run_id)

    found, steps = with_scenarios(work)
    if form is Format.JSON:
        say_json({**run_view(found), "steps": [step_view(each) for each in steps]})
        return
    now = SystemClock().now()
    error = found.error
    facts = [
        ("Run", found.id),
        ("Scenario", found.scenario_name),
        ("State", found.state.value),
        ("Cause", found.cause.value.replace("_", " ")),
        ("Repeats", found.origin_run_id or ""),
        ("Started", when(found.started_at, now)),
        ("Ended", when(found.ended_at, now, otherwise="")),
        ("What happened", f"{error.message} {error.hint}".rstrip() if error else ""),
    ]
    say_fields([(label, value) for label, value in facts if value])
    say()
    say_table(("STEP", "MODULE", "STATE", "TOOK", "SIZE"), step_rows(steps))


def _is_file(what: str) -> bool:
    """Whether ``what`` is meant as a file: a name of a scenario has no such ending."""
    if what == STDIN or what.lower().endswith(_SUFFIXES):
        return True
    if "/" in what or "\\" in what:
        if Path(what).is_file():
            return True
        raise UsageError(
            f"There is no file {what}.", hint="Give a file, or the name of a scenario."
        )
    return False
