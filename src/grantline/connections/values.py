"""The values of one connection that its app's settings name in braces: typed, or sent by a service.

Inputs that choose the server itself (``https://{host}/``) become part of the app when it is made:
its client secret was typed for that server, and no other connection may send it elsewhere. Inputs
under a domain that the app fixes (``{shop}.example.com``) are each connection's own.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from grantline.errors import InvalidInput
from grantline.oauth.app.allowed_values import is_allowed
from grantline.oauth.app.inputs import (
    URI_FIELDS,
    captured_names,
    resolved,
    resolved_host,
    setting_at,
    unknown_names,
    unruled_captures,
)
from grantline.oauth.app.settings import AppSettings
from grantline.oauth.app.template import host_names_in
from grantline.oauth.token_set import TokenSet
from grantline.oauth.tokens.token_fields import look_up
from grantline.store.records.connections import ConnectionRecord
from grantline.url import parse_url

_FIXED_DOMAIN: Final = re.compile(r"[a-z0-9-]*(?:\.[a-z0-9-]+){2,}(?::[0-9]+)?(?:[/?#]|$)")


def values_of(
    settings: AppSettings, record: ConnectionRecord, tokens: TokenSet | None
) -> dict[str, str]:
    """Every value that is known of a connection; what no rule allows is not among them."""
    found: dict[str, Any] = {**record.captured}
    if tokens is not None:
        names = settings.response.captured_parameters
        found |= {name: look_up(tokens.extra, name) for name in names}
    ruled = dict(settings.response.allowed_values)
    captured = {
        name: str(value)
        for name, value in found.items()
        if name in captured_names(settings)
        and isinstance(value, str | int)
        and "{" not in str(value)
        and (name not in ruled or is_allowed(settings.response, name, str(value)))
    }
    return {**captured, **record.inputs}


def resolved_hosts(
    hosts: tuple[str, ...], settings: AppSettings, values: Mapping[str, str]
) -> tuple[str, ...]:
    """``hosts`` with the ``values`` in them; an entry whose value is not known yet is left out."""
    filled = (resolved_host(each, settings, values) for each in hosts)
    return tuple(each for each in filled if "{" not in each)


def settled_app(
    settings: AppSettings, inputs: Mapping[str, str]
) -> tuple[AppSettings, dict[str, str]]:
    """A new app's settings with the inputs that choose its server in them, and the other inputs."""
    names = {each.name for each in settings.inputs}
    chosen = {name: inputs[name] for name in _free_names(settings) & names}
    if not chosen:
        return settings, dict(inputs)
    left = tuple(each for each in settings.inputs if each.name not in chosen)
    own = {name: value for name, value in inputs.items() if name not in chosen}
    return replace(resolved(settings, chosen), inputs=left), own


def moved_hosts(
    hosts: tuple[str, ...],
    settings: AppSettings,
    old: Mapping[str, str],
    new: Mapping[str, str],
) -> tuple[str, ...]:
    """``hosts`` where those that the ``old`` inputs built are those that the ``new`` ones build."""
    if old == new:
        return hosts
    before, after = resolved(settings, old), resolved(settings, new)
    moves = {_host(setting_at(before, path)): _host(setting_at(after, path)) for path in URI_FIELDS}
    return tuple(sorted({moves.get(each, each) for each in hosts}))


def check_names(settings: AppSettings, hosts: tuple[str, ...] = ()) -> None:
    """Refuses settings with a name that stands for nothing, or that may not build a host.

    Raises:
        InvalidInput: Names the setting.
    """
    for path, name in unknown_names(settings, hosts):
        raise InvalidInput(
            f"{{{name}}} stands for nothing here.",
            field=path,
            hint=f"To mean the text itself, write {{{{{name}}}}}.",
        )
    for name in unruled_captures(settings, hosts):
        raise InvalidInput(
            f"{name} builds a host and has no allowed values.",
            field="response.allowed_values",
            hint="Say which values it may have, such as *.example.com.",
        )


def _free_names(settings: AppSettings) -> set[str]:
    """The names whose values choose a server that nothing fixes."""
    found = set()
    for path in URI_FIELDS:
        uri = setting_at(settings, path)
        for name in host_names_in(uri):
            _, _, rest = uri.partition(f"{{{name}}}")
            if not _FIXED_DOMAIN.match(rest):
                found.add(name)
    return found


def _host(uri: str) -> str:
    return parse_url(uri).host if "://" in uri and not host_names_in(uri) else uri
