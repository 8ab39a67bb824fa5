"""Where a service puts things in its answers, for those that leave RFC 6749 section 5.1.

A path is dotted (``authed_user.access_token``, ``accounts[0].id``); an empty one means the RFC's
own name, or that there is no such thing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum


class LifetimeUnit(StrEnum):
    """Unit of the lifetimes in a service's answers."""

    SECONDS = "s"
    MILLISECONDS = "ms"
    MINUTES = "min"
    HOURS = "h"
    DAYS = "d"


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponseRules:
    """How to read the answers of a service.

    Attributes:
        token_path: The object that holds the token fields.
        access_token: Path of the access token, from ``token_path``.
        refresh_token: Path of the refresh token, from ``token_path``.
        expires_in: Path of the lifetime, from ``token_path``.
        expires_at: Path of an absolute expiry, from ``token_path``.
        refresh_expires_in: Path of the refresh token's lifetime, from ``token_path``.
        scope: Path of the granted scope, from ``token_path``.
        lifetime_unit: Unit of the lifetimes.
        default_lifetime: The lifetime when the answer tells none.
        default_refresh_lifetime: The refresh token's lifetime when the answer tells none.
        success_field: Path of the field that says whether it went well, whatever the status.
        success_values: What it says when it did: ``0``, ``ok``, ``true``.
        message_field: Path of the words that explain a failure.
        error_field: Path of a field that is there, and not empty, only when it went wrong.
        keeps_token: A refresh may answer without any token: the old one then lives on.
        secondary_path: A second token set in the same answer (Slack's user token).
        code_parameter: Name of the code in the callback.
        captured_parameters: Callback and answer fields kept on the connection; ``{name}`` in a
            URL, parameter or header is their value.
        allowed_values: For a captured parameter that builds the host of a URL: the values it may
            have, or ``*.domain`` for every host under a domain.
        refresh_with: Which token is presented to refresh: ``refresh_token`` or ``access_token``.
    """

    token_path: str = ""
    access_token: str = ""
    refresh_token: str = ""
    expires_in: str = ""
    expires_at: str = ""
    refresh_expires_in: str = ""
    scope: str = ""
    lifetime_unit: LifetimeUnit = LifetimeUnit.SECONDS
    default_lifetime: timedelta | None = None
    default_refresh_lifetime: timedelta | None = None
    success_field: str = ""
    success_values: tuple[str, ...] = ()
    message_field: str = ""
    error_field: str = ""
    keeps_token: bool = False
    secondary_path: str = ""
    code_parameter: str = "code"
    captured_parameters: tuple[str, ...] = ()
    allowed_values: tuple[tuple[str, tuple[str, ...]], ...] = ()
    refresh_with: str = "refresh_token"
