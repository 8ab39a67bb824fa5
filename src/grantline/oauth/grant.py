"""The grants a token request can present (RFC 6749 section 1.3), and what may be sent twice."""

from __future__ import annotations

from enum import StrEnum


class GrantType(StrEnum):
    """``grant_type`` of a token request, by its name on the wire."""

    AUTHORIZATION_CODE = "authorization_code"
    IMPLICIT = "implicit"
    REFRESH_TOKEN = "refresh_token"
    CLIENT_CREDENTIALS = "client_credentials"
    PASSWORD = "password"
    DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code"
    JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
    TOKEN_EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
    LOGIN = "login"  # no grant of OAuth: one request, whose answer has a token
    UPGRADE = "upgrade"  # the exchange of a short-lived token for a long-lived one

    @property
    def is_single_use(self) -> bool:
        """Whether presenting it twice may revoke what the first time gave (RFC 6749 4.1.2).

        A refresh token may be sent again after a lost answer: within a server's grace it works,
        and without one the rotated token is lost anyway.
        """
        return self is GrantType.AUTHORIZATION_CODE

    @property
    def gives_refresh_token(self) -> bool:
        """Whether an answer without a refresh token is worth a word."""
        return self in {
            GrantType.AUTHORIZATION_CODE,
            GrantType.REFRESH_TOKEN,
            GrantType.PASSWORD,
            GrantType.DEVICE_CODE,
        }
