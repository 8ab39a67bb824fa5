"""What is known of how the service of a connection is called."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import Final

from grantline.calls.attempts.rate_limit import RateLimitRules, parse_budget
from grantline.calls.service_rules import USUAL_SERVICE, ServiceRules
from grantline.connections.renewal.holding import Holding
from grantline.errors import UnknownProvider
from grantline.providers.catalogue import profile

RATE_LIMIT: Final = "Rate limit"
NO_LIMIT: Final = "off"


def rules_of(holding: Holding | None) -> ServiceRules:
    """The rules of its catalogue entry, with what its app sets; the usual ones without either."""
    if holding is None:
        return USUAL_SERVICE
    return _rules(holding.app.provider, holding.settings.rate_limit)


def check_rate_limit(text: str) -> None:
    """Refuses what is no setting; raises ``InvalidInput``."""
    if text and text != NO_LIMIT:
        parse_budget(text, field=RATE_LIMIT)


@lru_cache(maxsize=1024)
def _rules(provider: str, rate_limit: str) -> ServiceRules:
    try:
        rules = profile(provider).calls if provider else USUAL_SERVICE
    except UnknownProvider:  # an entry of an earlier version
        rules = USUAL_SERVICE
    if rate_limit == NO_LIMIT:
        return replace(rules, rate_limit=RateLimitRules(learned=False))
    if rate_limit:
        return replace(rules, rate_limit=replace(rules.rate_limit, budget=rate_limit))
    return rules
