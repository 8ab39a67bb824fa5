"""Pushed authorization requests (RFC 9126): the browser carries a reference, not the request."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from grantline.errors import InvalidInput, InvalidResponse
from grantline.messages import HttpRequest, HttpResponse
from grantline.oauth.answers.answer import answer_fields
from grantline.oauth.app.settings import AppSettings, ClientSecrets
from grantline.oauth.authorization.authorization_code import (
    AUTHORIZE_URI,
    AuthorizationRequest,
    authorization_parameters,
)
from grantline.oauth.flow import Flow
from grantline.oauth.moment import Moment
from grantline.oauth.requests.dpop import Dpop, asks_for_nonce, with_proof
from grantline.oauth.requests.endpoint import endpoint_url
from grantline.oauth.requests.parameters import (
    OWNED_IN_AUTHORIZATION,
    Purpose,
    append_query,
    merge_parameters,
    query_parameters,
    rename_parameters,
)
from grantline.oauth.requests.token_request import Grant, authenticated_request

PAR_URI: Final = "Pushed authorization URI"

# Section 2.2 suggests 5 to 600 seconds; a reference is not kept longer, whatever a server says.
MAX_LIFETIME: Final = timedelta(minutes=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class PushedRequest:
    """A request that the server holds for us (section 2.2): used once, and before it expires."""

    request_uri: str
    expires_at: datetime


def pushed_authorization_request(
    *,
    settings: AppSettings,
    secrets: ClientSecrets,
    request: AuthorizationRequest,
    moment: Moment,
    dpop: Dpop | None = None,
) -> HttpRequest:
    """The push of ``request``, with the client authentication of the token endpoint (section 2).

    Raises:
        InvalidInput: As ``authorization_url`` and ``token_request``.
    """
    grant = Grant(
        parameters=authorization_parameters(settings=settings, request=request),
        endpoint=settings.pushed_authorization_uri,
        endpoint_field=PAR_URI,
        purpose=Purpose.AUTHORIZE,
    )
    push = authenticated_request(grant, settings=settings, secrets=secrets, moment=moment)
    return push if dpop is None else with_proof(push, dpop=dpop, moment=moment)


def parse_pushed_authorization_response(response: HttpResponse, *, now: datetime) -> PushedRequest:
    """The reference in ``response`` (section 2.2).

    Raises:
        GrantlineError: The server refused, or is busy; as ``answer_fields``.
        InvalidResponse: There is no usable reference or lifetime in it.
    """
    fields = answer_fields(response, now=now)
    request_uri, lifetime_s = fields.get("request_uri"), fields.get("expires_in")
    if not isinstance(request_uri, str) or not request_uri:
        raise _unusable("request_uri")
    if isinstance(lifetime_s, bool) or not isinstance(lifetime_s, int) or lifetime_s <= 0:
        raise _unusable("expires_in")
    lifetime = min(timedelta(seconds=min(lifetime_s, 86_400)), MAX_LIFETIME)
    return PushedRequest(request_uri=request_uri, expires_at=now + lifetime)


def pushed_authorization_flow(
    *,
    settings: AppSettings,
    secrets: ClientSecrets,
    request: AuthorizationRequest,
    moment: Moment,
    dpop: Dpop | None = None,
) -> Flow[PushedRequest]:
    """The pushed ``request``, asked for once more when the server only wants a DPoP nonce."""
    push = pushed_authorization_request(
        settings=settings, secrets=secrets, request=request, moment=moment, dpop=dpop
    )
    response = yield push
    if dpop is not None and asks_for_nonce(response):
        response = yield pushed_authorization_request(
            settings=settings,
            secrets=secrets,
            request=request,
            moment=moment.again(),
            dpop=dpop.learned(response, request=push),
        )
    return parse_pushed_authorization_response(response, now=moment.now)


def pushed_authorization_url(*, settings: AppSettings, pushed: PushedRequest, now: datetime) -> str:
    """The URL to open in the browser: client ID and reference, nothing else (section 4).

    Raises:
        InvalidInput: The reference has expired, or the Authorize URI cannot be used.
    """
    if now >= pushed.expires_at:
        raise InvalidInput(
            "The pushed authorization request has expired.",
            field="request_uri",
            hint="Start the authorization again.",
        )
    endpoint = str(endpoint_url(settings.authorize_uri, field=AUTHORIZE_URI))
    parameters = (("client_id", settings.client_id), ("request_uri", pushed.request_uri))
    merge_parameters(
        parameters,
        query_parameters(endpoint),
        owned=OWNED_IN_AUTHORIZATION,
        field=AUTHORIZE_URI,
    )
    names = settings.parameter_names
    return append_query(endpoint, rename_parameters(parameters, names, Purpose.AUTHORIZE))


def _unusable(field: str) -> InvalidResponse:
    return InvalidResponse(
        f"The answer to the pushed authorization request has no usable {field}.",
        check=f"par_{field}",
        rule="RFC 9126 2.2",
    )
