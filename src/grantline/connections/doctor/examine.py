"""The doctor: collects what is known of a connection, and asks for causes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from grantline.connections.connection import Actor, Connection
from grantline.connections.consent.consents import ACCOUNT_CHANGED
from grantline.connections.context import Context
from grantline.connections.doctor.connection_causes import causes_in
from grantline.connections.doctor.diagnosis import Diagnosis, Facts
from grantline.connections.doctor.error_causes import cause_of
from grantline.connections.doctor.host_causes import host_of
from grantline.connections.doctor.probe import date_of
from grantline.connections.exchange import transcript
from grantline.connections.renewal.holding import Holding
from grantline.connections.state import HELD, State
from grantline.connections.transcript import Line, Step
from grantline.errors import (
    GrantlineError,
    KeyUnavailable,
    ReauthorizationRequired,
    SecretUnreadable,
)
from grantline.oauth.answers.error_codes import kind_of_code
from grantline.oauth.answers.failure import Failure, FailureKind
from grantline.providers.catalogue import profile, profile_names
from grantline.providers.known_service import entry_for_host
from grantline.providers.profile import Profile
from grantline.store.records.audit import Event

RECENT: Final = 100


def diagnose(error: GrantlineError | None, facts: Facts) -> tuple[Diagnosis, ...]:
    """Everything that is wrong, the weightiest first; empty when nothing is."""
    found = [] if error is None else [cause_of(error, facts)]
    told = {each.code for each in found}
    return (*found, *(each for each in causes_in(facts) if each.code not in told))


async def examine(
    context: Context, actor: Actor, connection: Connection, error: GrantlineError | None
) -> tuple[Diagnosis, ...]:
    """What fails with ``connection``, the weightiest first; nobody is asked.

    Args:
        context: Of the engine.
        actor: Who asks.
        connection: As it is now.
        error: What just happened; None asks what its state and transcript tell.
    """
    seen = await look_at(context, actor, connection)
    return seen.failing(error)


@dataclass(frozen=True, slots=True)
class Seen:
    """A connection as the doctor sees it.

    Attributes:
        lines: What was said about it.
        facts: What is concluded from that and from its row.
        unreadable: Why its secrets do not open; None when they do.
    """

    connection: Connection
    lines: tuple[Line, ...]
    facts: Facts
    unreadable: GrantlineError | None

    def failing(self, error: GrantlineError | None = None) -> tuple[Diagnosis, ...]:
        """What fails; nothing can be told apart while the secrets do not open."""
        if self.unreadable is not None:
            return (_unreadable(self.unreadable),)
        return diagnose(error or _last_error(self.connection, self.lines), self.facts)


async def look_at(context: Context, actor: Actor, connection: Connection) -> Seen:
    """What is known here of ``connection``."""
    events = await context.stored(context.store.list_events, actor.workspace, connection.id, RECENT)
    holding: Holding | None = None
    lines: tuple[Line, ...] = ()
    unreadable = None
    try:
        holding = await context.hold(actor, connection.id)
        lines = await transcript(context, actor, connection.id)
    except (KeyUnavailable, SecretUnreadable) as error:
        unreadable = error
    facts = _facts(connection, holding, lines, events, context.clock.now())
    return Seen(connection, lines, facts, unreadable)


def _facts(
    connection: Connection,
    holding: Holding | None,
    lines: Sequence[Line],
    events: Sequence[Event],
    now: datetime,
) -> Facts:
    settings = holding.settings if holding else connection.app.settings
    changed = next((each.data for each in events if each.kind == ACCOUNT_CHANGED), {})
    return Facts(
        settings=settings,
        flow=connection.flow,
        now=now,
        scopes=connection.scopes,
        granted=connection.granted_scopes,
        is_authorized=connection.state in HELD
        or connection.state is State.REAUTHORIZATION_REQUIRED,
        has_refresh_token=connection.has_refresh_token,
        expires_at=connection.expires_at,
        authorized_at=connection.authorized_at,
        redirect_uri=_sent(lines, "redirect_uri"),
        account=connection.account_label,
        previous_account=(
            changed["before"] if changed.get("after") == connection.account_label else ""
        ),
        server_ahead=_server_ahead(lines),
        cause=connection.cause,
        entry=_entry(connection),
        hosts=tuple(sorted(holding.hosts)) if holding else connection.hosts,
        refresh_ends_at=_refresh_ends_at(connection, holding),
        secret_ends_at=holding.secrets.secret_expires_at if holding else None,
    )


def _entry(connection: Connection) -> Profile | None:
    """What the catalogue knows of the service; by its host for an app that was made by hand."""
    name, settings = connection.app.provider, connection.app.settings
    if name in profile_names():
        return profile(name)
    return entry_for_host(host_of(settings.authorize_uri) or host_of(settings.token_uri))


def _refresh_ends_at(connection: Connection, holding: Holding | None) -> datetime | None:
    idle = connection.app.settings.refresh_idle_lifetime
    obtained_at = holding.obtained_at if holding else None
    ends = (connection.refresh_expires_at, obtained_at + idle if obtained_at and idle else None)
    return min(filter(None, ends), default=None)


def _unreadable(error: GrantlineError) -> Diagnosis:
    return Diagnosis(
        code=error.code,
        title="Its stored secrets cannot be read",
        explanation=error.message,
        next_steps=(
            error.hint or "Restore the database from a backup, or authorize the connection again.",
        ),
    )


def _last_error(connection: Connection, lines: Sequence[Line]) -> GrantlineError | None:
    """What the state stands for, said as the error that led to it."""
    if connection.state is State.REAUTHORIZATION_REQUIRED:
        return ReauthorizationRequired(connection.explanation, reason=connection.cause)
    if connection.state is State.FAILING or (connection.state is State.DRAFT and lines):
        return _error_of(lines[-1]) if lines else None
    return None


def _error_of(line: Line) -> GrantlineError | None:
    said = {each.name: each.value for each in line.received}
    if line.step is Step.CALLBACK:
        said = {each.name: each.value for each in line.sent}
    code = said.get("error", "")
    if not code:
        return None
    kind = kind_of_code(code) or FailureKind.REQUEST
    if kind is FailureKind.REAUTH and line.step is Step.TOKEN:
        kind = FailureKind.CODE_REJECTED
    description = said.get("error_description", "")
    return Failure(kind=kind, error=code, description=description, status=line.status).as_error()


def _sent(lines: Sequence[Line], name: str) -> str:
    values = (field.value for line in reversed(lines) for field in line.sent if field.name == name)
    return next(values, "")


def _server_ahead(lines: Sequence[Line]) -> timedelta | None:
    """By how much the server's clock was ahead of ours when it last spoke."""
    for line in reversed(lines):
        for field in line.received:
            if field.where == "header" and field.name.lower() == "date":
                said = date_of(field.value)
                return said - line.at if said else None
    return None
