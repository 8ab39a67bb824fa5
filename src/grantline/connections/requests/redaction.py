"""Takes secrets out of what is kept for people to read: by value where one is known, else by name.

A service may quote a token in another spelling than it was sent in, so every usual spelling of a
known secret is looked for.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable
from typing import Any, Final
from urllib.parse import quote, quote_plus, unquote_plus

from grantline.calls.credential import is_credential_header, is_credential_parameter
from grantline.codec import to_plain
from grantline.connections.renewal.holding import Holding
from grantline.messages import Headers
from grantline.oauth.app.settings import HEADER_SETTINGS, AppSettings
from grantline.secret import REDACTED, Secret, mask

# Shorter ones would garble every text that has them by chance.
SHORTEST: Final = 4


class Redactor:
    """Masks a set of known secrets, and what looks like a credential by its name."""

    def __init__(self, secrets: Iterable[Secret]) -> None:
        self._secrets = tuple({form for each in secrets for form in _spellings(each)})

    def text(self, text: str) -> str:
        """``text`` with every known secret masked."""
        return mask(text, self._secrets)

    def url(self, url: str) -> str:
        """``url``, also with the values of query parameters that carry credentials masked."""
        base, mark, query = url.partition("#")[0].partition("?")
        pairs = (pair.partition("=") for pair in query.split("&"))
        kept = "&".join(
            f"{name}={REDACTED}"
            if is_credential_parameter(unquote_plus(name))
            else name + eq + value
            for name, eq, value in pairs
        )
        return self.text(base + mark + kept)

    def headers(self, headers: Headers) -> Headers:
        """``headers``, also with the values of those that carry credentials masked.

        The scheme word of an Authorization header stays.
        """
        return tuple((name, self._header(name, value)) for name, value in headers)

    def head(self, data: bytes, at_most: int) -> bytes:
        """The first ``at_most`` bytes of ``data``, or a little less, with known secrets masked."""
        values = sorted((each.reveal().encode() for each in self._secrets), key=len, reverse=True)
        longest = len(values[0]) if values else 0
        window = data[: at_most + longest]
        for value in values:
            window = window.replace(value, REDACTED.encode())
        if len(data) > at_most:
            # The end of the window may hold the beginning of a secret.
            window = window[: len(window) - longest]
        return window[:at_most]

    def _header(self, name: str, value: str) -> str:
        if not is_credential_header(name):
            return self.text(value)
        scheme, blank, rest = value.partition(" ")
        if name.lower().endswith("authorization") and blank and rest:
            return f"{scheme} {REDACTED}"
        return REDACTED


def secrets_of(holding: Holding | None) -> tuple[Secret, ...]:
    """Everything that a connection keeps secret."""
    if holding is None:
        return ()
    app, own, tokens = holding.secrets, holding.flow_secrets, holding.tokens
    known = [app.client_secret, app.private_key, app.registration_token]
    known += [own.password, own.dpop_key]
    if app.certificate is not None:
        known.append(app.certificate.private_key_pem)
    while tokens is not None:
        known += [tokens.access_token, tokens.refresh_token, tokens.id_token]
        tokens = tokens.secondary
    return tuple(each for each in known if each)


def _spellings(secret: Secret) -> Iterable[Secret]:
    """``secret`` as URLs, forms, JSON and Basic authentication spell it."""
    value = secret.reveal()
    if len(value) < SHORTEST:
        return ()
    escaped = json.dumps(value)[1:-1]
    encoded = base64.b64encode(value.encode("utf-8", "surrogatepass")).decode()
    forms = {
        value,
        quote(value, safe="", errors="replace"),
        quote_plus(value, errors="replace"),
        escaped,
        escaped.replace("/", "\\/"),
        encoded,
        encoded.rstrip("="),
    }
    return tuple(Secret(form) for form in forms)


def visible_settings(settings: AppSettings, *, whole: bool = False) -> dict[str, Any]:
    """``settings`` as JSON types, the values of headers left out: people write keys into them.

    Without ``whole`` only what differs from the default.
    """
    plain = to_plain(settings, whole=whole)
    for name in HEADER_SETTINGS:
        if name in plain:
            plain[name] = [[header, REDACTED] for header, _ in getattr(settings, name)]
    return plain
