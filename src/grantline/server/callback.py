"""Where services send browsers back, and the way from there to a URL without a code in it.

- ``GET`` with a query is an answer: checked, exchanged, and 303.
- ``GET`` without one may be an implicit answer, whose fragment only a script can see: the page's
  script posts it to our own origin, once.
- ``POST`` is ``form_post``, from the service's page and so without our ``SameSite`` cookie: the
  page it gets posts the same fields again from our own origin, once.

Whatever comes is checked against state, session, path and issuer by the engine before any token
request. No code and no state is shown, logged, or left in an address.
"""

from __future__ import annotations

from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from grantline.connections.connection import Actor
from grantline.connections.context import fingerprint
from grantline.errors import CallbackRejected
from grantline.oauth.authorization.callback import Objection, presented_state
from grantline.server.errors import Problem, problem_page
from grantline.server.page import engine_of, find_visitor, now_of, page, web_of
from grantline.server.results import Failed

MOST_ANSWER_BYTES: Final = 64 * 1024
NOBODY: Final = Actor(user="")
# Equal to no digest: the answer came by the path that all servers may share, uninvited.
_UNINVITED: Final = "shared"

# What a refused answer means, and what to do: by the name of the check that it failed.
REASONS: Final = {
    "state_missing": "The answer does not say which attempt it belongs to.",
    "state_mismatch": "The answer belongs to no attempt that is known here.",
    "state_used": "This answer was used before.",
    "state_expired": "More than ten minutes passed before the answer came.",
    "session_missing": "Nobody is signed in in the browser that brought the answer.",
    "session_mismatch": "Somebody else, or another browser, began this attempt.",
    "context_mismatch": "The answer came to the address of another service.",
    "connection_deleted": "The connection was deleted meanwhile.",
    "iss_missing": "The answer does not say who gave it, although that server always does.",
    "iss_mismatch": "The answer comes from another server than the one that was asked.",
    "token_in_redirect": "The answer carries a token in its address, which was not asked for.",
    "error_and_code": "The answer says yes and no at once.",
    "code_missing": "The answer holds no code.",
    "param_not_allowed": "The answer names a server that this app does not allow.",
    "duplicate_parameter": "The answer says the same thing twice.",
    "no_parameters": "The browser came back without an answer.",
}
_ANYTHING_ELSE: Final = "The answer that the browser brought back cannot be used."


async def arrive(request: Request) -> Response:
    """An answer in the query, or a page that looks for one in the fragment."""
    if not request.url.query:
        return page(request, "oauth/handover.html", target=_complete_path(request), answer=None)
    return await _completed(request, request.url.query)


async def bounce(request: Request) -> Response:
    """A page that posts a ``form_post`` answer again, from our own origin."""
    return page(
        request,
        "oauth/handover.html",
        target=_complete_path(request),
        answer=(await _small_body(request)).decode("utf-8", "replace"),
    )


async def complete(request: Request) -> Response:
    """The answer, come back from our own page."""
    form = await request.form(max_part_size=MOST_ANSWER_BYTES)
    return await _completed(request, str(form.get("answer", "")))


async def result(request: Request) -> Response:
    """Why an answer was refused: by the name of a check, or kept under a key."""
    key = request.path_params.get("key")
    if key is None:
        check = request.query_params.get("check", "")
        return _refused_page(request, check, connection_id="")
    visitor = find_visitor(request)
    failed = web_of(request).results.find(
        key, binding=visitor.binding if visitor else "", now=now_of(request)
    )
    if failed is None:
        raise HTTPException(404)
    if isinstance(failed.error, CallbackRejected):
        return _refused_page(request, failed.error.check, connection_id=failed.connection_id)
    return problem_page(request, Problem.of(failed.error))


async def _completed(request: Request, answer: str) -> Response:
    visitor = find_visitor(request)
    outcome = await engine_of(request).consents.complete(
        visitor.actor if visitor else NOBODY,
        answer,
        binding=visitor.binding if visitor else "",
        context_digest=await _context(request, answer),
    )
    error = outcome.error
    is_reload = isinstance(error, CallbackRejected) and error.check == Objection.STATE_USED
    if outcome.connection_id and (error is None or is_reload):
        # A reload, or a second tab, sees what the first one saw.
        return _away(f"/connections/{outcome.connection_id}/result")
    if visitor is None or error is None:
        check = error.check if isinstance(error, CallbackRejected) else ""
        return _away(f"/oauth/result?check={check if check in REASONS else 'other'}")
    key = web_of(request).results.keep(
        Failed(
            error=error,
            connection_id=outcome.connection_id,
            binding=visitor.binding,
            at=now_of(request),
        )
    )
    if outcome.connection_id and not isinstance(error, CallbackRejected):
        # The connection's own page explains what the service refused, and what helps.
        return _away(f"/connections/{outcome.connection_id}?problem={key}")
    return _away(f"/oauth/result/{key}")


async def _context(request: Request, answer: str) -> str | None:
    """The digest in the path; None on the shared path, for an app that asked for that one."""
    digest = request.path_params.get("digest")
    if digest is not None:
        return str(digest)
    context, state = engine_of(request).context, presented_state(answer)
    if state is not None:
        pending = await context.stored(context.store.find_pending, fingerprint(state.reveal()))
        if pending and pending.redirect_uri == web_of(request).settings.shared_redirect_uri:
            return None
    return _UNINVITED


def _complete_path(request: Request) -> str:
    digest = request.path_params.get("digest")
    return "/oauth/complete" if digest is None else f"/oauth/complete/{digest}"


async def _small_body(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_ANSWER_BYTES:
            raise HTTPException(413)
    return bytes(body)


def _away(path: str) -> Response:
    """Leads to a clean URL; the one with the code tells nobody that it was left (A17)."""
    return RedirectResponse(path, 303, headers={"Referrer-Policy": "no-referrer"})


def _refused_page(request: Request, check: str, *, connection_id: str) -> Response:
    return page(
        request,
        "oauth/refused.html",
        status=400,
        reason=REASONS.get(check, _ANYTHING_ELSE),
        check=check if check in REASONS else "callback_rejected",
        connection_id=connection_id,
    )


ROUTES: Final[list[BaseRoute]] = [
    Route("/oauth/callback", arrive),
    Route("/oauth/callback", bounce, methods=["POST"]),
    Route("/oauth/callback/{digest}", arrive),
    Route("/oauth/callback/{digest}", bounce, methods=["POST"]),
    Route("/oauth/complete", complete, methods=["POST"]),
    Route("/oauth/complete/{digest}", complete, methods=["POST"]),
    Route("/oauth/result", result),
    Route("/oauth/result/{key}", result),
]
