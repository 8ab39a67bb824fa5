"""Where mail is handed over: the operator's own server, read from a setting.

``smtps://`` is encrypted from the first byte, ``smtp://`` by STARTTLS, which the server then has to
offer: a server, or somebody in between, that does not offer it gets neither password nor message.
Only this machine, and a server that the setting says so of (``?tls=none``), are spoken to in the
clear, and then without a password.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Final
from urllib.parse import unquote, urlsplit

from grantline.errors import EgressBlocked, InvalidInput
from grantline.net.guard import EgressPolicy, HostSet
from grantline.secret import Secret
from grantline.url import canonical_host, is_loopback_host

SMTP_URL: Final = "GRANTLINE_SMTP_URL"
_LOCAL_PART: Final = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*", re.ASCII
)
IMPLICIT_PORT: Final = 465
SUBMISSION_PORT: Final = 587  # RFC 6409


class Tls(StrEnum):
    """How a mail server is spoken to."""

    IMPLICIT = "implicit"
    STARTTLS = "starttls"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class MailServer:
    """A mail server, and as whom mail is handed to it; ``username`` is empty for nobody."""

    host: str
    port: int
    tls: Tls
    username: str = ""
    password: Secret = field(default_factory=lambda: Secret(""))


def parse_mail_server(text: str) -> MailServer:
    """The server that ``smtps://user:password@host:port`` means.

    Raises:
        InvalidInput: It means none, or would be told a password in the clear.
    """
    try:
        if not text.strip().isprintable():
            raise ValueError
        parts = urlsplit(text.strip())
        name = parts.hostname or ""
        host = canonical_host(f"[{name}]" if ":" in name else name)
        username, password = unquote(parts.username or ""), unquote(parts.password or "")
        port = parts.port
        odd = parts.path not in {"", "/"} or parts.fragment or parts.query not in {"", "tls=none"}
        if odd or parts.scheme not in {"smtp", "smtps"} or port == 0:
            raise ValueError
        if not f"{username}{password}x".isprintable() or bool(username) != bool(password):
            raise ValueError
    except (ValueError, EgressBlocked):
        raise InvalidInput(
            f"{SMTP_URL} is not of the form smtps://user:password@host:port.",
            field=SMTP_URL,
            hint="smtps encrypts from the start, smtp by STARTTLS; user and password are left out "
            "together; in them, write : as %3A, @ as %40 and / as %2F.",
        ) from None
    # On this machine nobody stands in between; a password wants its encryption all the same.
    is_clear = bool(parts.query) or (is_loopback_host(host) and not username)
    tls = _tls(parts.scheme, is_clear=is_clear, asked=bool(parts.query))
    if tls is Tls.NONE and username:
        raise InvalidInput(
            f"{SMTP_URL} would send its password in the clear.",
            field=SMTP_URL,
            hint="Write smtps://, or smtp:// for STARTTLS, or leave user and password out.",
        )
    usual = IMPLICIT_PORT if tls is Tls.IMPLICIT else SUBMISSION_PORT
    return MailServer(
        host=host, port=port or usual, tls=tls, username=username, password=Secret(password)
    )


def checked_mail_address(text: str, *, field: str) -> str:
    """The mail address that ``text`` is, in one spelling.

    Only what every server takes: no comments, quotes or letters beyond ASCII (RFC 5321, 5322).

    Raises:
        InvalidInput: It is none; ``field`` is what it was written into.
    """
    local, at, domain = text.strip().rpartition("@")
    try:
        host = canonical_host(domain)
    except EgressBlocked:
        host = ""
    if not at or not host or not _LOCAL_PART.fullmatch(local) or len(host) + len(local) > 253:
        shown = text if text.isprintable() and len(text) <= 100 else "What was given"
        raise InvalidInput(
            f"{shown} is no mail address.", field=field, hint="For example ada@example.com."
        )
    return f"{local}@{host}"


def _tls(scheme: str, *, is_clear: bool, asked: bool) -> Tls:
    if scheme == "smtp":
        return Tls.NONE if is_clear else Tls.STARTTLS
    if asked:
        raise InvalidInput(
            f"{SMTP_URL} says smtps and tls=none at once.",
            field=SMTP_URL,
            hint="Write smtp:// for a server without TLS.",
        )
    return Tls.IMPLICIT


def reaching(server: MailServer, policy: EgressPolicy) -> EgressPolicy:
    """``policy``, and the operator's own server: who names it there means it."""
    own = HostSet.parse((server.host,), setting=SMTP_URL)
    allowed = HostSet(policy.allowed.names | own.names, (*policy.allowed.networks, *own.networks))
    return replace(policy, allowed=allowed)
