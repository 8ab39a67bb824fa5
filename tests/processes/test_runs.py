"""Runs of scenarios in several processes: killed, stopped, suspended; none is lost or repeated."""

from __future__ import annotations

import asyncio
import signal
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from grantline.clock import SystemClock
from grantline.connections.engine import LOCAL
from grantline.connections.settings import Settings
from grantline.scenarios.definition.modules import Action, OnError
from grantline.scenarios.definition.scenario import Scenario
from grantline.scenarios.runs.run import RunState, ScenarioRun
from grantline.scenarios.service import Scenarios
from grantline.store.beside import FILE
from tests.connections.world import an_engine, environment
from tests.processes import runs_child
from tests.processes.forking import Child
from tests.scenarios.runs.making import a_scenario, collect, each, get
from tests.scenarios.runs.service import Service, a_service

pytestmark = pytest.mark.processes
WAITS = 120
DAMAGE = b"no database at all" * 100


@dataclass
class Yard:
    """One installation, a service, and processes that carry out runs.

    Attributes:
        scenarios: In this process, which starts runs and carries out none.
    """

    folder: Path
    url: str | None
    scenarios: Scenarios
    service: Service
    children: list[Child] = field(default_factory=list)

    async def child(self) -> Child:
        """A process that carries out runs."""
        orders = {"environment": environment(self.folder), "url": self.url}
        child = Child.start(runs_child.main, orders)
        self.children.append(child)
        await asyncio.to_thread(child.expect, "ready")
        return child

    async def ended(self, child: Child) -> int:
        """The status of a process, once it has ended."""
        return await asyncio.to_thread(child.end)

    async def killed(self, child: Child) -> None:
        """Nothing, once the process is killed."""
        child.signal(signal.SIGKILL)
        assert await self.ended(child) == -signal.SIGKILL

    async def start(self, scenario: Scenario, count: int = 1) -> list[ScenarioRun]:
        """This many runs of a scenario that is kept."""
        kept = await self.scenarios.create(LOCAL, scenario)
        return [await self.scenarios.runs.start(LOCAL, kept.id) for _ in range(count)]

    async def until(self, run: ScenarioRun, state: RunState) -> ScenarioRun:
        """The run once it is in ``state``."""
        async with asyncio.timeout(WAITS):
            async for now in self.scenarios.runs.changes(LOCAL, run.id):
                if now.state is state:
                    return now
        raise AssertionError((state, now))

    async def steps(self, run: ScenarioRun) -> dict[str, tuple[str, int]]:
        """State and attempts of each step."""
        steps = await self.scenarios.runs.steps(LOCAL, run.id)
        return {step.path: (step.state.value, step.attempts) for step in steps}


@asynccontextmanager
async def a_yard(folder: Path, url: str | None) -> AsyncIterator[Yard]:
    async with a_service() as service, an_engine(folder, SystemClock(), url=url) as engine:
        settings = Settings.from_environment(environment(folder), url=url)
        # Not opened: it keeps and looks, and nothing is carried out here.
        yard = Yard(folder, url, Scenarios(engine, settings, workers=False), service)
        try:
            yield yard
        finally:
            for each in yard.children:
                each.process.kill()
                await yard.ended(each)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
async def yard(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Yard]:
    url: Any = None
    if request.param == "postgresql":
        url = request.getfixturevalue("migrated_postgres_url")
    async with a_yard(tmp_path, url) as made:
        yield made


def of_three(url: str, **fields: Any) -> Scenario:
    """A list, each item of it, and an end; every request tells its run and step."""
    return a_scenario(
        get(1, url + "/list?run={{ run.id }}&path=1"),
        each(2, "{{ 1.data.items }}"),
        get(3, url + "/item?run={{ run.id }}&path=2/{{ 2.index }}/3"),
        collect(4, 2, "{{ 3.status }}"),
        get(5, url + "/end?run={{ run.id }}&path=5"),
        **fields,
    )


async def test_kill_9_among_a_hundred_runs_loses_none_and_repeats_nothing_that_finished(
    yard: Yard,
) -> None:
    yard.service.answers["/list"] = {"items": ["a", "b"]}
    children = [await yard.child() for _ in range(3)]
    runs = await yard.start(of_three(yard.service.url, at_once=20), 100)
    for share in (60, 140, 220, 300):
        await yard.service.until(lambda share=share: len(yard.service.asked) >= share)  # type: ignore[misc]
        await yard.killed(children[0])
        children = [*children[1:], await yard.child()]
    for run in runs:
        await yard.until(run, RunState.SUCCEEDED)
    asked = Counter(unquote(each) for each in yard.service.asked)
    repeated = 0
    for run in runs:
        steps = await yard.steps(run)
        assert list(steps) == ["1", "2", "2/1/3", "2/2/3", "4", "5"]
        assert {state for state, _ in steps.values()} == {"succeeded"}
        for path, name in (("1", "list"), ("2/1/3", "item"), ("2/2/3", "item"), ("5", "end")):
            times = asked[f"/{name}?run={run.id}&path={path}"]
            # What finished is not repeated: each further request is one that a process died over.
            assert 1 <= times <= steps[path][1], (run.id, path)
            repeated += times - 1
    assert sum(asked.values()) == 400 + repeated
    assert repeated <= 4 * 50


