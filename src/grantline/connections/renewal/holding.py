"""Opened connections in memory: the fast path that asks neither a lock nor the database.

A holding is never changed, only replaced. It is trusted for one second and then compared with the
store, so an edit, a deletion or a refresh made by another process is followed within that second;
one made by this process is followed at once.
"""

from __future__ import annotations

import shlex
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final
from urllib.parse import urlsplit

from grantline.connections.renewal.schedule import UNUSED_FOR, background_due_at, refresh_due_at
from grantline.connections.sealing import FlowSecrets
from grantline.connections.state import HELD, State
from grantline.errors import NotAuthorized
from grantline.oauth.app.settings import AppSettings, ClientSecrets, FlowType
from grantline.oauth.requests.dpop import Dpop
from grantline.oauth.token_set import TokenSet
from grantline.oauth.tokens.placement import Credential
from grantline.secret import Secret
from grantline.store.records.connections import AppRecord, ConnectionRecord

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
        return self.refreshes_with_access_token or self.tokens.refresh_token is not None

    @property
    def is_held(self) -> bool:
        """Whether there is a grant that is not known to be dead."""
        return State(self.record.health.state) in HELD

    @property
    def token_host(self) -> str:
        """The host, and port, that is asked to renew the tokens."""
        return urlsplit(self.settings.refresh_uri or self.settings.token_uri).netloc

    @property
    def refreshes_with_access_token(self) -> bool:
        """Whether the service wants the access token itself where others want a refresh token."""
        return self.settings.response.refresh_with == "access_token"

    def __repr__(self) -> str:
        return f"Holding({self.record.id}, generation {self.record.generation})"


def not_authorized(name: str) -> NotAuthorized:
    """The error of a connection that nobody has consented to."""
    return NotAuthorized(
        f"“{name}” is not authorized yet.",
        hint=f"Run: grantline connection authorize {shlex.quote(name)}",
    )


def due_at(
    settings: AppSettings, tokens: TokenSet | None, obtained_at: datetime | None
) -> datetime | None:
    """From when ``tokens`` are renewed ahead of time."""
    if tokens is None or obtained_at is None:
        return None
    return refresh_due_at(obtained_at, tokens.expires_at, settings.renewal_margin)


def background_turn(
    holding: Holding, tokens: TokenSet, obtained_at: datetime, *, consented: bool = False
) -> datetime | None:
    """From when ``tokens``, new ones of ``holding``, are renewed in the background; None: never.

    Grants that need no person lose nothing by waiting until somebody asks.

    Args:
        holding: The connection as it was before.
        tokens: What it gets now.
        obtained_at: When they were asked for.
        consented: Whether a person has just consented: that counts as a use.
    """
    if tokens.refresh_token is None and not holding.refreshes_with_access_token:
        return None
    record, idle = holding.record, holding.settings.refresh_idle_lifetime
    ends = [tokens.refresh_expires_at, None if idle is None else obtained_at + idle]
    used_at = max(filter(None, (record.last_used_at, record.authorized_at)), default=obtained_at)
    return background_due_at(
        obtained_at,
        due_at=due_at(holding.settings, tokens, obtained_at),
        ends_at=min(filter(None, ends), default=None),
        is_used=consented or obtained_at - used_at < UNUSED_FOR,
        share=int.from_bytes(sha256(record.id.encode()).digest()[:4]) / 2**32,
    )


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
