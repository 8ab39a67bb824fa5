"""Token introspection (RFC 7662): asking the server whether a token still works."""

from __future__ import annotations

from typing import Final

from grantline.messages import HttpRequest
from grantline.oauth.moment import Moment
from grantline.oauth.settings import AppSettings, ClientSecrets
from grantline.oauth.token_request import Grant, authenticated_request
from grantline.secret import Secret

INTROSPECTION_URI: Final = "Introspection URI"


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
