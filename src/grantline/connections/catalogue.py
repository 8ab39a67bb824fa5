"""A catalogue entry as the settings of an app."""

from __future__ import annotations

from grantline.connections.codec import from_plain
from grantline.oauth.settings import AppSettings
from grantline.providers.profile import Profile


def settings_of(profile: Profile, *, client_id: str) -> AppSettings:
    """The settings that the catalogue has for a service, for one registration there."""
    return from_plain(AppSettings, {"client_id": client_id, **profile.settings})
