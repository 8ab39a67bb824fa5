"""The second exchange after the first: a short-lived token for one that lives long."""

from __future__ import annotations

from typing import Final

from grantline.messages import HttpRequest
from grantline.oauth.app.settings import AppSettings, ClientSecrets
from grantline.oauth.moment import Moment
from grantline.oauth.requests.token_request import Grant, authenticated_request
from grantline.oauth.token_set import TokenSet

UPGRADE_URI: Final = "Upgrade URI"
UPGRADE_PARAMETERS: Final = "Upgrade parameters"


def upgrade_request(
    *, settings: AppSettings, secrets: ClientSecrets, tokens: TokenSet, moment: Moment
) -> HttpRequest:
    """The request that trades ``tokens`` for others, by the app's upgrade rules.

    Raises:
        InvalidInput: A parameter needs something that is not set; names the form's field.
    """
    rules = settings.upgrade
    refresh_token = tokens.refresh_token
    grant = Grant(
        endpoint=rules.uri,
        endpoint_field=UPGRADE_URI,
        extra=rules.parameters,
        extra_field=UPGRADE_PARAMETERS,
        owned=frozenset(),
        values={
            "access_token": tokens.access_token.reveal(),
            "refresh_token": refresh_token.reveal() if refresh_token else "",
        },
        method=rules.method,
        format=rules.format,
        is_bare=True,
    )
    return authenticated_request(grant, settings=settings, secrets=secrets, moment=moment)
