"""``grantline scenario``: scenarios as files: checked, taken in, written out."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from grantline.cli.commands.scenario.scenario import NameArgument, all_problems
from grantline.cli.errors import UsageError
from grantline.cli.files import read_text, save
from grantline.cli.output import Format, FormatOption, note, say, say_json
from grantline.cli.running import with_scenarios
from grantline.cli.values import pairs
from grantline.errors import InvalidInput, MalformedFile, NotFound

if TYPE_CHECKING:
    from grantline.scenarios.definition.problem import Problem
    from grantline.scenarios.definition.yaml_file import ScenarioFile
    from grantline.scenarios.kept import KeptScenario
    from grantline.scenarios.service import Scenarios

commands = typer.Typer()

FileArgument = Annotated[str, typer.Argument(help="A YAML file; - reads stdin.")]


@commands.command(epilog="Example: grantline scenario validate nightly-copy.yaml")
def validate(
    files: Annotated[list[str], typer.Argument(help="YAML files; - reads stdin.")],
    *,
    here: Annotated[
        bool,
        typer.Option("--here", help="Also look whether its connections and credentials are here."),
    ] = False,
    form: FormatOption = Format.TEXT,
) -> None:
    """Says all that is wrong with scenario files: line, module, field, and what helps."""
    from grantline.cli.commands.scenario.views import problem_view

    found = {name: _checked(read_text(name), here=here) for name in files}
    if form is Format.JSON:
        say_json(
            {
                name: {
                    "problems": [problem_view(each) for each in problems],
                    "warnings": [problem_view(each) for each in warnings],
                }
                for name, (problems, warnings) in found.items()
            }
        )
    for name, (problems, warnings) in found.items() if form is Format.TEXT else ():
        if not problems:
            say(f"{name}: in order")
        for each in problems:
            say(f"{name}:{each.line}:{each.column}: {each.message} {each.hint}".rstrip())
        for each in warnings:
            note(f"{name}:{each.line}:{each.column}: warning: {each.message} {each.hint}".rstrip())
    if any(problems for problems, _ in found.values()):
        raise typer.Exit(1)


@commands.command(epilog="Example: grantline scenario export nightly-copy -o nightly-copy.yaml")
def export(
    name: NameArgument,
    *,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write it to this file.")
    ] = None,
    form: FormatOption = Format.TEXT,
) -> None:
    """Prints a scenario as a YAML file, which import reads here and elsewhere."""
    from grantline.connections.engine import LOCAL

    async def work(scenarios: Scenarios) -> tuple[str, str]:
        kept = await scenarios.find(LOCAL, name)
        return kept.name, await scenarios.write_file(LOCAL, kept.scenario)

    title, text = with_scenarios(work)
    if output is not None:
        save(text.encode(), output)
        note(f"Wrote “{title}” to {output}.")
    if form is Format.JSON:
        said = {"saved_to": str(output)} if output is not None else {"file": text}
        say_json({"name": title, **said})
    elif output is None:
        print(text, end="")


@commands.command(
    "import",
    epilog="Example: grantline scenario import nightly-copy.yaml --connection con_1a=dropbox",
)
def import_file(
    file: FileArgument,
    *,
    name: Annotated[str | None, typer.Option(help="Another name than that in the file.")] = None,
    replace_it: Annotated[
        bool, typer.Option("--replace", help="Take the place of the scenario of this name.")
    ] = False,
    connection: Annotated[
        list[str] | None,
        typer.Option(
            metavar="THERE=HERE",
            help="A connection or credential of the file, by id or name, and the one to use here.",
        ),
    ] = None,
    form: FormatOption = Format.TEXT,
) -> None:
    """Keeps the scenario of a file, switched off; says which of its connections are missing."""
    from grantline.cli.commands.scenario.views import note_problems, problem_view, scenario_view
    from grantline.cli.views import shell_word

    given = whole_file(read_text(file), form)
    if name is not None:
        given = replace(given, scenario=replace(given.scenario, name=name))
    given = _with_ours(given, dict(pairs(connection or (), option="--connection")))
    try:
        with all_problems(form):
            taken = with_scenarios(lambda run: _take_in(run, given, replace_it=replace_it))
    except InvalidInput as error:
        option = "Say what stands for it here with --connection THERE=HERE."
        raise looked_up(error, file, option) from None
    kept = taken.kept
    if form is Format.JSON:
        problems = [problem_view(each) for each in taken.problems]
        say_json({**scenario_view(kept), "problems": problems, "missing": sorted(taken.missing)})
        return
    state = "on" if kept.is_active else "off"
    say(f"{'Created' if taken.is_new else 'Replaced'} “{kept.name}”, which is {state}.")
    called = {**given.connections, **given.credentials}
    for each in sorted(taken.missing):
        name_there = f", “{called[each]}” where the file is from," if each in called else ""
        note(f"{each}{name_there} is not here: create it, then import the file again with")
        note(f"    --replace --connection {each}=NAME")
    note_problems(taken.problems)
    if not taken.problems and not kept.is_active:
        note(f"hint: Switch it on with: grantline scenario enable {shell_word(kept.name)}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A scenario that was taken in.

    Attributes:
        problems: What would keep it from running.
        missing: Ids that it refers to and that nothing here has.
    """

    kept: KeptScenario
    is_new: bool
    problems: tuple[Problem, ...]
    missing: frozenset[str]


