"""Everything the server remembers: clients, codes, grants and tokens."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from joserfc.jwk import ECKey

from grantline.clock import Clock
from grantline.testing.authorization_server.options import ServerOptions

Scope = tuple[str, ...]

DEMO_USERNAME: Final = "demo"
DEMO_PASSWORD: Final = "demo-password-for-tests-only"


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """A registered client.

    Attributes:
        client_id: RFC 6749 section 2.2.
        client_secret: Empty for a public client.
        redirect_uris: The only ones accepted; empty accepts any.
        authentication: The methods it may use, by their registry names, and
            ``client_secret_basic_raw`` for a server that does not form-decode Basic.
        jwks: Its public keys, for ``private_key_jwt`` and the JWT bearer grant.
    """

    client_id: str = "demo-client"
    client_secret: str = field(default="demo-secret-for-tests-only", repr=False)
    redirect_uris: tuple[str, ...] = ()
    authentication: frozenset[str] = frozenset(
        {"client_secret_post", "client_secret_basic", "client_secret_jwt", "private_key_jwt"}
    )
    jwks: tuple[dict[str, Any], ...] = ()

    @property
    def is_public(self) -> bool:
        """Whether it has nothing to authenticate with."""
        return not self.client_secret and not self.jwks


@dataclass(slots=True)
class Grant:
    """One consent: all tokens that come from it die with it."""

    client_id: str
    subject: str
    scope: Scope
    nonce: str = ""
    revoked: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizationRequest:
    """A checked authorization request (RFC 6749 section 4.1.1)."""

    client_id: str
    redirect_uri: str
    response_type: str
    scope: Scope
    state: str = ""
    nonce: str = ""
    response_mode: str = ""
    code_challenge: str = ""
    code_challenge_method: str = ""
    redirect_uri_was_sent: bool = True


@dataclass(slots=True)
class Code:
    """An authorization code; ``grant`` is what its first use issued."""

    request: AuthorizationRequest
    expires_at: datetime
    used: bool = False
    grant: Grant | None = None


@dataclass(slots=True)
class AccessToken:
    """An access token, bound to a DPoP key when ``key_thumbprint`` is set."""

    grant: Grant
    scope: Scope
    expires_at: datetime
    key_thumbprint: str = ""
    revoked: bool = False

    def is_active(self, now: datetime) -> bool:
        """Whether an API still takes it."""
        return not self.revoked and not self.grant.revoked and now < self.expires_at


@dataclass(slots=True)
class RefreshToken:
    """A refresh token; ``retired_at`` is when rotation replaced it."""

    grant: Grant
    scope: Scope
    key_thumbprint: str = ""
    retired_at: datetime | None = None

    def is_spent(self, now: datetime, grace: timedelta) -> bool:
        """Whether it was replaced, and its grace is over."""
        return self.retired_at is not None and now >= self.retired_at + grace


@dataclass(slots=True)
class DeviceCode:
    """A device authorization that waits for its person (RFC 8628)."""

    client_id: str
    user_code: str
    scope: Scope
    expires_at: datetime
    interval: timedelta
    approved: bool | None = None
    polled_at: datetime | None = None


@dataclass(slots=True)
class ServerState:
    """The memory of one server. Hold ``lock`` to read or change it from any thread."""

    options: ServerOptions
    clock: Clock
    issuer: str = ""
    clients: dict[str, Client] = field(default_factory=dict)
    codes: dict[str, Code] = field(default_factory=dict)
    grants: list[Grant] = field(default_factory=list)
    access_tokens: dict[str, AccessToken] = field(default_factory=dict)
    refresh_tokens: dict[str, RefreshToken] = field(default_factory=dict)
    device_codes: dict[str, DeviceCode] = field(default_factory=dict)
    pushed: dict[str, tuple[AuthorizationRequest, datetime]] = field(default_factory=dict)
    awaiting_consent: dict[str, AuthorizationRequest] = field(default_factory=dict)
    used_jtis: set[tuple[str, str]] = field(default_factory=set)
    dpop_nonce: str = field(default_factory=lambda: secrets.token_urlsafe(16))
    signing_key: ECKey = field(
        default_factory=lambda: ECKey.generate_key("P-256", {"use": "sig"}, auto_kid=True)
    )
    lock: threading.RLock = field(default_factory=threading.RLock)

    @property
    def token_uri(self) -> str:
        """The token endpoint, which an assertion may name as its audience."""
        return f"{self.issuer}/token"

    def new_grant(self, client_id: str, scope: Scope, *, nonce: str = "") -> Grant:
        """A consent of the one person there is."""
        grant = Grant(client_id, self.options.subject, scope, nonce)
        self.grants.append(grant)
        return grant

    def granted_scope(self, asked: str) -> Scope:
        """The scopes of ``asked`` that this server knows."""
        known = self.options.scopes
        return tuple(dict.fromkeys(one for one in asked.split() if not known or one in known))

    def secrets(self) -> Iterator[tuple[str, list[str]]]:
        """Every value that only some may see, by kind."""
        yield "client secret", [one.client_secret for one in self.clients.values()]
        yield "authorization code", list(self.codes)
        yield "access token", list(self.access_tokens)
        yield "refresh token", list(self.refresh_tokens)
        yield "device code", list(self.device_codes)
        yield "password", [DEMO_PASSWORD]

    def use_jti_once(self, issuer: str, jti: str) -> bool:
        """Whether this is the first time ``issuer`` uses ``jti``."""
        first = bool(jti) and (issuer, jti) not in self.used_jtis
        self.used_jtis.add((issuer, jti))
        return first
