"""Scenarios and their runs as ``--format json`` shows them, and in words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any

from grantline.cli.output import note
from grantline.cli.words import relative
from grantline.scenarios.definition.plain import scenario_to_plain
from grantline.scenarios.definition.triggers import Schedule, Trigger, Webhook

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from grantline.scenarios.definition.modules import Module
    from grantline.scenarios.definition.problem import Problem
    from grantline.scenarios.kept import KeptScenario, ScenarioSummary
    from grantline.scenarios.runs.run import RunStep, ScenarioRun


def summary_view(found: ScenarioSummary) -> dict[str, Any]:
    """A scenario in a list."""
    return {
        "id": found.id,
        "name": found.name,
        "is_active": found.is_active,
        "trigger": found.trigger,
        "cron": found.cron,
        "time_zone": found.time_zone,
        "modules": found.modules,
        "version": found.version,
        "created_at": found.created_at,
        "updated_at": found.updated_at,
    }


def scenario_view(kept: KeptScenario) -> dict[str, Any]:
    """A scenario with its definition, which is spelled as in its file."""
    return {
        "id": kept.id,
        "name": kept.name,
        "is_active": kept.is_active,
        "version": kept.version,
        "created_at": kept.created_at,
        "updated_at": kept.updated_at,
        "definition": scenario_to_plain(kept.scenario),
    }


def problem_view(problem: Problem) -> dict[str, Any]:
    """What is wrong, and where."""
    return {
        "line": problem.line,
        "column": problem.column,
        "module": problem.module_id,
        "field": problem.field,
        "message": problem.message,
        "hint": problem.hint,
    }


def run_view(run: ScenarioRun) -> dict[str, Any]:
    """A run."""
    return {
        "id": run.id,
        "scenario": run.scenario_name,
        "scenario_id": run.scenario_id,
        "state": run.state.value,
        "cause": run.cause.value,
        "steps": run.steps,
        "created_at": run.created_at,
        "started_at": run.started_at,
        "ended_at": run.ended_at,
        "wake_at": run.wake_at,
        "connection_id": run.connection_id,
        "repeats": run.origin_run_id,
        "error": None
        if run.error is None
        else {
            "code": run.error.code,
            "message": run.error.message,
            "hint": run.error.hint,
            "path": run.error.path,
        },
    }


def step_view(step: RunStep) -> dict[str, Any]:
    """A step of a run."""
    return {
        "path": step.path,
        "module": step.module_id,
        "label": step.label,
        "kind": step.kind,
        "state": step.state.value,
        "started_at": step.started_at,
        "ended_at": step.ended_at,
        "retries": step.retries,
        "input_size": step.input_size,
        "output_size": step.output_size,
        "error": None
        if step.error is None
        else {"code": step.error.code, "message": step.error.message, "hint": step.error.hint},
    }


def trigger_words(trigger: Trigger) -> str:
    """What starts runs."""
    match trigger:
        case Schedule():
            from grantline.errors import InvalidInput
            from grantline.scenarios.triggers.schedule import in_words

            try:
                return in_words(trigger)
            except InvalidInput:
                return f"schedule {trigger.cron}"
        case Webhook():
            return "webhook"
        case _:
            return "by hand"


def next_words(trigger: Trigger, now: datetime) -> str:
    """When the schedule is due the next time; empty for other triggers."""
    from grantline.errors import InvalidInput
    from grantline.scenarios.triggers.schedule import next_times

    if not isinstance(trigger, Schedule):
        return ""
    try:
        return relative(next_times(trigger, now, 1)[0], now)
    except InvalidInput:
        return ""


def module_lines(
    modules: Sequence[Module], names: Mapping[str, str], indent: str = ""
) -> Iterator[str]:
    """Modules one a line; those in branches below their router."""
    from grantline.scenarios.definition.modules import Router

    for module in modules:
        about = _about(module, names)
        off = "" if module.is_enabled else "  (off)"
        yield f"{indent}{module.id}  {module.label}{f'  {about}' if about else ''}{off}"
        if isinstance(module.does, Router):
            for number, branch in enumerate(module.does.branches, 1):
                name = branch.name or ("Fallback" if branch.is_fallback else f"Branch {number}")
                yield f"{indent}   {name}{f'  {branch.when}' if branch.when else ''}"
                yield from module_lines(branch.modules, names, f"{indent}      ")


def _about(module: Module, names: Mapping[str, str]) -> str:
    call = module.call
    if call is None:
        return module.does.title if module.name else ""
    held = call.connection_id
    as_whom = f"as “{names.get(held, held)}”" if held is not None else ""
    return " ".join(each for each in (call.spec.method, call.spec.url, as_whom) if each)


def note_problems(problems: Iterable[Problem]) -> None:
    """Each problem on a line of its own, on stderr."""
    for each in problems:
        note(f"problem: {each}")
