"""Where a module is carried out: the engine, the run that it is part of, and its files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

from grantline.connections.connection import Actor
from grantline.connections.engine import Engine
from grantline.connections.requests.run_cookies import RunCookies
from grantline.scenarios.modules.files import Files

# What an answer, a list or an aggregate may be, because a bundle is in memory and in the database.
MOST_BUNDLE_BYTES: Final = 32 * 1024 * 1024
LONGEST_SLEEP: Final = timedelta(days=366)


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What one module is carried out with.

    Attributes:
        engine: Makes the requests; its clock is the one that counts.
        actor: As whom.
        run_id: Of the run.
        step: The path of the step in the run. A step that is carried out again has the same one,
            and a download goes on by it.
        files: Of the installation, for the actor's workspace.
        cookies: Of the run, for modules that share them. They live as long as a process works on
            the run, and begin empty after a crash or a pause.
        collected: For an aggregator: the names that each item left, in order, filtered ones left
            out. It is read once, so it may be a generator.
        most_bytes: What one bundle may hold of an answer.
    """

    engine: Engine
    actor: Actor
    run_id: str
    step: str
    files: Files
    cookies: RunCookies = field(default_factory=RunCookies)
    collected: Iterable[Mapping[str, Any]] = ()
    most_bytes: int = MOST_BUNDLE_BYTES
