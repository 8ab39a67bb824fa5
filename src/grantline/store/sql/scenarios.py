"""Scenarios: what people keep under a name, and what that refers to."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, Connection, delete, insert, select, update

from grantline.errors import NotFound
from grantline.store.database import Database
from grantline.store.records.audit import Event
from grantline.store.records.page import Page
from grantline.store.records.scenarios import (
    ListedScenario,
    ScenarioRecord,
    ScenarioUse,
    UseKind,
)
from grantline.store.schema.tables import scenario, scenario_use
from grantline.store.sql.connections import missing_or_changed, write_over
from grantline.store.sql.journal import note
from grantline.store.sql.paging import contains, page_of
from grantline.store.sql.people import not_found
from grantline.store.sql.rows import to_record, to_row

_EDITABLE: Final = (
    "name",
    "trigger_kind",
    "cron",
    "time_zone",
    "at_once",
    "modules",
    "sealed_definition",
    "version",
    "updated_at",
)
_LISTED: Final = [scenario.c[each.name] for each in fields(ListedScenario)]
_SCHEDULED: Final = select(*_LISTED).where(
    scenario.c.is_active, scenario.c.trigger_kind == "schedule"
)


class Scenarios(Database):
    """The rows of scenarios, each guarded by its version (law 4)."""

    def add_scenario(
        self, scenario: ScenarioRecord, uses: Collection[ScenarioUse], event: Event
    ) -> None:
        """Adds a scenario and what it refers to."""
        with self._write() as run:
            run.execute(insert(_scenarios).values(to_row(scenario)))
            _write_uses(run, scenario, uses)
            note(run, event)

    def load_scenario(self, workspace: str, scenario_id: str) -> ScenarioRecord:
        """The scenario of this id."""
        return self._scenario(_of(workspace), scenario.c.id == scenario_id)

    def find_scenario(self, workspace: str, name: str) -> ScenarioRecord:
        """The scenario of this name."""
        return self._scenario(_of(workspace), scenario.c.name == name)

    def find_hooked(self, hook_digest: str) -> ScenarioRecord | None:
        """The scenario, of any workspace, whose webhook has this address."""
        kept = scenario.c
        try:
            return self._scenario(kept.hook_digest == hook_digest, kept.trigger_kind == "webhook")
        except NotFound:
            return None

    def list_scheduled(self) -> Sequence[ListedScenario]:
        """Every active scenario, of any workspace, that a schedule starts."""
        with self._read() as run:
            rows = run.execute(_SCHEDULED.order_by(scenario.c.id)).mappings()
            return [to_record(ListedScenario, row) for row in rows]

    def find_scheduled(self, scenario_id: str) -> ListedScenario | None:
        """The scenario of this id, when it is active and a schedule starts it."""
        wanted = _SCHEDULED.where(scenario.c.id == scenario_id)
        with self._read() as run:
            row = run.execute(wanted).mappings().one_or_none()
        return None if row is None else to_record(ListedScenario, row)

    def page_scenarios(
        self,
        workspace: str,
        *,
        query: str = "",
        connection_id: str | None = None,
        credential_id: str | None = None,
        is_active: bool | None = None,
        offset: int = 0,
        limit: int = 50,
    ) -> Page[ListedScenario]:
        """Scenarios by name, those that fit every filter given."""
        kept = scenario.c
        wanted = select(kept.id).where(_of(workspace)).order_by(kept.name)
        if query:
            wanted = wanted.where(contains(query, kept.name))
        if is_active is not None:
            wanted = wanted.where(kept.is_active.is_(is_active))
        for kind, used_id in (
            (UseKind.CONNECTION, connection_id),
            (UseKind.CREDENTIAL, credential_id),
        ):
            if used_id is not None:
                wanted = wanted.where(kept.id.in_(_users_of(workspace, kind, used_id)))
        with self._read() as run:
            ids, total = page_of(run, wanted, offset, limit)
            shown = select(*_LISTED).where(kept.id.in_(ids)).order_by(kept.name)
            rows = run.execute(shown).mappings()
            return Page(tuple(to_record(ListedScenario, row) for row in rows), total)

    def scenario_names(self, workspace: str, scenario_ids: Collection[str]) -> dict[str, str]:
        """The names of those of these scenarios that there are, by id."""
        kept = scenario.c
        wanted = select(kept.id, kept.name).where(_of(workspace), kept.id.in_(scenario_ids))
        with self._read() as run:
            return {row[0]: row[1] for row in run.execute(wanted)}

    def update_scenario(
        self, scenario: ScenarioRecord, uses: Collection[ScenarioUse], event: Event
    ) -> None:
        """Writes what people edit over version ``scenario.version - 1`` (law 4)."""
        row = to_row(scenario)
        values = {name: row[name] for name in _EDITABLE}
        unswitched = _scenarios.c.is_active.is_(scenario.is_active)
        with self._write() as run:
            write_over(run, _scenarios, scenario, values, _missing(), unswitched)
            run.execute(
                delete(scenario_use).where(
                    scenario_use.c.workspace == scenario.workspace,
                    scenario_use.c.scenario_id == scenario.id,
                )
            )
            _write_uses(run, scenario, uses)
            note(run, event)

    def switch_scenario(
        self, workspace: str, scenario_id: str, version: int, *, is_active: bool, event: Event
    ) -> None:
        """Lets the trigger of this ``version`` start runs, or no longer."""
        kept = scenario.c
        own = (_of(workspace), kept.id == scenario_id)
        with self._write() as run:
            switched = update(scenario).where(*own, kept.version == version)
            if not run.execute(switched.values(is_active=is_active)).rowcount:
                raise missing_or_changed(run, scenario, own, _missing())
            note(run, event)

    def replace_hook(
        self,
        workspace: str,
        scenario_id: str,
        *,
        hook_digest: str,
        sealed_hook: str,
        updated_at: datetime,
        event: Event,
    ) -> None:
        """Gives the webhook another address; the old one is unknown from then on."""
        own = update(scenario).where(_of(workspace), scenario.c.id == scenario_id)
        values = {"hook_digest": hook_digest, "sealed_hook": sealed_hook, "updated_at": updated_at}
        with self._write() as run:
            if not run.execute(own.values(values)).rowcount:
                raise _missing()
            note(run, event)

    def delete_scenario(self, workspace: str, scenario_id: str, event: Event) -> None:
        """Removes a scenario; its runs stay (law 13)."""
        gone = delete(scenario).where(_of(workspace), scenario.c.id == scenario_id)
        with self._write() as run:
            if not run.execute(gone).rowcount:
                raise _missing()
            note(run, event)

    def _scenario(self, *where: ColumnElement[bool]) -> ScenarioRecord:
        with self._read() as run:
            row = run.execute(select(scenario).where(*where)).mappings().one_or_none()
        if row is None:
            raise _missing()
        return to_record(ScenarioRecord, row)


# Inside the methods that take one, ``scenario`` is a record.
_scenarios: Final = scenario


def _write_uses(run: Connection, record: ScenarioRecord, uses: Collection[ScenarioUse]) -> None:
    own = {"workspace": record.workspace, "scenario_id": record.id}
    if rows := [{**own, **to_row(each)} for each in sorted(set(uses))]:
        run.execute(insert(scenario_use), rows)


def _users_of(workspace: str, kind: UseKind, used_id: str) -> ColumnElement[str]:
    used = scenario_use.c
    return (
        select(used.scenario_id)
        .where(used.workspace == workspace, used.kind == kind, used.used_id == used_id)
        .scalar_subquery()
    )


def _missing() -> NotFound:
    return not_found("scenario")


def _of(workspace: str) -> ColumnElement[bool]:
    return scenario.c.workspace == workspace
