"""What the engine knows against a callback whose state is right (RFC 9700 sections 4.7 and 4.8).

``oauth.callback`` orders the objections and refuses; here they are found. A code that is exchanged
in the wrong journey connects one person's account for another (COAT, CORF, COSF of
draft-ietf-oauth-security-topics-update).
"""

from __future__ import annotations

import hmac

from grantline.connections.connection import Actor
from grantline.connections.consent.callback_path import callback_digest
from grantline.connections.context import fingerprint
from grantline.connections.renewal.holding import Holding
from grantline.oauth.authorization.callback import Objection
from grantline.store.records.connections import PendingAuthorization


def objections(
    pending: PendingAuthorization,
    holding: Holding | None,
    actor: Actor,
    binding: str,
    context_digest: str | None,
) -> tuple[Objection, ...]:
    """What is known against a callback whose state is right."""
    found = []
    if pending.used_at is not None:
        found.append(Objection.STATE_USED)
    if not binding:
        found.append(Objection.SESSION_MISSING)
    same_session = hmac.compare_digest(fingerprint(binding), pending.binding_hash)
    if not same_session or actor != Actor(pending.workspace, pending.owner):
        found.append(Objection.SESSION_MISMATCH)
    if context_digest is not None and context_digest != pending.context:
        found.append(Objection.CONTEXT_MISMATCH)
    if holding is None:
        found.append(Objection.CONNECTION_DELETED)
    elif callback_digest(holding.app_settings) != pending.context:
        # The app was pointed at another server while the person was consenting at this one.
        found.append(Objection.CONTEXT_MISMATCH)
    return tuple(found)