async def test_sigterm_lets_the_module_under_way_finish_and_others_go_on(yard: Yard) -> None:
    gate = yard.service.gates["/item"] = asyncio.Event()
    yard.service.answers["/list"] = {"items": ["a", "b"]}
    child = await yard.child()
    (run,) = await yard.start(of_three(yard.service.url))
    await yard.service.until(lambda: yard.service.count("/item") == 1)
    child.signal(signal.SIGTERM)
    gate.set()
    assert await yard.ended(child) == 0
    assert (await yard.scenarios.runs.find(LOCAL, run.id)).state is RunState.WAITING
    await yard.child()
    await yard.until(run, RunState.SUCCEEDED)
    assert yard.service.count() == 4
    assert {attempts for _, attempts in (await yard.steps(run)).values()} == {1}


async def test_a_suspended_process_keeps_its_runs_on_its_own_machine(yard: Yard) -> None:
    gate = yard.service.gates["/item"] = asyncio.Event()
    yard.service.answers["/list"] = {"items": ["a"]}
    child = await yard.child()
    (run,) = await yard.start(of_three(yard.service.url))
    await yard.service.until(lambda: yard.service.count("/item") == 1)
    child.signal(signal.SIGSTOP)
    other = await yard.child()
    (later,) = await yard.start(a_scenario(get(1, yard.service.url + "/later"), name="Later"))
    await yard.until(later, RunState.SUCCEEDED)
    gate.set()
    assert (await yard.scenarios.runs.find(LOCAL, run.id)).state is RunState.RUNNING
    child.signal(signal.SIGCONT)
    await yard.until(run, RunState.SUCCEEDED)
    assert yard.service.count("/item") == 1
    assert other.process.is_alive()


async def test_a_process_that_was_given_up_writes_nothing_when_it_wakes(yard: Yard) -> None:
    """As on another machine, where silence is all that is known of it."""
    gate = yard.service.gates["/item"] = asyncio.Event()
    yard.service.answers["/list"] = {"items": ["a"]}
    child = await yard.child()
    (run,) = await yard.start(of_three(yard.service.url))
    await yard.service.until(lambda: yard.service.count("/item") == 1)
    child.signal(signal.SIGSTOP)
    store = yard.scenarios.engine.context.store
    (seen,) = store.busy_workers()
    assert store.release_runs(seen.id) == [(run.id, 1)]
    await yard.child()
    await yard.service.until(lambda: yard.service.count("/item") == 2)
    child.signal(signal.SIGCONT)
    gate.set()
    ended = await yard.until(run, RunState.SUCCEEDED)
    assert ended.steps <= 6
    assert (await yard.steps(run))["2/1/3"] == ("succeeded", 2)
    assert yard.service.count("/end") == 1


async def test_a_retry_that_is_due_later_survives_the_process(yard: Yard) -> None:
    yard.service.answers["/flaky"] = 503
    handler = OnError(action=Action.RETRY_LATER, after=timedelta(seconds=1), attempts=50)
    url = yard.service.url
    scenario = a_scenario(get(1, url + "/before"), get(2, url + "/flaky", on_error=handler))
    child = await yard.child()
    (run,) = await yard.start(scenario)
    await yard.until(run, RunState.RETRYING)
    await yard.killed(child)
    del yard.service.answers["/flaky"]
    await yard.child()
    await yard.until(run, RunState.SUCCEEDED)
    assert yard.service.count("/before") == 1


async def test_two_processes_share_the_work(yard: Yard) -> None:
    gate = yard.service.gates["/slow"] = asyncio.Event()
    children = [await yard.child(), await yard.child()]
    runs = await yard.start(a_scenario(get(1, yard.service.url + "/slow"), at_once=80), 80)
    # More than one process takes into its hands.
    await yard.service.until(lambda: yard.service.count("/slow") == 80)
    assert len(yard.scenarios.engine.context.store.busy_workers()) == len(children)
    gate.set()
    for run in runs:
        await yard.until(run, RunState.SUCCEEDED)
    assert yard.service.count("/slow") == 80


def replace_file(folder: Path, content: bytes | None) -> None:
    """Puts something else in the place of what DBOS keeps there, or nothing."""
    for path in folder.glob(f"{FILE}*"):
        path.unlink()
    if content is not None:
        (folder / FILE).write_bytes(content)


@pytest.mark.parametrize("damage", [None, DAMAGE], ids=["lost", "damaged"])
async def test_a_dbos_file_that_is_lost_loses_nothing(tmp_path: Path, damage: bytes | None) -> None:
    async with a_yard(tmp_path, None) as yard:
        gate = yard.service.gates["/item"] = asyncio.Event()
        yard.service.answers["/list"] = {"items": ["a"]}
        child = await yard.child()
        (run,) = await yard.start(of_three(yard.service.url))
        await yard.service.until(lambda: yard.service.count("/item") == 1)
        await yard.killed(child)
        replace_file(tmp_path, damage)
        gate.set()
        await yard.child()
        await yard.until(run, RunState.SUCCEEDED)
        assert (yard.service.count("/list"), yard.service.count("/end")) == (1, 1)


async def test_a_dbos_file_that_is_lost_under_a_run_does_not_stop_it(tmp_path: Path) -> None:
    async with a_yard(tmp_path, None) as yard:
        gate = yard.service.gates["/item"] = asyncio.Event()
        yard.service.answers["/list"] = {"items": ["a", "b"]}
        await yard.child()
        (run,) = await yard.start(of_three(yard.service.url))
        await yard.service.until(lambda: yard.service.count("/item") == 1)
        replace_file(tmp_path, DAMAGE)
        gate.set()
        await yard.until(run, RunState.SUCCEEDED)
        assert yard.service.count() == 4
