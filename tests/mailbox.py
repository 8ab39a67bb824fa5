"""A real mail server, by others, that keeps what it is handed."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

import trustme
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

AUTHORITY = trustme.CA()


@dataclass
class Mailbox:
    """What arrived, and what is to be refused.

    Attributes:
        refused: Recipients that the server takes no mail for.
        replies: What the next messages are answered with; empty takes them.
        was_encrypted: Whether each message came over TLS.
    """

    port: int = 0
    mails: list[EmailMessage] = field(default_factory=list)
    recipients: list[list[str]] = field(default_factory=list)
    was_encrypted: list[bool] = field(default_factory=list)
    logins: list[str] = field(default_factory=list)
    refused: set[str] = field(default_factory=set)
    replies: list[str] = field(default_factory=list)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)

    async def handle_RCPT(  # noqa: N802 - the library's own name
        self,
        _server: SMTP,
        _session: Session,
        envelope: Envelope,
        address: str,
        _options: list[str],
    ) -> str:
        if address in self.refused:
            return "550 no such person"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802 - the library's own name
        self, server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        if self.replies:
            return self.replies.pop(0)
        content = envelope.content
        assert isinstance(content, bytes)
        message = message_from_bytes(content, policy=default)
        assert isinstance(message, EmailMessage)
        self.mails.append(message)
        self.recipients.append(envelope.rcpt_tos)
        assert server.transport is not None
        self.was_encrypted.append(server.transport.get_extra_info("ssl_object") is not None)
        self.arrived.set()
        return "250 OK"

    def authenticate(
        self, _server: SMTP, _session: Session, _envelope: Envelope, _kind: str, data: Any
    ) -> AuthResult:
        assert isinstance(data, LoginPassword)
        self.logins.append(data.login.decode())
        return AuthResult(success=data.password == b"s3cret", handled=False)


@asynccontextmanager
async def a_mailbox(
    *, encryption: str = "none", login: bool = False, host: str = "127.0.0.1"
) -> AsyncIterator[Mailbox]:
    """A mail server on loopback.

    Args:
        encryption: ``none``, ``starttls`` (required), ``offered`` or ``implicit``.
        login: Whether mail is taken from ``ada`` with ``s3cret`` only.
        host: Where it listens.
    """
    box = Mailbox()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    AUTHORITY.issue_cert("mail.example", "localhost").configure_cert(context)
    starts = encryption in {"starttls", "offered"}

    def serve() -> SMTP:
        return SMTP(
            box,
            hostname="mail.example",
            tls_context=context if starts else None,
            require_starttls=encryption == "starttls",
            auth_required=login,
            auth_require_tls=starts,
            authenticator=box.authenticate if login else None,
            loop=asyncio.get_running_loop(),
        )

    tls = context if encryption == "implicit" else None
    server = await asyncio.get_running_loop().create_server(serve, host, 0, ssl=tls)
    box.port = server.sockets[0].getsockname()[1]
    try:
        yield box
    finally:
        server.close()
        # What just said goodbye closes a turn of the loop later.
        for _ in range(3):
            await asyncio.sleep(0)
