"""*Make a request*, once, and how its answer is shown."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from fastapi import APIRouter
from starlette.responses import Response

from grantline.calls.request import RequestSpec
from grantline.connections.connection import Actor
from grantline.connections.engine import Engine
from grantline.connections.making import Made
from grantline.server.api.auth import Reader, TheEngine
from grantline.server.api.fields import HeaderShown, Shown, body_view
from grantline.server.api.models_requests import OneOffGiven, credential_names, spec_fields
from grantline.server.errors import Problem, problem_response

router: Final = APIRouter(tags=["Requests"])


class ResponseShown(Shown):
    """What the service answered, whatever its status."""

    status: int
    url: str
    """What answered, after redirects."""
    redirects: list[str]
    elapsed_s: float
    attempts: int
    """2 when the token was renewed and the request sent again."""
    headers: list[HeaderShown]
    body: str | None
    body_base64: str | None
    """Instead of `body`, when that is no text."""
    run: str | None
    """The line in the history; null when it was not to be recorded."""


@router.post("/requests", response_model=ResponseShown)
async def make_request(caller: Reader, engine: TheEngine, given: OneOffGiven) -> Any:
    """Makes one request. An answer of the service is a 200 here, whatever its status there."""
    made = await engine.make_request(
        caller.actor,
        RequestSpec(**spec_fields(given)),
        connection_id=await connection_id_of(engine, caller.actor, given.connection),
        credentials=await engine.credentials.ids(caller.actor, credential_names(given)),
        record=given.record,
    )
    return answer_of(made)


async def connection_id_of(engine: Engine, actor: Actor, name: str | None) -> str | None:
    """The id of the connection with this name or id; raises ``ConnectionNotFound``."""
    return None if name is None else (await engine.find(actor, name)).id


def answer_of(made: Made) -> dict[str, Any] | Response:
    """The fields of ``ResponseShown``; the problem, with its run, when there was no answer."""
    run = made.run.id if made.run else None
    if made.error is not None:
        problem = Problem.of(made.error)
        facts = {**problem.facts, "run": run} if run else problem.facts
        return problem_response(replace(problem, facts=facts))
    response = made.result()
    return {
        "status": response.status,
        "url": response.url,
        "redirects": response.redirects,
        "elapsed_s": round(response.elapsed.total_seconds(), 6),
        "attempts": response.attempts,
        "headers": response.headers,
        **body_view(response.content, response.encoding),
        "run": run,
    }
