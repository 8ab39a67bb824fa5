"""What each service wants to hear before it issues a refresh token. Pure.

Facts from the services' own documentation; without one of these, consent gives an access token
that nobody can renew.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from grantline.errors import EgressBlocked
from grantline.oauth.settings import AppSettings
from grantline.url import parse_url


@dataclass(frozen=True, slots=True, kw_only=True)
class OfflineAccess:
    """What to ask for: parameters of the authorize URL, a scope, or a switch in the console."""

    parameters: tuple[tuple[str, str], ...] = ()
    scope: str = ""
    switch: str = ""

    def missing(self, settings: AppSettings, scopes: tuple[str, ...]) -> str:
        """What of it is not asked for yet, in words; empty when all of it is."""
        given = dict(settings.authorize_parameters)
        lacking = [f"{name}={value}" for name, value in self.parameters if given.get(name) != value]
        if lacking:
            return f"the authorize parameter{'s' * (len(lacking) > 1)} {' and '.join(lacking)}"
        if self.scope and self.scope not in scopes:
            return f"the scope {self.scope}"
        return self.switch


GENERAL: Final = OfflineAccess(scope="offline_access")

_BY_DOMAIN: Final = {
    "google.com": OfflineAccess(parameters=(("access_type", "offline"), ("prompt", "consent"))),
    "zoho.com": OfflineAccess(parameters=(("access_type", "offline"), ("prompt", "consent"))),
    "dropbox.com": OfflineAccess(parameters=(("token_access_type", "offline"),)),
    "reddit.com": OfflineAccess(parameters=(("duration", "permanent"),)),
    "x.com": OfflineAccess(scope="offline.access"),
    "twitter.com": OfflineAccess(scope="offline.access"),
    "salesforce.com": OfflineAccess(scope="refresh_token"),
    "slack.com": OfflineAccess(switch="token rotation, to be switched on in the app's settings"),
    "github.com": OfflineAccess(
        switch="expiring user tokens, to be switched on in the GitHub App's settings"
    ),
}


def offline_access(settings: AppSettings) -> OfflineAccess:
    """What the service behind ``settings`` wants; what OpenID Connect says where nobody knows."""
    host = service_host(settings)
    while host:
        if host in _BY_DOMAIN:
            return _BY_DOMAIN[host]
        host = host.partition(".")[2]
    return GENERAL


def service_host(settings: AppSettings) -> str:
    """The host that people consent at, or that gives tokens; empty when neither is a URL."""
    try:
        return parse_url(settings.authorize_uri or settings.token_uri).host
    except EgressBlocked:
        return ""
