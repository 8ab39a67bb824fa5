"""HashiCorp Vault or OpenBao: the transit engine. ``vault-transit://HOST[:PORT]/MOUNT/KEY``.

The token is ``VAULT_TOKEN``, or in the file ``~/.vault-token``, where ``vault login`` and agents
put it; ``VAULT_NAMESPACE`` and ``VAULT_CACERT`` mean what they mean to Vault's own program.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from grantline.errors import KeyUnavailable
from grantline.vault.kms import decode, encode, incomplete, unreachable
from grantline.vault.kms_http import origin, post


class TransitKey:
    """One key of a transit engine."""

    def __init__(self, url: str, host: str, mount: str, key: str) -> None:
        self._address = f"{origin(host)}/v1/{mount}"
        self._key = key
        self.name = url

    def wrap(self, value: bytes) -> str:
        """``vault:v1:…``, which names the version of the key."""
        return str(self._ask("encrypt", {"plaintext": encode(value)}, "ciphertext"))

    def unwrap(self, wrapped: str) -> bytes:
        """What was wrapped, by any version that the engine still allows."""
        return decode(self._ask("decrypt", {"ciphertext": wrapped}, "plaintext"), self.name)

    def _ask(self, what: str, body: dict[str, str], wanted: str) -> str:
        headers = {"X-Vault-Token": _token(self.name), "X-Vault-Request": "true"}
        if namespace := os.environ.get("VAULT_NAMESPACE"):
            headers["X-Vault-Namespace"] = namespace
        answer = post(
            f"{self._address}/{what}/{self._key}",
            body,
            service=self.name,
            headers=headers,
            authorities=os.environ.get("VAULT_CACERT", ""),
        )
        data: Any = answer.get("data")
        try:
            return str(data[wanted])
        except (KeyError, TypeError) as error:
            raise unreachable(self.name, error, "Is this Vault's API?") from None


def open_key(url: str) -> TransitKey:
    """The key that ``url`` names."""
    host, _, path = url.partition("://")[2].partition("/")
    mount, _, key = path.strip("/").rpartition("/")
    if not (host and mount and key):
        raise incomplete(url, "vault-transit://vault.example.com/transit/grantline")
    return TransitKey(url, host, mount, key)


def _token(url: str) -> str:
    if token := os.environ.get("VAULT_TOKEN"):
        return token
    try:
        return (Path.home() / ".vault-token").read_text("ascii").strip()
    except (OSError, RuntimeError, UnicodeDecodeError):
        raise KeyUnavailable(
            f"There is no token for {url}.",
            hint="Set VAULT_TOKEN, or let an agent write ~/.vault-token.",
        ) from None
