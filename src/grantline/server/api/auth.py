"""Who calls: an API key, or the session of a browser. Nobody passes without one of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Final, cast

from fastapi import Depends, Security
from fastapi.security import APIKeyCookie, HTTPBearer, SecurityScopes
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from grantline.connections.connection import Actor
from grantline.connections.engine import Engine
from grantline.errors import GrantlineError
from grantline.secret import Secret
from grantline.server.api_keys import Scope as KeyScope
from grantline.server.errors import Problem, problem_response
from grantline.server.page import engine_of, find_visitor, settings_of, web_of
from grantline.server.settings import ServerSettings

# Read by monitors, and by those who want to know how to call.
PUBLIC: Final = frozenset({"/health", "/openapi.json"})
CHALLENGE: Final = 'Bearer realm="grantline"'

API_KEY: Final = HTTPBearer(
    scheme_name="API key",
    bearerFormat="glk_...",
    description="`Authorization: Bearer glk_...`. Make keys on the settings page.",
    auto_error=False,
)
SESSION: Final = APIKeyCookie(
    name="grantline",
    scheme_name="Session",
    description="The browser's own session, on pages of this installation alone.",
    auto_error=False,
)


class Unauthenticated(GrantlineError):
    """Nobody knows who calls."""

    code = "unauthenticated"
    http_status = 401


class InsufficientScope(GrantlineError):
    """The key may not do this (RFC 6750 section 3.1)."""

    code = "insufficient_scope"
    http_status = 403


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls, and what they may do.

    Attributes:
        binding: A secret of the session; empty for a key, which no callback can belong to.
    """

    actor: Actor
    scope: KeyScope
    binding: str = field(default="", repr=False)

    @property
    def has_session(self) -> bool:
        """Whether a browser calls, with its own session."""
        return bool(self.binding)


class Authentication:
    """Finds the caller before any body is read, and refuses everybody else."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request."""
        path = scope["path"].removeprefix(scope.get("root_path", ""))
        if scope["type"] == "http" and path not in PUBLIC:
            try:
                scope["grantline.caller"] = await _caller(Request(scope))
            except Unauthenticated as error:
                response = problem_response(Problem.of(error))
                response.headers["WWW-Authenticate"] = CHALLENGE
                await response(scope, receive, send)
                return
        await self._app(scope, receive, send)


async def _caller(request: Request) -> Caller:
    """Who calls. A key that is given must be right, whatever cookie comes with it."""
    authorization = request.headers.get("authorization")
    if authorization is not None:
        scheme, _, key = authorization.partition(" ")
        holder = None
        if scheme.lower() == "bearer":
            holder = await web_of(request).api_keys.find(Secret(key.strip()))
        if holder is None:
            raise Unauthenticated(
                "The API key is not known.",
                hint="It may have been revoked. Make another one on the settings page.",
            )
        return Caller(holder.actor, holder.scope)
    visitor = find_visitor(request)
    if visitor is None:
        raise Unauthenticated(
            "This needs an API key.",
            hint="Make one on the settings page and send it as: Authorization: Bearer glk_...",
        )
    return Caller(visitor.actor, KeyScope.MANAGE, visitor.binding)


async def _admitted(
    request: Request,
    needed: SecurityScopes,
    _key: Annotated[object, Security(API_KEY)],  # these two only tell the OpenAPI document
    _session: Annotated[object, Security(SESSION)],
) -> Caller:
    """The caller, when the scope suffices."""
    caller = cast("Caller", request.scope["grantline.caller"])
    if caller.scope is not KeyScope.MANAGE and KeyScope.MANAGE in needed.scopes:
        raise InsufficientScope(
            "This API key may make requests, and nothing else.",
            hint="Use a key with the scope “manage”.",
        )
    return caller


Reader = Annotated[Caller, Security(_admitted, scopes=[KeyScope.USE])]
Manager = Annotated[Caller, Security(_admitted, scopes=[KeyScope.MANAGE])]
TheEngine = Annotated[Engine, Depends(engine_of)]
TheSettings = Annotated[ServerSettings, Depends(settings_of)]
