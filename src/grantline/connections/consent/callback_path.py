"""A callback path per authorization server, so that a code never reaches another one's token URI.

One callback shared by all services lets a hostile service's app receive the code of an honest
one, however good the state is (COAT, draft-ietf-oauth-security-topics-update). The path therefore
carries a digest of where the app sends people and secrets, and the callback compares it.
"""

from __future__ import annotations

import hashlib
from typing import Final

from grantline.oauth.app.settings import AppSettings

CALLBACK_PREFIX: Final = "/oauth/callback/"
DIGEST_DIGITS: Final = 16


def callback_digest(settings: AppSettings) -> str:
    """The digest of the authorize and token URIs of an app: 64 bits, hex."""
    context = f"{settings.authorize_uri}\n{settings.token_uri}"
    return hashlib.sha256(context.encode()).hexdigest()[:DIGEST_DIGITS]


def callback_path(settings: AppSettings) -> str:
    """The path of the redirect URI of every connection to this app's service."""
    return CALLBACK_PREFIX + callback_digest(settings)
