"""Master keys of an installation in use: added, made primary, rewrapped and retired.

Changing the key takes four steps, each of which may be broken off and done again, while everything
else goes on:

1. ``add``: a second key, which every process must be able to have. Nothing uses it yet.
2. ``make_primary``: new secrets are sealed with it. Processes follow within seconds.
3. ``rewrap``: the data keys of stored secrets are wrapped again. The secrets are not opened.
4. ``retire``: the old key is forgotten, once nothing is sealed under it.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from grantline.clock import Clock
from grantline.connections.connection import Actor
from grantline.connections.ids import new_id
from grantline.errors import ConfigurationError, KeyUnavailable, SecretUnreadable
from grantline.store.protocol.store import Store
from grantline.store.records.audit import Event
from grantline.store.records.keys import KeyRecord, SealedColumn, SealedValue
from grantline.vault.envelope import Place, head_of, wrapped_by
from grantline.vault.keys import MasterKey
from grantline.vault.providers import EnvironmentKeys, KeyProvider
from grantline.vault.unlock import KnownKey, known_key
from grantline.vault.vault import Vault

# Few enough that other writers never wait long for one batch.
BATCH: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyStatus:
    """One master key, as the database and this process know it.

    Attributes:
        is_here: This process has the key.
        is_known: The database knows it: it may have sealed something.
        is_primary: It seals new secrets.
        sealed: How many stored secrets need it.
        service: The scheme of the key management service that wrapped it; empty for others.
    """

    fingerprint: str
    is_here: bool
    is_known: bool
    is_primary: bool
    sealed: int
    service: str = ""
    created_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Broken:
    """A stored secret that could not be rewrapped, and why."""

    table: str
    row: str
    reason: str


@dataclass(frozen=True, slots=True)
class Rewrapped:
    """What became of the stored secrets.

    Attributes:
        changed: How many were rewrapped now.
        left: How many still need another key than the primary one, the broken ones among them.
        broken: Those that could not be; the others went on.
    """

    changed: int
    left: int
    broken: tuple[Broken, ...]


class MasterKeys:
    """The master keys of one installation."""

    def __init__(
        self,
        store: Store,
        vault: Vault,
        places: Sequence[KeyProvider],
        source: KeyProvider,
        *,
        clock: Clock,
    ) -> None:
        """The keys of ``store``.

        Args:
            store: The database.
            vault: Unlocked with its keys.
            places: Where keys may come from, in order.
            source: The first of those places that held keys when the vault was unlocked.
            clock: Tells when a key was added.
        """
        self._store = store
        self._vault = vault
        self._places = places
        self._source = source
        self._clock = clock

    @property
    def source(self) -> str:
        """Where the keys come from, in words."""
        return self._source.name

    @property
    def needs_restart(self) -> bool:
        """Whether processes see another key only when they start."""
        return isinstance(self._source, EnvironmentKeys)

    def require(self, fingerprint: str) -> None:
        """Raises ``KeyUnavailable`` when no key of this fingerprint is here."""
        self._held(fingerprint)

    @property
    def held(self) -> tuple[MasterKey, ...]:
        """The keys that this process has."""
        return tuple(self._vault.keys)

    def statuses(self) -> tuple[KeyStatus, ...]:
        """Every key that the database knows or this process has, the primary one first."""
        return key_statuses(self._store, self._vault)[0]

    def unreadable(self) -> int:
        """How many stored secrets do not say which key they need: they were damaged."""
        return _sealed(self._store)[""]

    def add(self, fingerprint: str = "") -> str:
        """The fingerprint of a key that the database knows from now on.

        Without ``fingerprint`` a new key is made where this installation keeps its keys; with it,
        a key is taken that an operator put there.

        Raises:
            ConfigurationError: The keys are kept where this program cannot write.
            KeyUnavailable: No key of this fingerprint is here.
        """
        key = self._held(fingerprint) if fingerprint else self._made()
        self._store.add_key(record_of(known_key(key, primary=False), self._clock.now()))
        self._note("key.added", key.fingerprint)
        return key.fingerprint

    def make_primary(self, fingerprint: str) -> None:
        """Seals new secrets with this key; it is added first if need be.

        Raises:
            KeyUnavailable: No key of this fingerprint is here, or another became primary meanwhile.
        """
        key = self._held(fingerprint)
        now, before = self._clock.now(), self._store.primary_key()
        self._store.add_key(record_of(known_key(key, primary=True), now), replacing=before)
        self._vault.follow(fingerprint)
        self._note("key.made_primary", fingerprint)

    def rewrap(self, on_progress: Callable[[int], None] = lambda _: None) -> Rewrapped:
        """Wraps the data keys of all stored secrets with the primary key, as far as they open.

        It may be broken off and done again. ``on_progress`` is told how many are left.
        """
        self._vault.follow(self._store.primary_key())
        changed, left = 0, self._left()
        while True:
            broken: list[Broken] = []
            overtaken = 0
            for place in self._store.sealed_columns():
                for batch in self._batches(place):
                    done, failed = self._rewrap(place, batch)
                    changed, left = changed + done, left - done
                    overtaken += len(batch) - len(failed) - done
                    broken += failed
                    on_progress(max(left, 0))
            if not overtaken:
                break
        if changed:
            self._note("key.rewrapped", self._vault.fingerprint, changed=changed)
        return Rewrapped(changed, self._left(), tuple(broken))

    def retire(self, fingerprint: str) -> None:
        """Forgets a key that nothing needs; it stays where it is kept.

        Raises:
            KeyInUse: It is the primary one, or secrets are sealed under it.
            NotFound: The database does not know it.
        """
        self._store.retire_key(fingerprint)
        self._note("key.retired", fingerprint)

    def _batches(self, place: SealedColumn) -> Iterator[Sequence[SealedValue]]:
        after, head = "", head_of(self._vault.fingerprint)
        while batch := self._store.list_sealed(place, but=head, after=after, limit=BATCH):
            yield batch
            after = batch[-1].row

    def _rewrap(
        self, place: SealedColumn, batch: Sequence[SealedValue]
    ) -> tuple[int, list[Broken]]:
        changes, broken = [], []
        for each in batch:
            bound_to = Place(each.workspace, place.table, each.row, place.bound_to)
            try:
                changes.append((each, self._vault.rewrap(each.sealed, bound_to)))
            except (KeyUnavailable, SecretUnreadable) as error:
                broken.append(Broken(place.table, each.row, error.message))
        return self._store.replace_sealed(place, changes), broken

    def _made(self) -> MasterKey:
        key = MasterKey.generate()
        for place in self._places:
            if place.add(key):
                self._vault.look_again()
                return self._held(key.fingerprint)
            if place is self._source:
                break
        raise ConfigurationError(
            f"The keys come from {self._source.name}, where this program cannot put one.",
            hint=f"Put a second key behind the first ({EnvironmentKeys.VARIABLE}=current,new; make "
            "one with: openssl rand -base64 32), restart every process, and run: "
            "grantline keys list",
        )

    def _held(self, fingerprint: str) -> MasterKey:
        self._vault.look_again()
        for key in self._vault.keys:
            if key.fingerprint == fingerprint:
                return key
        raise KeyUnavailable(
            f"There is no master key {fingerprint} here.",
            fingerprint=fingerprint,
            hint=f"Put it into {self._source.name}. Those that are here: grantline keys list",
        )

    def _left(self) -> int:
        return sum(n for each, n in _sealed(self._store).items() if each != self._vault.fingerprint)

    def _note(self, kind: str, fingerprint: str, **data: object) -> None:
        actor, now = Actor(), self._clock.now()
        self._store.add_event(
            Event(
                id=new_id("evt", now, os.urandom(10)),
                workspace=actor.workspace,
                at=now,
                actor=actor.user,
                kind=kind,
                subject=fingerprint,
                data=data,
            )
        )


def key_statuses(store: Store, vault: Vault) -> tuple[tuple[KeyStatus, ...], int]:
    """Every key that ``store`` knows or ``vault`` has, and how many secrets name none."""
    known = {each.fingerprint: each for each in store.list_keys()}
    held = {each.fingerprint: each for each in vault.keys}
    sealed = _sealed(store)
    found = [
        KeyStatus(
            fingerprint=each,
            is_here=each in held,
            is_known=each in known,
            is_primary=each in known and known[each].primary,
            sealed=sealed[each],
            service=(known[each].wrapped if each in known else "").partition(" ")[0],
            created_at=known[each].created_at if each in known else None,
        )
        for each in dict.fromkeys([*known, *held, *filter(None, sealed)])
    ]
    return tuple(sorted(found, key=lambda each: not each.is_primary)), sealed[""]


def _sealed(store: Store) -> Counter[str]:
    """How many secrets need each key; under an empty name those that do not say."""
    found: Counter[str] = Counter()
    for each in store.count_sealed():
        found[wrapped_by(f"{each.head}.")] += each.count
    return found


def record_of(known: KnownKey, now: datetime) -> KeyRecord:
    """What the database keeps of a key from ``now`` on."""
    return KeyRecord(
        fingerprint=known.fingerprint,
        check=known.check,
        primary=known.primary,
        created_at=now,
        wrapped=known.wrapped,
    )
