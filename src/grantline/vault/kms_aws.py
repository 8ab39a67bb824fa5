"""AWS KMS: a symmetric key. ``aws-kms://arn:aws:kms:REGION:ACCOUNT:key/ID``, or ``aws-kms://alias/NAME``.

Credentials, and for an alias the region, are found as boto3 finds them.
"""

from __future__ import annotations

from typing import Any, Final

import boto3
import botocore.config
import botocore.exceptions

from grantline.vault.kms import CONTEXT, decode, encode, incomplete, unreachable
from grantline.vault.kms_http import TIMEOUT_S

_BEGINNINGS: Final = ("arn:", "alias/")
_HINT: Final = "Check that it can be reached, and that these credentials may encrypt and decrypt."


class AmazonKey:
    """One key."""

    def __init__(self, url: str, key: str) -> None:
        self._key = key
        self.name = url
        region = key.split(":")[3] if key.startswith("arn:") else None
        config = botocore.config.Config(
            connect_timeout=TIMEOUT_S, read_timeout=TIMEOUT_S, retries={"max_attempts": 2}
        )
        try:
            self._client: Any = boto3.client("kms", region_name=region, config=config)
        except botocore.exceptions.BotoCoreError as error:
            raise unreachable(url, error, "Set AWS_REGION, or name the key by its ARN.") from None

    def wrap(self, value: bytes) -> str:
        """Amazon's ciphertext, which names the key."""
        answer = self._ask(self._client.encrypt, Plaintext=value)
        return encode(answer["CiphertextBlob"])

    def unwrap(self, wrapped: str) -> bytes:
        """What was wrapped."""
        answer = self._ask(self._client.decrypt, CiphertextBlob=decode(wrapped, self.name))
        return bytes(answer["Plaintext"])

    def _ask(self, call: Any, **arguments: Any) -> Any:
        try:
            return call(KeyId=self._key, EncryptionContext=dict(CONTEXT), **arguments)
        except (botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError) as error:
            raise unreachable(self.name, error, _HINT) from None


def open_key(url: str) -> AmazonKey:
    """The key that ``url`` names."""
    key = url.partition("://")[2]
    if not key.startswith(_BEGINNINGS) or (key.startswith("arn:") and key.count(":") != 5):
        raise incomplete(url, "aws-kms://arn:aws:kms:eu-central-1:111122223333:key/1234abcd-...")
    return AmazonKey(url, key)
