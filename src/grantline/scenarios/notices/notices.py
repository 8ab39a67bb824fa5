"""Notices as the faces use them: who is told, and whether it works."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from grantline.connections.connection import Actor
from grantline.connections.context import Context
from grantline.connections.settings import Settings
from grantline.errors import ConfigurationError, GrantlineError, StoreBusy, places_of
from grantline.net.mail import Mailer
from grantline.scenarios.notices.recipients import (
    SECRET_BYTES,
    Recipients,
    RecipientsEdit,
    edited,
    opened,
    seal,
)
from grantline.scenarios.notices.sending import Notice, Sender
from grantline.scenarios.notices.telling import ID_PREFIX, Telling
from grantline.scenarios.notices.wording import test_content
from grantline.store.records.notices import Channel, NoticeSettingsRecord

LOG: Final = logging.getLogger("grantline.notices")
NAME: Final = "notices"
TICK: Final = timedelta(seconds=5)
SUBJECT: Final = "notices"


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeSettings:
    """Who is told in a workspace.

    Attributes:
        can_mail: Whether the operator has set up a mail server; without, addresses wait for one.
        mail_from: Whose name mails bear.
        version: 0 before anybody said who is told.
    """

    recipients: Recipients
    can_mail: bool
    mail_from: str
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """What became of trying one channel.

    Attributes:
        error: Why nothing went out; None when it did.
        refused: Addresses that the mail server did not take, when it took others.
    """

    channel: Channel
    error: GrantlineError | None = None
    refused: tuple[str, ...] = ()


class Notices:
    """Who is told of failing runs and of connections that need their person.

    ``start`` begins to look and to send, in a process that serves; ``aclose`` ends it.
    """

    def __init__(self, context: Context, settings: Settings) -> None:
        self._context = context
        server = settings.mail_server
        mailer = (
            Mailer(server, settings.policy, extra_ca_pem=settings.ca_pem)
            if server is not None
            else None
        )
        self._mail_from = settings.mail_from
        self._public_url = settings.public_url
        self._sender = Sender(context.transport, mailer, settings.mail_from)
        self.telling = Telling(context, self._sender, settings.public_url)
        self._running: asyncio.Task[None] | None = None
        self._ending = asyncio.Event()

    async def settings(self, actor: Actor) -> NoticeSettings:
        """Who is told in the actor's workspace."""
        record = await self._record(actor)
        return self._settings(record)

    async def edit(
        self, actor: Actor, edit: RecipientsEdit, *, version: int | None = None
    ) -> NoticeSettings:
        """Who is told from now on.

        Args:
            actor: Who edits.
            edit: What changes.
            version: The version the edit was made against; None takes whatever is there.

        Raises:
            InvalidInput: An address, the URL or the secret cannot be used; names the field.
            ConnectionChanged: Somebody else changed it since.
        """
        context = self._context
        old = await self._record(actor)
        recipients = edited(opened(context.vault, old), edit, context.entropy(SECRET_BYTES))
        current = old.version if old else 0
        new = NoticeSettingsRecord(
            workspace=actor.workspace,
            by_mail=bool(recipients.mails),
            by_webhook=bool(recipients.webhook_url),
            version=(current if version is None else version) + 1,
            updated_at=context.clock.now(),
            sealed_recipients=seal(context.vault, actor.workspace, recipients),
        )
        data = {"mails": len(recipients.mails), "webhook": bool(recipients.webhook_url)}
        event = context.event(actor, "notices.edited", SUBJECT, data)
        await context.stored(context.store.save_notice_settings, new, event)
        return self._settings(new)

    async def send_test(self, actor: Actor) -> tuple[Tried, ...]:
        """Sends a notice that says so to everybody who is told, now; one line for each channel."""
        context = self._context
        recipients = opened(context.vault, await self._record(actor))
        now = context.clock.now()
        notice = Notice(
            id=context.new_id(ID_PREFIX),
            workspace=actor.workspace,
            content=test_content(workspace=actor.workspace, at=now, public_url=self._public_url),
            at=now,
        )
        wanted = {
            Channel.MAIL: bool(recipients.mails),
            Channel.WEBHOOK: bool(recipients.webhook_url),
        }
        return tuple(
            [await self._tried(each, notice, recipients) for each in Channel if wanted[each]]
        )

    def start(self) -> None:
        """Begins to look for changes and to send what is due; ``aclose`` ends it."""
        self._ending.clear()
        self._running = asyncio.get_running_loop().create_task(self._run(), name=NAME)

    async def aclose(self) -> None:
        """Ends it at once. What was on its way goes out again when its claim is over."""
        if self._running is not None:
            self._ending.set()
            self._running.cancel()
            await asyncio.wait([self._running])
            self._running = None

    async def _run(self) -> None:
        # Asked again after each wait: a library that is cancelled as its own wait ends may take the
        # cancellation for its end.
        while not self._ending.is_set():
            try:
                await self.telling.look()
                while not self._ending.is_set() and await self.telling.send_due():
                    pass
            except (StoreBusy, ConfigurationError) as error:
                LOG.warning("Nobody is told of anything just now: %s", error.message)
            except Exception as error:  # noqa: BLE001 - whatever it was, people want to be told later
                LOG.error("Notices failed: %s", places_of(error))  # noqa: TRY400 - it says where
            if not self._ending.is_set():
                await self._context.clock.sleep(TICK)

    async def _tried(self, channel: Channel, notice: Notice, recipients: Recipients) -> Tried:
        try:
            refused = await self._sender.send(channel, notice, recipients)
        except GrantlineError as error:
            return Tried(channel=channel, error=error)
        return Tried(channel=channel, refused=refused)

    async def _record(self, actor: Actor) -> NoticeSettingsRecord | None:
        store = self._context.store
        return await self._context.stored(store.load_notice_settings, actor.workspace)

    def _settings(self, record: NoticeSettingsRecord | None) -> NoticeSettings:
        return NoticeSettings(
            recipients=opened(self._context.vault, record),
            can_mail=self._sender.can_mail,
            mail_from=self._mail_from,
            version=record.version if record else 0,
        )
