"""What stands, compared with what people were told; and what is to be sent, sent.

Nothing here is remembered but in the database. What changed is found by looking, and noted together
with the notices that tell it, so a process may die at any moment: before, the next one finds the
change; after, it finds the notices. A notice that was on its way when its sender died goes out
again, under the same id.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from grantline.connections.connection import Actor
from grantline.connections.context import Context
from grantline.errors import GrantlineError, ModuleFailed, places_of
from grantline.scenarios.notices.recipients import opened
from grantline.scenarios.notices.sending import Notice, Sender, is_hopeless
from grantline.scenarios.notices.wording import content_of
from grantline.store.records.notices import Change, Channel, NoticeRecord

LOG: Final = logging.getLogger("grantline.notices")
AT_A_TIME: Final = 100
# Longer than the slowest sending may take: nobody sends what somebody is sending.
CLAIM: Final = timedelta(minutes=2)
GIVEN_UP_AFTER: Final = timedelta(days=1)
FIRST_WAIT: Final = timedelta(minutes=1)
LONGEST_WAIT: Final = timedelta(hours=1)
ID_PREFIX: Final = "ntc"


class Telling:
    """Finds changes and brings their notices out, in a process that serves."""

    def __init__(self, context: Context, sender: Sender, public_url: str) -> None:
        self._context = context
        self._sender = sender
        self._public_url = public_url

    async def look(self) -> int:
        """Notes every change and puts its notices on their way; gives how many changes there were.

        A copy of a database tells nobody: the original does.
        """
        context, store = self._context, self._context.store
        if await context.quarantined() is not None:
            return 0
        await context.stored(store.forget_deleted)
        told = 0
        for change in await context.stored(store.list_changes, AT_A_TIME):
            told += await context.stored(
                store.tell, change, context.clock.now(), self._notices(change)
            )
        return told

    async def send_due(self) -> int:
        """Sends what is due; gives how many notices that were."""
        context = self._context
        if await context.quarantined() is not None:
            return 0
        due = await context.stored(context.store.claim_notices, AT_A_TIME // 10, CLAIM)
        for record in due:
            await self._send(record)
        return len(due)

    def _notices(self, change: Change) -> list[NoticeRecord]:
        now = self._context.clock.now()
        content = content_of(change, at=now, public_url=self._public_url)
        return [
            NoticeRecord(
                id=self._context.new_id(ID_PREFIX),
                workspace=change.workspace,
                channel=channel.value,
                content=content,
                created_at=now,
                due_at=now,
            )
            for channel in change.channels
            if channel is not Channel.MAIL or self._sender.can_mail
        ]

    async def _send(self, record: NoticeRecord) -> None:
        context, store = self._context, self._context.store
        notice = Notice(
            id=record.id,
            workspace=record.workspace,
            content=record.content,
            at=context.clock.now(),
        )
        try:
            settings = await context.stored(store.load_notice_settings, record.workspace)
            recipients = opened(context.vault, settings)
            refused = await self._sender.send(Channel(record.channel), notice, recipients)
        except GrantlineError as error:
            await self._failed(record, error)
            return
        except Exception as error:  # noqa: BLE001 - the others of its batch are to go out
            # Without what it says, which may hold anything.
            LOG.error("Notice %s failed: %s", record.id, places_of(error))  # noqa: TRY400
            await self._failed(record, _unforeseen())
            return
        data = {"not_taken_for": len(refused)} if refused else {}
        await self._close(record, "notice.sent", data)

    async def _failed(self, record: NoticeRecord, error: GrantlineError) -> None:
        context = self._context
        age = context.clock.now() - record.created_at
        if is_hopeless(error) or age >= GIVEN_UP_AFTER:
            data = {"code": error.code, "message": error.message, "attempts": record.attempts}
            await self._close(record, "notice.given_up", data)
            return
        wait = wait_after(record.attempts)
        await context.stored(context.store.postpone_notice, record.id, wait)

    async def _close(self, record: NoticeRecord, kind: str, data: Mapping[str, object]) -> None:
        subject = str(record.content["data"]["id"])
        told = {"channel": record.channel, "about": record.content["type"], **data}
        actor = Actor(record.workspace, "")
        event = self._context.event(actor, kind, subject, told)
        await self._context.stored(self._context.store.close_notice, record.id, event)


def _unforeseen() -> ModuleFailed:
    return ModuleFailed(
        "The notice could not be sent for a reason that nobody foresaw.",
        hint="Please report this with the line in the log.",
    )


def wait_after(attempts: int) -> timedelta:
    """How long to wait after so many attempts; senders that die, or a clock set back, make many."""
    return min(FIRST_WAIT * (1 << min(attempts - 1, 20)), LONGEST_WAIT)
