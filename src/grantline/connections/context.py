"""What every room of the engine works with, and the few things they all do with it."""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import Callable, Coroutine, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Final, ParamSpec, TypeVar

from grantline.clock import Clock
from grantline.codec import from_plain
from grantline.connections.connection import Actor
from grantline.connections.ids import ENTROPY_BYTES, new_id
from grantline.connections.keeping.quarantine import Quarantine, examine_copy
from grantline.connections.renewal.holding import TRUSTED_FOR, Holding, Holdings, due_at
from grantline.connections.sealing import (
    open_client_secrets,
    open_flow_secrets,
    open_tokens,
    tokens_place,
)
from grantline.connections.values import resolved_hosts, values_of
from grantline.errors import ConfigurationError, ConnectionNotFound, GrantlineError, StoreBusy
from grantline.messages import HttpRequest, HttpResponse
from grantline.net.transport import OAUTH_LIMITS, Limits, Transport
from grantline.oauth.app.inputs import resolved
from grantline.oauth.app.settings import AppSettings
from grantline.oauth.moment import Moment
from grantline.oauth.requests.dpop import Dpop
from grantline.oauth.token_set import TokenSet
from grantline.oauth.tokens.placement import credential_of
from grantline.store.protocol.store import Store
from grantline.store.records.audit import Event
from grantline.store.records.connections import AppRecord, ConnectionRecord
from grantline.vault.vault import Vault

P = ParamSpec("P")
R = TypeVar("R")

STORE_THREADS: Final = 4
SAVE_FOR: Final = timedelta(seconds=15)
SAVE_AGAIN: Final = timedelta(milliseconds=250)
# How soon a process follows what an operator does to the store from another one: another primary
# key, or the end of a quarantine.
FOLLOWS_WITHIN: Final = timedelta(seconds=10)


