"""Every failure as problem+json (RFC 9457), with the codes and statuses of ``grantline.errors``."""

from __future__ import annotations

from typing import Any, Final

from fastapi.exceptions import RequestValidationError
from starlette.requests import Request
from starlette.responses import Response

from grantline.errors import InvalidInput
from grantline.server.api.fields import Shown
from grantline.server.errors import Problem, problem_response

# Where in a request pydantic found something; not part of a field's name.
_PLACES: Final = frozenset({"body", "query", "path", "header"})
MOST_NAMED: Final = 20


class ServerSaid(Shown):
    """The other server's own words: quote them, never render them."""

    error: str
    description: str
    uri: str
    status: int | None


class FieldProblem(Shown):
    """One thing that is wrong with a request."""

    field: str
    message: str


class ProblemShown(Shown):
    """What went wrong (RFC 9457)."""

    type: str
    """`urn:grantline:` and the code."""
    title: str
    """One sentence that anyone may read."""
    status: int
    code: str
    """Small and stable; the command line uses the same."""
    hint: str | None = None
    """The next step."""
    field: str | None = None
    """What was wrong, by name."""
    errors: list[FieldProblem] | None = None
    """Everything that is wrong with the request's shape or the scenario, when that is it."""
    check: str | None = None
    rule: str | None = None
    address: str | None = None
    setting: str | None = None
    """The setting that would allow it."""
    fingerprint: str | None = None
    reason: str | None = None
    limit: str | None = None
    retry_after: float | None = None
    """Seconds."""
    server: ServerSaid | None = None
    run: str | None = None
    """The line in the history of requests."""


async def on_invalid_request(_request: Request, error: Exception) -> Response:
    """The answer to a request of the wrong shape; never with a value that was sent."""
    if not isinstance(error, RequestValidationError):
        raise error
    found = [
        {"field": _name(each["loc"]), "message": _sentence(each)}
        for each in error.errors()[:MOST_NAMED]
    ]
    first = found[0]
    return problem_response(
        Problem(
            status=InvalidInput.http_status,
            code=InvalidInput.code,
            title=f"{first['field']}: {first['message']}",
            facts={"field": first["field"], "errors": found},
        )
    )


def _name(path: tuple[int | str, ...]) -> str:
    names = path[1:] if path and path[0] in _PLACES else path
    return ".".join(str(each)[:100] for each in names) or "body"


def _sentence(error: dict[str, Any]) -> str:
    if error["type"] == "json_invalid":
        return "The body is not JSON."
    said = str(error["msg"]).removeprefix("Value error, ")
    return f"{said[:1].upper()}{said[1:]}".rstrip(".") + "."