def looked_up(error: InvalidInput, file: str, option: str = "") -> InvalidInput:
    """``error``; of a file that names what is not here, with how to see all of that."""
    if type(error) is not InvalidInput or not error.field.startswith("modules"):
        return error
    see = f"See all that is missing with: grantline scenario validate --here {shlex.quote(file)}"
    hint = f"{error.hint} {option}".strip()
    return InvalidInput(error.message, field=error.field, hint=f"{hint} {see}")


def whole_file(text: str, form: Format) -> ScenarioFile:
    """What a file says; of one that cannot be read whole every problem is said.

    Raises:
        MalformedFile: The first of them.
    """
    from grantline.scenarios.definition.yaml_file import examine, read_file

    file, problems = examine(text)
    if problems:
        if form is Format.TEXT:
            for each in problems[1:]:
                note(f"problem: {each}")
        read_file(text)  # which raises the first
    return file


def _checked(text: str, *, here: bool) -> tuple[tuple[Problem, ...], tuple[Problem, ...]]:
    """Problems and warnings of a file."""
    from grantline.connections.engine import LOCAL
    from grantline.scenarios.definition.check import check_scenario, warnings_of
    from grantline.scenarios.definition.problem import Problem
    from grantline.scenarios.definition.yaml_file import examine
    from grantline.scenarios.triggers.check import check_trigger

    try:
        file, problems = examine(text)
    except MalformedFile as error:
        message = error.message.partition(": ")[2]
        unread = Problem(
            module_id=None,
            field=error.field,
            message=message,
            hint=error.hint,
            line=error.line,
            column=error.column,
        )
        return (unread,), ()
    if problems:
        return problems, ()
    if here:
        _, problems = with_scenarios(lambda scenarios: scenarios.examine_file(LOCAL, text))
    else:
        problems = file.located(check_scenario(file.scenario, check_trigger=check_trigger))
    return problems, file.located(warnings_of(file.scenario))


def _with_ours(file: ScenarioFile, ours: dict[str, str]) -> ScenarioFile:
    """``file`` with what is used here in the place of what it refers to."""
    from grantline.scenarios.references import references_in, replaced

    names = {**file.connections, **file.credentials}
    uses = {each.use for each in references_in(file.scenario)}
    ids = {
        use: ours[key]
        for use in uses
        for key in (use.used_id, names.get(use.used_id, ""))
        if key in ours
    }
    known = {key for use in uses for key in (use.used_id, names.get(use.used_id, ""))}
    for there in ours:
        if there not in known:
            raise UsageError(
                f"The file does not refer to “{there}”.",
                hint=f"It refers to: {', '.join(sorted(each.used_id for each in uses)) or 'none'}.",
            )
    return replace(file, scenario=replaced(file.scenario, ids))


async def _take_in(scenarios: Scenarios, file: ScenarioFile, *, replace_it: bool) -> Taken:
    from grantline.connections.engine import LOCAL
    from grantline.scenarios.references import uses_of

    scenario = await scenarios.adopt(LOCAL, file)
    old = await _find(scenarios, scenario.name)
    if old is not None and not replace_it:
        raise InvalidInput(
            f"There is a scenario “{scenario.name}” already.",
            field="name",
            hint="Give --replace to take its place, or --name for another name.",
        )
    if old is None:
        kept = await scenarios.create(LOCAL, scenario)
    else:
        kept = await scenarios.edit(LOCAL, old.id, scenario, version=old.version)
    here = await scenarios.names_of(LOCAL, kept.scenario)
    problems = await scenarios.problems(LOCAL, kept.scenario)
    return Taken(
        kept=kept,
        is_new=old is None,
        problems=file.located(problems),
        missing=frozenset(each.used_id for each in uses_of(kept.scenario)) - set(here),
    )


async def _find(scenarios: Scenarios, name: str) -> KeptScenario | None:
    from grantline.connections.engine import LOCAL

    try:
        return await scenarios.find(LOCAL, name)
    except NotFound:
        return None
