"""The address of a webhook: a path with a secret in it, which names the scenario it starts."""

from __future__ import annotations

import base64
from typing import Final

from grantline.connections.context import fingerprint
from grantline.secret import Secret

HOOK_PREFIX: Final = "/hooks/"
# 160 bits, in 32 letters and digits of one case: addresses are copied by hand, too.
SECRET_BYTES: Final = 20


def hook_secret(entropy: bytes) -> Secret:
    """The secret part of a fresh address, from ``SECRET_BYTES`` random ones."""
    return Secret(base64.b32encode(entropy[:SECRET_BYTES]).decode().lower())


def hook_path(secret: Secret) -> Secret:
    """The path of the address, from the origin on."""
    return Secret(f"{HOOK_PREFIX}{secret.reveal()}")


def hook_digest(secret: Secret) -> str:
    """What the address is looked up by: of no use to whoever reads the database."""
    return fingerprint(secret.reveal())
