"""Token introspection (RFC 7662): asking the server whether a token still works."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from grantline.messages import HttpRequest, HttpResponse
from grantline.oauth.answers.answer import answer_fields
from grantline.oauth.app.settings import AppSettings, ClientSecrets
from grantline.oauth.moment import Moment
from grantline.oauth.requests.token_request import Grant, authenticated_request
from grantline.secret import Secret

INTROSPECTION_URI: Final = "Introspection URI"


@dataclass(frozen=True, slots=True, kw_only=True)
class Introspection:
    """What the server says of a token (section 2.2).

    Attributes:
        is_active: The one field that is always there, and the only one to decide by.
        expires_at: When an active token ends, if the server tells.
        claims: Every field, as given.
    """

    is_active: bool
    expires_at: datetime | None = None
    claims: Mapping[str, Any] = field(default_factory=dict, repr=False)


def introspection_request(
    *,
    settings: AppSettings,
    secrets: ClientSecrets,
    token: Secret,
    moment: Moment,
    token_type_hint: str = "access_token",
) -> HttpRequest:
    """The question about ``token``: always a POST, so that no URL holds it (section 2.1)."""
    grant = Grant(
        parameters=(("token", token.reveal()), ("token_type_hint", token_type_hint)),
        endpoint=settings.introspection_uri,
        endpoint_field=INTROSPECTION_URI,
    )
    return authenticated_request(grant, settings=settings, secrets=secrets, moment=moment)


def parse_introspection_response(response: HttpResponse, *, now: datetime) -> Introspection:
    """What ``response`` says of the token (section 2.2).

    Raises:
        GrantlineError: The server refused, or is busy; as ``answer_fields``.
    """
    fields = answer_fields(response, now=now)
    # Exactly true: "false", 0 and a missing field all mean that the token is not to be used.
    is_active = fields.get("active") is True
    expiry = fields.get("exp")
    expires_at: datetime | None = None
    if is_active and isinstance(expiry, int | float) and not isinstance(expiry, bool):
        try:
            expires_at = datetime.fromtimestamp(expiry, UTC)
        except (OverflowError, OSError, ValueError):
            expires_at = None
    return Introspection(is_active=is_active, expires_at=expires_at, claims=fields)
