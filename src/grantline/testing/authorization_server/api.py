"""A small API behind the server's tokens (RFC 6750, RFC 9449 section 7)."""

from __future__ import annotations

import json
from typing import Any, Final
from urllib.parse import unquote

from grantline.testing.authorization_server.dpop import check_proof
from grantline.testing.authorization_server.exchange import Answer, Incoming, Refusal
from grantline.testing.authorization_server.options import Leniency
from grantline.testing.authorization_server.state import AccessToken, ServerState

ORDERS: Final = tuple(
    {"id": number, "item": f"Demo item {number}", "quantity": number % 5 + 1}
    for number in range(1, 25)
)
PAGE_SIZE: Final = 10


def api(state: ServerState, incoming: Incoming) -> Answer:
    """The answer of a resource, or a challenge that says what is wrong with the token.

    ``/api/me``, ``/api/orders?page=N``, ``/api/echo``, ``/api/redirect?to=URL&status=N``,
    ``/api/status/N``, and ``/api/admin``, which needs the scope ``admin``.
    """
    try:
        token = _access_token(state, incoming)
    except Refusal as refusal:
        return _challenge(incoming, refusal)
    resource = incoming.path.removeprefix("/api/")
    query = dict(incoming.query)
    match resource.split("/"):
        case ["me"]:
            subject = token.grant.subject
            return Answer.json({"sub": subject, "name": "Demo User", "scope": list(token.scope)})
        case ["orders"]:
            return _orders(incoming, query.get("page", "1"))
        case ["echo"]:
            return Answer.json(_echo(incoming))
        case ["redirect"]:
            location = ("Location", query.get("to", "/api/me"))
            return Answer(_status(query.get("status", "302")), b"", (location,))
        case ["status", number]:
            return Answer.json({"status": _status(number)}, status=_status(number))
        case ["admin", *_]:
            return _admin(incoming, token)
        case _:
            return Answer.json({"error": "not_found"}, status=404)


def tokens_in(incoming: Incoming) -> tuple[tuple[str, str], ...]:
    """Every access token in ``incoming``, with the place it stands in."""
    found = []
    scheme, _, value = incoming.header("Authorization").partition(" ")
    if value and scheme.lower() in {"bearer", "dpop"}:
        found.append((scheme.lower(), value.strip()))
    found += [("query", value) for name, value in incoming.query if name == "access_token"]
    if not incoming.is_json:
        found += [("form", value) for name, value in incoming.form if name == "access_token"]
    return tuple(found)


def _access_token(state: ServerState, incoming: Incoming) -> AccessToken:
    presented = tokens_in(incoming)
    if not presented:
        # RFC 6750 section 3.1: without a token, no error code.
        raise Refusal("", "an access token is needed", status=401)
    if len(presented) > 1:
        raise Refusal("invalid_request", "more than one access token")
    place, value = presented[0]
    if place == "form" or (
        place == "query" and Leniency.ACCESS_TOKEN_IN_QUERY not in state.options.lenient
    ):
        raise Refusal("invalid_request", "this API takes the token in the header only")
    token = state.access_tokens.get(value)
    if token is None or not token.is_active(state.clock.now()):
        raise Refusal(
            "invalid_token", "the access token is expired, revoked or unknown", status=401
        )
    if (place == "dpop") != bool(token.key_thumbprint):
        raise Refusal("invalid_token", "the token needs another scheme", status=401)
    if token.key_thumbprint:
        _check_possession(state, incoming, token, value)
    return token


def _check_possession(
    state: ServerState, incoming: Incoming, token: AccessToken, value: str
) -> None:
    try:
        thumbprint = check_proof(state, incoming, access_token=value)
    except Refusal as refusal:
        refusal.status = 401
        raise
    if thumbprint != token.key_thumbprint:
        raise Refusal("invalid_token", "the token is bound to another key", status=401)


def _challenge(incoming: Incoming, refusal: Refusal) -> Answer:
    is_dpop = incoming.header("DPoP") or incoming.header("Authorization").lower().startswith("dpop")
    scheme = "DPoP" if is_dpop else "Bearer"
    challenge = f'{scheme} realm="demo API"'
    if refusal.error:
        challenge += f', error="{refusal.error}", error_description="{refusal.description}"'
    return refusal.answer().with_headers(("WWW-Authenticate", challenge))


def _orders(incoming: Incoming, asked_page: str) -> Answer:
    page = int(asked_page) if asked_page.isdecimal() else 1
    start = (max(page, 1) - 1) * PAGE_SIZE
    items = ORDERS[start : start + PAGE_SIZE]
    following = f"{incoming.url}?page={page + 1}" if start + PAGE_SIZE < len(ORDERS) else None
    answer = Answer.json({"page": page, "total": len(ORDERS), "items": items, "next": following})
    return answer.with_headers(("Link", f'<{following}>; rel="next"')) if following else answer


def _admin(incoming: Incoming, token: AccessToken) -> Answer:
    if "admin" in token.scope:
        return Answer.json({"admin": True})
    refusal = Refusal("insufficient_scope", "the scope admin is needed", status=403)
    return _challenge(incoming, refusal)


def _status(text: str) -> int:
    """A final HTTP status as asked for, else 400."""
    return int(text) if text.isdecimal() and 200 <= int(text) <= 599 else 400


def _echo(incoming: Incoming) -> dict[str, Any]:
    """The request as it arrived; its token is shown only in the answer to ``?reveal=1``."""
    query = dict(incoming.query)
    text = incoming.body.decode("utf-8", "replace")
    echo: dict[str, Any] = {
        "method": incoming.method,
        "path": unquote(incoming.path),
        "query": [list(pair) for pair in incoming.query],
        "headers": [list(pair) for pair in incoming.headers],
        "body": text,
    }
    if incoming.is_json:
        try:
            echo["json"] = json.loads(text)
        except ValueError:
            echo["json"] = None
    if query.get("reveal") == "1":
        return echo
    masked = json.dumps(echo)
    for _, value in tokens_in(incoming):
        masked = masked.replace(value, "***")
    return dict(json.loads(masked))
