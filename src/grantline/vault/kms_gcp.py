"""Google Cloud KMS. ``gcp-kms://projects/P/locations/L/keyRings/R/cryptoKeys/K``.

Credentials are found as Google's own libraries find them (application default credentials).
"""

from __future__ import annotations

import json
import re
from typing import Any, Final

import google.auth
import google.auth.exceptions
import google.auth.transport.requests

from grantline.secret import Secret
from grantline.vault.kms import CONTEXT, decode, encode, incomplete, unreachable
from grantline.vault.kms_http import post

ENDPOINT: Final = "https://cloudkms.googleapis.com"
_SCOPE: Final = "https://www.googleapis.com/auth/cloudkms"
_NAME: Final = re.compile(r"projects/[^/]+/locations/[^/]+/keyRings/[^/]+/cryptoKeys/[^/]+")
_BOUND_TO: Final = encode(json.dumps(dict(CONTEXT), sort_keys=True).encode())


class CloudKey:
    """One symmetric key."""

    def __init__(self, url: str, name: str) -> None:
        self._key = name
        self.name = url

    def wrap(self, value: bytes) -> str:
        """Google's ciphertext, which names the version of the key."""
        return self._ask("encrypt", "plaintext", encode(value), "ciphertext")

    def unwrap(self, wrapped: str) -> bytes:
        """What was wrapped."""
        return decode(self._ask("decrypt", "ciphertext", wrapped, "plaintext"), self.name)

    def _ask(self, what: str, field: str, value: str, wanted: str) -> str:
        answer = post(
            f"{ENDPOINT}/v1/{self._key}:{what}",
            {field: value, "additionalAuthenticatedData": _BOUND_TO},
            service=self.name,
            token=self._token(),
        )
        return str(answer.get(wanted, ""))

    def _token(self) -> Secret:
        try:
            found: tuple[Any, Any] = google.auth.default(scopes=[_SCOPE])
            credentials, _ = found
            credentials.refresh(google.auth.transport.requests.Request())
        except google.auth.exceptions.GoogleAuthError as error:
            raise unreachable(
                self.name, error, "Set up application default credentials for this process."
            ) from None
        return Secret(str(credentials.token))


def open_key(url: str) -> CloudKey:
    """The key that ``url`` names."""
    name = url.partition("://")[2]
    if not _NAME.fullmatch(name):
        raise incomplete(url, "gcp-kms://projects/P/locations/L/keyRings/R/cryptoKeys/K")
    return CloudKey(url, name)
