"""Faults are injected into real processes, files and sockets; the server's journal is the judge."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.processes.conftest import options, town

__all__ = ["options", "report", "town"]

Report = Callable[..., None]


@pytest.fixture
def report() -> Report:
    """Adds a line to the table of ``docs/reliability.md``, when that is being written."""

    def add(fault: str, outcome: str, *, database: str = "SQLite", grace: str = "none") -> None:
        if path := os.environ.get("FAULTS_REPORT"):
            line = {"fault": fault, "database": database, "grace": grace, "outcome": outcome}
            with Path(path).open("a", encoding="utf-8") as file:
                file.write(json.dumps(line) + "\n")

    return add
