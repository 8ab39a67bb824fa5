"""Putting an engine together: store, key, transport, in the order in which each can refuse."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from grantline.clock import Clock, SystemClock
from grantline.connections.context import Context
from grantline.connections.engine import Engine
from grantline.connections.settings import Settings
from grantline.net.transport import EgressTransport, Transport
from grantline.store.open import open_store
from grantline.store.protocol import Store
from grantline.store.records import KeyRecord
from grantline.vault.providers import providers
from grantline.vault.unlock import KnownKey, Unlocked, unlock


@asynccontextmanager
async def open_engine(
    settings: Settings, *, clock: Clock | None = None, transport: Transport | None = None
) -> AsyncIterator[Engine]:
    """An engine on the store and key that ``settings`` name; closed at the end of the block.

    Args:
        settings: Of this installation.
        clock: Replaces the machine's clock, and for leases the database's; for tests.
        transport: Replaces the guarded transport; for tests.

    Raises:
        ConfigurationError: The database, the key or a setting cannot be used; says what to do.
    """
    store = open_store(settings.database_url, settings.data_dir, clock=clock)
    try:
        unlocked = unlock_store(store, settings, clock or SystemClock())
    except BaseException:
        store.close()
        raise
    async with EgressTransport(settings.policy, extra_ca_pem=settings.ca_pem) as guarded:
        context = Context(
            store=store,
            vault=unlocked.vault,
            transport=transport or guarded,
            clock=clock or SystemClock(),
        )
        async with Engine(context, notices=unlocked.notices) as engine:
            yield engine


def unlock_store(store: Store, settings: Settings, clock: Clock) -> Unlocked:
    """The vault whose key sealed this store; a new store remembers the key it begins with.

    Raises:
        KeyUnavailable: The key is missing or another one; names the wanted fingerprint.
    """
    known = [KnownKey(each.fingerprint, each.check, each.primary) for each in store.list_keys()]
    unlocked = unlock(providers(settings.environment, settings.data_dir), known)
    if unlocked.register is not None:
        store.add_key(
            KeyRecord(
                fingerprint=unlocked.register.fingerprint,
                check=unlocked.register.check,
                primary=unlocked.register.primary,
                created_at=clock.now(),
            ),
            replacing=unlocked.replaces,
        )
    return unlocked
