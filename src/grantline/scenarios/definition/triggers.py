"""What starts a run: a person, a clock, or a request from outside."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final

ANSWER_WITHIN: Final = timedelta(seconds=30)


class Scheme(StrEnum):
    """How a sender proves that a request to a webhook is its own."""

    HMAC_SHA256 = "hmac_sha256"  # hex or base64 of the body in one header: GitHub, Shopify, ...
    TIMESTAMPED = "timestamped"  # ``t=...,v1=...`` over ``t.body``: Stripe
    SLACK = "slack"  # ``v0=...`` over ``v0:t:body``, t in a header of its own
    STANDARD = "standard"  # webhook-id, webhook-timestamp, webhook-signature: Standard Webhooks
    TOKEN = "token"  # a fixed value in one header: GitLab, Telegram


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """How requests to a webhook are checked.

    Attributes:
        credential_id: The stored credential (an API key) whose secret is shared with the sender.
        header: Where the signature or token is; empty for the header that ``scheme`` names itself.
        prefix: What stands before the signature, such as ``sha256=``.
    """

    credential_id: str
    scheme: Scheme = Scheme.HMAC_SHA256
    header: str = ""
    prefix: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manual:
    """Only by hand, by command or by program."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """By the clock.

    Attributes:
        cron: Five fields, as in crontab(5).
        time_zone: An IANA name, in whose wall-clock time ``cron`` is meant.
    """

    cron: str
    time_zone: str = "UTC"


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """By a request to an address of the scenario's own.

    Attributes:
        signature: How senders are checked; None trusts whoever knows the address.
        answer_within: How long a sender waits for a Respond module, before a 202 is the answer.
    """

    signature: Signature | None = None
    answer_within: timedelta = ANSWER_WITHIN


Trigger = Manual | Schedule | Webhook
MANUAL: Final = Manual()
