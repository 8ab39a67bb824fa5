"""Mail handed to the operator's server: looked up once, checked, encrypted, within a time.

The egress guard sees the address that is dialled, as with every other byte that leaves. What the
server answers is known by its code alone: its text may repeat whatever it was sent.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.headerregistry import Address as MailAddress
from email.message import EmailMessage
from email.policy import SMTP as WIRE_POLICY
from email.utils import format_datetime
from typing import Final

import aiosmtplib

from grantline.errors import GrantlineError, MailRefused, TransportFailed
from grantline.net.failures import failed
from grantline.net.guard import EgressPolicy, check_url
from grantline.net.mail_server import MailServer, Tls, reaching
from grantline.net.resolver import DNS_TIMEOUT, CheckedResolver, Resolver, system_resolver
from grantline.net.tls import client_context
from grantline.url import Url

MAIL_TIMEOUT: Final = timedelta(seconds=30)
# Of the greeting: the name of this machine is nobody's business.
GREETING: Final = "grantline.invalid"

Dial = Callable[[socket.AddressFamily], socket.socket]


def open_stream(family: socket.AddressFamily) -> socket.socket:
    """A socket for an address of ``family``, not yet connected."""
    opened = socket.socket(family, socket.SOCK_STREAM)
    opened.setblocking(False)  # noqa: FBT003 - the socket module's own
    return opened


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """One plain text message.

    Attributes:
        sender: The address that it comes from.
        recipients: All of them see each other.
        message_id: Without brackets; the same when it is sent again, so that a reader shows one.
    """

    sender: str
    recipients: tuple[str, ...]
    subject: str
    text: str
    message_id: str
    at: datetime


class Mailer:
    """Hands mail to one server, over a connection of its own for each message."""

    def __init__(
        self,
        server: MailServer,
        policy: EgressPolicy,
        *,
        extra_ca_pem: str = "",
        timeout: timedelta = MAIL_TIMEOUT,
        resolver: Resolver = system_resolver,
        open_socket: Dial = open_stream,
    ) -> None:
        """A mailer.

        Args:
            server: Where mail is handed over.
            policy: What the operator allows; the server itself is.
            extra_ca_pem: Private certificate authorities to trust as well, PEM.
            timeout: For one message, from the look-up of the name to the last reply.
            resolver: Names to addresses; a test puts a fake DNS here.
            open_socket: Opens the socket for an address that passed.
        """
        self._server = server
        self._policy = reaching(server, policy)
        self._resolver = CheckedResolver(resolver, self._policy, DNS_TIMEOUT)
        self._context = client_context(extra_ca_pem, protocols=())
        self._timeout = timeout
        self._open_socket = open_socket

    async def send(self, mail: Mail) -> tuple[str, ...]:
        """The recipients that the server did not take, when it took others.

        Raises:
            EgressBlocked: The server is at an address that is never dialled.
            MailRefused: The server took the message for nobody, or not from us.
            TransportFailed: The server was not reached, did not prove who it is, or fell silent.
        """
        host = self._server.host
        try:
            async with asyncio.timeout(self._timeout.total_seconds()):
                return await self._deliver(mail)
        except GrantlineError:
            raise
        except aiosmtplib.SMTPRecipientsRefused as error:
            worst = max((each.code for each in error.recipients), default=550)
            raise _refused(host, worst, "took the message for none of its recipients") from None
        except aiosmtplib.SMTPAuthenticationError as error:
            raise _refused(host, error.code, "did not take our user name and password") from None
        except aiosmtplib.SMTPResponseException as error:
            raise _refused(host, error.code, "did not take the message") from None
        except (aiosmtplib.SMTPException, TimeoutError, OSError) as error:
            raise self._failure(error) from None

    async def _deliver(self, mail: Mail) -> tuple[str, ...]:
        server = self._server
        client = aiosmtplib.SMTP(
            hostname=server.host,
            sock=await self._dial(),
            local_hostname=GREETING,
            timeout=self._timeout.total_seconds(),
            use_tls=server.tls is Tls.IMPLICIT,
            start_tls=server.tls is Tls.STARTTLS,
            tls_context=self._context,
            username=server.username or None,
            password=server.password.reveal() if server.username else None,
        )
        async with client:
            refused, _ = await client.send_message(_message(mail))
        return tuple(sorted(refused))

    async def _dial(self) -> socket.socket:
        """A socket connected to an address of the server that was checked."""
        server, loop = self._server, asyncio.get_running_loop()
        # The names that are refused everywhere are refused here; the port is the operator's.
        check_url(Url("https", server.host), self._policy)
        for found in await self._resolver.resolve(server.host, server.port):
            opened = self._open_socket(socket.AddressFamily(found["family"]))
            try:
                await loop.sock_connect(opened, (found["host"], server.port))
            except OSError:
                opened.close()
            except BaseException:
                opened.close()
                raise
            else:
                return opened
        raise failed(server.host, "connect", sent=False)

    def _failure(self, error: Exception) -> TransportFailed:
        host, detail = self._server.host, type(error).__name__
        if isinstance(error, ssl.SSLError) or isinstance(error.__cause__, ssl.SSLError):
            return failed(host, "tls", sent=False, detail=detail)
        if isinstance(error, TimeoutError):
            return failed(host, "timeout", sent=True, detail=detail)
        if isinstance(error, aiosmtplib.SMTPException) and "STARTTLS" in error.message:
            return TransportFailed(
                f"{host} offers no encryption, so neither password nor message was sent.",
                check="tls",
                sent=False,
                hint="Write smtps:// where the server encrypts from the start.",
                detail=detail,
            )
        return failed(host, "disconnected", sent=True, detail=detail)


def _refused(host: str, status: int, what: str) -> MailRefused:
    hint = "Check the address, and whether the server lets us send to it."
    if status in {530, 534, 535, 538}:
        hint = "Check user name and password in GRANTLINE_SMTP_URL."
    elif 400 <= status < 500:
        hint = "The server says that it is for now: it is tried again."
    return MailRefused(f"{host} {what} ({status}).", status=status, hint=hint)


def _message(mail: Mail) -> EmailMessage:
    message = EmailMessage(policy=WIRE_POLICY)
    message["From"] = MailAddress(display_name="Grantline", addr_spec=mail.sender)
    message["To"] = ", ".join(mail.recipients)
    message["Subject"] = " ".join(mail.subject.split())
    message["Date"] = format_datetime(mail.at)
    message["Message-ID"] = f"<{mail.message_id}>"
    # No holiday notes, and no loops between programs (RFC 3834).
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(mail.text, charset="utf-8", cte="quoted-printable")
    return message
