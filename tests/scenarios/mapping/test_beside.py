"""Where expressions are worked out: on the loop when that is quick, and else beside it."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from grantline.calls.expressions import fill
from grantline.connections.engine import LOCAL
from grantline.scenarios.definition.modules import Branch, Respond, Sleep
from grantline.scenarios.mapping import beside as room
from grantline.scenarios.mapping.beside import MOST_AT_ONCE, beside
from grantline.scenarios.runs.run import RunState
from grantline.scenarios.service import Scenarios
from tests.scenarios.runs.making import a_scenario, collect, each, module, router, variables


@pytest.mark.parametrize(
    ("data", "is_beside"),
    [
        ({"items": [1, "a", None] * 100}, False),
        ([{"id": 1}] * MOST_AT_ONCE, True),
        ({"text": "x" * 1_000_000}, True),
        ({"deep": [[[0] * 1000] * 10]}, True),
        ({str(number): number for number in range(MOST_AT_ONCE)}, True),
    ],
    ids=["little", "a long list", "a long text", "lists in lists", "many names"],
)
async def test_what_goes_through_much_keeps_nobody_waiting(data: Any, *, is_beside: bool) -> None:
    names = {"1": {"data": data}}
    worked_on = await beside(names, threading.current_thread)

    assert (worked_on is not threading.current_thread()) is is_beside


async def test_every_expression_of_a_run_may_be_worked_out_beside_the_loop(
    scenarios: Scenarios, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "MOST_AT_ONCE", 0)
    threads: list[threading.Thread] = []
    work_out = fill.__globals__["run"]

    def watched(*given: Any) -> Any:
        threads.append(threading.current_thread())
        return work_out(*given)

    monkeypatch.setitem(fill.__globals__, "run", watched)
    scenario = a_scenario(
        variables(1, a="{{ run.id }}"),
        router(2, Branch(when="{{ 1.a }}", modules=(module(3, Sleep(span="{{ 0 }}")),))),
        each(4, "{{ [1, 2] }}", when="{{ 1.a != '' }}"),
        collect(5, 4, "{{ 4.value }}"),
        module(6, Respond(status="{{ 200 }}")),
    )
    started = await scenarios.runs.start_file(LOCAL, scenario)
    run = await scenarios.runs.wait(LOCAL, started.id)

    assert run.state is RunState.SUCCEEDED
    assert len(threads) == 8
    assert threading.current_thread() not in threads
