"""The bundled service as the pages offer it: labelled, and only with ``--demo``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from grantline.secret import Secret

if TYPE_CHECKING:
    from grantline.testing.authorization_server import FakeAuthorizationServer


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoService:
    """What a person needs to know of the demo service to connect it.

    Attributes:
        issuer: Its origin; discovery there fills in every endpoint.
        username: For the password flow.
    """

    issuer: str
    api_url: str
    client_id: str
    client_secret: Secret
    username: str
    password: Secret
    scopes: tuple[str, ...] = ("profile", "orders", "offline_access")

    @classmethod
    def of(cls, server: FakeAuthorizationServer) -> DemoService:
        """The service that ``server`` plays."""
        from grantline.testing.authorization_server import (  # noqa: PLC0415 - not without --demo
            DEMO_PASSWORD,
            DEMO_USERNAME,
        )

        return cls(
            issuer=server.issuer,
            api_url=server.api_url,
            client_id=server.client.client_id,
            client_secret=Secret(server.client.client_secret),
            username=DEMO_USERNAME,
            password=Secret(DEMO_PASSWORD),
        )
