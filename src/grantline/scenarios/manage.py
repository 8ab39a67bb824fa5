"""Scenarios kept under a name: created, edited, switched on and off, duplicated, deleted, listed.

What is wrong with a scenario keeps nobody from saving it: a draft is worth keeping. It keeps it
from being switched on, and one that is on is not replaced by one that could not run.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from grantline.connections.connection import Actor
from grantline.connections.context import Context
from grantline.connections.near_names import LOOKED_AT, did_you_mean
from grantline.connections.rules import check_name
from grantline.errors import InvalidInput, NotFound, ScenarioNotReady
from grantline.scenarios.definition.check import check_scenario
from grantline.scenarios.definition.plain import malformed
from grantline.scenarios.definition.problem import Problem
from grantline.scenarios.definition.scenario import Scenario
from grantline.scenarios.definition.yaml_file import ScenarioFile, examine
from grantline.scenarios.files import adopted, scenario_from_file, scenario_to_file
from grantline.scenarios.kept import (
    KeptScenario,
    ScenarioSummary,
    hook_place,
    opened,
    record_of,
    summary_of,
)
from grantline.scenarios.references import lost_references, names_of, uses_of, with_ids
from grantline.scenarios.triggers.check import check_trigger
from grantline.scenarios.triggers.hook_address import SECRET_BYTES, hook_digest, hook_secret
from grantline.secret import Secret
from grantline.store.records.page import Page
from grantline.store.records.scenarios import ScenarioRecord

ID_PREFIX: Final = "scn_"
NAME: Final = "Scenario name"


class ScenarioManager:
    """Scenarios as a person manages them."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def page(
        self,
        actor: Actor,
        *,
        query: str = "",
        connection_id: str | None = None,
        credential_id: str | None = None,
        is_active: bool | None = None,
        offset: int = 0,
        limit: int = 50,
    ) -> Page[ScenarioSummary]:
        """Scenarios by name.

        Args:
            actor: Who looks.
            query: In the name, whatever the case.
            connection_id: Those that refer to this connection.
            credential_id: Those that refer to this credential.
            is_active: Those that are on, or off.
            offset: How many to pass over.
            limit: How many to give.
        """
        found = await self._context.stored(
            self._context.store.page_scenarios,
            actor.workspace,
            query=query.strip(),
            connection_id=connection_id,
            credential_id=credential_id,
            is_active=is_active,
            offset=offset,
            limit=limit,
        )
        return Page(tuple(summary_of(each) for each in found.rows), found.total)

    async def find(self, actor: Actor, name: str) -> KeptScenario:
        """The scenario with this name or id.

        Raises:
            NotFound: None in the actor's workspace has it.
        """
        return opened(self._context.vault, await self._record(actor, name))

    async def find_hooked(self, secret: Secret) -> tuple[Actor, KeptScenario]:
        """The scenario whose webhook has this secret in its address, and as whom it runs.

        Raises:
            NotFound: None has it, in any workspace.
        """
        context = self._context
        record = await context.stored(context.store.find_hooked, hook_digest(secret))
        if record is None:
            raise NotFound(
                "Nothing listens at this address.",
                hint="Copy the address from the scenario again: it may have been replaced.",
            )
        return Actor(record.workspace, record.owner), opened(context.vault, record)

    async def create(self, actor: Actor, scenario: Scenario) -> KeptScenario:
        """A new scenario, which is off.

        Raises:
            InvalidInput: Its name cannot be used.
            NameTaken: Another scenario has the name.
        """
        context = self._context
        scenario = await self._checked(actor, scenario)
        now = context.clock.now()
        kept = KeptScenario(
            id=context.new_id("scn"),
            owner=actor.user,
            scenario=scenario,
            is_active=False,
            hook_secret=hook_secret(context.entropy(SECRET_BYTES)),
            version=1,
            created_at=now,
            updated_at=now,
        )
        record = record_of(context.vault, actor, kept)
        event = context.event(actor, "scenario.created", kept.id, {"name": kept.name})
        await context.stored(context.store.add_scenario, record, uses_of(scenario), event)
        return kept

    async def edit(
        self, actor: Actor, name: str, scenario: Scenario, *, version: int | None = None
    ) -> KeptScenario:
        """The scenario, replaced by ``scenario``.

        Args:
            actor: Who edits.
            name: Its name or id.
            scenario: What it is from now on. Runs under way go on as they were begun.
            version: The version the edit was made against; None takes whatever is there.

        Raises:
            ConnectionChanged: Somebody else edited it since.
            ScenarioNotReady: It is on, and could not run like this.
            NameTaken: Another scenario has the name.
        """
        context = self._context
        scenario = await self._checked(actor, scenario)
        old = await self.find(actor, name)
        if old.is_active:
            await self._check_ready(actor, scenario)
        new = replace(
            old,
            scenario=scenario,
            version=(old.version if version is None else version) + 1,
            updated_at=context.clock.now(),
        )
        record = record_of(context.vault, actor, new)
        event = context.event(actor, "scenario.edited", new.id, {"name": new.name})
        await context.stored(context.store.update_scenario, record, uses_of(scenario), event)
        return new

    async def rename(
        self, actor: Actor, name: str, new_name: str, *, version: int | None = None
    ) -> KeptScenario:
        """The scenario under another name. Raises as ``edit``."""
        old = await self.find(actor, name)
        scenario = replace(old.scenario, name=new_name)
        return await self.edit(
            actor, old.id, scenario, version=old.version if version is None else version
        )

    async def duplicate(self, actor: Actor, name: str, new_name: str) -> KeptScenario:
        """The same scenario once more, under another name and the actor's own; it is off."""
        old = await self.find(actor, name)
        return await self.create(actor, replace(old.scenario, name=new_name))

    async def set_active(self, actor: Actor, name: str, is_active: bool) -> KeptScenario:  # noqa: FBT001 - it is what the method is about
        """The scenario, switched on or off: whether its trigger starts runs.

        Raises:
            ScenarioNotReady: It could not run as it is; holds every problem.
            ConnectionChanged: Somebody edited it at the same moment.
        """
        context = self._context
        kept = await self.find(actor, name)
        if kept.is_active is is_active:
            return kept
        if is_active:
            await self._check_ready(actor, kept.scenario)
        kind = "scenario.activated" if is_active else "scenario.deactivated"
        await context.stored(
            context.store.switch_scenario,
            actor.workspace,
            kept.id,
            kept.version,
            is_active=is_active,
            event=context.event(actor, kind, kept.id, {"name": kept.name}),
        )
        return replace(kept, is_active=is_active)

    async def rotate_hook(self, actor: Actor, name: str) -> KeptScenario:
        """The scenario with another address for its webhook; the old one is unknown at once."""
        context = self._context
        kept = await self.find(actor, name)
        secret, now = hook_secret(context.entropy(SECRET_BYTES)), context.clock.now()
        await context.stored(
            context.store.replace_hook,
            actor.workspace,
            kept.id,
            hook_digest=hook_digest(secret),
            sealed_hook=context.vault.seal(secret, hook_place(actor.workspace, kept.id)),
            updated_at=now,
            event=context.event(actor, "scenario.hook_rotated", kept.id, {"name": kept.name}),
        )
        return replace(kept, hook_secret=secret, updated_at=now)

    async def delete(self, actor: Actor, name: str) -> ScenarioSummary:
        """The scenario that was deleted; its runs stay, and those under way go on."""
        context = self._context
        record = await self._record(actor, name)
        event = context.event(actor, "scenario.deleted", record.id, {"name": record.name})
        await context.stored(context.store.delete_scenario, actor.workspace, record.id, event)
        return summary_of(record)

    async def read_file(self, actor: Actor, text: str) -> Scenario:
        """The scenario that a file describes, not kept. Raises as ``scenario_from_file``."""
        return await scenario_from_file(self._context, actor, text)

    async def adopt(self, actor: Actor, file: ScenarioFile) -> Scenario:
        """The scenario of a file that was read, with ids of what is here, as far as it is."""
        return await adopted(self._context, actor, file)

    async def names_of(self, actor: Actor, scenario: Scenario) -> dict[str, str]:
        """Names of the connections and credentials that ``scenario`` refers to, by id."""
        found = await names_of(self._context, actor, scenario)
        return {use.used_id: name for use, name in found.items()}

    async def write_file(self, actor: Actor, scenario: Scenario) -> str:
        """``scenario`` as the text of a file."""
        return await scenario_to_file(self._context, actor, scenario)

    async def examine_file(
        self, actor: Actor, text: str
    ) -> tuple[Scenario | None, tuple[Problem, ...]]:
        """What a file describes, and all that would keep it from running, with lines.

        None where a file cannot be read whole.
        """
        file, faults = examine(text)
        if faults:
            return None, faults
        scenario = await adopted(self._context, actor, file)
        return scenario, file.located(await self.problems(actor, scenario))

    async def problems(self, actor: Actor, scenario: Scenario) -> tuple[Problem, ...]:
        """All that would keep ``scenario`` from running, what it refers to included."""
        lost = await lost_references(self._context, actor, scenario)
        return (*lost, *check_scenario(scenario, check_trigger=check_trigger))

    async def _check_ready(self, actor: Actor, scenario: Scenario) -> None:
        if problems := await self.problems(actor, scenario):
            raise not_ready(problems)

    async def _checked(self, actor: Actor, scenario: Scenario) -> Scenario:
        """``scenario`` as it is kept, under a name that people and shells can handle."""
        check_name(scenario.name, field=NAME)
        if scenario.name.startswith(ID_PREFIX):
            raise InvalidInput(f"{ID_PREFIX} is kept for ids.", field=NAME)
        return await with_ids(self._context, actor, scenario)

    async def _record(self, actor: Actor, name: str) -> ScenarioRecord:
        store = self._context.store
        find = store.load_scenario if name.startswith(ID_PREFIX) else store.find_scenario
        try:
            return await self._context.stored(find, actor.workspace, name)
        except NotFound:
            page = await self._context.stored(
                store.page_scenarios, actor.workspace, limit=LOOKED_AT
            )
            near = did_you_mean(name, (each.name for each in page.rows))
            raise NotFound(
                f"There is no scenario named “{name}”.",
                hint=f"{near}See the names with: grantline scenario list",
            ) from None


def not_ready(problems: tuple[Problem, ...]) -> ScenarioNotReady:
    """The first of ``problems`` as an error, which holds them all."""
    first = malformed(problems)
    return ScenarioNotReady(first.message, field=first.field, hint=first.hint, problems=problems)
