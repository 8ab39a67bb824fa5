"""Ports for programs that cannot choose one and say which."""

from __future__ import annotations

import secrets
import socket
from typing import Final

# Below those that systems give to whoever asks for any: nothing else that runs on this machine
# takes one of these by chance between its being found here and its being listened on.
FIRST: Final = 10_000
AFTER_LAST: Final = 32_000


def free_ports(count: int) -> list[int]:
    """Ports on loopback that nobody listens on now."""
    held: list[socket.socket] = []
    try:
        while len(held) < count:
            # Not `random`: that gives the same ones to all who test with the same seed.
            port = FIRST + secrets.randbelow(AFTER_LAST - FIRST)
            try:
                held.append(socket.create_server(("127.0.0.1", port)))
            except OSError:
                continue
        return [each.getsockname()[1] for each in held]
    finally:
        for each in held:
            each.close()
