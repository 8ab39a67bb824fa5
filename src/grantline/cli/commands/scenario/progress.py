"""A run watched from the command line: each step as it ends, and what came of it all."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import typer

from grantline.calls.answers.presentation import duration_words, size_words
from grantline.cli.errors import UNUSABLE, one_line
from grantline.cli.output import Format, in_colour, json_text, note, say, say_json
from grantline.cli.words import relative
from grantline.clock import SystemClock
from grantline.errors import GrantlineError
from grantline.scenarios.runs.run import RunState, StepState

if TYPE_CHECKING:
    from grantline.scenarios.runs.run import RunStep, ScenarioRun
    from grantline.scenarios.service import Scenarios

_MARKS: Final = {
    StepState.SUCCEEDED: ("\N{CHECK MARK}", "32"),
    StepState.FAILED: ("\N{BALLOT X}", "31"),
    StepState.PASSED_OVER: ("-", "2"),
    StepState.IGNORED: ("!", "33"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """A run that was watched to its end, or until it could not go on.

    Attributes:
        output: What its last module gave; None when nothing did.
    """

    run: ScenarioRun
    steps: tuple[RunStep, ...]
    output: Any


async def watch(scenarios: Scenarios, begun: ScenarioRun) -> Watched:
    """The run, told step by step on stderr. Ctrl-C cancels it, and says how it can go on."""
    from grantline.connections.engine import LOCAL
    from grantline.scenarios.runs.result import output_of

    told = _Told()
    run = begun
    try:
        async for run in scenarios.runs.changes(LOCAL, begun.id):
            told.steps(await scenarios.runs.steps(LOCAL, begun.id))
            told.state(run)
            if run.state.has_ended or run.state is RunState.PARKED:
                break
    except asyncio.CancelledError:
        await _cancelled(scenarios, begun.id)
        raise
    steps = await scenarios.runs.steps(LOCAL, run.id)
    told.steps(steps)
    return Watched(run=run, steps=steps, output=await output_of(scenarios.runs, LOCAL, run))


def finish(watched: Watched, form: Format) -> None:
    """Prints what came of a run; ends with the status of what stopped it."""
    from grantline.cli.commands.scenario.views import run_view, step_view

    run = watched.run
    if form is Format.JSON:
        shown = {**run_view(run), "steps": [step_view(each) for each in watched.steps]}
        say_json(shown, last=("output", watched.output))
    elif run.state is RunState.SUCCEEDED:
        if watched.output is not None:
            say(json_text(watched.output))
        note(f"Run {run.id} succeeded: {_count(len(watched.steps))}{_took(run)}.")
    if run.state is RunState.SUCCEEDED:
        return
    _say_why(run, form)
    raise typer.Exit(_status(run))


def step_rows(steps: Iterable[RunStep]) -> Iterator[tuple[str, ...]]:
    """Steps as the rows of a table."""
    for each in steps:
        took = duration_words(each.duration) if each.duration is not None else ""
        size = size_words(each.output_size) if each.output_size else ""
        yield each.path, each.label, each.state.value.replace("_", " "), took, size


class _Told:
    """What has been said of one run."""

    def __init__(self) -> None:
        self._paths: set[str] = set()
        self._state: tuple[RunState, object] | None = None

    def steps(self, steps: Iterable[RunStep]) -> None:
        for each in steps:
            if each.state is not StepState.RUNNING and each.path not in self._paths:
                self._paths.add(each.path)
                _print_step(each)

    def state(self, run: ScenarioRun) -> None:
        """Says that a run waits, once for each reason."""
        now = (run.state, run.wake_at)
        if now == self._state:
            return
        self._state = now
        due = relative(run.wake_at, SystemClock().now()) if run.wake_at else "soon"
        if run.state is RunState.RETRYING:
            why = f": {run.error.message}" if run.error else ""
            note(f"Tries again {due}{why}")
        elif run.state is RunState.WAITING and run.wake_at is not None:
            note(f"Sleeps; goes on {due}.")


def _print_step(step: RunStep) -> None:
    mark, colour = _MARKS[step.state]
    if in_colour(sys.stderr):
        mark = f"\x1b[{colour}m{mark}\x1b[0m"
    facts = [
        duration_words(step.duration) if step.duration is not None else "",
        size_words(step.output_size) if step.output_size else "",
        step.state.value.replace("_", " ") if step.state is not StepState.SUCCEEDED else "",
    ]
    about = "  ".join(each for each in facts if each)
    # The mark is ours and may be coloured; the rest is what people and services wrote.
    print(f"{mark} {step.path}  {one_line(step.label)}  {about}", file=sys.stderr, flush=True)
    if step.error is not None:
        note(f"    {one_line(step.error.message)}")


async def _cancelled(scenarios: Scenarios, run_id: str) -> None:
    """Cancels the run and says how it can go on; a second Ctrl-C ends at once."""
    from grantline.connections.engine import LOCAL

    run = await scenarios.runs.cancel(LOCAL, run_id)
    run = await scenarios.runs.wait(LOCAL, run_id)
    steps = await scenarios.runs.steps(LOCAL, run_id)
    note(f"Run {run_id} is {run.state}.")
    last = next((each.path for each in reversed(steps)), "")
    note(f"hint: Go on with: grantline scenario rerun {run_id}{f' --from {last}' if last else ''}")


def _say_why(run: ScenarioRun, form: Format) -> None:
    if form is Format.JSON:
        return
    if run.error is not None:
        where = f"step {run.error.path}: " if run.error.path else ""
        label = "\x1b[1;31merror:\x1b[0m" if in_colour(sys.stderr) else "error:"
        print(label, one_line(f"{where}{run.error.message}"), file=sys.stderr)
        if run.error.hint:
            note(f"hint: {one_line(run.error.hint)}")
    if run.state is RunState.PARKED:
        note(f"Run {run.id} is parked until its connection is authorized again:")
        note(f"    grantline connection reauthorize {run.connection_id}")
        note("grantline serve then goes on with it.")
    elif run.state is RunState.FAILED:
        again = f" --from {run.error.path}" if run.error and run.error.path else ""
        note(f"Run {run.id} failed; repeat it with: grantline scenario rerun {run.id}{again}")
    elif run.state is RunState.CANCELLED:
        note(f"Run {run.id} was cancelled.")


def _status(run: ScenarioRun) -> int:
    """The exit status of the error that stopped the run."""
    if run.state is RunState.PARKED:
        return UNUSABLE
    code = run.error.code if run.error is not None else ""
    return next((each.exit_code for each in _classes(GrantlineError) if each.code == code), 1)


def _classes(root: type[GrantlineError]) -> Iterator[type[GrantlineError]]:
    yield root
    for each in root.__subclasses__():
        yield from _classes(each)


def _count(steps: int) -> str:
    return "1 step" if steps == 1 else f"{steps} steps"


def _took(run: ScenarioRun) -> str:
    return f" in {duration_words(run.spent)}" if run.spent else ""
