"""The doctor: collects what is known of a connection, and asks for causes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final

from grantline.connections.connection import Actor, Connection
from grantline.connections.connection_causes import causes_in
from grantline.connections.consents import ACCOUNT_CHANGED
from grantline.connections.context import Context
from grantline.connections.diagnosis import Diagnosis, Facts
from grantline.connections.error_causes import cause_of
from grantline.connections.exchange import transcript
from grantline.connections.state import HELD, State
from grantline.connections.transcript import Line, Step
from grantline.errors import GrantlineError, ReauthorizationRequired
from grantline.oauth.error_codes import kind_of_code
from grantline.oauth.failure import Failure, FailureKind
from grantline.store.records import Event

RECENT: Final = 100


def diagnose(error: GrantlineError | None, facts: Facts) -> tuple[Diagnosis, ...]:
    """Everything that is wrong, the weightiest first; empty when nothing is."""
    found = [] if error is None else [cause_of(error, facts)]
    told = {each.code for each in found}
    return (*found, *(each for each in causes_in(facts) if each.code not in told))


async def examine(
    context: Context, actor: Actor, connection: Connection, error: GrantlineError | None
) -> tuple[Diagnosis, ...]:
    """What is wrong with ``connection``, the weightiest first.

    Args:
        context: Of the engine.
        actor: Who asks.
        connection: As it is now.
        error: What just happened; None asks what its state and transcript tell.
    """
    lines = await transcript(context, actor, connection.id)
    events = await context.stored(context.store.list_events, actor.workspace, connection.id, RECENT)
    facts = _facts(connection, lines, events, context.clock.now())
    return diagnose(error or _last_error(connection, lines), facts)


def _facts(
    connection: Connection, lines: Sequence[Line], events: Sequence[Event], now: datetime
) -> Facts:
    changed = next((each.data for each in events if each.kind == ACCOUNT_CHANGED), {})
    return Facts(
        settings=connection.app.settings,
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
                try:
                    said = parsedate_to_datetime(field.value)
                except ValueError:
                    return None
                return said - line.at if said.tzinfo else None
    return None
