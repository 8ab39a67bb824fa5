"""Assertions and proofs made by hand, with keys the server has not seen elsewhere."""

from __future__ import annotations

import base64
import hashlib
from datetime import datetime
from itertools import count
from typing import Any

from joserfc import jwt
from joserfc.jwk import ECKey, Key

CLIENT_KEY = ECKey.generate_key("P-256", {"use": "sig"}, auto_kid=True)
PROOF_KEY = ECKey.generate_key("P-256")
_NUMBERS = count(1)


def assertion(
    now: datetime,
    audience: object,
    client_id: str,
    *,
    key: Key = CLIENT_KEY,
    algorithm: str = "ES256",
    **changes: Any,
) -> str:
    """A client assertion (RFC 7523 section 3); a claim changed to None is left out."""
    claims = {
        "iss": client_id,
        "sub": client_id,
        "aud": audience,
        "iat": int(now.timestamp()),
        "exp": int(now.timestamp()) + 300,
        "jti": f"assertion {next(_NUMBERS)}",
    } | changes
    kept = {name: value for name, value in claims.items() if value is not None}
    return jwt.encode({"alg": algorithm}, kept, key, algorithms=[algorithm])


def proof(
    now: datetime,
    method: str,
    url: str,
    *,
    access_token: str = "",
    key: ECKey = PROOF_KEY,
    header: dict[str, Any] | None = None,
    **changes: Any,
) -> str:
    """A DPoP proof (RFC 9449 section 4.2); a claim changed to None is left out."""
    claims = {
        "htm": method,
        "htu": url,
        "iat": int(now.timestamp()),
        "jti": f"proof {next(_NUMBERS)}",
    } | changes
    if access_token and "ath" not in changes:
        digest = hashlib.sha256(access_token.encode()).digest()
        claims["ath"] = base64.urlsafe_b64encode(digest).decode().rstrip("=")
    kept = {name: value for name, value in claims.items() if value is not None}
    fixed = {"alg": "ES256", "typ": "dpop+jwt", "jwk": key.as_dict(private=False)}
    return jwt.encode(fixed | (header or {}), kept, key)
