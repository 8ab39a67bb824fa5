"""Every failure as people and programs read it: what happened, why, and the next step.

Pages for people, parts for htmx, problem+json (RFC 9457) under ``/api/``; all three speak of the
same ``Problem``. The other server's own words are quoted and marked as such.
"""

from __future__ import annotations

import logging
import secrets
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from grantline.errors import (
    AuthorizationServerError,
    GrantlineError,
    ScenarioNotReady,
    TemporarilyUnavailable,
    places_of,
)
from grantline.oauth.answers.failure import Failure, failure_of
from grantline.scenarios.definition.problem import Problem as ScenarioProblem
from grantline.scenarios.triggers.hook_address import HOOK_PREFIX
from grantline.server.page import is_part, page

LOG: Final = logging.getLogger("grantline.server")

# What an error of one of our classes knows besides its message; programs get those that are set.
_FACTS: Final = (
    "field",
    "check",
    "rule",
    "address",
    "setting",
    "fingerprint",
    "reason",
    "limit",
    "retry_after",
)
_STATUS_WORDS: Final = {
    404: (
        "not_found",
        "There is nothing at this address.",
        "Check it for a typing error; what was here may have been deleted.",
    ),
    405: ("method_not_allowed", "This address does not take such a request.", ""),
    413: ("too_large", "This is more than the server takes at once.", ""),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """A failure, ready to be shown.

    Attributes:
        code: Small and stable; people can copy it.
        quote: The other server's own words, never rendered as anything but text.
        facts: What else the error class knows, for programs.
    """

    status: int
    code: str
    title: str
    hint: str = ""
    quote: str = ""
    facts: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, error: GrantlineError) -> Problem:
        """What to show of ``error``."""
        facts = {name: _plain(value) for name in _FACTS if (value := getattr(error, name, None))}
        if isinstance(error, ScenarioNotReady):
            facts["errors"] = [
                {"field": each.field, "message": f"{each.message} {each.hint}".rstrip()}
                for each in getattr(error, "problems", ())
                if isinstance(each, ScenarioProblem)
            ]
        said = _said_by_the_server(error)
        if said is not None:
            facts["server"] = said
        return cls(
            status=error.http_status,
            code=error.code,
            title=error.message,
            hint=error.hint,
            quote=": ".join(filter(None, (said["error"], said["description"]))) if said else "",
            facts=facts,
        )

    def as_json(self) -> dict[str, Any]:
        """The object of RFC 9457."""
        plain = {
            "type": f"urn:grantline:{self.code}",
            "title": self.title,
            "status": self.status,
            "code": self.code,
            **self.facts,
        }
        if self.hint:
            plain["hint"] = self.hint
        return plain


def problem_response(problem: Problem) -> JSONResponse:
    """``problem`` for a program."""
    headers = {}
    if retry_after := problem.facts.get("retry_after"):
        headers["Retry-After"] = str(round(retry_after))
    return JSONResponse(
        problem.as_json(), problem.status, headers, media_type="application/problem+json"
    )


def problem_page(request: Request, problem: Problem) -> Response:
    """``problem`` for whoever asked: a page, a part for the list of notices, or JSON."""
    if request.url.path.startswith("/api/"):
        return problem_response(problem)
    if is_part(request):
        response = page(request, "parts/notice.html", status=problem.status, problem=problem)
        response.headers["HX-Retarget"] = "#notices"
        response.headers["HX-Reswap"] = "beforeend"
        return response
    return page(request, "problem.html", status=problem.status, problem=problem)


async def on_grantline_error(request: Request, error: Exception) -> Response:
    """The answer when a route raised one of our errors."""
    if not isinstance(error, GrantlineError):
        raise error
    return problem_page(request, Problem.of(error))


async def on_http_exception(request: Request, error: Exception) -> Response:
    """The answer when nothing is there, or a route refused in HTTP's words."""
    if not isinstance(error, HTTPException):
        raise error
    code, title, hint = _STATUS_WORDS.get(error.status_code, ("http", error.detail, ""))
    problem = Problem(status=error.status_code, code=code, title=title, hint=hint)
    response = problem_page(request, problem)
    response.headers.update(error.headers or {})
    return response


class Faults:
    """Catches what nobody expected: one sentence for people, the places in the code for the log.

    What an exception says may hold anything, a token too; so its text is not logged.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request."""
        started = False

        async def send_and_note(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self._app(scope, receive, send_and_note)
        except ClientDisconnect:
            return
        except Exception as error:  # noqa: BLE001 - the last place that can turn it into a sentence
            reference = secrets.token_hex(4)
            # Not LOG.exception: it would write what the exception says.
            LOG.error("fault %s in %s: %s", reference, _shown(scope), places_of(error))  # noqa: TRY400
            if started or scope["type"] != "http":
                return
            problem = Problem(
                status=500,
                code="internal",
                title="This is a fault in Grantline itself.",
                hint=f"Nothing you typed was wrong. The log has more under {reference}.",
            )
            await problem_page(Request(scope), problem)(scope, receive, send)


def _said_by_the_server(error: GrantlineError) -> dict[str, Any] | None:
    """The other server's words, when it said any: not our own name for what was wrong with them."""
    source: AuthorizationServerError | Failure | None = None
    if isinstance(error, AuthorizationServerError):
        source = error
    elif isinstance(error, TemporarilyUnavailable):
        source = failure_of(error)
    if source is None or not (source.error or source.description):
        return None
    names = ("error", "description", "uri", "status")
    return {name: getattr(source, name) for name in names}


def _plain(value: object) -> Any:
    return value.total_seconds() if isinstance(value, timedelta) else value


def _shown(scope: Scope) -> str:
    """The path for the log, without the secret of a webhook's address."""
    path = str(scope.get("path"))
    return f"{HOOK_PREFIX}..." if path.startswith(HOOK_PREFIX) else path
