"""Credentials that a person wrote into a request, and the names under which they hide."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from typing import Final

from grantline.secret import Secret

# Words of header names: X-Api-Key, Private-Token, Cookie, X-Amz-Security-Token.
_HEADER = re.compile(
    r"(?:^|[-_])(?:authorization|auth|cookie|token|secret|password|api[-_]?key|subscription-key)"
    r"(?=$|[-_])",
    re.IGNORECASE,
)
# Whole names only: ``page_token`` and ``next_key`` are no secrets.
_PARAMETERS: Final = frozenset(
    {
        "access_token",
        "api_key",
        "apikey",
        "auth",
        "auth_token",
        "client_secret",
        "id_token",
        "key",
        "password",
        "refresh_token",
        "secret",
        "sig",
        "signature",
        "token",
    }
)


@dataclass(frozen=True, slots=True)
class Basic:
    """A user name and password (RFC 7617)."""

    user: str
    password: Secret


@dataclass(frozen=True, slots=True)
class Bearer:
    """A token somebody got elsewhere; nothing renews it (RFC 6750 section 2.1)."""

    token: Secret


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key in a header of the service's own choice; ``value`` is the whole header value."""

    name: str
    value: Secret


Credential = Basic | Bearer | ApiKey


def read_authorization(value: str) -> Credential:
    """The credential in the value of an ``Authorization`` header; an `ApiKey` for other schemes."""
    scheme, _, rest = value.partition(" ")
    rest = rest.strip()
    if scheme.lower() == "bearer" and rest:
        return Bearer(Secret(rest))
    if scheme.lower() == "basic":
        try:
            user, colon, password = base64.b64decode(rest, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            colon = ""
        if colon:
            return Basic(user, Secret(password))
    return ApiKey("Authorization", Secret(value))


def is_credential_header(name: str) -> bool:
    """Whether headers of this name usually hold a credential."""
    return _HEADER.search(name) is not None


def is_credential_parameter(name: str) -> bool:
    """Whether query parameters of this name usually hold a credential."""
    return name.lower().replace("-", "_") in _PARAMETERS
