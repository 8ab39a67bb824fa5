"""Connections as a list shows them: searched, filtered, a page at a time, nothing decrypted."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from grantline.connections.connection import (
    Actor,
    App,
    Connection,
    app_from_record,
    connection_from_record,
)
from grantline.connections.context import Context
from grantline.connections.state import State
from grantline.errors import InvalidInput
from grantline.store.records.page import Page

ALL: Final = "all"
MINE: Final = "mine"
NEEDS_ATTENTION: Final = "needs_attention"
FILTERS: Final = (ALL, MINE, NEEDS_ATTENTION, *(state.value for state in State))

_TROUBLED: Final = (State.EXPIRING, State.FAILING, State.REAUTHORIZATION_REQUIRED)


@dataclass(frozen=True, slots=True)
class Listed:
    """A connection, and how many saved requests and scenarios refer to it."""

    connection: Connection
    uses: int


class Listing:
    """Reads many connections at once."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def page(
        self, actor: Actor, *, query: str = "", show: str = ALL, offset: int = 0, limit: int = 50
    ) -> Page[Listed]:
        """Connections by name.

        Args:
            actor: Who looks.
            query: In the name, the account, the app or its provider, whatever the case.
            show: One of ``FILTERS``.
            offset: How many to pass over.
            limit: How many to give.

        Raises:
            InvalidInput: ``show`` is none of them.
        """
        if show not in FILTERS:
            raise InvalidInput(
                f"“{show}” is no filter.", field="show", hint=f"Filters: {', '.join(FILTERS)}."
            )
        states = _TROUBLED if show == NEEDS_ATTENTION else tuple(s for s in State if s == show)
        found = await self._context.stored(
            self._context.store.page_connections,
            actor.workspace,
            query=query.strip(),
            owner=actor.user if show == MINE else None,
            states=states,
            offset=offset,
            limit=limit,
        )
        rows = (Listed(connection_from_record(r.connection, r.app), r.uses) for r in found.rows)
        return Page(tuple(rows), found.total)

    async def apps(
        self, actor: Actor, *, query: str = "", offset: int = 0, limit: int = 50
    ) -> Page[App]:
        """Apps by name; ``query`` is in the name or the provider, whatever the case."""
        found = await self._context.stored(
            self._context.store.page_apps,
            actor.workspace,
            query=query.strip(),
            offset=offset,
            limit=limit,
        )
        return Page(tuple(app_from_record(each) for each in found.rows), found.total)

    async def names(self, actor: Actor, connection_ids: Collection[str]) -> dict[str, str]:
        """The names of those of these connections that there are, by id."""
        store = self._context.store
        return await self._context.stored(store.connection_names, actor.workspace, connection_ids)
