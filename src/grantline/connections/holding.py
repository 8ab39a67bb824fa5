"""Opened connections in memory: the fast path that asks neither a lock nor the database.

A holding is never changed, only replaced. It is trusted for one second and then compared with the
store, so an edit, a deletion or a refresh made by another process is followed within that second;
one made by this process is followed at once.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from grantline.connections.schedule import refresh_due_at
from grantline.connections.sealing import FlowSecrets
from grantline.errors import NotAuthorized
from grantline.oauth.dpop import Dpop
from grantline.oauth.placement import Credential
from grantline.oauth.settings import AppSettings, ClientSecrets, FlowType
from grantline.oauth.token_set import TokenSet
from grantline.secret import Secret
from grantline.store.records import AppRecord, ConnectionRecord

TRUSTED_FOR: Final = timedelta(seconds=1)
MOST_HELD: Final = 10_000


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Holding:
    """One connection with everything opened that a request or a refresh needs.

    Attributes:
        app_settings: As the app has them.
        settings: The same with the connection's own values in them.
        hosts: Where the token may go, as a set.
        dpop: The key that the tokens are bound to, if they are.
        given: The access token as requests carry it; None without tokens.
        obtained_at: When the tokens were asked for; None without tokens.
        due_at: From when they are renewed ahead of time; None when their end is unknown.
        trusted_until: After this the row is read again before the holding is used.
    """

    record: ConnectionRecord
    app: AppRecord
    app_settings: AppSettings
    settings: AppSettings
    secrets: ClientSecrets
    flow_secrets: FlowSecrets
    hosts: frozenset[str]
    dpop: Dpop | None
    tokens: TokenSet | None
    given: Credential | None
    obtained_at: datetime | None
    due_at: datetime | None
    trusted_until: datetime

    @property
    def flow(self) -> FlowType:
        """How the connection got its first tokens."""
        return FlowType(self.record.flow)

    @property
    def granted(self) -> TokenSet:
        """The tokens; raises ``NotAuthorized`` when there are none."""
        if self.tokens is None:
            raise not_authorized(self.record.name)
        return self.tokens

    @property
    def credential(self) -> Credential:
        """The access token as requests carry it; raises ``NotAuthorized`` when there is none."""
        if self.given is None:
            raise not_authorized(self.record.name)
        return self.given

    def usable(
        self,
        now: datetime,
        *,
        min_ttl: timedelta = timedelta(0),
        rejected: Secret | None = None,
    ) -> bool:
        """Whether the access token can be given out now without renewing it.

        Args:
            now: The instant of asking.
            min_ttl: The token must live at least this much longer, when its end is known.
            rejected: A token that a service has just refused; that one is never usable.
        """
        tokens = self.tokens
        if tokens is None:
            return False
        if self.due_at is not None and now >= self.due_at:
            return False
        if min_ttl and tokens.expires_at is not None and now + min_ttl > tokens.expires_at:
            return False
        return rejected is None or tokens.access_token != rejected

    def alive(self, now: datetime, *, rejected: Secret | None = None) -> bool:
        """Whether the access token still works as far as anybody knows, due or not."""
        tokens = self.tokens
        if tokens is None or (rejected is not None and tokens.access_token == rejected):
            return False
        return tokens.expires_at is None or now < tokens.expires_at

    @property
    def renewable(self) -> bool:
        """Whether a new access token can be had without a person."""
        if self.flow.needs_no_person:
            return True
        if self.tokens is None:
            return False
        if self.settings.response.refresh_with == "access_token":
            return True
        return self.tokens.refresh_token is not None

    def __repr__(self) -> str:
        return f"Holding({self.record.id}, generation {self.record.generation})"


def not_authorized(name: str) -> NotAuthorized:
    """The error of a connection that nobody has consented to."""
    return NotAuthorized(
        f"“{name}” is not authorized yet.",
        hint=f"Run: grantline connection authorize {name}",
    )


def due_at(tokens: TokenSet | None, obtained_at: datetime | None) -> datetime | None:
    """From when ``tokens`` are renewed ahead of time."""
    if tokens is None or obtained_at is None:
        return None
    return refresh_due_at(obtained_at, tokens.expires_at)


class Holdings:
    """The holdings of one process, the least recently used ones dropped beyond a bound."""

    def __init__(self, at_most: int = MOST_HELD) -> None:
        self._held: OrderedDict[str, Holding] = OrderedDict()
        self._at_most = at_most

    def get(self, connection_id: str) -> Holding | None:
        """What is held of a connection, however old."""
        return self._held.get(connection_id)

    def put(self, holding: Holding) -> None:
        """Keeps ``holding`` unless a later generation or edit is held already."""
        held = self._held.get(holding.record.id)
        if held is not None and _order(held) > _order(holding):
            return
        self._held[holding.record.id] = holding
        self._held.move_to_end(holding.record.id)
        while len(self._held) > self._at_most:
            self._held.popitem(last=False)

    def drop(self, connection_id: str) -> None:
        """Forgets a connection."""
        self._held.pop(connection_id, None)

    def drop_app(self, app_id: str) -> None:
        """Forgets every connection of an app that was edited."""
        for held in [each for each in self._held.values() if each.app.id == app_id]:
            del self._held[held.record.id]


def _order(holding: Holding) -> tuple[int, int, int]:
    return holding.record.generation, holding.record.version, holding.app.version
