"""*Make a request*, once, and how its answer is shown."""

from __future__ import annotations

from contextlib import aclosing
from dataclasses import replace
from typing import Annotated, Any, Final

from fastapi import APIRouter
from pydantic import Field
from starlette.responses import Response

from grantline.calls.answers.response import Response as Answer
from grantline.calls.paging.pages import Stop
from grantline.calls.request import RequestSpec
from grantline.calls.structures.json_values import dump_json
from grantline.connections.connection import Actor
from grantline.connections.engine import Engine
from grantline.connections.requests.making import Made
from grantline.errors import GrantlineError, LimitExceeded, UpstreamError
from grantline.server.api.auth import Reader, TheEngine
from grantline.server.api.fields import HeaderShown, Shown, body_view
from grantline.server.api.requests.models import OneOffGiven, credential_names, spec_fields
from grantline.server.api.requests.models_calls import AttemptShown, FailureShown, attempts_view
from grantline.server.errors import Problem, problem_response

router: Final = APIRouter(tags=["Requests"])

# A structure takes some ten times as much memory as the text it was read from.
MOST_DATA: Final = 1024 * 1024


class ResponseShown(Shown):
    """What the service answered, whatever its status."""

    status: int
    url: str
    """What answered, after redirects."""
    redirects: list[str]
    elapsed_s: float
    attempts: int
    """How often it was sent: 2 when its token was renewed in between, more with retries."""
    attempt_log: list[AttemptShown]
    headers: list[HeaderShown]
    cookies: dict[str, str]
    """Those that the answer sets."""
    size_bytes: int
    body: str | None
    body_base64: str | None
    """Instead of `body`, when that is no text."""
    data: Any
    """What JSON, lines of JSON, XML and CSV say, up to 1 MiB of them; null for anything else."""
    failure: FailureShown | None
    """Set when the status is one of `fail_on`."""
    notice: str
    """What has to be said about how the answer came to be; usually empty."""
    run: str | None
    """The line in the history; null when it was not to be recorded."""


class PageGiven(OneOffGiven):
    """A request for one page of a list."""

    resume_from: Annotated[str, Field(max_length=65536)] = ""
    """`resume` of the page before; empty asks for the first one."""


class PageShown(Shown):
    """One page of a list."""

    number: int
    items: list[Any]
    resume: str | None
    """Gets the next page, now or in a later run; null when there is none."""
    stop: Stop | None
    """Why this is the last page; null when it is not."""
    status: int
    url: str
    elapsed_s: float
    attempts: int


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


@router.post("/requests/page", response_model=PageShown)
async def get_page(caller: Reader, engine: TheEngine, given: PageGiven) -> Any:
    """Gets one page of a list; it leaves no line in the history."""
    pages = engine.pages(
        caller.actor,
        RequestSpec(**spec_fields(given)),
        connection_id=await connection_id_of(engine, caller.actor, given.connection),
        credentials=await engine.credentials.ids(caller.actor, credential_names(given)),
        resume_from=given.resume_from,
    )
    async with aclosing(pages):
        page = await anext(pages)
    return exact_json(
        {
            "number": page.number,
            "items": page.items,
            "resume": page.resume,
            "stop": page.stop,
            "status": page.response.status,
            "url": page.response.url,
            "elapsed_s": round(page.response.elapsed.total_seconds(), 6),
            "attempts": page.response.attempts,
        }
    )


async def connection_id_of(engine: Engine, actor: Actor, name: str | None) -> str | None:
    """The id of the connection with this name or id; raises ``ConnectionNotFound``."""
    return None if name is None else (await engine.find(actor, name)).id


def answer_of(made: Made) -> Response:
    """The fields of ``ResponseShown``; the problem, with its run, when there was no answer."""
    run, response = made.run.id if made.run else None, made.response
    if response is None:
        problem = Problem.of(made.error or GrantlineError("No request was made."))
        facts = {**problem.facts, "run": run} if run else problem.facts
        return problem_response(replace(problem, facts=facts))
    return exact_json(
        {
            "status": response.status,
            "url": response.url,
            "redirects": response.redirects,
            "elapsed_s": round(response.elapsed.total_seconds(), 6),
            "attempts": response.attempts,
            "attempt_log": attempts_view(made.attempts),
            "headers": response.headers,
            "cookies": response.cookies,
            "size_bytes": response.size_bytes,
            **body_view(response.content, response.encoding),
            "data": _data(response),
            "failure": _failure(made.error),
            "notice": response.notice,
            "run": run,
        }
    )


def exact_json(value: dict[str, Any]) -> Response:
    """``value`` with every digit; characters that are none become question marks."""
    return Response(dump_json(value).encode("utf-8", "replace"), media_type="application/json")


def _data(found: Answer) -> Any:
    if not found.parse_response or found.size_bytes > MOST_DATA:
        return None
    data = found.data
    try:
        dump_json(data)
    except (LimitExceeded, TypeError):  # nested deeper than can be written, or bytes
        return None
    return data if isinstance(data, dict | list) else None


def _failure(error: GrantlineError | None) -> dict[str, Any] | None:
    if not isinstance(error, UpstreamError):
        return None
    names = ("code", "message", "service_message", "hint")
    return {name: getattr(error, name) for name in names}
