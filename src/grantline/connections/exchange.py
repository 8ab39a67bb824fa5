"""Every exchange with an authorization server passes here, and leaves a line in a transcript.

The line is written beside the work: an answer that holds a rotated refresh token is saved first,
and a transcript that cannot be written disturbs nobody.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final

from grantline.connections.connection import Actor
from grantline.connections.context import Context
from grantline.connections.renewal.holding import Holding
from grantline.connections.requests.redaction import secrets_of
from grantline.connections.transcript import Line, Step, line_from_text, line_of, line_to_text
from grantline.errors import GrantlineError
from grantline.messages import HttpRequest, HttpResponse
from grantline.net.transport import OAUTH_LIMITS, Limits
from grantline.store.records.audit import TranscriptLine
from grantline.vault.envelope import Place

MOST_LINES: Final = 200


async def exchange(
    context: Context,
    holding: Holding,
    step: Step,
    request: HttpRequest,
    *,
    limits: Limits = OAUTH_LIMITS,
) -> HttpResponse:
    """The answer to ``request``, sent for ``holding``; raises as ``Context.send``."""
    at = context.mark()
    try:
        answer = await context.send(request, app_id=holding.app.id, limits=limits)
    except GrantlineError as error:
        _note(context, holding, step, request, answer=error, at=at)
        raise
    # Every few seconds for a quarter of an hour: it would push out all that was said before.
    if step is not Step.DEVICE_TOKEN or b"authorization_pending" not in answer.body:
        _note(context, holding, step, request, answer=answer, at=at)
    return answer


def overheard(context: Context, holding: Holding, step: Step, url: str) -> None:
    """Notes what a browser carried between us: the authorize URL, or the callback."""
    _note(context, holding, step, HttpRequest("GET", url), answer=None, at=context.mark())


async def transcript(context: Context, actor: Actor, connection_id: str) -> tuple[Line, ...]:
    """What was said about a connection, oldest first."""
    await context.settle()
    found = await context.stored(context.store.list_transcript, actor.workspace, connection_id)
    return tuple(
        line_from_text(
            context.vault.open(each.sealed_exchange, _place(each.workspace, each.id)).reveal(),
            at=each.at,
            step=each.step,
        )
        for each in found
    )


def _note(
    context: Context,
    holding: Holding,
    step: Step,
    request: HttpRequest,
    *,
    answer: HttpResponse | GrantlineError | None,
    at: datetime,
) -> None:
    line = line_of(
        step,
        request,
        answer,
        at=at,
        duration=max(context.clock.now() - at, timedelta(0)),
        secrets=secrets_of(holding),
    )
    context.later(_save(context, holding, line))


async def _save(context: Context, holding: Holding, line: Line) -> None:
    workspace, line_id = holding.record.workspace, context.new_id("lin")
    record = TranscriptLine(
        id=line_id,
        workspace=workspace,
        connection_id=holding.record.id,
        at=line.at,
        step=line.step,
        sealed_exchange=context.vault.seal(line_to_text(line), _place(workspace, line_id)),
    )
    with suppress(GrantlineError):
        await context.stored(context.store.add_transcript_line, record, MOST_LINES)


def _place(workspace: str, line_id: str) -> Place:
    return Place(workspace, "transcript_line", line_id, "exchange")
