"""The authorization endpoint and pushed requests (RFC 6749 sections 3.1, 4.1, 4.2; RFC 9126)."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlencode

from grantline.testing.authorization_server.clients import authenticate
from grantline.testing.authorization_server.exchange import Answer, Incoming, Refusal
from grantline.testing.authorization_server.options import Consent
from grantline.testing.authorization_server.pages import (
    consent_page,
    form_post_page,
    message_page,
)
from grantline.testing.authorization_server.state import AuthorizationRequest, Code, ServerState
from grantline.testing.authorization_server.tokens import access_token_fields

REQUEST_URI_PREFIX: Final = "urn:ietf:params:oauth:request_uri:"


def authorize(state: ServerState, incoming: Incoming, consent: Consent | None = None) -> Answer:
    """The consent page, or at once the way back when ``consent`` or the options have decided."""
    consent = consent or state.options.consent
    if incoming.method == "POST" and "transaction" in dict(incoming.form):
        return _decision(state, dict(incoming.form))
    try:
        request = _request(state, incoming.parameters)
    except _NotToBeRedirected as problem:
        return Answer.html(message_page(str(problem)), status=400)
    except _RedirectedRefusal as problem:
        return respond(state, problem.request, {"error": problem.error})
    if consent is Consent.APPROVE:
        return approve_request(state, request)
    if consent is Consent.DENY:
        return deny_request(state, request)
    transaction = secrets.token_urlsafe(16)
    state.awaiting_consent[transaction] = request
    page = consent_page(
        transaction,
        client_id=request.client_id,
        subject=state.options.subject,
        scope=request.scope,
    )
    return Answer.html(page)


def pushed_authorization(state: ServerState, incoming: Incoming) -> Answer:
    """A ``request_uri`` for the parameters that were pushed (RFC 9126 section 2.2)."""
    client = authenticate(state, incoming)
    parameters = incoming.parameters
    if "request_uri" in parameters:
        raise Refusal("invalid_request", "request_uri may not be pushed")
    try:
        request = _checked_request(state, {**parameters, "client_id": client.client_id})
    except _NotToBeRedirected as problem:
        raise Refusal("invalid_request", str(problem)) from problem
    except _RedirectedRefusal as problem:
        raise Refusal(problem.error, problem.description) from problem
    lifetime = state.options.request_uri_lifetime
    request_uri = REQUEST_URI_PREFIX + secrets.token_urlsafe(24)
    state.pushed[request_uri] = (request, state.clock.now() + lifetime)
    answer = {"request_uri": request_uri, "expires_in": int(lifetime.total_seconds())}
    return Answer.json(answer, status=201)


def approve_request(state: ServerState, request: AuthorizationRequest) -> Answer:
    """The person said yes: a code, or for the implicit flow a token."""
    if request.response_type == "token":
        grant = state.new_grant(request.client_id, request.scope)
        fields = access_token_fields(state, grant, request.scope)
        return respond(state, request, {name: str(value) for name, value in fields.items()})
    value = "code_" + secrets.token_urlsafe(24)
    state.codes[value] = Code(request, state.clock.now() + state.options.code_lifetime)
    return respond(state, request, {"code": value})


def deny_request(state: ServerState, request: AuthorizationRequest) -> Answer:
    """The person said no (RFC 6749 section 4.1.2.1)."""
    return respond(state, request, {"error": "access_denied"})


def respond(
    state: ServerState, request: AuthorizationRequest, parameters: Mapping[str, str]
) -> Answer:
    """The authorization response: in the query, the fragment, or a posted form."""
    pairs = list(parameters.items())
    if request.state:
        pairs.append(("state", request.state))
    if state.options.issue_iss:
        pairs.append(("iss", state.issuer))
    if request.response_mode == "form_post":
        return Answer.html(form_post_page(request.redirect_uri, pairs))
    if request.response_type == "token" or request.response_mode == "fragment":
        return Answer.redirect(f"{request.redirect_uri}#{urlencode(pairs)}")
    joint = "&" if "?" in request.redirect_uri else "?"
    return Answer.redirect(f"{request.redirect_uri}{joint}{urlencode(pairs)}")


class _NotToBeRedirected(Exception):
    """RFC 6749 section 4.1.2.1: with a doubtful client or redirect URI, tell the person."""


class _RedirectedRefusal(Exception):
    def __init__(self, request: AuthorizationRequest, error: str, description: str) -> None:
        super().__init__(f"{error}: {description}")
        self.request = request
        self.error = error
        self.description = description


def _decision(state: ServerState, form: Mapping[str, str]) -> Answer:
    request = state.awaiting_consent.pop(form["transaction"], None)
    if request is None:
        return Answer.html(message_page("This question was answered already."), status=400)
    decide = approve_request if form.get("decision") == "approve" else deny_request
    return decide(state, request)


def _request(state: ServerState, parameters: Mapping[str, str]) -> AuthorizationRequest:
    request_uri = parameters.get("request_uri")
    if request_uri is None:
        request = _checked_request(state, parameters)
        if state.options.require_par:
            raise _RedirectedRefusal(request, "invalid_request", "the request must be pushed")
        return request
    # RFC 9126 section 4: used once, and only by the client that pushed it.
    pushed, expires_at = state.pushed.pop(request_uri, (None, None))
    if pushed is None or expires_at is None or state.clock.now() >= expires_at:
        raise _NotToBeRedirected("The request_uri is unknown, used or expired.")
    if parameters.get("client_id") != pushed.client_id:
        raise _NotToBeRedirected("The request_uri belongs to another client.")
    return pushed


def _checked_request(state: ServerState, parameters: Mapping[str, str]) -> AuthorizationRequest:
    client = state.clients.get(parameters.get("client_id", ""))
    if client is None:
        raise _NotToBeRedirected("No client has this client_id.")
    redirect_uri = parameters.get("redirect_uri") or next(iter(client.redirect_uris), "")
    if not redirect_uri or (client.redirect_uris and redirect_uri not in client.redirect_uris):
        raise _NotToBeRedirected("The redirect_uri is not registered for this client.")
    if "#" in redirect_uri:
        raise _NotToBeRedirected("A redirect_uri has no fragment.")
    request = AuthorizationRequest(
        client_id=client.client_id,
        redirect_uri=redirect_uri,
        response_type=parameters.get("response_type", ""),
        scope=state.granted_scope(parameters.get("scope", "")),
        state=parameters.get("state", ""),
        nonce=parameters.get("nonce", ""),
        response_mode=parameters.get("response_mode", ""),
        code_challenge=parameters.get("code_challenge", ""),
        code_challenge_method=parameters.get("code_challenge_method", "plain"),
        redirect_uri_was_sent="redirect_uri" in parameters,
    )
    _check_response_type(state, request)
    return request


def _check_response_type(state: ServerState, request: AuthorizationRequest) -> None:
    if request.response_type not in {"code", "token"}:
        raise _RedirectedRefusal(request, "unsupported_response_type", "code or token")
    if request.response_type == "token":
        return
    if state.options.require_pkce and not request.code_challenge:
        raise _RedirectedRefusal(request, "invalid_request", "code_challenge is missing")
    if request.code_challenge_method not in {"S256", "plain"}:
        raise _RedirectedRefusal(request, "invalid_request", "no such code_challenge_method")
