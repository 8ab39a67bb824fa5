"""What a ``FakeAuthorizationServer`` is like: as strict, as modern and as odd as a test needs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Any

TokenAnswer = Callable[[dict[str, Any]], Mapping[str, Any]]


class Consent(StrEnum):
    """What the person at the authorization endpoint does."""

    ASK = "ask"
    APPROVE = "approve"
    DENY = "deny"


class DpopPolicy(StrEnum):
    """What the server makes of DPoP proofs (RFC 9449).

    ``IGNORE`` answers ``Bearer`` although a proof was sent, as a server that never heard of DPoP.
    """

    IGNORE = "ignore"
    ACCEPT = "accept"
    REQUIRE = "require"


class ExpiresIn(StrEnum):
    """How the lifetime is written in token answers. Real services use all of these."""

    INTEGER = "integer"
    STRING = "string"
    FLOAT_STRING = "float-string"
    MILLISECONDS = "milliseconds"
    ABSENT = "absent"


class Leniency(StrEnum):
    """What the server lets pass although the specifications advise against it."""

    ACCESS_TOKEN_IN_QUERY = "access-token-in-query"
    TOKEN_REQUEST_IN_QUERY = "token-request-in-query"
    TOKEN_REQUEST_AS_JSON = "token-request-as-json"


def as_it_is(answer: dict[str, Any]) -> Mapping[str, Any]:
    """The token answer as RFC 6749 section 5.1 has it."""
    return answer


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerOptions:
    """How one ``FakeAuthorizationServer`` behaves. The defaults are a modern, strict server.

    Attributes:
        access_token_lifetime: From issue to expiry, on the server's clock.
        code_lifetime: Of authorization codes (RFC 6749 section 4.1.2).
        device_code_lifetime: Of device codes (RFC 8628 section 3.2).
        device_interval: The least time between two polls of one device code.
        request_uri_lifetime: Of pushed authorization requests (RFC 9126 section 2.2).
        consent: Whether to ask on a page, or to decide without one.
        subject: The person who consents: ``sub`` of ID tokens and introspection.
        scopes: The scopes this server knows: others are left out of a grant. Empty: any scope.
        rotate: Each refresh answers a new refresh token and retires the one used.
        grace: How long a retired refresh token still works. Later use revokes the whole grant.
        omit_refresh_token: Never answer a refresh token.
        require_pkce: Refuse authorization requests without a code challenge (RFC 7636).
        require_par: Refuse authorization requests that were not pushed (RFC 9126).
        issue_iss: Say ``iss`` in authorization responses (RFC 9207), and promise it in metadata.
        dpop: Whether proofs of possession are ignored, accepted or required.
        dpop_nonce: Proofs must carry the server's nonce (RFC 9449 section 8).
        expires_in: How lifetimes are written.
        token_answer: Reshapes every successful token answer, to act like an odd service.
        lenient: What passes although it should not.
        metadata: What the metadata document says otherwise, by member; None leaves one out.
    """

    access_token_lifetime: timedelta = timedelta(hours=1)
    code_lifetime: timedelta = timedelta(minutes=1)
    device_code_lifetime: timedelta = timedelta(minutes=10)
    device_interval: timedelta = timedelta(seconds=5)
    request_uri_lifetime: timedelta = timedelta(minutes=1)
    consent: Consent = Consent.ASK
    subject: str = "demo-user"
    scopes: tuple[str, ...] = ()
    rotate: bool = True
    grace: timedelta = timedelta()
    omit_refresh_token: bool = False
    require_pkce: bool = True
    require_par: bool = False
    issue_iss: bool = True
    dpop: DpopPolicy = DpopPolicy.ACCEPT
    dpop_nonce: bool = False
    expires_in: ExpiresIn = ExpiresIn.INTEGER
    token_answer: TokenAnswer = as_it_is
    lenient: frozenset[Leniency] = frozenset()
    metadata: Mapping[str, Any] = field(default_factory=dict)
