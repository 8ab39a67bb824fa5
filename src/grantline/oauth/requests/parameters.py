"""OAuth parameters: which of them are ours, and how they travel (RFC 6749 appendix B).

People may add parameters of their own to every request. A name that the protocol sets itself is
refused among them, and no name goes out twice: servers disagree on which of two values counts,
and that disagreement is what parameter smuggling lives on (RFC 6749 section 3.1).
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Final
from urllib.parse import parse_qsl, quote_plus, urlencode

from grantline.errors import InvalidInput
from grantline.messages import json_body
from grantline.oauth.app.request_choices import Pairs

AUTHORIZE_PARAMETERS: Final = "Authorize parameters"
TOKEN_PARAMETERS: Final = "Access token parameters"
REFRESH_PARAMETERS: Final = "Refresh token parameters"


class Purpose(StrEnum):
    """What a request is for; parameters may have other names for one purpose."""

    AUTHORIZE = "authorize"
    TOKEN = "token"
    REFRESH = "refresh"
    REVOKE = "revoke"


# RFC 8707 section 2 and RFC 8693 section 2.1 let these two occur several times.
REPEATABLE: Final = frozenset({"resource", "audience"})

OWNED_IN_AUTHORIZATION: Final = frozenset(
    {"client_id", "client_secret", "redirect_uri", "response_type", "state", "nonce", "iss"}
    | {"code", "code_verifier", "request", "request_uri", "grant_type", "refresh_token"}
)
OWNED_IN_TOKEN_REQUEST: Final = frozenset(
    {"grant_type", "client_id", "client_secret", "client_assertion", "client_assertion_type"}
    | {"code", "refresh_token", "nonce", "iss"}
)


def merge_parameters(own: Pairs, extra: Pairs, *, owned: frozenset[str], field: str) -> Pairs:
    """``own`` followed by ``extra``, every name once.

    Args:
        own: What the protocol sends, already final.
        extra: What a person added in the form field named ``field``.
        owned: Names that are never a person's to set in this request, sent or not.
        field: The form's label, for the error.

    Raises:
        InvalidInput: An extra name is empty, one of ours, or given twice.
    """
    taken = {_folded(name) for name in owned} | {_folded(name) for name, _ in own}
    seen: set[str] = set()
    for name, _ in extra:
        folded = _folded(name)
        if not folded:
            raise InvalidInput(f"{field} has a parameter without a name.", field=field)
        if folded in taken:
            raise InvalidInput(
                f"{field} sets “{name}”, which Grantline sets itself.",
                field=field,
                hint="Remove it there; its value comes from the connection's own fields.",
            )
        if folded in seen and folded not in REPEATABLE:
            raise InvalidInput(f"{field} sets “{name}” twice.", field=field, hint="Keep one.")
        seen.add(folded)
    return own + extra


def rename_parameters(parameters: Pairs, names: Pairs, purpose: Purpose) -> Pairs:
    """``parameters`` under the names a service gives them; ``names`` maps the RFC's to its own.

    A name with a purpose in front (``token.redirect_uri``) counts for that one alone, and before
    the same name without; an empty own name leaves the parameter out.
    """
    if not names:
        return parameters
    mapped = dict(names)
    renamed = (
        (mapped.get(f"{purpose}.{name}", mapped.get(name, name)), value)
        for name, value in parameters
    )
    return tuple((name, value) for name, value in renamed if name)


def left_out(names: Pairs, purpose: Purpose) -> frozenset[str]:
    """The names of the RFC that ``names`` leave out of requests for ``purpose``."""
    mapped = dict(names)
    others = tuple(f"{each}." for each in Purpose if each is not purpose)
    own = (name for name in mapped if not name.startswith(others))
    known = {name.removeprefix(f"{purpose}.") for name in own}
    return frozenset(
        name for name in known if not mapped.get(f"{purpose}.{name}", mapped.get(name, name))
    )


def encode_form(parameters: Pairs) -> str:
    """``parameters`` as ``application/x-www-form-urlencoded`` in UTF-8."""
    return urlencode(parameters)


def encode_json(parameters: Pairs) -> bytes:
    """``parameters`` as one JSON object; a repeated name becomes an array."""
    values: dict[str, Any] = {}
    for name, value in parameters:
        if name not in values:
            values[name] = value
        elif isinstance(values[name], list):
            values[name].append(value)
        else:
            values[name] = [values[name], value]
    return json_body(values)


def encode_multipart(parameters: Pairs, boundary: str) -> bytes:
    """``parameters`` as ``multipart/form-data`` (RFC 7578), each a part of plain text."""
    parts = (
        f'--{boundary}\r\nContent-Disposition: form-data; name="{_quoted(name)}"\r\n\r\n{value}\r\n'
        for name, value in parameters
    )
    return f"{''.join(parts)}--{boundary}--\r\n".encode()


def append_query(uri: str, parameters: Pairs) -> str:
    """``uri`` with ``parameters`` behind the query it has, which stays byte for byte.

    Spaces become ``%20``: unlike ``+`` it means a space to every server.
    """
    if not parameters:
        return uri
    encoded = encode_form(parameters).replace("+", "%20")
    if "?" not in uri:
        return f"{uri}?{encoded}"
    return uri + encoded if uri.endswith(("?", "&")) else f"{uri}&{encoded}"


def query_parameters(uri: str) -> Pairs:
    """The parameters in the query of ``uri``, decoded, in order."""
    return tuple(parse_qsl(uri.partition("#")[0].partition("?")[2], keep_blank_values=True))


def form_encoded(value: str) -> str:
    """One ``value`` encoded as RFC 6749 section 2.3.1 asks for the two halves of Basic."""
    return quote_plus(value)


def _quoted(name: str) -> str:
    # RFC 7578 section 2: as browsers do.
    return name.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")


def _folded(name: str) -> str:
    # Some servers ignore case and surrounding blanks in names, so "State " must not get through.
    return name.strip().casefold()
