"""The values of one connection, put into the settings of its app.

Two kinds of values come from outside: inputs, which a person typed, and captured values, which the
service sent. A captured value builds the host of a URL only when a rule allows it: otherwise
whoever forges a callback chooses where the token goes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any, Final

from grantline.errors import InvalidInput
from grantline.oauth.app.allowed_values import https_host, is_allowed
from grantline.oauth.app.app_rules import Input
from grantline.oauth.app.settings import AppSettings
from grantline.oauth.app.template import fill, fill_uri, host_names_in, names_in

LONGEST_VALUE: Final = 500

URI_FIELDS: Final = (
    *("issuer", "authorize_uri", "token_uri", "refresh_uri", "device_authorization_uri"),
    *("revocation_uri", "introspection_uri", "pushed_authorization_uri", "jwks_uri"),
    *("redirect_uri", "base_url", "identity.url", "upgrade.uri"),
)
# Known only when a request is made; never put into a URL, where it would be logged.
MOMENTS: Final = ("now", "now_ms", "now_iso")
BACK_CHANNEL_NAMES: Final = (
    *MOMENTS,
    *("client_secret", "username", "password", "access_token", "refresh_token", "state"),
)
_OWN: Final = ("client_id",)
# What a template may not touch: names and rules, not values that are sent.
_LITERAL: Final = frozenset({"inputs", "response", "parameter_names", "client_id"})
_BACK_CHANNEL_FIELDS: Final = frozenset(
    {"token_parameters", "refresh_parameters", "custom_headers", "token_headers"}
    | {"refresh_headers", "revocation.parameters", "upgrade.parameters"}
)
_MOMENT_FIELDS: Final = frozenset({"authorize_parameters"})


def captured_names(settings: AppSettings) -> tuple[str, ...]:
    """The names of the values that are captured on a connection."""
    own = (name for name, _ in settings.identity.captures)
    return tuple(dict.fromkeys((*settings.response.captured_parameters, *own)))


def checked_inputs(inputs: tuple[Input, ...], given: Mapping[str, str]) -> dict[str, str]:
    """A value for each of ``inputs``: what was ``given``, else the default.

    Raises:
        InvalidInput: One is missing, does not fit, or is not asked for; ``field`` is its label.
    """
    known = {each.name for each in inputs}
    for name in given:
        if name not in known:
            raise InvalidInput(
                f"This app asks for no “{name}”.",
                field=name,
                hint=f"It asks for {', '.join(sorted(known))}." if known else "It has no inputs.",
            )
    return {each.name: _checked(each, given.get(each.name, "").strip()) for each in inputs}


def resolved(settings: AppSettings, values: Mapping[str, str]) -> AppSettings:
    """``settings`` with the ``values`` of a connection in them. What is not known yet stays.

    Raises:
        InvalidInput: A value may not stand where a setting puts it; names the setting.
    """
    values = {"client_id": settings.client_id, **values}
    captured = frozenset(captured_names(settings))

    def put(path: str, text: str) -> str:
        if path not in URI_FIELDS:
            return fill(text, values)
        for name in host_names_in(text):
            if (
                name in captured
                and name in values
                and not is_allowed(settings.response, name, values[name])
            ):
                raise not_allowed(name, path)
        return fill_uri(text, values, field=path)

    return _mapped(settings, put)


def resolved_host(entry: str, settings: AppSettings, values: Mapping[str, str]) -> str:
    """An ``entry`` of a host list with the ``values`` of a connection in it."""
    if "{" not in entry:
        return entry
    for name in names_in(entry):
        if (
            name in captured_names(settings)
            and name in values
            and not is_allowed(settings.response, name, values[name])
        ):
            raise not_allowed(name, "hosts")
    filled = fill_uri(entry, values, field="hosts")
    return https_host(filled) or filled


def unknown_names(settings: AppSettings, hosts: tuple[str, ...] = ()) -> Iterator[tuple[str, str]]:
    """Each setting that has a name in braces which stands for nothing there, and that name."""
    inputs = tuple(each.name for each in settings.inputs)
    always = frozenset((*inputs, *captured_names(settings), *_OWN))
    found: list[tuple[str, str]] = []

    def look(path: str, text: str) -> str:
        known = always
        if path in _BACK_CHANNEL_FIELDS:
            known = always.union(BACK_CHANNEL_NAMES)
        elif path in _MOMENT_FIELDS:
            known = always.union(MOMENTS)
        found.extend((path, name) for name in names_in(text) if name not in known)
        return text

    _mapped(settings, look)
    for entry in hosts:
        look("hosts", entry)
    yield from found


def unruled_captures(settings: AppSettings, hosts: tuple[str, ...] = ()) -> Iterator[str]:
    """The captured values that build a host, and for which no rule says what they may be."""
    captured = frozenset(captured_names(settings)) - dict(settings.response.allowed_values).keys()
    uris = [*(value for path in URI_FIELDS if (value := setting_at(settings, path))), *hosts]
    for uri in uris:
        yield from (name for name in host_names_in(uri) if name in captured)


def sample_values(settings: AppSettings) -> dict[str, str]:
    """A value for every name, with which settings can be tried before anybody gave one."""
    allowed = dict(settings.response.allowed_values)
    inputs = {
        each.name: each.default or next(iter(each.choices), "") or each.example or "sample"
        for each in settings.inputs
    }
    uris = [setting_at(settings, path) for path in URI_FIELDS]
    captures = {}
    for name in captured_names(settings):
        sample = next(iter(allowed.get(name, ())), "sample").replace("*.", "sample.", 1)
        begins_url = any(uri.startswith(f"{{{name}}}") for uri in uris)
        captures[name] = f"https://{sample}" if begins_url and "://" not in sample else sample
    return {**captures, **inputs}


def setting_at(settings: AppSettings, path: str) -> str:
    """The text of the setting at a dotted ``path``."""
    value: Any = settings
    for part in path.split("."):
        value = getattr(value, part)
    return str(value)


def not_allowed(name: str, field: str) -> InvalidInput:
    """The error of a captured value that may not build a host."""
    return InvalidInput(
        f"The service sent a value of {name} that may not build an address.",
        field=field,
        hint=f"Add it to the allowed values of {name} if it belongs to the service.",
    )


def _checked(asked: Input, given: str) -> str:
    value = given or asked.default
    if not value:
        raise InvalidInput(
            f"{asked.label} is empty.",
            field=asked.label,
            hint=asked.help or f"Such as {asked.example}.",
        )
    if asked.choices and value not in asked.choices:
        raise InvalidInput(
            f"“{value[:100]}” is no {asked.label}.",
            field=asked.label,
            hint=f"Use one of: {', '.join(asked.choices)}.",
        )
    fits = not asked.pattern or re.fullmatch(asked.pattern, value)
    if not fits or len(value) > LONGEST_VALUE or not value.isprintable() or "{" in value:
        raise InvalidInput(
            f"{asked.label} does not look right.",
            field=asked.label,
            hint=f"{asked.help} It looks like: {asked.example}".strip(),
        )
    return value


def _mapped(settings: AppSettings, put: Callable[[str, str], str]) -> AppSettings:
    changed = {
        each.name: _map(getattr(settings, each.name), each.name, put)
        for each in fields(settings)
        if each.name not in _LITERAL
    }
    return replace(settings, **changed)


def _map(value: Any, path: str, put: Callable[[str, str], str]) -> Any:
    if type(value) is str:
        return put(path, value) if "{" in value else value
    if isinstance(value, tuple):
        return tuple(_map(each, path, put) for each in value)
    if is_dataclass(value) and not isinstance(value, type):
        return replace(
            value,
            **{
                each.name: _map(getattr(value, each.name), f"{path}.{each.name}", put)
                for each in fields(value)
            },
        )
    return value
