"""What refers to a connection or a credential, as the API shows it."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from grantline.connections.requests.used_by import UsedBy
from grantline.server.api.fields import Listed, Shown
from grantline.server.api.requests.models import SummaryShown, summary_view


class UsingScenarioShown(Shown):
    """A scenario that refers to it."""

    id: str
    name: str
    is_active: bool
    """Whether its trigger starts runs."""


class UsesShown(Listed[SummaryShown]):
    """Saved requests that refer to it, and beside them the scenarios."""

    scenarios: Listed[UsingScenarioShown]


def uses_view(uses: UsedBy) -> dict[str, Any]:
    """The fields of ``UsesShown``."""
    return {
        "items": [summary_view(each) for each in uses.requests.rows],
        "total": uses.requests.total,
        "scenarios": {
            "items": [asdict(each) for each in uses.scenarios.rows],
            "total": uses.scenarios.total,
        },
    }
