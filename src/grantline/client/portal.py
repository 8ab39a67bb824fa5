"""A thread with an event loop, and the way to it for callers that have none."""

from __future__ import annotations

import atexit
import os
from collections.abc import Awaitable, Callable
from concurrent.futures import CancelledError
from contextlib import AbstractAsyncContextManager, AbstractContextManager, ExitStack
from functools import partial
from typing import ParamSpec, TypeVar

from anyio.from_thread import start_blocking_portal

from grantline.errors import ConfigurationError

P = ParamSpec("P")
T = TypeVar("T")


class Portal:
    """One event loop on a daemon thread; any thread of this process may call into it.

    It closes with the interpreter when nobody closed it before.
    """

    def __init__(self) -> None:
        self._running = ExitStack()
        self._loop = self._running.enter_context(start_blocking_portal("asyncio", name="grantline"))
        # What is held is left before this, so a call that is still waiting then waits in vain.
        self._running.callback(self._loop.call, self._loop.stop, True)  # noqa: FBT003 - not ours
        self._process = os.getpid()
        self._closed = False
        atexit.register(self.close)

    def call(self, function: Callable[P, Awaitable[T]], *args: P.args, **kwargs: P.kwargs) -> T:
        """The result of an async ``function``, awaited on the loop.

        Whoever is interrupted while waiting (Ctrl-C) cancels the call.

        Raises:
            ConfigurationError: The portal was closed, or opened by the parent of this process.
        """
        self._check()
        waiting = self._loop.start_task_soon(partial(function, *args, **kwargs))
        try:
            return waiting.result()
        except CancelledError:
            raise _closed() from None
        except BaseException:
            waiting.cancel()
            raise

    def entered(self, manager: AbstractAsyncContextManager[T]) -> AbstractContextManager[T]:
        """``manager`` for a ``with`` statement: entered and left by one task on the loop."""
        self._check()
        return self._loop.wrap_async_context_manager(manager)

    def hold(self, manager: AbstractAsyncContextManager[T]) -> T:
        """What entering ``manager`` gives; it is left when the portal closes."""
        return self._running.enter_context(self.entered(manager))

    def close(self) -> None:
        """Leaves what is held and ends the thread. Closing again does nothing."""
        atexit.unregister(self.close)
        self._closed = True
        # Threads do not survive a fork: in a child there is nothing to end, and waiting is forever.
        if os.getpid() == self._process:
            self._running.close()

    def _check(self) -> None:
        if os.getpid() != self._process:
            raise ConfigurationError(
                "These connections were opened before this process was forked.",
                hint="Open connections in each process, after the fork.",
            )
        if self._closed:
            raise _closed()


def _closed() -> ConfigurationError:
    return ConfigurationError(
        "These connections are closed.", hint="Use them inside the with block."
    )
