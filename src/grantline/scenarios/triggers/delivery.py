"""What a sender calls a delivery: the same each time it tries again, so that it starts one run.

Pure. Each scheme of signing has its senders, and these say where to look: GitHub and GitLab under
"Delivery headers", Shopify under "Ignore duplicate webhooks", Stripe under "Handle duplicate
events", Slack under "Events API", ``event_id``; and Standard Webhooks, ``webhook-id``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from grantline.messages import Headers
from grantline.scenarios.definition.triggers import Scheme, Signature
from grantline.scenarios.triggers.webhook import standard_value, values_of

# One event of Shopify is told under several topics, and under each of them it is another delivery.
_IN_HEADERS: Final = {
    Scheme.HMAC_SHA256: (("X-GitHub-Delivery",), ("X-Shopify-Event-Id", "X-Shopify-Topic")),
    Scheme.TOKEN: (("Idempotency-Key",),),
}


def delivery_id(signature: Signature | None, headers: Headers, body: Any) -> str:
    """What the sender calls this delivery; empty without a name, or without a signature.

    Who may be anybody could name what another one is about to send.

    Args:
        signature: How the request was signed.
        headers: As received.
        body: As it was read.
    """
    if signature is None:
        return ""
    match signature.scheme:
        case Scheme.STANDARD:
            return standard_value(headers, "id")
        case Scheme.SLACK:
            return _text(body, "event_id")
        case Scheme.TIMESTAMPED:
            found = _text(body, "id")
            return found if found.startswith("evt_") else ""
        case Scheme.HMAC_SHA256 | Scheme.TOKEN as scheme:
            for names in _IN_HEADERS[scheme]:
                given = [values_of(headers, name) for name in names]
                if all(len(each) == 1 for each in given):
                    return " ".join(value for (value,) in given)
            return ""


def _text(body: Any, name: str) -> str:
    value = body.get(name) if isinstance(body, Mapping) else None
    return value if isinstance(value, str) else ""
