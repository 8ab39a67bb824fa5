"""Decides at start whether the keys that were found are the ones this database wants.

A wrong or missing key stops the start and names the wanted one. Nothing is ever replaced: a new
key in place of a lost one would leave every stored secret unreadable and look like a fresh start.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from grantline.errors import ConfigurationError, KeyUnavailable
from grantline.vault.keys import KeyRing, check_value, verify_check
from grantline.vault.providers import KeyProvider
from grantline.vault.vault import Vault


@dataclass(frozen=True, slots=True)
class KnownKey:
    """What a database remembers of a key that sealed something in it."""

    fingerprint: str
    check: str
    primary: bool


@dataclass(frozen=True, slots=True)
class Unlocked:
    """A vault that fits the database, and what the caller has to do about it.

    Attributes:
        source: The place the keys came from.
        register: A key the store must note before anything is sealed; None when it knows it.
        replaces: The fingerprint that was primary until now; None when there was none.
        notices: Sentences to be said aloud.
    """

    vault: Vault
    source: str
    register: KnownKey | None = None
    replaces: str | None = None
    notices: tuple[str, ...] = ()


def unlock(places: Sequence[KeyProvider], known: Sequence[KnownKey]) -> Unlocked:
    """The vault for a database that knows the keys ``known``; empty means a new database.

    Raises:
        KeyUnavailable: The keys found are not the ones wanted, or there are none.
        ConfigurationError: A place holds something that is no key, or two places disagree.
    """
    return _unlock_known(places, known) if known else _unlock_new(places)


def _unlock_known(places: Sequence[KeyProvider], known: Sequence[KnownKey]) -> Unlocked:
    wanted = next((key for key in known if key.primary), known[-1])
    place, ring = _first(places)
    if ring is None or place is None:
        raise KeyUnavailable(
            f"This database is sealed with the master key {wanted.fingerprint}, "
            "and no key was found.",
            fingerprint=wanted.fingerprint,
            hint=f"Bring that key back; looked at: {_names(places)}. No new key was made.",
        )
    if wanted.fingerprint not in ring:
        found = ", ".join(key.fingerprint for key in ring)
        raise KeyUnavailable(
            f"This database is sealed with the master key {wanted.fingerprint}, "
            f"but {place.name} holds {found}.",
            fingerprint=wanted.fingerprint,
            hint=_elsewhere(places, place, wanted),
        )
    for each in known:
        if each.fingerprint in ring and not verify_check(ring.find(each.fingerprint), each.check):
            raise KeyUnavailable(
                f"{place.name} holds a key named {each.fingerprint}, "
                "but it is not the one this database knows by that name.",
                fingerprint=each.fingerprint,
                hint="The key or the database's record of it is damaged: restore it.",
            )
    notices = tuple(
        f"The master key {each.fingerprint} is not here: secrets still sealed with it stay closed."
        for each in known
        if each.fingerprint not in ring
    )
    if ring.primary.fingerprint == wanted.fingerprint:
        return Unlocked(Vault(ring), place.name, notices=notices)
    return Unlocked(Vault(ring), place.name, _known(ring), wanted.fingerprint, notices)


def _unlock_new(places: Sequence[KeyProvider]) -> Unlocked:
    found = [(place, ring) for place in places if (ring := place.load()) is not None]
    for (place, ring), (other, other_ring) in pairwise(found):
        if ring.primary != other_ring.primary:
            raise ConfigurationError(
                f"{place.name} and {other.name} hold different keys "
                f"({ring.primary.fingerprint}, {other_ring.primary.fingerprint}), "
                "and this database is new, so nothing says which is meant.",
                hint="Remove one of them; keep a copy if another database was sealed with it.",
            )
    if found:
        place, ring = found[0]
        return Unlocked(Vault(ring), place.name, _known(ring))
    for place in places:
        if (ring := place.create()) is not None:
            notice = (
                f"A new master key was made in {place.name}, fingerprint "
                f"{ring.primary.fingerprint}: back it up, apart from the database. "
                "Without it the stored secrets cannot be read."
            )
            return Unlocked(Vault(ring), place.name, _known(ring), notices=(notice,))
    raise KeyUnavailable(
        "There is no master key, and none of the places looked at can make one.",
        hint=f"Set one of: {_names(places)}.",
    )


def _first(places: Sequence[KeyProvider]) -> tuple[KeyProvider | None, KeyRing | None]:
    for place in places:
        if (ring := place.load()) is not None:
            return place, ring
    return None, None


def _elsewhere(places: Sequence[KeyProvider], used: KeyProvider, wanted: KnownKey) -> str:
    """Where the wanted key lies, if a place that was not asked has it."""
    for place in places[places.index(used) + 1 :]:
        try:
            ring = place.load()
        except ConfigurationError:
            continue
        if ring is not None and wanted.fingerprint in ring:
            return f"The wanted key is in {place.name}: remove the other from {used.name}."
    return f"Bring the wanted key back to {used.name}. Nothing was changed."


def _known(ring: KeyRing) -> KnownKey:
    return KnownKey(ring.primary.fingerprint, check_value(ring.primary), primary=True)


def _names(places: Sequence[KeyProvider]) -> str:
    return ", ".join(place.name for place in places)
