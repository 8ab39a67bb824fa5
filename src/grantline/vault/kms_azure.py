"""Azure Key Vault or Managed HSM: an RSA key. ``azure-kv://VAULT.vault.azure.net/KEY``.

Credentials are found as Azure's own libraries find them (``DefaultAzureCredential``).
"""

from __future__ import annotations

import base64
import binascii
from typing import Any, Final

from azure.core.exceptions import AzureError
from azure.identity import DefaultAzureCredential

from grantline.secret import Secret
from grantline.vault.kms import incomplete, unreachable
from grantline.vault.kms_http import origin, post

_VERSION: Final = "7.4"
_ALGORITHM: Final = "RSA-OAEP-256"


class VaultKey:
    """One key; what is wrapped names the version that did it."""

    def __init__(self, url: str, host: str, key: str) -> None:
        self._host = host
        self._key = key
        self.name = url

    def wrap(self, value: bytes) -> str:
        """The version of the key, a colon, and what it made."""
        answer = self._ask("", "wrapkey", _encode(value))
        version = str(answer.get("kid", "")).rpartition("/")[2]
        return f"{version}:{answer.get('value', '')}"

    def unwrap(self, wrapped: str) -> bytes:
        """What was wrapped."""
        version, _, value = wrapped.partition(":")
        answer = self._ask(f"/{version}", "unwrapkey", value)
        text = str(answer.get("value", ""))
        try:
            return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        except (binascii.Error, ValueError) as error:
            raise unreachable(self.name, error, "Is this Azure's API?") from None

    def _ask(self, version: str, what: str, value: str) -> Any:
        return post(
            f"{origin(self._host)}/keys/{self._key}{version}/{what}?api-version={_VERSION}",
            {"alg": _ALGORITHM, "value": value},
            service=self.name,
            token=self._token(),
        )

    def _token(self) -> Secret:
        # The resource is the vault's domain without the vault's own name, in every cloud.
        scope = f"https://{self._host.partition('.')[2]}/.default"
        try:
            with DefaultAzureCredential() as credential:
                return Secret(credential.get_token(scope).token)
        except AzureError as error:
            raise unreachable(
                self.name, error, "Give this process an identity, or log in with az login."
            ) from None


def open_key(url: str) -> VaultKey:
    """The key that ``url`` names."""
    host, _, key = url.partition("://")[2].partition("/")
    if not host or not key or "/" in key:
        raise incomplete(url, "azure-kv://myvault.vault.azure.net/grantline")
    return VaultKey(url, host, key)


def _encode(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode("ascii")
