"""Scenarios as they are kept: the values that faces see, and the rows that hold them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from grantline.calls.structures.json_values import dump_json, load_json
from grantline.connections.connection import Actor
from grantline.errors import InvalidInput
from grantline.scenarios.definition.plain import scenario_from_plain, scenario_to_plain
from grantline.scenarios.definition.scenario import Scenario
from grantline.scenarios.definition.triggers import Manual, Schedule, Trigger, Webhook
from grantline.scenarios.triggers.hook_address import hook_digest, hook_path
from grantline.secret import Secret
from grantline.store.records.scenarios import ListedScenario, ScenarioRecord
from grantline.vault.envelope import Place
from grantline.vault.vault import Vault

MOST_BYTES: Final = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ScenarioSummary:
    """A scenario as lists show it.

    Attributes:
        trigger: ``manual``, ``schedule`` or ``webhook``.
        cron: Of a schedule; empty for other triggers, and so is ``time_zone``.
        modules: How many it has.
    """

    id: str
    name: str
    owner: str
    is_active: bool
    trigger: str
    cron: str
    time_zone: str
    at_once: int
    modules: int
    version: int
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptScenario:
    """A scenario under its id.

    Attributes:
        owner: As whom its runs make requests when a schedule or a webhook starts them.
        is_active: Whether its trigger starts runs.
        hook_secret: Of its webhook's address. There is one whatever the trigger is, so that the
            address stays the same when that is changed and changed back.
        version: Grows with every edit; switching it on or off is none.
    """

    id: str
    owner: str
    scenario: Scenario
    is_active: bool
    hook_secret: Secret
    version: int
    created_at: datetime
    updated_at: datetime

    @property
    def name(self) -> str:
        """What lists call it."""
        return self.scenario.name

    @property
    def hook_url_path(self) -> Secret | None:
        """The path at which its webhook listens; None when another trigger starts it."""
        is_hooked = isinstance(self.scenario.trigger, Webhook)
        return hook_path(self.hook_secret) if is_hooked else None


def kind_of(trigger: Trigger) -> str:
    """The word for a kind of trigger."""
    match trigger:
        case Manual():
            return "manual"
        case Schedule():
            return "schedule"
        case Webhook():
            return "webhook"


def summary_of(record: ListedScenario) -> ScenarioSummary:
    """What lists show of ``record``."""
    return ScenarioSummary(
        id=record.id,
        name=record.name,
        owner=record.owner,
        is_active=record.is_active,
        trigger=record.trigger_kind,
        cron=record.cron,
        time_zone=record.time_zone,
        at_once=record.at_once,
        modules=record.modules,
        version=record.version,
        created_at=record.created_at,
        updated_at=record.updated_at,
    )


def record_of(vault: Vault, actor: Actor, kept: KeptScenario) -> ScenarioRecord:
    """The row that holds ``kept``.

    Raises:
        InvalidInput: It is too large.
    """
    scenario = kept.scenario
    trigger = scenario.trigger
    schedule = trigger if isinstance(trigger, Schedule) else None
    return ScenarioRecord(
        id=kept.id,
        workspace=actor.workspace,
        owner=kept.owner,
        name=scenario.name,
        is_active=kept.is_active,
        trigger_kind=kind_of(trigger),
        cron=schedule.cron if schedule else "",
        time_zone=schedule.time_zone if schedule else "",
        at_once=scenario.bounds.at_once,
        modules=sum(1 for _ in scenario.each_module()),
        version=kept.version,
        created_at=kept.created_at,
        updated_at=kept.updated_at,
        hook_digest=hook_digest(kept.hook_secret),
        sealed_hook=vault.seal(kept.hook_secret, hook_place(actor.workspace, kept.id)),
        sealed_definition=vault.seal(
            _text_of(scenario), Place(actor.workspace, "scenario", kept.id, "definition")
        ),
    )


def opened(vault: Vault, record: ScenarioRecord) -> KeptScenario:
    """The scenario in a row."""
    place = Place(record.workspace, "scenario", record.id, "definition")
    plain = load_json(vault.open(record.sealed_definition, place).reveal())
    return KeptScenario(
        id=record.id,
        owner=record.owner,
        scenario=scenario_from_plain(plain),
        is_active=record.is_active,
        hook_secret=vault.open(record.sealed_hook, hook_place(record.workspace, record.id)),
        version=record.version,
        created_at=record.created_at,
        updated_at=record.updated_at,
    )


def hook_place(workspace: str, scenario_id: str) -> Place:
    """Where the secret of a webhook's address is sealed."""
    return Place(workspace, "scenario", scenario_id, "hook")


def _text_of(scenario: Scenario) -> Secret:
    text = dump_json(scenario_to_plain(scenario))
    if len(text) > MOST_BYTES:
        raise InvalidInput(
            f"The scenario is too large: {len(text):,} bytes of at most {MOST_BYTES:,}.",
            field="modules",
            hint="Keep large bodies in files, or split it into several scenarios.",
        )
    return Secret(text)
