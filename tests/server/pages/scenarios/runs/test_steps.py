"""The steps of a run as its page groups them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest

from grantline.calls.request import RequestSpec
from grantline.scenarios.definition.modules import (
    Branch,
    HttpCall,
    MakeRequest,
    Module,
    Router,
)
from grantline.scenarios.definition.scenario import Scenario
from grantline.scenarios.runs.run import RunStep, StepState
from grantline.server.pages.scenarios.runs.compare import pairs_of
from grantline.server.pages.scenarios.runs.steps import Steps, branch_names, module_lights

NOW = datetime(2030, 1, 1, tzinfo=UTC)
DONE, FAILED, RUNNING = StepState.SUCCEEDED, StepState.FAILED, StepState.RUNNING
numbers = count(1)


def a_step(path: str, state: StepState = DONE, **given: Any) -> RunStep:
    values: dict[str, Any] = {
        "path": path,
        "seq": next(numbers),
        "module_id": int(path.rpartition("/")[2]),
        "label": "Make a request",
        "kind": "make_request",
        "state": state,
        "started_at": NOW,
        "ended_at": None if state is RUNNING else NOW + timedelta(seconds=1),
        "attempts": 1,
        "retries": 0,
        "input_size": 10,
        "output_size": 10,
        "connection_id": None,
        "error": None,
    }
    return RunStep(**{**values, **given})


def looped(count: int, **states: StepState) -> list[RunStep]:
    """Iterator 2 with modules 3 and 4 for each item; ``at_17_4=FAILED`` for others than done."""
    paths = [f"2/{item}/{module}" for item in range(1, count + 1) for module in (3, 4)]
    below = [a_step(path, states.get("at_" + path[2:].replace("/", "_"), DONE)) for path in paths]
    return [a_step("1"), a_step("2"), *below, a_step("5")]


def test_items_stand_below_their_iterator_and_failed_ones_come_first() -> None:
    steps = Steps(looped(240, at_17_4=FAILED, at_240_3=RUNNING))
    first, iterator, last = steps.lines()
    assert (first.items, last.items) == (None, None)
    assert iterator.items is not None
    assert [each.number for each in iterator.items.shown] == [17, 240, 1, 2, 3]
    assert iterator.items.counts == {DONE: 238, FAILED: 1, RUNNING: 1}
    assert (iterator.items.ended, iterator.items.total) == (239, 240)
    assert [each.step.path for each in iterator.items.shown[0].lines] == ["2/17/3", "2/17/4"]


def test_items_are_paged_and_filtered() -> None:
    steps = Steps(looped(40, at_7_3=FAILED, at_30_4=FAILED))
    failed = steps.items("2", state=FAILED, limit=25)
    assert [each.number for each in failed.shown] == [7, 30]
    second = steps.items("2", offset=25, limit=25)
    assert [each.number for each in second.shown] == list(range(25, 30)) + list(range(31, 41))


def test_a_failure_far_inside_marks_every_item_around_it() -> None:
    steps = Steps(
        [
            a_step("2"),
            a_step("2/1/3"),
            a_step("2/1/3/1/4"),
            a_step("2/2/3"),
            a_step("2/2/3/1/4"),
            a_step("2/2/3/2/4", FAILED),
        ]
    )
    (line,) = steps.lines()
    assert line.items is not None
    assert [(each.number, each.state) for each in line.items.shown] == [(2, FAILED), (1, DONE)]
    inner = line.items.shown[0].lines[0].items
    assert inner is not None
    assert (inner.path, inner.shown[0].number, inner.begun) == ("2/2/3", 2, 2)


def test_more_items_are_expected_than_were_begun() -> None:
    steps = Steps(looped(17, at_17_4=RUNNING), totals={"2": 240})
    assert steps.items("2", limit=1).total == 240
    light = module_lights(steps)[4]
    assert (light.times, light.of, light.step.path) == (16, 240, "2/17/4")
    assert module_lights(steps)[1].of == 0


def test_a_light_shows_the_step_that_failed() -> None:
    light = module_lights(Steps(looped(3, at_2_3=FAILED)))[3]
    assert (light.step.path, light.failed, light.times, light.of) == ("2/2/3", 1, 3, 3)


@pytest.mark.parametrize(("path", "found"), [("2/3/4", True), ("2/9/4", False), ("8", False)])
def test_a_step_is_found_by_its_path(path: str, found: bool) -> None:  # noqa: FBT001
    assert (Steps(looped(3)).at(path) is not None) is found


def test_modules_in_branches_say_in_which() -> None:
    def request(number: int) -> Module:
        return Module(id=number, does=MakeRequest(call=HttpCall(spec=RequestSpec(url="/"))))

    inner = Router(branches=(Branch(name="Large", modules=(request(4),)),))
    outer = Router(
        branches=(
            Branch(name="Paid", modules=(request(2), Module(id=3, does=inner))),
            Branch(modules=(request(5),)),
        )
    )
    scenario = Scenario(name="s", modules=(Module(id=1, does=outer), request(6)))
    assert branch_names(scenario) == {2: "Paid", 3: "Paid", 4: "Large", 5: "Branch 2"}


def test_two_runs_are_paired_by_the_paths_of_their_steps() -> None:
    one = [a_step("1"), a_step("2"), a_step("3", FAILED)]
    other = [
        a_step("1", ended_at=NOW + timedelta(seconds=3)),
        a_step("2", ended_at=NOW + timedelta(milliseconds=1100)),
        a_step("3"),
        a_step("4"),
    ]
    pairs = {each.path: each for each in pairs_of(one, other)}
    assert list(pairs) == ["1", "2", "3", "4"]
    assert [each.is_told for each in pairs.values()] == [False, False, True, True]
    assert pairs["1"].longer == 3
    assert pairs["2"].longer is None
    assert pairs["4"].one is None
