"""A catalogue entry as the settings of an app."""

from __future__ import annotations

from collections.abc import Callable

from grantline.codec import from_plain
from grantline.connections.rules import check_hosts, check_scopes, check_settings
from grantline.errors import EgressBlocked, InvalidInput
from grantline.oauth.app.inputs import resolved, resolved_host, sample_values
from grantline.oauth.app.settings import AppSettings, ClientSecrets
from grantline.providers.profile import Profile
from grantline.providers.toml_entry import Mistake, read_entry
from grantline.secret import Secret

_SAMPLE_SECRETS = ClientSecrets(client_secret=Secret("sample"))


def settings_of(profile: Profile, *, client_id: str) -> AppSettings:
    """The settings that the catalogue has for a service, for one registration there."""
    return from_plain(AppSettings, {"client_id": client_id, **profile.settings})


def checked_entry(name: str, text: str, *, base: Callable[[str], str]) -> list[Mistake]:
    """What is wrong with a catalogue file, its settings tried as those of an app are.

    Args:
        name: The file's name, without its ending.
        text: TOML.
        base: Gives the text of an entry that this one may be based on.
    """
    entry, mistakes = read_entry(name, text, base=base)
    if entry is None:
        return mistakes
    settings = settings_of(entry, client_id="sample")
    values = sample_values(settings)
    try:
        tried = resolved(settings, values)
        check_settings(tried, entry.flow, _SAMPLE_SECRETS)
        check_scopes(entry.default_scopes)
        hosts = tuple(resolved_host(each, settings, values) for each in entry.hosts)
        check_hosts(hosts, base_url=tried.base_url)
    except (InvalidInput, EgressBlocked) as error:
        field = getattr(error, "field", "hosts")
        return [Mistake(1, field, error.message, error.hint)]
    return []
