"""A token by one HTTP call, for services that are not OAuth: log in, use the token it returns."""

from __future__ import annotations

from dataclasses import replace

from grantline.messages import HttpRequest, HttpResponse
from grantline.oauth.app.settings import AppSettings, ClientSecrets
from grantline.oauth.flow import Flow
from grantline.oauth.moment import Moment
from grantline.oauth.requests.token_request import Grant, token_flow, token_grant, token_request
from grantline.secret import Secret


def login_request(
    *,
    settings: AppSettings,
    secrets: ClientSecrets,
    username: str,
    password: Secret | None,
    moment: Moment,
) -> HttpRequest:
    """The request that logs in: the Access token parameters to the Token URI, and nothing else.

    Raises:
        InvalidInput: A parameter needs something that is not set; names the form's field.
    """
    grant = _grant(settings, username, password)
    return token_request(grant, settings=settings, secrets=secrets, moment=moment)


def login_flow(
    *,
    settings: AppSettings,
    secrets: ClientSecrets,
    username: str,
    password: Secret | None,
    moment: Moment,
) -> Flow[HttpResponse]:
    """The answer to a login, unread."""
    grant = _grant(settings, username, password)
    return token_flow(grant, settings=settings, secrets=secrets, moment=moment)


def _grant(settings: AppSettings, username: str, password: Secret | None) -> Grant:
    word = password.reveal() if password else ""
    values = {"username": username, "password": word} if username or word else {}
    return replace(token_grant(settings, (), **values), owned=frozenset(), is_bare=True)
