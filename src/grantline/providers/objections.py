"""What is wrong with a catalogue entry that can be read: its parts contradict each other."""

from __future__ import annotations

from collections.abc import Iterator

from grantline.errors import EgressBlocked, InvalidInput
from grantline.oauth.app.inputs import (
    URI_FIELDS,
    captured_names,
    resolved,
    resolved_host,
    sample_values,
    setting_at,
    unknown_names,
    unruled_captures,
)
from grantline.oauth.app.settings import AppSettings
from grantline.oauth.app.template import fill_uri
from grantline.oauth.requests.endpoint import endpoint_url
from grantline.providers.lines import Path
from grantline.providers.profile import Profile
from grantline.url import parse_url

Objection = tuple[Path, str, str]


def objections(entry: Profile, settings: AppSettings) -> Iterator[Objection]:
    """Each thing that is wrong: where it stands in the file, what it is, what to do."""
    found = [*_of_scopes(entry), *_of_names(entry, settings)]
    yield from found or _of_addresses(entry, settings)


def _of_scopes(entry: Profile) -> Iterator[Objection]:
    for scope in entry.default_scopes:
        if scope not in entry.scopes:
            what = f"“{scope}” is not in the table [scopes]."
            yield ("default_scopes",), what, f'Add it there: "{scope}" = "what it allows".'
    for trap in entry.traps:
        if trap.without_scope and trap.without_scope not in entry.scopes:
            yield ("traps",), f"“{trap.without_scope}” is not in the table [scopes].", ""


def _of_names(entry: Profile, settings: AppSettings) -> Iterator[Objection]:
    known = ", ".join((*(each.name for each in settings.inputs), *captured_names(settings)))
    for path, name in unknown_names(settings, entry.hosts):
        yield (
            _where(path),
            f"{{{name}}} stands for nothing here.",
            f"Names: {known or 'none'}. To mean the text itself, write {{{{{name}}}}}.",
        )
    for name in unruled_captures(settings, entry.hosts):
        yield (
            ("settings", "response", "allowed_values"),
            f"{name} builds a host and has no allowed values.",
            f'Write {name} = ["https://api.example.com"] or {name} = ["*.example.com"] there.',
        )


def _of_addresses(entry: Profile, settings: AppSettings) -> Iterator[Objection]:
    values = sample_values(settings)
    try:
        tried = resolved(settings, values)
        for host in entry.hosts:
            _check_host(resolved_host(host, settings, values))
        for path in URI_FIELDS:
            _check_uri(path, setting_at(tried, path), settings)
    except InvalidInput as error:
        yield _where(error.field), error.message, error.hint
    console = fill_uri(entry.console, values, field="console")
    for key, page in (
        ("console", console),
        *(("documentation", each) for each in entry.documentation),
    ):
        if not page.startswith("https://"):
            yield (key,), f"“{page}” is no https URL.", ""


def _check_uri(path: str, uri: str, settings: AppSettings) -> None:
    if not uri or (path == "identity.url" and uri.startswith("/")):
        return
    if path == "authorize_uri" and settings.authorize_in_fragment:
        uri = uri.partition("#")[0]
    endpoint_url(uri, field=path)


def _check_host(host: str) -> None:
    try:
        parse_url(f"https://{host.removeprefix('*.')}/")
    except EgressBlocked as error:
        raise InvalidInput(f"“{host}” is no host.", field="hosts", hint=error.hint) from None


def _where(path: str) -> Path:
    """Where a setting stands in a file: inputs and identity have tables of their own."""
    parts = tuple(path.split("."))
    return parts if parts[0] in {"inputs", "identity", "hosts"} else ("settings", *parts)
