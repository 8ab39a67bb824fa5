"""Processes of tests, forked from one that has imported what they need.

Starting Python and importing takes longer than all that most of them do. Each is a process of its
own all the same, with its own memory, files and signals: it begins with modules and nothing else,
no thread, socket or database of the test that asked for it.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import sys
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import IO, Any, Final, NamedTuple

from grantline.cli.main import run

DEADLINE_S: Final = 60
PRELOADED: Final = (
    "tests.faults.traffic_child",
    "tests.processes.child",
    "tests.processes.notices_child",
    "tests.processes.runs_child",
    "tests.processes.serving_child",
    # What commands import only when they are given.
    "alembic.command",
    *(f"grantline.cli.commands.{each}" for each in ("request", "serve", "connection.create")),
    "grantline.connections.keeping.backup",
)
_FORKS: Final = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(["__main__", *PRELOADED])

Main = Callable[[dict[str, Any], Connection], Coroutine[Any, Any, None]]


@dataclass
class Child:
    """A process that follows ``orders``, and its end of the line to it."""

    process: BaseProcess
    line: Connection

    @classmethod
    def start(cls, main: Main, orders: dict[str, Any]) -> Child:
        """Runs ``main`` in a process of its own; it is given the orders and its end of the line."""
        here, there = _FORKS.Pipe()
        process = _FORKS.Process(target=_run, args=(main, orders, there))
        process.start()
        there.close()
        return cls(process, here)

    def said(self) -> Any:
        """The next that it says."""
        assert self.line.poll(DEADLINE_S), "it says nothing"
        return self.line.recv()

    def expect(self, word: str) -> None:
        assert self.said() == word

    def go(self) -> None:
        self.line.send("go")

    def found(self) -> list[str]:
        """The different tokens and errors that its tasks got."""
        return list(self.said())

    @property
    def pid(self) -> int:
        assert self.process.pid is not None
        return self.process.pid

    def signal(self, number: int) -> None:
        os.kill(self.pid, number)

    def end(self) -> int:
        """Waits for its end; gives its status, a negative one for a signal."""
        return _end(self.process)


def _run(main: Main, orders: dict[str, Any], line: Connection) -> None:
    asyncio.run(main(orders, line))


def _end(process: BaseProcess) -> int:
    process.join(DEADLINE_S)
    assert process.exitcode is not None
    return process.exitcode


class Ran(NamedTuple):
    """What one command did."""

    status: int
    out: str
    err: str


@dataclass
class Command:
    """A ``grantline`` command that runs."""

    process: BaseProcess
    typed: IO[str]
    out: IO[str]
    err: IO[str]

    @classmethod
    def start(cls, environment: dict[str, str], *arguments: str) -> Command:
        """``grantline`` with these arguments, and nothing but this environment."""
        reads, types = _FORKS.Pipe(duplex=False)
        (out, says), (err, complains) = (_FORKS.Pipe(duplex=False) for _ in range(2))
        standard = (reads, says, complains)
        process = _FORKS.Process(target=_command, args=(environment, arguments, *standard))
        process.start()
        for end in standard:
            end.close()
        return cls(process, _file(types, "w"), _file(out, "r"), _file(err, "r"))

    def end(self, typed: str = "") -> Ran:
        """Types into it, and waits for its end."""
        with self.typed, self.out, self.err:
            self.typed.write(typed)
            self.typed.close()
            out, err = self.out.read(), self.err.read()
        return Ran(_end(self.process), out, err)


def _file(end: Connection, mode: str) -> IO[str]:
    with end:
        return os.fdopen(os.dup(end.fileno()), mode, encoding="utf-8")


def _command(
    environment: dict[str, str], arguments: tuple[str, ...], *standard: Connection
) -> None:
    os.environ.clear()
    os.environ.update(environment)
    for number, end in enumerate(standard):
        os.dup2(end.fileno(), number)
    sys.stdin = os.fdopen(0, encoding="utf-8")
    run(arguments)
