"""What an authorization server granted, as one value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from grantline.secret import Secret


class Warn(StrEnum):
    """Oddities of a token answer that are survived and said aloud."""

    NO_EXPIRY = "no_expiry"
    NO_REFRESH_TOKEN = "no_refresh_token"
    EXPIRES_INVALID = "expires_invalid"
    EXPIRES_ZERO = "expires_zero"
    EXPIRES_CLAMPED = "expires_clamped"
    EXPIRES_CONFLICT = "expires_conflict"
    BAD_TOKEN_TYPE = "bad_token_type"
    NON_UTF8 = "non_utf8"
    NONSTANDARD_JSON = "nonstandard_json"
    SCOPE_REDUCED = "scope_reduced"
    REFRESH_TOKEN_COERCED = "refresh_token_coerced"
    REFRESH_EXPIRING_SOON = "refresh_expiring_soon"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class TokenSet:
    """One grant's tokens (RFC 6749 section 5.1), lifetimes already turned into instants.

    Attributes:
        access_token: Opaque; nothing is ever decided by looking inside (OAuth 2.1 section 1.4).
        token_type: Normal form: ``Bearer`` or ``DPoP``.
        refresh_token: None when the server gave none.
        id_token: As received; proves nothing until it is validated.
        expires_at: Instant the access token dies; None means unknown: neither now nor never.
        refresh_expires_at: Instant the refresh token dies, when the server tells.
        scope: Scopes granted; None means the server said nothing, which is "as asked".
        extra: Every other field of the answer, kept as given.
        secondary: A second token set of the same answer.
        warnings: What was odd about the answer.
    """

    access_token: Secret
    token_type: str = "Bearer"
    refresh_token: Secret | None = None
    id_token: Secret | None = None
    expires_at: datetime | None = None
    refresh_expires_at: datetime | None = None
    scope: tuple[str, ...] | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)
    secondary: TokenSet | None = None
    warnings: tuple[Warn, ...] = ()

    def __repr__(self) -> str:
        held = "with" if self.refresh_token else "without"
        return f"TokenSet({self.token_type}, {held} refresh token, expires_at={self.expires_at})"


def merge_refreshed(old: TokenSet, new: TokenSet) -> TokenSet:
    """``new`` as it is to be stored after a refresh of ``old``: what was not renewed is kept.

    A refresh answer without a refresh token means "keep yours" (RFC 6749 section 6); the same
    goes for the scope, and for an ID token. Extra fields of the first answer (an account's own
    API host, say) stay unless they come again.
    """
    return replace(
        new,
        refresh_token=new.refresh_token or old.refresh_token,
        refresh_expires_at=(
            new.refresh_expires_at
            if new.refresh_token
            else new.refresh_expires_at or old.refresh_expires_at
        ),
        id_token=new.id_token or old.id_token,
        scope=new.scope if new.scope is not None else old.scope,
        extra={**old.extra, **new.extra},
        secondary=new.secondary or old.secondary,
    )
