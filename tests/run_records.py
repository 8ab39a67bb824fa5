"""Runs of scenarios to put into a store: valid, and the same every time but for what is said."""

from typing import Any

from grantline.store.records.runs import (
    Advance,
    RunSeals,
    RunStepRecord,
    ScenarioRunRecord,
    StepSeals,
    StepWrite,
)
from tests.records import NOW

SEALS = RunSeals(sealed_definition="v1.definition", sealed_input="v1.input")


def a_scenario_run(**changes: Any) -> ScenarioRunRecord:
    plain: dict[str, Any] = {
        "id": "srn_1",
        "workspace": "home",
        "owner": "ada",
        "scenario_id": "scn_1",
        "scenario_name": "Nightly",
        "cause": "by_hand",
        "state": "waiting",
        "at_once": 1,
        "created_at": NOW,
    }
    return ScenarioRunRecord(**(plain | changes))


def a_step(**changes: Any) -> RunStepRecord:
    plain: dict[str, Any] = {
        "id": "stp_1",
        "workspace": "home",
        "run_id": "srn_1",
        "path": "1",
        "seq": 1,
        "module_id": 1,
        "label": "Make a request",
        "kind": "make_request",
        "state": "running",
        "started_at": NOW,
    }
    return RunStepRecord(**(plain | changes))


def written(step: RunStepRecord, *, is_new: bool = True, output: str | None = None) -> StepWrite:
    seals = StepSeals(sealed_input="v1.in", sealed_output=output)
    return StepWrite(step=step, seals=seals, is_new=is_new)


def an_advance(*steps: StepWrite, **changes: Any) -> Advance:
    plain: dict[str, Any] = {"run_id": "srn_1", "worker": "w1", "leg": 1}
    return Advance(steps=steps, **(plain | changes))
