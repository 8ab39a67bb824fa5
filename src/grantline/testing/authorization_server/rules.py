"""The judge: each request against each ``Rule``, seen from the server's memory.

Nothing here shares code with a client, so a mistake of the client cannot excuse itself.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Final
from urllib.parse import unquote, unquote_plus

from grantline.testing.authorization_server.api import tokens_in
from grantline.testing.authorization_server.clients import presented, unverified_claims
from grantline.testing.authorization_server.exchange import Endpoint, Incoming
from grantline.testing.authorization_server.journal import Rule
from grantline.testing.authorization_server.options import Leniency
from grantline.testing.authorization_server.state import ServerState

# The endpoints that only OAuth requests reach.
_PROTOCOL: Final = frozenset(
    {
        Endpoint.AUTHORIZE,
        Endpoint.TOKEN,
        Endpoint.DEVICE_AUTHORIZATION,
        Endpoint.REVOKE,
        Endpoint.INTROSPECT,
        Endpoint.PAR,
    }
)
_NEVER_IN_URL: Final = frozenset(
    {
        "access_token",
        "assertion",
        "client_assertion",
        "client_secret",
        "code",
        "code_verifier",
        "device_code",
        "password",
        "refresh_token",
        "token",
    }
)
# RFC 8707 section 2 and RFC 8693 section 2.1 let these repeat.
_REPEATABLE: Final = frozenset({"resource", "audience"})


class Judge:
    """Holds requests against the rules, and remembers what may be seen only once."""

    def __init__(self, state: ServerState) -> None:
        self._state = state
        self._seen: set[tuple[str, str]] = set()

    def judge(self, incoming: Incoming) -> Iterator[tuple[Rule, str]]:
        """Each rule that ``incoming`` breaks, with a sentence; call it before the state changes."""
        for rule, check in CHECKS.items():
            for message in check(self._state, incoming):
                yield rule, message
        for rule, value in _one_time_values(self._state, incoming):
            if (rule, value) in self._seen:
                yield rule, _REUSE[rule]
            self._seen.add((rule, value))


_REUSE: Final = {
    Rule.CODE_REUSED: "an authorization code was sent a second time",
    Rule.DPOP_PROOF_REUSED: "the jti of a DPoP proof was used before",
    Rule.ASSERTION_REUSED: "the jti of an assertion was used before",
}


def _one_time_values(state: ServerState, incoming: Incoming) -> Iterator[tuple[Rule, str]]:
    parameters = incoming.parameters
    proof = unverified_claims(incoming.header("DPoP"))
    # RFC 9449 section 8: sent before it knew the nonce, the request is sent again, code and all.
    lacks_nonce = (
        "jti" in proof and state.options.dpop_nonce and proof.get("nonce") != state.dpop_nonce
    )
    if incoming.endpoint is Endpoint.TOKEN and "code" in parameters and not lacks_nonce:
        yield Rule.CODE_REUSED, parameters["code"]
    if "jti" in proof:
        yield Rule.DPOP_PROOF_REUSED, str(proof["jti"])
    for name in ("client_assertion", "assertion"):
        claims = unverified_claims(parameters.get(name, ""))
        if "jti" in claims:
            yield Rule.ASSERTION_REUSED, f"{claims.get('iss')} {claims['jti']}"


def _secret_in_url(state: ServerState, incoming: Incoming) -> Iterator[str]:
    lenient = state.options.lenient
    if incoming.endpoint is Endpoint.TOKEN and Leniency.TOKEN_REQUEST_IN_QUERY in lenient:
        return
    query = incoming.query
    if incoming.endpoint is Endpoint.API and Leniency.ACCESS_TOKEN_IN_QUERY in lenient:
        query = tuple(pair for pair in query if pair[0] != "access_token")
    text = "\n".join((unquote(incoming.path), *(value for _, value in query)))
    yield from (f"{kind} in the URL" for kind in _secrets_within(state, text))
    if incoming.endpoint in _PROTOCOL:
        yield from (f"{name} in the URL" for name, _ in query if name in _NEVER_IN_URL)


def _refresh_token_reused(state: ServerState, incoming: Incoming) -> Iterator[str]:
    if incoming.endpoint is not Endpoint.TOKEN:
        return
    token = state.refresh_tokens.get(incoming.parameters.get("refresh_token", ""))
    if token is not None and token.is_spent(incoming.at, state.options.grace):
        yield "a refresh token was sent again after it was replaced"


def _scope_widened(state: ServerState, incoming: Incoming) -> Iterator[str]:
    token = state.refresh_tokens.get(incoming.parameters.get("refresh_token", ""))
    if token is not None and incoming.endpoint is Endpoint.TOKEN:
        wider = set(incoming.parameters.get("scope", "").split()) - set(token.scope)
        if wider:
            yield f"a refresh asks for more than was granted: {' '.join(sorted(wider))}"


def _several_authentications(_state: ServerState, incoming: Incoming) -> Iterator[str]:
    methods = [proof.method for proof in presented(incoming)]
    if incoming.endpoint in _PROTOCOL and len(methods) > 1:
        yield f"the client authenticates with {' and '.join(methods)}"


def _code_verifier_missing(state: ServerState, incoming: Incoming) -> Iterator[str]:
    code = state.codes.get(incoming.parameters.get("code", ""))
    if code is None or incoming.endpoint is not Endpoint.TOKEN:
        return
    if code.request.code_challenge and "code_verifier" not in incoming.parameters:
        yield "a code_challenge was sent, and no code_verifier"


def _redirect_uri_differs(state: ServerState, incoming: Incoming) -> Iterator[str]:
    code = state.codes.get(incoming.parameters.get("code", ""))
    if code is None or incoming.endpoint is not Endpoint.TOKEN:
        return
    sent = incoming.parameters.get("redirect_uri", "")
    if code.request.redirect_uri_was_sent and sent != code.request.redirect_uri:
        yield "redirect_uri is not that of the authorization request"


def _parameter_doubled(_state: ServerState, incoming: Incoming) -> Iterator[str]:
    if incoming.endpoint not in _PROTOCOL:
        return
    counts = Counter(name for name, _ in (*incoming.query, *incoming.form))
    for name, count in counts.items():
        if count > 1 and name not in _REPEATABLE:
            yield f"{name} was sent {count} times"


def _parameters_beside_request_uri(_state: ServerState, incoming: Incoming) -> Iterator[str]:
    names = {name for name, _ in incoming.query}
    if incoming.endpoint is Endpoint.AUTHORIZE and "request_uri" in names:
        beside = names - {"request_uri", "client_id"}
        if beside:
            yield f"next to request_uri: {', '.join(sorted(beside))}"


def _client_id_differs(state: ServerState, incoming: Incoming) -> Iterator[str]:
    if incoming.endpoint not in _PROTOCOL:
        return
    parameters = incoming.parameters
    claimed = {_as_registered(state, proof.client_id) for proof in presented(incoming)}
    claimed |= {parameters["client_id"]} if "client_id" in parameters else set()
    claimed -= {""}
    if len(claimed) > 1:
        yield "the request names more than one client_id"
    if incoming.endpoint is not Endpoint.TOKEN or not claimed:
        return
    for kind, owner in _owners(state, parameters):
        if claimed != {owner}:
            yield f"the {kind} was issued to another client_id"


def _owners(state: ServerState, parameters: dict[str, str]) -> Iterator[tuple[str, str]]:
    if (code := state.codes.get(parameters.get("code", ""))) is not None:
        yield "code", code.request.client_id
    if (token := state.refresh_tokens.get(parameters.get("refresh_token", ""))) is not None:
        yield "refresh token", token.grant.client_id
    if (device := state.device_codes.get(parameters.get("device_code", ""))) is not None:
        yield "device code", device.client_id


def _as_registered(state: ServerState, client_id: str) -> str:
    """A client_id from Basic, form-decoded unless it was registered as it stands."""
    return client_id if client_id in state.clients else unquote_plus(client_id)


def _credential_at_wrong_origin(state: ServerState, incoming: Incoming) -> Iterator[str]:
    if incoming.endpoint is Endpoint.SECOND_ORIGIN:
        kinds = _secrets_within(state, _everything_in(incoming))
        yield from (f"{kind} was sent to the other origin" for kind in kinds)


def _oauth_secret_at_api(state: ServerState, incoming: Incoming) -> Iterator[str]:
    if incoming.endpoint is Endpoint.API:
        kinds = set(_secrets_within(state, _everything_in(incoming))) - {"access token"}
        yield from (f"{kind} was sent to the API" for kind in sorted(kinds))


def _access_token_in_two_places(_state: ServerState, incoming: Incoming) -> Iterator[str]:
    places = [place for place, _ in tokens_in(incoming)]
    if incoming.endpoint is Endpoint.API and len(places) > 1:
        yield f"the access token stands in {' and '.join(places)}"


def _everything_in(incoming: Incoming) -> str:
    """All text of a request, in each decoding that might uncover a secret."""
    body = incoming.body.decode("utf-8", "replace")
    basic = ":".join(incoming.basic_credentials or ())
    headers = (value for _, value in incoming.headers)
    query = (value for _, value in incoming.query)
    path = unquote(incoming.path)
    return "\n".join((path, *query, *headers, basic, unquote_plus(basic), body, unquote_plus(body)))


def _secrets_within(state: ServerState, text: str) -> Iterator[str]:
    """The kind of each secret of this server that occurs in ``text``."""
    for kind, values in state.secrets():
        if any(value and value in text for value in values):
            yield kind


CHECKS: Final[dict[Rule, Callable[[ServerState, Incoming], Iterator[str]]]] = {
    Rule.SECRET_IN_URL: _secret_in_url,
    Rule.REFRESH_TOKEN_REUSED: _refresh_token_reused,
    Rule.SCOPE_WIDENED: _scope_widened,
    Rule.SEVERAL_CLIENT_AUTHENTICATIONS: _several_authentications,
    Rule.CODE_VERIFIER_MISSING: _code_verifier_missing,
    Rule.REDIRECT_URI_DIFFERS: _redirect_uri_differs,
    Rule.PARAMETER_DOUBLED: _parameter_doubled,
    Rule.PARAMETERS_BESIDE_REQUEST_URI: _parameters_beside_request_uri,
    Rule.CLIENT_ID_DIFFERS: _client_id_differs,
    Rule.CREDENTIAL_AT_WRONG_ORIGIN: _credential_at_wrong_origin,
    Rule.OAUTH_SECRET_AT_API: _oauth_secret_at_api,
    Rule.ACCESS_TOKEN_IN_TWO_PLACES: _access_token_in_two_places,
}
