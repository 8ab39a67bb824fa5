"""What servers publish of themselves, asked through the guard and kept nowhere."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial

from grantline.connections.context import Context
from grantline.errors import DiscoveryFailed, RequestError
from grantline.messages import HttpRequest, HttpResponse
from grantline.net.transport import METADATA_LIMITS
from grantline.oauth.discovery.metadata import ServerMetadata, metadata_flow
from grantline.oauth.discovery.protected_resource import protected_resource_flow
from grantline.oauth.flow import adrive


async def discover(context: Context, url: str) -> ServerMetadata:
    """What an issuer says of itself; or, for an API or MCP server, what its issuer says.

    Raises:
        DiscoveryFailed: Nobody there says anything that may be believed.
    """
    try:
        return await discover_issuer(context, url)
    except DiscoveryFailed as of_issuer:
        try:
            return await adrive(protected_resource_flow(url), _sender(context))
        except (DiscoveryFailed, RequestError):
            raise of_issuer from None


async def discover_issuer(context: Context, issuer: str) -> ServerMetadata:
    """What an issuer says of itself; it is known to be one. Raises as ``discover``."""
    return await adrive(metadata_flow(issuer), _sender(context))


def _sender(context: Context) -> Callable[[HttpRequest], Awaitable[HttpResponse]]:
    return partial(context.send, app_id="discovery", limits=METADATA_LIMITS)
