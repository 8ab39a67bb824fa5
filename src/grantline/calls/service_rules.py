"""What is known of how one service is called, as data: the tables of a catalogue entry."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from grantline.calls.attempts.rate_limit import RateLimitRules
from grantline.calls.attempts.retry import RetryRules
from grantline.calls.pagination import Pagination


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceRules:
    """How a service is called.

    Attributes:
        retry: How it says that a request should come again later.
        rate_limit: How it limits requests.
        pagination: How its lists come in pages, where most of them come in the same way.
    """

    retry: RetryRules = field(default_factory=RetryRules)
    rate_limit: RateLimitRules = field(default_factory=RateLimitRules)
    pagination: Pagination | None = None


USUAL_SERVICE: Final = ServiceRules()
