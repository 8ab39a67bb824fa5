"""One notice brought out: by mail, or to a webhook signed as Standard Webhooks has it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlsplit

from grantline.errors import ConfigurationError, GrantlineError, InvalidInput, UpstreamError
from grantline.messages import HttpRequest
from grantline.net.mail import Mail, Mailer
from grantline.net.transport import Limits, Transport
from grantline.scenarios.notices.recipients import MAILS, WEBHOOK_URL, Recipients
from grantline.scenarios.notices.wording import mail_of
from grantline.scenarios.triggers.webhook import standard_signature
from grantline.store.records.notices import Channel
from grantline.version import USER_AGENT

LIMITS: Final = Limits(
    total=timedelta(seconds=20),
    connect=timedelta(seconds=10),
    response_bytes=64 * 1024,
    reuse=False,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """What is to be brought out.

    Attributes:
        id: The same each time it is tried, so that a receiver knows what it has.
        content: What ``wording`` made.
        at: When it is sent.
    """

    id: str
    workspace: str
    content: Mapping[str, Any]
    at: datetime


class Sender:
    """Brings notices out."""

    def __init__(self, transport: Transport, mailer: Mailer | None, mail_from: str) -> None:
        self._transport = transport
        self._mailer = mailer
        self._mail_from = mail_from

    @property
    def can_mail(self) -> bool:
        """Whether the operator has set up a mail server."""
        return self._mailer is not None

    async def send(
        self, channel: Channel, notice: Notice, recipients: Recipients
    ) -> tuple[str, ...]:
        """Those that were not reached when others were.

        Raises:
            GrantlineError: It did not go out, or nobody wants it any more.
        """
        match channel:
            case Channel.MAIL:
                return await self._by_mail(notice, recipients)
            case Channel.WEBHOOK:
                await self._by_webhook(notice, recipients)
                return ()

    async def _by_mail(self, notice: Notice, recipients: Recipients) -> tuple[str, ...]:
        if self._mailer is None:
            raise ConfigurationError(
                "This installation has no mail server.",
                hint="The operator sets GRANTLINE_SMTP_URL and GRANTLINE_MAIL_FROM.",
            )
        if not recipients.mails:
            raise InvalidInput("Nobody gets mail.", field=MAILS, hint="Give an address.")
        subject, text = mail_of(notice.content)
        mail = Mail(
            sender=self._mail_from,
            recipients=recipients.mails,
            subject=subject,
            text=text,
            message_id=f"{notice.id}@{self._mail_from.rpartition('@')[2]}",
            at=notice.at,
        )
        return await self._mailer.send(mail)

    async def _by_webhook(self, notice: Notice, recipients: Recipients) -> None:
        if not recipients.webhook_url or recipients.webhook_secret is None:
            raise InvalidInput("There is no webhook.", field=WEBHOOK_URL, hint="Give its URL.")
        body = json.dumps(notice.content, separators=(",", ":")).encode()
        signature = standard_signature(recipients.webhook_secret, notice.id, notice.at, body)
        request = HttpRequest(
            "POST",
            recipients.webhook_url,
            headers=(
                ("Content-Type", "application/json"),
                ("User-Agent", USER_AGENT),
                ("webhook-id", notice.id),
                ("webhook-timestamp", str(int(notice.at.timestamp()))),
                ("webhook-signature", signature),
            ),
            body=body,
        )
        answer = await self._transport.send(
            request, limits=LIMITS, partition=f"notices:{notice.workspace}"
        )
        # A redirect would take the notice to somebody whom nobody chose.
        if not 200 <= answer.status < 300:
            host = urlsplit(recipients.webhook_url).hostname
            raise UpstreamError(
                f"The webhook at {host} answered with status {answer.status}.",
                response=None,
                hint="It should answer with 200 or 204; redirects are not followed.",
            )


def is_hopeless(error: GrantlineError) -> bool:
    """Whether trying again cannot help: nobody is to be told any more."""
    return isinstance(error, InvalidInput)
