"""Which entry of the catalogue describes a service, for apps that were made by hand. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from grantline.providers.catalogue import entry_text, profile, profile_names
from grantline.providers.profile import Profile


@lru_cache(maxsize=256)
def entry_for_host(host: str) -> Profile | None:
    """The entry with OAuth endpoints at ``host``; of several the one that most are based on."""
    if not host:
        return None
    named = [name for name in profile_names() if f"//{host}/" in entry_text(name)]
    found = [each for each in map(profile, named) if host in _hosts(each)]
    return min(found, key=lambda each: (-_users(each.name), each.name), default=None)


@lru_cache(maxsize=256)
def is_shared_domain(domain: str) -> bool:
    """Whether a service of the catalogue gives its customers names right under ``domain``."""
    return any(f"}}.{domain}" in entry_text(name) for name in profile_names())


def _users(name: str) -> int:
    line = f'based_on = "{name}"'
    return sum(line in entry_text(each) for each in profile_names())


def _hosts(entry: Profile) -> Iterable[str]:
    for name in ("authorize_uri", "token_uri"):
        uri = str(entry.settings.get(name, ""))
        yield uri.partition("://")[2].partition("/")[0]
