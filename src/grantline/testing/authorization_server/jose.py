"""Signed tokens: reading those of clients, and signing the server's own ID tokens."""

from __future__ import annotations

import base64
import hashlib
import warnings
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Final

from joserfc import jwt
from joserfc.errors import JoseError, SecurityWarning
from joserfc.jwk import ECKey, Key, KeySet, OctKey

from grantline.testing.authorization_server.exchange import Refusal

ASYMMETRIC: Final = ("ES256", "PS256", "RS256", "Ed25519", "EdDSA")
SYMMETRIC: Final = ("HS256",)
LONGEST_ASSERTION: Final = timedelta(minutes=10)
SKEW: Final = timedelta(seconds=30)


def read_signed(
    token: str, key: Key | KeySet, algorithms: Iterable[str], *, error: str
) -> jwt.Token:
    """The header and claims of ``token``, its signature checked; refuses with ``error``."""
    try:
        with warnings.catch_warnings():
            # A client under test may have a short secret, or know EdDSA by its older name.
            warnings.simplefilter("ignore", SecurityWarning)
            return jwt.decode(token, key, algorithms=list(algorithms))
    except (JoseError, ValueError) as problem:
        raise Refusal(error, f"the signed token is not valid: {problem}") from problem


def secret_key(secret: str) -> OctKey:
    """A client secret as a key (RFC 7523, client_secret_jwt)."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SecurityWarning)
        return OctKey.import_key(secret)


def check_assertion_claims(
    claims: dict[str, Any], *, audiences: tuple[str, ...], now: datetime, error: str
) -> None:
    """Refuse an assertion that is not for us, or lives too long (RFC 7523 section 3)."""
    audience = claims.get("aud")
    # One string: a list would let another server that is in it replay the assertion here.
    if not isinstance(audience, str) or audience not in audiences:
        raise Refusal(error, "aud must be this server's issuer, as one string")
    expiry = claims.get("exp")
    if not isinstance(expiry, int | float):
        raise Refusal(error, "exp is missing")
    left = expiry - now.timestamp()
    if left <= 0:
        raise Refusal(error, "the assertion has expired")
    if left > (LONGEST_ASSERTION + SKEW).total_seconds():
        raise Refusal(error, "the assertion lives too long")
    issued_at = claims.get("iat", now.timestamp())
    if not isinstance(issued_at, int | float) or issued_at > (now + SKEW).timestamp():
        raise Refusal(error, "iat is in the future")


def sign_id_token(claims: dict[str, Any], key: ECKey) -> str:
    """An ID token (OpenID Connect Core section 2)."""
    return jwt.encode({"alg": "ES256", "kid": key.kid}, claims, key)


def half_hash(value: str) -> str:
    """``at_hash`` of an access token (OpenID Connect Core section 3.1.3.6)."""
    return unpadded(hashlib.sha256(value.encode()).digest()[:16])


def unpadded(data: bytes) -> str:
    """Base64url without padding (RFC 7515 section 2)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
