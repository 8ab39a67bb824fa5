"""What to call the service of a connection, where people read it."""

from __future__ import annotations

from typing import Final

from grantline.connections.connection import Connection
from grantline.errors import EgressBlocked, UnknownProvider
from grantline.oauth.app.settings import AppSettings
from grantline.providers.catalogue import profile
from grantline.server.demo import DemoService
from grantline.url import parse_url

DEMO_TITLE: Final = "Demo service"


def service_of(connection: Connection, demo: DemoService | None = None) -> str:
    """The title in the catalogue, else the host that people or tokens are sent to.

    Args:
        connection: Whose service.
        demo: The bundled service, where there is one: it is called by its name.
    """
    if demo is not None and connection.app.settings.issuer == demo.issuer:
        return DEMO_TITLE
    try:
        if connection.app.provider:
            return profile(connection.app.provider).title
    except UnknownProvider:
        pass
    return consent_host(connection.app.settings) or connection.app.name


def consent_host(settings: AppSettings) -> str:
    """The host at which a person consents, or that gives the token; empty when none is known."""
    uri = settings.authorize_uri or settings.device_authorization_uri or settings.token_uri
    try:
        return parse_url(uri).host if uri else ""
    except EgressBlocked:
        return ""
