"""Runs of scenarios put into the store as those that carry them out leave them, sealed for real."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from grantline.connections.connection import Actor
from grantline.connections.context import Context
from grantline.connections.engine import LOCAL
from grantline.scenarios.definition.scenario import Scenario
from grantline.scenarios.runs.sealed_run import Given, Seals
from grantline.store.records.runs import RunStepRecord, ScenarioRunRecord, StepSeals, StepWrite

ANSWER = {"status": 200, "data": {"items": [{"id": 1, "total": "12.50"}], "next": None}}
ASKED = {"method": "GET", "url": "https://api.example.com/orders"}
REFUSED = {
    "error_code": "upstream_error",
    "error_message": "The service answered 422.",
    "error_hint": "Its own words say what it does not take.",
}
FAILURE = {
    "code": "upstream_error",
    "message": "The service answered 422.",
    "hint": "Its own words say what it does not take.",
    "service_message": "total is no number",
    "status": 422,
    "url": "https://api.example.com/orders",
    "body": {"text": '{"error": "total is no number"}', "media_type": "json", "size": 31},
}


@dataclass(frozen=True, kw_only=True)
class Step:
    """One step; ``columns`` are those of its row."""

    path: str
    state: str = "succeeded"
    given: Any = field(default_factory=lambda: ASKED)
    gave: Any = field(default_factory=lambda: ANSWER)
    took: timedelta = timedelta(milliseconds=120)
    columns: dict[str, Any] = field(default_factory=dict)


def failed(path: str, **columns: Any) -> Step:
    """A step that a service refused."""
    return Step(
        path=path, state="failed", gave={"failure": FAILURE}, columns={**REFUSED, **columns}
    )


def looped(count: int, *, bad: Sequence[int] = ()) -> list[Step]:
    """Iterator 2 with modules 3 and 4 for each item; 4 fails for those of ``bad``."""
    below = [
        each
        for item in range(1, count + 1)
        for each in (
            Step(path=f"2/{item}/3"),
            failed(f"2/{item}/4") if item in bad else Step(path=f"2/{item}/4"),
        )
    ]
    iterator = Step(path="2", given={}, gave={"total": count}, columns={"kind": "iterator"})
    return [Step(path="1"), iterator, *below]


async def keep_run(
    context: Context,
    scenario: Scenario,
    steps: Sequence[Step],
    *,
    actor: Actor = LOCAL,
    **columns: Any,
) -> ScenarioRunRecord:
    """A run with these steps, by default one that has succeeded a minute ago."""
    now: datetime = context.clock.now()
    run_id = columns.pop("id", None) or context.new_id("srn")
    values: dict[str, Any] = {
        "scenario_id": None,
        "cause": "by_hand",
        "state": "succeeded",
        "at_once": 1,
        "created_at": now - timedelta(minutes=1),
        "started_at": now - timedelta(minutes=1),
        "ended_at": now - timedelta(seconds=46),
        "steps": len(steps),
        "revision": 1,
    }
    if columns.get("state") in {"waiting", "running", "retrying", "parked"}:
        values["ended_at"] = None
    record = ScenarioRunRecord(
        id=run_id,
        workspace=actor.workspace,
        owner=actor.user,
        scenario_name=scenario.name,
        **{**values, **columns},
    )
    seals = Seals(context.vault, actor.workspace)
    labels = {each.id: each.label for each in scenario.each_module()}
    writes = [
        _written(context, seals, record, seq, step, labels)
        for seq, step in enumerate(steps, start=1)
    ]
    await context.stored(
        context.store.add_scenario_run, record, seals.seal_run(run_id, scenario, Given()), writes
    )
    return record


def _written(
    context: Context,
    seals: Seals,
    run: ScenarioRunRecord,
    seq: int,
    step: Step,
    labels: dict[int, str],
) -> StepWrite:
    number = int(step.path.rpartition("/")[2])
    row = RunStepRecord(
        id=context.new_id("stp"),
        workspace=run.workspace,
        run_id=run.id,
        path=step.path,
        seq=seq,
        module_id=number,
        label=labels.get(number, "Make a request"),
        kind="make_request",
        state=step.state,
        started_at=run.created_at,
        ended_at=None if step.state == "running" else run.created_at + step.took,
    )
    row = replace(row, **step.columns)
    given, gave = seals.seal_input(row.id, step.given), seals.seal_output(row.id, step.gave)
    row = replace(row, input_size=given.size, output_size=gave.size)
    return StepWrite(
        step=row,
        seals=StepSeals(sealed_input=given.text, sealed_output=gave.text),
        is_new=True,
    )
