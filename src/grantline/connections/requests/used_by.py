"""What refers to a connection or credential: saved requests, and scenarios by their names.

Scenarios are rooms above this one; their names and what they refer to stand in the clear.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from grantline.connections.connection import Actor
from grantline.connections.context import Context
from grantline.connections.requests.saved_requests import RequestSummary, summary_from_record
from grantline.store.records.page import Page

SHOWN: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class UsingScenario:
    """A scenario as far as what it refers to is concerned.

    Attributes:
        is_active: Whether it runs by itself, and so fails by itself.
    """

    id: str
    name: str
    is_active: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class UsedBy:
    """The first of what refers to something, by name, and how much there is of it."""

    requests: Page[RequestSummary]
    scenarios: Page[UsingScenario]

    @property
    def total(self) -> int:
        """How many there are of both."""
        return self.requests.total + self.scenarios.total

    @property
    def names(self) -> tuple[str, ...]:
        """What those given here are called, scenarios last."""
        return (
            *(each.name for each in self.requests.rows),
            *(each.name for each in self.scenarios.rows),
        )

    @property
    def counted(self) -> str:
        """``2 saved requests and 1 scenario``; empty when nothing refers to it."""
        parts = (
            _counted(self.requests.total, "saved request"),
            _counted(self.scenarios.total, "scenario"),
        )
        return " and ".join(each for each in parts if each)


NOTHING: Final = UsedBy(requests=Page((), 0), scenarios=Page((), 0))


async def used_by(
    context: Context,
    actor: Actor,
    *,
    connection_id: str | None = None,
    credential_id: str | None = None,
    offset: int = 0,
    limit: int = SHOWN,
) -> UsedBy:
    """What refers to the connection or the credential.

    Args:
        context: Of the engine.
        actor: Who looks.
        connection_id: The connection; or else
        credential_id: The credential.
        offset: How many of each kind to pass over.
        limit: How many of each kind to give.
    """
    store = context.store
    requests = await context.stored(
        store.page_requests,
        actor.workspace,
        connection_id=connection_id,
        credential_id=credential_id,
        offset=offset,
        limit=limit,
    )
    scenarios = await context.stored(
        store.page_scenarios,
        actor.workspace,
        connection_id=connection_id,
        credential_id=credential_id,
        offset=offset,
        limit=limit,
    )
    return UsedBy(
        requests=Page(tuple(summary_from_record(each) for each in requests.rows), requests.total),
        scenarios=Page(
            tuple(
                UsingScenario(id=each.id, name=each.name, is_active=each.is_active)
                for each in scenarios.rows
            ),
            scenarios.total,
        ),
    )


def _counted(number: int, word: str) -> str:
    if not number:
        return ""
    return f"{number} {word}{'s' if number != 1 else ''}"
