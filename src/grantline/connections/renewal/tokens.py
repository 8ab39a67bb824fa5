"""The narrow waist: give me a token that works, and not this one, which was just refused."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from grantline.connections.connection import Actor
from grantline.connections.context import Context
from grantline.connections.renewal.holding import TRUSTED_FOR, Holding
from grantline.connections.renewal.refresh import AT_ONCE, Refresher
from grantline.connections.requests.uses import Uses
from grantline.secret import Secret

NOTED_EVERY: Final = timedelta(hours=1)


class Tokens:
    """Usable tokens, from memory when they are there and renewed when they are not."""

    def __init__(self, context: Context, refresher: Refresher) -> None:
        self._context = context
        self._refresher = refresher
        self._uses = Uses(context, context.store.touch)

    def held(
        self, actor: Actor, connection_id: str, now: datetime, *, min_ttl: timedelta = AT_ONCE
    ) -> Holding | None:
        """The holding in memory when it can be used as it is; no lock, no database, no await."""
        holding = self._context.holdings.get(connection_id)
        if (
            holding is not None
            # Between two instants: a clock that was set back must not prolong the trust.
            and holding.trusted_until - TRUSTED_FOR <= now < holding.trusted_until
            and holding.record.workspace == actor.workspace
            and holding.usable(now, min_ttl=min_ttl)
        ):
            return holding
        return None

    async def usable(
        self,
        actor: Actor,
        connection_id: str,
        *,
        min_ttl: timedelta = AT_ONCE,
        rejected: Secret | None = None,
        insist: bool = False,
    ) -> Holding:
        """A holding whose token can be used now. Arguments and errors as ``Refresher.renew``."""
        if rejected is None:
            now = self._context.clock.now()
            held = self.held(actor, connection_id, now, min_ttl=min_ttl)
            if held is not None:
                return held
        holding = await self._refresher.renew(
            actor, connection_id, min_ttl=min_ttl, rejected=rejected, insist=insist
        )
        self._note_use(holding)
        return holding

    def _note_use(self, holding: Holding) -> None:
        """Writes down, now and then, that somebody uses the connection: it is kept ready then."""
        now, used_at = self._context.clock.now(), holding.record.last_used_at
        if used_at is None or now - used_at >= NOTED_EVERY:
            self._uses.note(holding.record.id, now)