class Context:
    """Store, vault, transport, clock and randomness of one engine.

    Store methods block, so ``stored`` runs them on threads of the engine's own. A caller that is
    cancelled meanwhile leaves the thread to finish: no transaction is ever cut in half.
    """

    def __init__(
        self,
        *,
        store: Store,
        vault: Vault,
        transport: Transport,
        clock: Clock,
        entropy: Callable[[int], bytes] = os.urandom,
        instance: str = "",
        quarantine: Quarantine | None = None,
    ) -> None:
        self.store = store
        self.database_id = store.instance().id
        self.vault = vault
        self.transport = transport
        self.clock = clock
        self.entropy = entropy
        self.quarantine = quarantine
        self._instance = instance
        self._follow_at = clock.elapsed() + FOLLOWS_WITHIN
        self.holdings = Holdings()
        self._threads = ThreadPoolExecutor(STORE_THREADS, thread_name_prefix="grantline-store")
        self._beside: set[asyncio.Task[None]] = set()
        self._marked_at = datetime.min.replace(tzinfo=UTC)

    async def stored(self, call: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """The result of a store method, run on a thread."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, partial(self._call, call, *args, **kwargs))

    def _call(self, call: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        # Whoever has read what another key sealed asks at once, before he seals anything himself.
        # Not by the wall clock: one that was set back would keep a key that was given up in use.
        if (now := self.clock.elapsed()) >= self._follow_at or self.vault.saw_another:
            self._follow_at = now + FOLLOWS_WITHIN
            # Whatever is wrong, the call itself meets and tells it.
            with suppress(GrantlineError):
                self.vault.follow(self.store.primary_key())
                self._examine()
        return call(*args, **kwargs)

    def _examine(self) -> Quarantine | None:
        if self.quarantine is not None:
            self.quarantine = examine_copy(self.store, self._instance)
        return self.quarantine

    async def quarantined(self) -> Quarantine | None:
        """Why nothing may be renewed here; None when this is the only copy of the database.

        Asked before anything is spent at a service that its original still needs.
        """
        return None if self.quarantine is None else await self.stored(self._examine)

    async def persisted(self, call: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """The same, again while the database refuses: for what exists nowhere else yet."""
        give_up_at = self.clock.now() + SAVE_FOR
        while True:
            try:
                return await self.stored(call, *args, **kwargs)
            except (StoreBusy, ConfigurationError):
                if self.clock.now() >= give_up_at:
                    raise
                await self.clock.sleep(SAVE_AGAIN)

    async def send(
        self, request: HttpRequest, *, app_id: str, limits: Limits = OAUTH_LIMITS
    ) -> HttpResponse:
        """The answer of an OAuth endpoint, over connections that only this app's requests use."""
        return await self.transport.send(request, limits=limits, partition=f"oauth:{app_id}")

    def later(self, work: Coroutine[Any, Any, None]) -> None:
        """Does ``work`` beside everything else; ``settle`` waits for it."""
        task = asyncio.get_running_loop().create_task(work)
        self._beside.add(task)
        task.add_done_callback(self._beside.discard)

    async def settle(self) -> None:
        """Waits until all that was put off is done."""
        while self._beside:
            await asyncio.wait(self._beside)

    def mark(self) -> datetime:
        """Now, or a microsecond after the last mark: what is marked keeps its order."""
        self._marked_at = max(self.clock.now(), self._marked_at + timedelta(microseconds=1))
        return self._marked_at

    def moment(self) -> Moment:
        """Now, with fresh randomness for one conversation."""
        return Moment(now=self.clock.now(), seed=self.entropy(32))

    def new_id(self, prefix: str) -> str:
        """A fresh id such as ``con_…``."""
        return new_id(prefix, self.clock.now(), self.entropy(ENTROPY_BYTES))

    def event(
        self, actor: Actor, kind: str, subject: str, data: Mapping[str, Any] | None = None
    ) -> Event:
        """A line for the history, not yet stored."""
        return Event(
            id=self.new_id("evt"),
            workspace=actor.workspace,
            at=self.clock.now(),
            actor=actor.user,
            kind=kind,
            subject=subject,
            data=data or {},
        )

    async def hold(self, actor: Actor, connection_id: str) -> Holding:
        """The connection as the store has it now, opened, and kept for the fast path.

        Raises:
            ConnectionNotFound: It is not there, or belongs to another workspace.
        """
        try:
            holding = await self.stored(self.read, actor.workspace, connection_id)
        except ConnectionNotFound:
            self.holdings.drop(connection_id)
            raise
        self.holdings.put(holding)
        return holding

    def read(self, workspace: str, connection_id: str) -> Holding:
        """The same, read on the calling thread and not kept."""
        record = self.store.load_connection(workspace, connection_id)
        app = self.store.load_app(workspace, record.app_id)
        return self.opened(record, app)

    def opened(self, record: ConnectionRecord, app: AppRecord) -> Holding:
        """``record`` and ``app`` with their seals opened."""
        tokens = obtained_at = None
        if record.tokens is not None:
            tokens, obtained_at = open_tokens(
                self.vault, tokens_place(record), record.tokens.sealed_tokens
            )
        return self._opened(record, app, tokens, obtained_at)

    def with_tokens(self, holding: Holding, tokens: TokenSet) -> Holding:
        """``holding`` as it would be with ``tokens``, which nobody has stored yet."""
        return self._opened(holding.record, holding.app, tokens, None)

    def _opened(
        self,
        record: ConnectionRecord,
        app: AppRecord,
        tokens: TokenSet | None,
        obtained_at: datetime | None,
    ) -> Holding:
        app_settings = from_plain(AppSettings, app.settings)
        values = values_of(app_settings, record, tokens)
        settings = resolved(app_settings, values)
        flow_secrets = open_flow_secrets(self.vault, record)
        key = flow_secrets.dpop_key if settings.use_dpop else None
        return Holding(
            record=record,
            app=app,
            app_settings=app_settings,
            settings=settings,
            secrets=open_client_secrets(self.vault, app),
            flow_secrets=flow_secrets,
            hosts=frozenset(resolved_hosts(record.hosts, app_settings, values)),
            dpop=Dpop(key=key) if key is not None else None,
            tokens=tokens,
            given=credential_of(settings, tokens) if tokens is not None else None,
            obtained_at=obtained_at,
            due_at=due_at(settings, tokens, obtained_at),
            trusted_until=self.clock.now() + TRUSTED_FOR,
        )

    def close(self) -> None:
        """Waits for store calls under way, then closes the store."""
        self._threads.shutdown(wait=True)
        self.store.close()


def fingerprint(secret_text: str) -> str:
    """SHA-256 of a secret, hex: enough to recognize it again and useless to anybody else."""
    return hashlib.sha256(secret_text.encode("utf-8", "surrogatepass")).hexdigest()
