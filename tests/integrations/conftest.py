"""Every test of the library has an installation and a service."""

from tests.client.installation import (
    async_connections,
    clock,
    connections,
    demo,
    server,
    server_options,
    settings,
)

__all__ = [
    "async_connections",
    "clock",
    "connections",
    "demo",
    "server",
    "server_options",
    "settings",
]
