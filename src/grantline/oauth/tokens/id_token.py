"""ID tokens (OpenID Connect Core 1.0): believed only after every check, else ignored."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from grantline.errors import InvalidResponse
from grantline.oauth.jwt import verify_jwt
from grantline.oauth.moment import base64url
from grantline.secret import Secret

DEFAULT_ALGORITHMS: Final = ("RS256", "PS256", "ES256", "EdDSA", "Ed25519")
CLOCK_SKEW: Final = timedelta(seconds=60)

_RULE: Final = "OpenID Connect Core 3.1.3.7"
# The hash that an algorithm's name implies, for at_hash (section 3.1.3.6).
_HASHES: Final = {"256": "sha256", "384": "sha384", "512": "sha512"}


@dataclass(frozen=True, slots=True, kw_only=True)
class IdTokenRules:
    """What an ID token is held against.

    Attributes:
        issuer: The issuer identifier of the server.
        client_id: Our client ID there.
        jwks: The server's JWK set, already parsed.
        algorithms: Accepted ``alg`` values: from the server's metadata, or what we registered.
        client_secret: For HS256 and its kin, where ``algorithms`` names them.
    """

    issuer: str
    client_id: str
    jwks: Mapping[str, Any]
    algorithms: tuple[str, ...] = DEFAULT_ALGORITHMS
    client_secret: Secret | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who the person is, in the server's words.

    Attributes:
        issuer: ``iss``; with ``subject`` the only lasting name of a person (section 5.7).
        subject: ``sub``.
        claims: All of them, as given.
    """

    issuer: str
    subject: str
    claims: Mapping[str, Any] = field(repr=False)


def validate_id_token(
    id_token: Secret,
    *,
    rules: IdTokenRules,
    now: datetime,
    nonce: str = "",
    access_token: Secret | None = None,
) -> Identity:
    """The identity that ``id_token`` proves (section 3.1.3.7).

    Args:
        id_token: As received from the token endpoint.
        rules: What it is held against.
        now: The instant of the check.
        nonce: What the authorization request carried; empty when it carried none.
        access_token: Compared with ``at_hash`` when the ID token has one.

    Raises:
        InvalidResponse: ``check`` names the first rule that it breaks.
    """
    algorithm, claims = verify_jwt(
        id_token.reveal(),
        jwks=rules.jwks,
        algorithms=rules.algorithms,
        secret=rules.client_secret,
    )
    if claims.get("iss") != rules.issuer:
        raise _broken("iss", "comes from another issuer")
    _check_audience(claims, rules.client_id)
    _check_times(claims, now)
    if nonce and claims.get("nonce") != nonce:
        raise _broken("nonce", "belongs to another authorization")
    subject = claims.get("sub")
    if not isinstance(subject, str) or not subject:
        raise _broken("sub", "names nobody")
    if access_token is not None and "at_hash" in claims:
        _check_access_token(claims["at_hash"], access_token, algorithm)
    return Identity(issuer=rules.issuer, subject=subject, claims=claims)


def _check_audience(claims: Mapping[str, Any], client_id: str) -> None:
    audience = claims.get("aud")
    audiences = audience if isinstance(audience, list) else [audience]
    if client_id not in audiences:
        raise _broken("aud", "is meant for another client")
    party = claims.get("azp")
    if len(audiences) > 1 and party is None:
        raise _broken("azp", "is meant for several clients and names no authorized one")
    if party is not None and party != client_id:
        raise _broken("azp", "was given to another client")


def _check_times(claims: Mapping[str, Any], now: datetime) -> None:
    if now >= _instant(claims, "exp") + CLOCK_SKEW:
        raise _broken("exp", "has expired")
    if _instant(claims, "iat") > now + CLOCK_SKEW:
        raise _broken("iat", "was issued in the future")
    if "nbf" in claims and _instant(claims, "nbf") > now + CLOCK_SKEW:
        raise _broken("nbf", "is not valid yet")


def _check_access_token(at_hash: object, access_token: Secret, algorithm: str) -> None:
    """The left half of the token's hash, by the hash that the algorithm uses (3.1.3.6)."""
    digest = hashlib.new(_HASHES.get(algorithm[-3:], "sha512"), access_token.reveal().encode())
    half = digest.digest()[: digest.digest_size // 2]
    if at_hash != base64url(half):
        raise _broken("at_hash", "was issued with another access token")


def _instant(claims: Mapping[str, Any], name: str) -> datetime:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _broken(name, f"has no usable “{name}”")
    try:
        return datetime.fromtimestamp(value, UTC)
    except (OverflowError, OSError, ValueError):
        raise _broken(name, f"has no usable “{name}”") from None


def _broken(check: str, what: str) -> InvalidResponse:
    return InvalidResponse(f"The ID token {what}.", check=f"id_token_{check}", rule=_RULE)
