"""The thread behind the synchronous face."""

import os
import signal
import sys
import threading
import traceback
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager

import anyio
import pytest

from grantline.client.portal import Portal
from grantline.errors import ConfigurationError


@pytest.fixture
def portal() -> Iterator[Portal]:
    portal = Portal()
    yield portal
    portal.close()


def test_a_call_gives_what_the_function_gives_and_raises_what_it_raises(portal: Portal) -> None:
    async def half(number: int, *, name: str) -> str:
        if number % 2:
            raise ValueError(name)
        return f"{name} {number // 2}"

    assert portal.call(half, 4, name="half") == "half 2"
    with pytest.raises(ValueError, match="odd"):
        portal.call(half, 3, name="odd")


def functions_of_main_thread() -> set[str]:
    frame = sys._current_frames()[threading.main_thread().ident or 0]  # noqa: SLF001
    return {each.f_code.co_name for each, _ in traceback.walk_stack(frame)}


def test_ctrl_c_cancels_the_call_that_is_waited_for(portal: Portal) -> None:
    started, cancelled = threading.Event(), threading.Event()

    async def wait_forever() -> None:
        started.set()
        try:
            await anyio.sleep_forever()
        finally:
            cancelled.set()

    def person() -> None:
        started.wait(timeout=10)
        while "result" not in (running := functions_of_main_thread()) or (
            "start_task_soon" in running
        ):
            pass
        os.kill(os.getpid(), signal.SIGINT)

    impatient = threading.Thread(target=person)
    impatient.start()
    with pytest.raises(KeyboardInterrupt):
        portal.call(wait_forever)
    impatient.join()

    assert cancelled.wait(timeout=10)


def test_what_is_held_is_left_when_the_portal_closes() -> None:
    steps = []

    @asynccontextmanager
    async def room() -> AsyncIterator[str]:
        steps.append("entered")
        yield "inside"
        steps.append("left")

    portal = Portal()
    assert portal.hold(room()) == "inside"
    portal.close()

    assert steps == ["entered", "left"]


def test_a_closed_portal_refuses_every_use(portal: Portal) -> None:
    portal.close()

    with pytest.raises(ConfigurationError, match="closed"):
        portal.call(anyio.sleep, 0)


def test_closing_ends_the_calls_of_other_threads() -> None:
    portal = Portal()
    started = threading.Event()

    async def wait_forever() -> None:
        started.set()
        await anyio.sleep_forever()

    with ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(portal.call, wait_forever)
        started.wait(timeout=10)
        portal.close()

    with pytest.raises(ConfigurationError, match="closed"):
        waiting.result()
