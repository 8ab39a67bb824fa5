"""Notices: what stands compared with what people were told, and what is still to be sent."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    delete,
    exists,
    insert,
    or_,
    select,
    update,
)

from grantline.errors import ConnectionChanged
from grantline.store.database import Database, add_unless_there
from grantline.store.records.audit import Event
from grantline.store.records.notices import (
    Change,
    Channel,
    NoticeRecord,
    NoticeSettingsRecord,
    Subject,
)
from grantline.store.records.runs import FAILED, SUCCEEDED
from grantline.store.schema.columns import microseconds
from grantline.store.schema.tables import (
    connection,
    notice,
    notice_settings,
    notice_state,
    scenario,
    scenario_run,
    scenario_use,
)
from grantline.store.sql.journal import note
from grantline.store.sql.rows import to_record, to_row

WANTING: Final = "reauthorization_required"
WELL: Final = ("authorized", "expiring")
# Whoever starts a run himself sees for himself.
BY_PEOPLE: Final = ("by_hand", "rerun")
# How many scenarios a notice names: enough to know which part of the house it is.
MOST_NAMES: Final = 5


class Notices(Database):
    """The part of the store that is about telling people."""

    def load_notice_settings(self, workspace: str) -> NoticeSettingsRecord | None:
        """Who is told in a workspace; None before anybody said so."""
        own = select(notice_settings).where(notice_settings.c.workspace == workspace)
        with self._read() as run:
            row = run.execute(own).mappings().one_or_none()
        return None if row is None else to_record(NoticeSettingsRecord, row)

    def save_notice_settings(self, settings: NoticeSettingsRecord, event: Event) -> None:
        """Writes over version ``settings.version - 1`` (law 4)."""
        kept = notice_settings.c
        own = (kept.workspace == settings.workspace, kept.version == settings.version - 1)
        with self._write() as run:
            written = (
                add_unless_there(run, notice_settings, to_row(settings))
                if settings.version == 1
                else run.execute(update(notice_settings).where(*own).values(to_row(settings)))
                .rowcount == 1
            )  # fmt: skip
            if not written:
                raise ConnectionChanged(
                    "Somebody changed who is told meanwhile; nothing was overwritten.",
                    hint="Read it again, and repeat the change.",
                )
            note(run, event)

    def list_changes(self, limit: int) -> Sequence[Change]:
        """What is not as people were told, in any workspace."""
        with self._read() as run:
            rows = [*_connections(run, limit), *_scenarios(run, limit)]
            by_workspace = _channels(run, {row["workspace"] for row in rows})
            return [Change(**row, channels=by_workspace.get(row["workspace"], ())) for row in rows]

    def tell(self, change: Change, since: datetime, notices: Sequence[NoticeRecord]) -> bool:
        """Notes that a change is told, and puts its notices on their way (N1)."""
        told = notice_state.c
        key = {"subject": change.subject.value, "subject_id": change.subject_id}
        own = (told.subject == key["subject"], told.subject_id == key["subject_id"])
        with self._write() as run:
            is_first = (
                run.execute(delete(notice_state).where(*own)).rowcount == 1
                if change.is_well
                else add_unless_there(
                    run, notice_state, {**key, "workspace": change.workspace, "since": since}
                )
            )
            if is_first and notices:
                run.execute(insert(notice), [to_row(each) for each in notices])
            return is_first

    def claim_notices(self, limit: int, span: timedelta) -> Sequence[NoticeRecord]:
        """Notices that are due, oldest first, for the caller alone (N2)."""
        sent, now = notice.c, self._now()
        due = select(sent.id).where(sent.due_at <= now).order_by(sent.due_at, sent.id).limit(limit)
        claimed = (
            update(notice)
            .where(sent.id.in_(due.with_for_update(skip_locked=True)))
            .values(due_at=now + microseconds(span), attempts=sent.attempts + 1)
            .returning(*sent)
        )
        with self._write() as run:
            rows = [to_record(NoticeRecord, row) for row in run.execute(claimed).mappings()]
        return sorted(rows, key=lambda each: (each.created_at, each.id))

    def close_notice(self, notice_id: str, event: Event) -> None:
        """Drops a notice that was sent, or given up, and notes which."""
        with self._write() as run:
            if run.execute(delete(notice).where(notice.c.id == notice_id)).rowcount:
                note(run, event)

    def postpone_notice(self, notice_id: str, span: timedelta) -> None:
        """Makes a notice due again after ``span``."""
        later = update(notice).where(notice.c.id == notice_id)
        with self._write() as run:
            run.execute(later.values(due_at=self._now() + microseconds(span)))

    def forget_deleted(self) -> int:
        """Forgets what people were told of connections and scenarios that are gone."""
        told = notice_state.c
        gone = [
            and_(told.subject == subject.value, ~exists().where(table.c.id == told.subject_id))
            for subject, table in ((Subject.CONNECTION, connection), (Subject.SCENARIO, scenario))
        ]
        with self._write() as run:
            return run.execute(delete(notice_state).where(or_(*gone))).rowcount


def _connections(run: Connection, limit: int) -> list[dict[str, Any]]:
    held, told = connection.c, notice_state.c
    shown = (held.workspace, held.id, held.name, held.cause)
    was_told = and_(told.subject == Subject.CONNECTION.value, told.subject_id == held.id)
    wanting = select(*shown).where(held.state == WANTING, ~exists().where(was_told))
    again = select(*shown).join_from(connection, notice_state, was_told)
    rows = []
    for query, is_well in ((wanting, False), (again.where(held.state.in_(WELL)), True)):
        for workspace, subject_id, name, cause in run.execute(query.limit(limit)):
            rows.append(
                {
                    "workspace": workspace,
                    "subject": Subject.CONNECTION,
                    "subject_id": subject_id,
                    "name": name,
                    "is_well": is_well,
                    "cause": "" if is_well else cause,
                    "scenarios": tuple(run.execute(_users(workspace, subject_id)).scalars()),
                }
            )
    return rows


def _users(workspace: str, connection_id: str) -> Select[str]:
    kept, used = scenario.c, scenario_use.c
    return (
        select(kept.name)
        .join(scenario_use, used.scenario_id == kept.id)
        .where(
            used.workspace == workspace,
            used.kind == "connection",
            used.used_id == connection_id,
            kept.is_active,
        )
        .order_by(kept.name)
        .limit(MOST_NAMES)
    )


def _scenarios(run: Connection, limit: int) -> list[dict[str, Any]]:
    kept, told = scenario.c, notice_state.c
    latest = scenario_run.alias("latest")
    ended = scenario_run.c
    newest = (
        select(ended.id)
        .where(
            ended.scenario_id == kept.id,
            ended.ended_at.is_not(None),
            ended.state.in_((SUCCEEDED, FAILED)),
            ended.cause.not_in(BY_PEOPLE),
        )
        .order_by(ended.ended_at.desc(), ended.id.desc())
        .limit(1)
        .correlate(scenario)
        .scalar_subquery()
    )
    was_told = exists().where(told.subject == Subject.SCENARIO.value, told.subject_id == kept.id)
    changed: ColumnElement[bool] = or_(
        and_(latest.c.state == FAILED, ~was_told), and_(latest.c.state == SUCCEEDED, was_told)
    )
    query = (
        select(
            kept.workspace,
            kept.id,
            kept.name,
            latest.c.id.label("run_id"),
            latest.c.state,
            latest.c.error_code,
        )
        .join_from(scenario, latest, latest.c.id == newest)
        .where(changed)
        .limit(limit)
    )
    return [
        {
            "workspace": row.workspace,
            "subject": Subject.SCENARIO,
            "subject_id": row.id,
            "name": row.name,
            "is_well": row.state == SUCCEEDED,
            "cause": row.error_code,
            "run_id": row.run_id,
        }
        for row in run.execute(query)
    ]


def _channels(run: Connection, workspaces: set[str]) -> dict[str, tuple[Channel, ...]]:
    if not workspaces:
        return {}
    kept = notice_settings.c
    query = select(kept.workspace, kept.by_mail, kept.by_webhook)
    return {
        workspace: tuple(
            channel
            for channel, is_wanted in ((Channel.MAIL, by_mail), (Channel.WEBHOOK, by_webhook))
            if is_wanted
        )
        for workspace, by_mail, by_webhook in run.execute(
            query.where(kept.workspace.in_(workspaces))
        )
    }
