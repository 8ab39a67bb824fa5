"""How this installation is reached: the settings of ``grantline serve``.

``GRANTLINE_PUBLIC_URL`` is the one setting redirect URIs come from. Nothing that a request says of
itself (``Host``, ``X-Forwarded-*``) ever becomes part of one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final

from grantline.connections.consent.callback_path import CALLBACK_PREFIX
from grantline.connections.consent.consents import redirect_uri
from grantline.errors import GrantlineError, InvalidInput
from grantline.oauth.app.settings import AppSettings
from grantline.secret import Secret
from grantline.server.demo import DemoService
from grantline.url import is_loopback_host, parse_url

PUBLIC_URL: Final = "GRANTLINE_PUBLIC_URL"
DEFAULT_HOST: Final = "127.0.0.1"
DEFAULT_PORT: Final = 8080


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerSettings:
    """Where the web app listens, and where browsers find it.

    Attributes:
        public_url: The origin that browsers use, without a slash at its end.
        host: The address to listen at.
        port: The port to listen at.
        setup_token: What creating the owner's account needs, when others can reach the page.
        demo: The bundled service, with ``--demo``.
    """

    public_url: str
    host: str = DEFAULT_HOST
    port: int = DEFAULT_PORT
    setup_token: Secret | None = None
    demo: DemoService | None = None

    @property
    def public_host(self) -> str:
        """The host of the public URL."""
        return parse_url(self.public_url).host

    @property
    def is_https(self) -> bool:
        """Whether browsers come by https, so that cookies may insist on it."""
        return self.public_url.startswith("https:")

    @property
    def is_local(self) -> bool:
        """Whether only this machine reaches the pages."""
        return is_loopback_host(self.host) and is_loopback_host(self.public_host)

    def redirect_uri(self, settings: AppSettings) -> str:
        """What to register at an app's service: its own, or the path of its server here."""
        return redirect_uri(settings, self.public_url)

    @property
    def shared_redirect_uri(self) -> str:
        """The one for consoles that allow a single URL: less safe, and chosen per app."""
        return self.public_url + CALLBACK_PREFIX.removesuffix("/")

    @classmethod
    def from_environment(
        cls, environment: Mapping[str, str], *, host: str = DEFAULT_HOST, port: int = DEFAULT_PORT
    ) -> ServerSettings:
        """The settings that ``environment`` and the options of ``grantline serve`` describe.

        Raises:
            InvalidInput: The public URL is no origin, or is needed and missing.
        """
        return cls(
            public_url=_public_url(environment.get(PUBLIC_URL, ""), host, port),
            host=host,
            port=port,
        )


def _public_url(given: str, host: str, port: int) -> str:
    if not given:
        if _is_everywhere(host):
            raise InvalidInput(
                f"Listening at {host} needs to know the address that browsers use.",
                field=PUBLIC_URL,
                hint=f"Set {PUBLIC_URL}, for example to https://grantline.example.com.",
            )
        shown = f"[{host}]" if ":" in host else host
        return f"http://{shown}" if port == 80 else f"http://{shown}:{port}"
    try:
        url = parse_url(given)
    except GrantlineError as error:
        raise InvalidInput(f"{PUBLIC_URL} is no URL: {error.message}", field=PUBLIC_URL) from None
    if url.path not in {"", "/"} or url.query:
        raise InvalidInput(
            f"{PUBLIC_URL} must be a scheme and a host, without a path.",
            field=PUBLIC_URL,
            hint="For example https://grantline.example.com.",
        )
    return url.origin


def _is_everywhere(host: str) -> bool:
    try:
        return ip_address(host).is_unspecified
    except ValueError:
        return False
