"""The narrow waist: give me a token that works, and not this one, which was just refused."""

from __future__ import annotations

from datetime import datetime, timedelta

from grantline.connections.connection import Actor
from grantline.connections.context import Context
from grantline.connections.holding import Holding
from grantline.connections.refresh import AT_ONCE, Refresher
from grantline.secret import Secret


class Tokens:
    """Usable tokens, from memory when they are there and renewed when they are not."""

    def __init__(self, context: Context, refresher: Refresher) -> None:
        self._context = context
        self._refresher = refresher

    def held(
        self, actor: Actor, connection_id: str, now: datetime, *, min_ttl: timedelta = AT_ONCE
    ) -> Holding | None:
        """The holding in memory when it can be used as it is; no lock, no database, no await."""
        holding = self._context.holdings.get(connection_id)
        if (
            holding is not None
            and now < holding.trusted_until
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
        return await self._refresher.renew(
            actor, connection_id, min_ttl=min_ttl, rejected=rejected, insist=insist
        )
