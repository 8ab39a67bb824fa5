"""The rows of scenarios as values, as ``records`` has those of everything else."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedScenario:
    """A scenario as lists and schedulers see it: nothing is opened for it.

    Attributes:
        is_active: Whether its trigger starts runs.
        trigger_kind: ``manual``, ``schedule`` or ``webhook``.
        cron: Of a schedule; empty for other triggers, and so is ``time_zone``.
        at_once: How many of its runs go on at the same time.
        modules: How many it has.
        version: Grows by one with every edit; switching it on or off is none.
    """

    id: str
    workspace: str
    owner: str
    name: str
    is_active: bool
    trigger_kind: str
    cron: str
    time_zone: str
    at_once: int
    modules: int
    version: int
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ScenarioRecord(ListedScenario):
    """A scenario, whole.

    Attributes:
        hook_digest: SHA-256 of the secret part of its webhook's address, hex. Every scenario has
            an address, so that it stays the same when the trigger is changed and changed back.
        sealed_hook: That secret part.
        sealed_definition: All that people wrote.
    """

    hook_digest: str
    sealed_hook: str
    sealed_definition: str


class UseKind(StrEnum):
    """What a scenario may refer to."""

    CONNECTION = "connection"
    CREDENTIAL = "credential"


@dataclass(frozen=True, slots=True, order=True)
class ScenarioUse:
    """One thing that a scenario refers to, though it may be gone by now."""

    kind: UseKind
    used_id: str
