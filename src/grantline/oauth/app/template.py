"""Texts with names in braces: ``https://{shop}.myshopify.com/admin/oauth/authorize``.

Only a name in braces is special (``{shop}``, ``{team.id}``); ``{{shop}}`` stands for the text
``{shop}``, and every other brace for itself, so JSON stays readable. A value is put in as its place
demands: percent-encoded in a path or query, and a host name where it builds a host.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import quote

from grantline.errors import EgressBlocked, InvalidInput
from grantline.oauth.app.request_choices import Pairs
from grantline.url import parse_url

NAME: Final = r"[A-Za-z_][A-Za-z0-9_.-]*"
_PLACE: Final = re.compile(rf"\{{\{{({NAME})\}}\}}|\{{({NAME})\}}")
_AUTHORITY: Final = re.compile(r"[a-z]+://([^/?#]*)")
_HOST: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?(?::[0-9]{1,5})?")


def names_in(text: str) -> tuple[str, ...]:
    """The names that ``text`` has in braces, in order."""
    if "{" not in text:
        return ()
    return tuple(found[2] for found in _PLACE.finditer(text) if found[2])


def host_names_in(uri: str) -> tuple[str, ...]:
    """Those of the names in ``uri`` whose values build its host."""
    return tuple(
        found[2] for found in _PLACE.finditer(uri) if found[2] and _builds_host(uri, found.start())
    )


def fill(text: str, values: Mapping[str, str]) -> str:
    """``text`` with the ``values`` in it as they are; other names, and doubled braces, stay."""
    if "{" not in text:
        return text
    return _PLACE.sub(lambda found: values.get(found[2] or "", found[0]), text)


def finish(text: str, values: Mapping[str, str], *, field: str) -> str:
    """``text`` as it is sent: with the last ``values`` in it, and double braces made single.

    Raises:
        InvalidInput: A name has no value; names ``field``.
    """
    if "{" not in text:
        return text
    missing = [name for name in names_in(text) if name not in values]
    if missing:
        raise InvalidInput(
            f"{field} needs a value for {missing[0]}, and there is none.",
            field=field,
            hint=f"To mean the text itself, write {{{{{missing[0]}}}}}.",
        )
    return _PLACE.sub(lambda found: _plain(found, values), text)


def finish_pairs(pairs: Pairs, values: Mapping[str, str], *, field: str) -> Pairs:
    """``pairs`` with every value finished; raises as ``finish``."""
    return tuple((name, finish(value, values, field=field)) for name, value in pairs)


def fill_uri(uri: str, values: Mapping[str, str], *, field: str) -> str:
    """``uri`` with the ``values`` in it, each encoded for its place; unknown names stay.

    Raises:
        InvalidInput: A value that builds the host is no host name, or no URL where the whole
            beginning of the URL is a name; names ``field``.
    """
    if "{" not in uri:
        return uri

    def put(found: re.Match[str]) -> str:
        if not found[2] or found[2] not in values:
            return _plain(found, values)
        value = values[found[2]]
        if found.start() == 0:
            return _checked_base(value, found[2], field)
        if not _builds_host(uri, found.start()):
            return quote(value, safe="")
        if not _HOST.fullmatch(value):
            raise _no_host(found[2], field)
        return value

    return _PLACE.sub(put, uri)


def _plain(found: re.Match[str], values: Mapping[str, str]) -> str:
    if found[1]:
        return f"{{{found[1]}}}"
    return values.get(found[2], found[0])


def _builds_host(uri: str, start: int) -> bool:
    authority = _AUTHORITY.match(uri)
    if authority is None:
        # A URL that begins with a name, or an entry of a host list; anything else is a path.
        return start == 0 or "/" not in uri
    return authority.start(1) <= start < authority.end(1)


def _checked_base(value: str, name: str, field: str) -> str:
    if "://" not in value:
        if _HOST.fullmatch(value):
            return value
        raise _no_host(name, field)
    try:
        return str(parse_url(value)).rstrip("/")
    except EgressBlocked as error:
        raise InvalidInput(
            f"{field} cannot begin with this {name}. {error.message}", field=field, hint=error.hint
        ) from None


def _no_host(name: str, field: str) -> InvalidInput:
    return InvalidInput(
        f"{field} cannot have this {name} in its host.",
        field=field,
        hint="Use letters, digits, hyphens and dots; no slash and no https://.",
    )
