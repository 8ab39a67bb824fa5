"""Words of a command line as values: ``K=V``, ``K: V``, statuses, separators.

A word that cannot be read is never repeated in the refusal: it may hold a secret.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from enum import StrEnum
from typing import Any, Final, TypeVar

from grantline.cli.errors import SecretInArguments
from grantline.cli.words import parse_span
from grantline.errors import InvalidInput
from grantline.oauth.app.request_choices import Pairs

E = TypeVar("E", bound=StrEnum)

T = TypeVar("T")

_SEPARATORS: Final = {"space": " ", "comma": ",", " ": " ", ",": ","}
_PAIRS: Final = {
    "authorize_parameters": "--authorize-parameter",
    "token_parameters": "--token-parameter",
    "refresh_parameters": "--refresh-parameter",
    "parameter_names": "--parameter-name",
    "api_parameters": "--api-parameter",
}
_HEADERS: Final = {
    "custom_headers": "--custom-header",
    "token_headers": "--token-header",
    "refresh_headers": "--refresh-header",
    "api_headers": "--api-header",
}
_SPANS: Final = {"renewal_margin", "refresh_idle_lifetime"}


def setting_value(name: str, given: Any) -> Any:
    """The value of the setting ``name``, whose option was given as ``given``.

    Raises:
        InvalidInput: It cannot be read.
    """
    if name in _PAIRS:
        return pairs(given, option=_PAIRS[name])
    if name in _HEADERS:
        return _headers(given, _HEADERS[name])
    if name in _SPANS:
        return parse_span(given, field=f"--{name.replace('_', '-')}") if given else None
    if name == "scope_separator":
        if given not in _SEPARATORS:
            raise InvalidInput(
                "The scope separator is neither a space nor a comma.",
                field="Scope separator",
                hint="Write --scope-separator space or --scope-separator comma.",
            )
        return _SEPARATORS[given]
    if name == "expired_statuses":
        return tuple(_status(each) for each in _items(given))
    return tuple(_items(given)) if isinstance(given, list) else given


def pairs(given: Iterable[str], *, option: str) -> Pairs:
    """The names and values of ``K=V`` words.

    Raises:
        InvalidInput: One has no ``=`` or no name; it is not repeated, for it may be a secret.
    """
    found = []
    for each in _items(given):
        name, separator, value = each.partition("=")
        if not separator or not name:
            raise InvalidInput(
                f"A value of {option} is not of the form name=value.",
                field=option,
                hint=f"Write {option} name=value.",
            )
        found.append((name, value))
    return tuple(found)


def header_pairs(given: Iterable[str], *, option: str) -> Pairs:
    """The names and values of ``K: V`` words; errors as in ``pairs``."""
    found = []
    for each in _items(given):
        name, separator, value = each.partition(":")
        if not separator or not name.strip():
            raise InvalidInput(
                f"A value of {option} is not a header.",
                field=option,
                hint=f"Write {option} 'Name: value'.",
            )
        found.append((name.strip(), value.strip()))
    return tuple(found)


def choice(kind: type[E], given: str, *, option: str) -> E:
    """The value of an enumeration that ``option`` names."""
    try:
        return kind(given)
    except ValueError:
        raise InvalidInput(
            f"“{given}” is no value of {option}.",
            field=option,
            hint=f"Use one of: {', '.join(kind)}.",
        ) from None


def _headers(given: Iterable[str], option: str) -> Pairs:
    found = header_pairs(given, option=option)
    if any(name.lower() == "authorization" for name, _ in found):
        raise SecretInArguments(
            "An Authorization header holds a secret, and arguments can be read by others.",
            hint="Give the client secret by --client-secret-file, and choose "
            "--client-authentication client_secret_basic or client_secret_basic_raw.",
        )
    return found


def _items(given: Iterable[str]) -> list[str]:
    return [each for each in given if each]


def _status(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and 100 <= int(text) <= 599):
        raise InvalidInput(
            f"“{text}” is not an HTTP status.", field="Expired statuses", hint="Such as 403."
        )
    return int(text)


def changed_rules(old: T, given: Iterable[str], option: str) -> T:
    """``old`` with the ``NAME=VALUE`` words of ``given``; values are JSON or plain text."""
    from grantline.codec import from_plain, to_plain

    plain = to_plain(old)
    for name, text in pairs(given, option=option):
        try:
            plain[name] = json.loads(text)
        except ValueError:
            plain[name] = text
    return from_plain(type(old), plain)
