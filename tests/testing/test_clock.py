from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import anyio
import pytest

from grantline.testing.clock import START, FakeClock, JumpingClock

SECOND = timedelta(seconds=1)


def test_a_fake_clock_stands_still_until_it_is_advanced() -> None:
    clock = FakeClock()
    assert clock.now() == START
    clock.advance(90 * SECOND)
    assert clock.now() == START + timedelta(seconds=90)


def test_a_fake_clock_can_be_set_back_as_operators_do() -> None:
    clock = FakeClock()
    clock.set(datetime(2025, 1, 1, tzinfo=UTC))
    assert clock.now().year == 2025


def test_time_does_not_run_backwards_by_accident() -> None:
    with pytest.raises(ValueError, match="backwards"):
        FakeClock().advance(-SECOND)


def test_a_fake_clock_refuses_a_naive_start() -> None:
    with pytest.raises(ValueError, match="aware"):
        FakeClock(datetime(2026, 1, 1))  # noqa: DTZ001 - the naive datetime is the case


@pytest.mark.anyio
async def test_sleepers_wake_earliest_first_and_no_earlier_than_asked() -> None:
    clock = FakeClock()
    woken: list[str] = []

    async def sleeper(name: str, seconds: int) -> None:
        await clock.sleep(seconds * SECOND)
        woken.append(name)

    with anyio.fail_after(5):
        async with anyio.create_task_group() as tasks:
            for name, seconds in (("late", 30), ("first", 10), ("second", 10), ("never", 99)):
                tasks.start_soon(sleeper, name, seconds)
            await clock.wait_for_sleepers(4)
            clock.advance(9 * SECOND)
            await anyio.wait_all_tasks_blocked()
            assert woken == []
            clock.advance(21 * SECOND)
            await anyio.wait_all_tasks_blocked()
            assert woken == ["first", "second", "late"]
            assert clock.sleeping == 1
            tasks.cancel_scope.cancel()
    assert clock.sleeping == 0


@pytest.mark.anyio
async def test_another_thread_may_advance_the_clock() -> None:
    clock = FakeClock()
    with anyio.fail_after(5):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(clock.sleep, SECOND)
            await clock.wait_for_sleepers()
            thread = threading.Thread(target=clock.advance, args=(SECOND,))
            thread.start()
        thread.join()
    assert clock.now() == START + SECOND


@pytest.mark.anyio
async def test_a_span_that_is_not_positive_is_over_at_once() -> None:
    clock = FakeClock()
    with anyio.fail_after(5):
        await clock.sleep(timedelta())
        await clock.sleep(-SECOND)
    assert clock.slept == [timedelta(), -SECOND]


@pytest.mark.anyio
async def test_a_jumping_clock_tells_what_would_have_been_waited() -> None:
    clock = JumpingClock()
    with anyio.fail_after(5):
        await clock.sleep(5 * SECOND)
        await clock.sleep(10 * SECOND)
    assert clock.slept == [5 * SECOND, 10 * SECOND]
    assert clock.now() == START + 15 * SECOND
