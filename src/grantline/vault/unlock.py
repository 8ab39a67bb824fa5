"""Decides at start whether the keys that were found are the ones this database wants.

A wrong or missing key stops the start and names the wanted one. Nothing is ever replaced: a new
key in place of a lost one would leave every stored secret unreadable and look like a fresh start.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from grantline.errors import ConfigurationError, KeyUnavailable
from grantline.vault.keys import KeyRing, MasterKey, check_value, verify_check
from grantline.vault.kms import WrappedKeys
from grantline.vault.providers import KeyProvider
from grantline.vault.vault import Vault


@dataclass(frozen=True, slots=True)
class KnownKey:
    """What a database remembers of a key that may have sealed something in it."""

    fingerprint: str
    check: str
    primary: bool
    wrapped: str = ""


@dataclass(frozen=True, slots=True)
class Unlocked:
    """A vault that fits the database, and what the caller has to do about it.

    Attributes:
        source: The place the keys came from.
        register: The first key of a new database, which must note it before anything is sealed.
        notices: Sentences to be said aloud.
    """

    vault: Vault
    source: KeyProvider
    register: KnownKey | None = None
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
    place, ring = gather(places)
    if ring is None or place is None:
        service = wanted.wrapped.partition(" ")[0]
        bring = (
            f"It was wrapped by {service}: name that service in GRANTLINE_KEY"
            if service
            else "Bring that key back"
        )
        raise KeyUnavailable(
            f"This database is sealed with the master key {wanted.fingerprint}, "
            "and no key was found.",
            fingerprint=wanted.fingerprint,
            hint=f"{bring}; looked at: {_names(places)}. No new key was made.",
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
    # Which key is primary is the database's word, the same for all its processes.
    return Unlocked(_vault(ring.led_by(wanted.fingerprint), places), place, notices=notices)


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
        return Unlocked(_vault(ring, places), place, known_key(ring.primary, primary=True))
    for place in places:
        if (ring := place.create()) is not None:
            made = f"A new master key was made in {place.name}, fingerprint"
            keep = "back it up, apart from the database"
            if isinstance(place, WrappedKeys):
                made = f"A new master key was made and wrapped by {place.name}, fingerprint"
                keep = "never delete the key that wraps it"
            notice = (
                f"{made} {ring.primary.fingerprint}: {keep}. "
                "Without it the stored secrets cannot be read."
            )
            first = known_key(ring.primary, primary=True)
            return Unlocked(_vault(ring, places), place, first, notices=(notice,))
    raise KeyUnavailable(
        "There is no master key, and none of the places looked at can make one.",
        hint=f"Set one of: {_names(places)}.",
    )


def gather(places: Sequence[KeyProvider]) -> tuple[KeyProvider | None, KeyRing | None]:
    """The first place that holds keys, and the keys to work with.

    Keys that a service wrapped are joined by those of the next place: so a database moves from a
    key file to a service, and back, while it is used.
    """
    used: KeyProvider | None = None
    ring: KeyRing | None = None
    for place in places:
        if (found := place.load()) is None:
            continue
        used, ring = used or place, ring.joined(found) if ring else found
        if not isinstance(place, WrappedKeys):
            break
    return used, ring


def known_key(key: MasterKey, *, primary: bool) -> KnownKey:
    """What a database is to remember of ``key``."""
    return KnownKey(key.fingerprint, check_value(key), primary, key.wrapped)


def _vault(ring: KeyRing, places: Sequence[KeyProvider]) -> Vault:
    return Vault(ring, more=lambda: gather(places)[1])


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


def _names(places: Sequence[KeyProvider]) -> str:
    return ", ".join(place.name for place in places)
