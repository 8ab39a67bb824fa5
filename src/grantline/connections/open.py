"""Putting an engine together: store, key, transport, in the order in which each can refuse."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass

from grantline.clock import Clock, SystemClock
from grantline.connections.context import Context
from grantline.connections.engine import Engine
from grantline.connections.keeping.master_keys import MasterKeys, record_of
from grantline.connections.keeping.quarantine import examine_copy
from grantline.connections.settings import Settings
from grantline.errors import KeyUnavailable
from grantline.net.transport import EgressTransport, Transport
from grantline.store.open import open_store
from grantline.store.protocol.store import Store
from grantline.vault.providers import KeyProvider, providers
from grantline.vault.unlock import KnownKey, Unlocked, unlock


@asynccontextmanager
async def open_engine(
    settings: Settings,
    *,
    background: bool = False,
    clock: Clock | None = None,
    transport: Transport | None = None,
) -> AsyncIterator[Engine]:
    """An engine on the store and key that ``settings`` name; closed at the end of the block.

    Args:
        settings: Of this installation.
        background: Whether to renew ahead of time, for as long as the engine is open.
        clock: Replaces the machine's clock, and for leases the database's; for tests.
        transport: Replaces the guarded transport; for tests.

    Raises:
        ConfigurationError: The database, the key or a setting cannot be used; says what to do.
    """
    store = open_store(settings.database_url, settings.data_dir, clock=clock)
    try:
        unlocked = unlock_store(store, places_of(settings, store), clock or SystemClock())
        quarantine = examine_copy(store, settings.instance)
    except BaseException:
        store.close()
        raise
    notices = (*unlocked.notices, *([quarantine.sentence] if quarantine else []))
    async with EgressTransport(
        settings.policy, extra_ca_pem=settings.ca_pem, proxy=settings.proxy
    ) as guarded:
        context = Context(
            store=store,
            vault=unlocked.vault,
            transport=transport or guarded,
            clock=clock or SystemClock(),
            instance=settings.instance,
            quarantine=quarantine,
        )
        async with Engine(context, data_dir=settings.data_dir, notices=notices) as engine:
            if background:
                engine.background.start()
            yield engine


@dataclass(frozen=True, slots=True)
class Installation:
    """What maintenance works on: no engine, no network.

    Attributes:
        notices: What has to be said aloud after opening.
    """

    settings: Settings
    store: Store
    keys: MasterKeys
    notices: tuple[str, ...]


@contextmanager
def open_installation(settings: Settings, *, clock: Clock | None = None) -> Iterator[Installation]:
    """The store and keys that ``settings`` name; closed at the end. Raises as ``open_engine``."""
    clock = clock or SystemClock()
    store = open_store(settings.database_url, settings.data_dir)
    try:
        places = places_of(settings, store)
        unlocked = unlock_store(store, places, clock)
        keys = MasterKeys(store, unlocked.vault, places, unlocked.source, clock=clock)
        yield Installation(settings, store, keys, unlocked.notices)
    finally:
        store.close()


def unlock_store(store: Store, places: Sequence[KeyProvider], clock: Clock) -> Unlocked:
    """The vault whose key sealed this store; a new store remembers the key it begins with.

    Raises:
        KeyUnavailable: The key is missing or another one; names the wanted fingerprint.
    """
    unlocked = unlock(places, _known_keys(store))
    if unlocked.register is not None:
        try:
            store.add_key(record_of(unlocked.register, clock.now()))
        except KeyUnavailable:
            # Another first start was faster: its key is the one, and may be here by now.
            return unlock(places, _known_keys(store))
    return unlocked


def _known_keys(store: Store) -> list[KnownKey]:
    return [
        KnownKey(each.fingerprint, each.check, each.primary, each.wrapped)
        for each in store.list_keys()
    ]


def places_of(settings: Settings, store: Store) -> tuple[KeyProvider, ...]:
    """Where the master keys of ``store`` may come from."""
    return providers(
        settings.environment,
        settings.data_dir,
        wrapped=lambda: [each.wrapped for each in store.list_keys()],
    )
