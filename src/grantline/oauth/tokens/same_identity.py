"""Whether the ID token of a refresh is still about the same person (OIDC Core section 12.2).

This looks at claims that nobody has verified, which is enough here: it can only refuse.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any

from grantline.errors import InvalidResponse
from grantline.messages import HttpResponse
from grantline.oauth.answers.body import parse_body
from grantline.secret import Secret


def changed_claim(first: Secret, refreshed: Secret) -> str:
    """``iss`` or ``sub`` when ``refreshed`` differs from ``first`` in it, else an empty string."""
    before, after = _claims(first), _claims(refreshed)
    if not after:
        return ""
    changed = (
        name
        for name in ("iss", "sub")
        if before.get(name) is not None and after.get(name) != before[name]
    )
    return next(changed, "")


def _claims(id_token: Secret) -> Mapping[str, Any]:
    payload = id_token.reveal().split(".")[1:2]
    try:
        data = base64.urlsafe_b64decode("".join(payload) + "==")
        # The reader of answers, because it survives whatever JSON a server makes up.
        return parse_body(HttpResponse(200, body=data)).fields
    except (binascii.Error, ValueError, InvalidResponse):
        return {}
