"""A service as the catalogue describes it: what to fill a form with."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

from grantline.errors import ConfigurationError, UnknownProvider


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """One catalogue entry.

    Attributes:
        name: Its file's name, and what ``--provider`` takes.
        title: What the service calls itself.
        settings: Fields of ``AppSettings``, in the plain form of ``connections.codec``.
        scopes: The scopes most people start with.
        hosts: Where a token of this service may go.
        console: Where one registers a client.
        documentation: The pages that the entry was written from.
        note: What a person must know that no field says.
    """

    name: str
    title: str
    settings: Mapping[str, Any]
    scopes: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    console: str = ""
    documentation: tuple[str, ...] = ()
    note: str = ""


def profile(name: str) -> Profile:
    """The entry of this name.

    Raises:
        UnknownProvider: There is none; the hint lists those there are.
    """
    if name not in profile_names():
        raise UnknownProvider(
            f"The catalogue has no provider named “{name}”.",
            hint=f"It has {', '.join(profile_names())}. For any other service give its issuer, "
            "or its authorize and token URIs.",
        )
    return parse_profile(name, (_catalog() / f"{name}.toml").read_text("utf-8"))


@cache
def profile_names() -> tuple[str, ...]:
    """Every entry's name, sorted."""
    names = (each.name for each in _catalog().iterdir())
    return tuple(sorted(name.removesuffix(".toml") for name in names if name.endswith(".toml")))


def parse_profile(name: str, text: str) -> Profile:
    """The entry that ``text``, a catalogue file, describes.

    Raises:
        ConfigurationError: It is not TOML, lacks a title, or has a key that means nothing.
    """
    try:
        plain = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"The catalogue entry {name} is not TOML: {error}.") from None
    known = {each.name for each in fields(Profile)} - {"name"}
    unknown = sorted(set(plain) - known)
    if unknown or "title" not in plain or "settings" not in plain:
        what = f"has no use for “{unknown[0]}”" if unknown else "needs a title and settings"
        raise ConfigurationError(
            f"The catalogue entry {name} {what}.", hint=f"Keys: {', '.join(sorted(known))}."
        )
    return Profile(
        name=name,
        title=plain["title"],
        settings=plain["settings"],
        scopes=tuple(plain.get("scopes", ())),
        hosts=tuple(plain.get("hosts", ())),
        console=plain.get("console", ""),
        documentation=tuple(plain.get("documentation", ())),
        note=plain.get("note", ""),
    )


def _catalog() -> Traversable:
    return files("grantline.providers") / "catalog"
