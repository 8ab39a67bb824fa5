"""What a service wants to hear before it issues a refresh token, as the catalogue knows it. Pure.

Without it, consent gives an access token that nobody can renew.
"""

from __future__ import annotations

from typing import Final

from grantline.oauth.app.settings import AppSettings
from grantline.providers.profile import Profile, Trap

# What OpenID Connect Core section 11 names, for services that nobody described.
GENERAL: Final = "offline_access"


def missing(settings: AppSettings, scopes: tuple[str, ...], entry: Profile | None) -> str:
    """What of it is not asked for yet, in words; empty when all of it is."""
    if entry is None:
        return "" if GENERAL in scopes else f"the scope {GENERAL}"
    given, wanted = dict(settings.authorize_parameters), _parameters(entry)
    lacking = [f"{name}={value}" for name, value in wanted.items() if given.get(name) != value]
    if lacking:
        return f"the authorize parameter{'s' * (len(lacking) > 1)} {' and '.join(lacking)}"
    named = {trap.without_scope for trap in _about_renewal(entry)} - {"", *scopes}
    return f"the scope {min(named)}" if named else ""


def other_ways(entry: Profile | None) -> tuple[str, ...]:
    """What helps besides, such as a switch in the service's console."""
    traps = () if entry is None else _about_renewal(entry)
    return tuple(trap.next for trap in traps if not trap.is_conditional)


def _about_renewal(entry: Profile) -> tuple[Trap, ...]:
    return tuple(trap for trap in entry.traps if trap.is_about_renewal)


def _parameters(entry: Profile) -> dict[str, str]:
    """The authorize parameters of the entry, when one of them is what a refresh token hangs on."""
    wanted: dict[str, str] = dict(entry.settings.get("authorize_parameters", ()))
    named = {trap.without_parameter for trap in _about_renewal(entry)}
    return wanted if named & wanted.keys() else {}
