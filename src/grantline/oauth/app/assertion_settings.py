"""What a JWT of ours claims (RFC 7523), as settings."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class AssertionSettings:
    """What a JWT of ours claims (RFC 7523): for JWT bearer grants and for private_key_jwt.

    Attributes:
        algorithm: JWS algorithm (RFC 7518), such as RS256, PS256, ES256, EdDSA.
        key_id: ``kid`` of the header; empty for none.
        issuer: ``iss`` of a JWT bearer assertion; empty means the client ID.
        subject: ``sub`` of a JWT bearer assertion (the user to act for); empty means the issuer.
        audience: ``aud``; empty means the authorization server's issuer, else its token URI.
        lifetime: From ``iat`` to ``exp``.
        scope_in_assertion: Whether the scopes travel as a claim (Google) or as a parameter.
    """

    algorithm: str = "RS256"
    key_id: str = ""
    issuer: str = ""
    subject: str = ""
    audience: str = ""
    lifetime: timedelta = timedelta(minutes=5)
    scope_in_assertion: bool = False
