"""The entries that come with Grantline: one file a service in ``catalog``."""

from __future__ import annotations

from difflib import get_close_matches
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

from grantline.errors import UnknownProvider
from grantline.providers.profile import Profile
from grantline.providers.toml_entry import parse_profile


@cache
def profile(name: str) -> Profile:
    """The entry of this name.

    Raises:
        UnknownProvider: There is none; the hint says what else can be done.
    """
    return parse_profile(name, entry_text(name), base=entry_text)


@cache
def profile_names() -> tuple[str, ...]:
    """Every entry's name, sorted."""
    names = (each.name for each in _catalog().iterdir())
    return tuple(sorted(name.removesuffix(".toml") for name in names if name.endswith(".toml")))


def found_profiles(query: str = "") -> list[Profile]:
    """The entries whose name, title, category or host has ``query`` in it.

    Those come first in whose title a word begins with it; then by title.
    """
    wanted = query.strip().casefold()
    entries = (profile(name) for name in profile_names())
    found = (
        each
        for each in entries
        if any(
            wanted in text.casefold()
            for text in (each.name, each.title, *each.categories, *each.hosts)
        )
    )

    def order(each: Profile) -> tuple[bool, str]:
        title = each.title.casefold()
        return not any(word.startswith(wanted) for word in title.split()), title

    return sorted(found, key=order)


def entry_text(name: str) -> str:
    """The file of the entry of this name; raises as ``profile``."""
    if name not in profile_names():
        near = [each for each in profile_names() if name and name[:4] in each]
        near = near or get_close_matches(name, profile_names())
        raise UnknownProvider(
            f"The catalogue has no provider named “{name}”.",
            hint=(f"It has {', '.join(near)}. " if near else "")
            + "See them all with: grantline provider list. For any other service give its issuer, "
            "or its authorize and token URIs.",
        )
    return (_catalog() / f"{name}.toml").read_text("utf-8")


def _catalog() -> Traversable:
    return files("grantline.providers") / "catalog"
