"""Proof Key for Code Exchange (RFC 7636)."""

from __future__ import annotations

import hashlib
import re
from typing import Final

from grantline.errors import InvalidInput
from grantline.oauth.app.request_choices import Pairs
from grantline.oauth.app.settings import Pkce
from grantline.oauth.moment import base64url
from grantline.secret import Secret

MIN_ENTROPY_BYTES: Final = 32  # RFC 7636 section 7.1: 256 bits, 43 characters in base64url
MAX_ENTROPY_BYTES: Final = 96  # 128 characters, the longest verifier of section 4.1

_VERIFIER: Final = re.compile(r"[A-Za-z0-9._~-]{43,128}")


def code_verifier(entropy: bytes) -> Secret:
    """The code verifier made of 32 to 96 random bytes (RFC 7636 section 4.1)."""
    if not MIN_ENTROPY_BYTES <= len(entropy) <= MAX_ENTROPY_BYTES:
        msg = f"a code verifier needs {MIN_ENTROPY_BYTES} to {MAX_ENTROPY_BYTES} random bytes"
        raise ValueError(msg)
    return Secret(base64url(entropy))


def code_challenge(verifier: Secret, method: Pkce = Pkce.S256) -> str:
    """The challenge that ``verifier`` will answer (RFC 7636 section 4.2).

    Raises:
        InvalidInput: The verifier is not 43 to 128 unreserved characters.
    """
    value = verifier.reveal()
    if not _VERIFIER.fullmatch(value):
        raise InvalidInput(
            "The code verifier is not 43 to 128 letters, digits, or - . _ ~ characters.",
            field="code_verifier",
        )
    if method is Pkce.PLAIN:
        return value
    return base64url(hashlib.sha256(value.encode("ascii")).digest())


def challenge_parameters(verifier: Secret, method: Pkce) -> Pairs:
    """What PKCE adds to the authorization request (RFC 7636 section 4.3)."""
    return (
        ("code_challenge", code_challenge(verifier, method)),
        ("code_challenge_method", method.value),
    )
