"""Scenarios as files: exported, and imported as a new one or over one that is there."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from grantline.errors import (
    ConnectionChanged,
    GrantlineError,
    InvalidInput,
    MalformedFile,
    NotFound,
)
from grantline.scenarios.definition.plain import malformed
from grantline.scenarios.definition.problem import Problem
from grantline.scenarios.definition.scenario import Scenario
from grantline.scenarios.definition.yaml_file import examine
from grantline.scenarios.files import adopted, scenario_to_file
from grantline.scenarios.kept import KeptScenario
from grantline.server.page import actor_of, engine_of, page, scenarios_of, see_other
from grantline.server.pages.scenarios.page import home_of, kept_of, sent_version

MOST_BYTES: Final = 1_000_000
MOST_COPIES: Final = 50
_FOLDER: Final = Path(__file__).parents[2] / "examples"


@dataclass(frozen=True, slots=True)
class Example:
    """A scenario to begin with."""

    key: str
    icon: str
    title: str
    about: str


EXAMPLES: Final = (
    Example(
        "list-into-sheet",
        "list",
        "A list into a sheet",
        "Gets all pages of a list every hour, and appends one row for each item.",
    ),
    Example(
        "webhook-fan-out",
        "webhook",
        "A webhook that fans out",
        "Answers its caller, then makes one request for each line that was sent.",
    ),
    Example(
        "nightly-download",
        "download",
        "A nightly download",
        "Gets a file each night, and goes on where the last try broke off.",
    ),
)


async def form(request: Request) -> Response:
    """The form for a file that becomes a new scenario."""
    return _show(request, None)


async def form_over(request: Request) -> Response:
    """The form for a file that takes the place of a scenario."""
    return _show(request, await kept_of(request))


async def take(request: Request) -> Response:
    """A new scenario from a file, or from an example."""
    text = await _sent_text(request)
    try:
        scenario = await _read(request, text)
        scenario = replace(scenario, name=await free_name(request, scenario.name))
        kept = await scenarios_of(request).create(actor_of(request), scenario)
    except GrantlineError as error:
        return _show(request, None, text=text, error=error)
    return see_other(request, home_of(kept), f"“{kept.name}” is imported. It is off.")


async def take_over(request: Request) -> Response:
    """A scenario replaced by a file."""
    kept, text = await kept_of(request), await _sent_text(request)
    try:
        new = await scenarios_of(request).edit(
            actor_of(request),
            kept.id,
            await _read(request, text),
            version=await sent_version(request) or 0,
        )
    except ConnectionChanged:
        hint = "Look at it, then press the button again to replace it all the same."
        newer = ConnectionChanged("The scenario was saved from another page meanwhile.", hint=hint)
        return _show(request, kept, text=text, error=newer)
    except GrantlineError as error:
        return _show(request, kept, text=text, error=error)
    return see_other(request, home_of(new), f"“{new.name}” is what the file says.")


async def export(request: Request) -> Response:
    """The scenario as a file, to look at and copy."""
    kept = await kept_of(request)
    return page(
        request,
        "scenarios/export.html",
        scenario=kept.scenario,
        home=home_of(kept),
        text=await _written(request, kept),
        file_name=file_name(kept.name),
    )


async def download(request: Request) -> Response:
    """The file itself."""
    kept = await kept_of(request)
    headers = {"Content-Disposition": f'attachment; filename="{file_name(kept.name)}"'}
    return Response(await _written(request, kept), headers=headers, media_type="application/yaml")


def file_name(name: str) -> str:
    """What the file of a scenario is called: letters and digits of its name."""
    plain = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
    return f"{plain[:60] or 'scenario'}.yaml"


async def _written(request: Request, kept: KeptScenario) -> str:
    context = engine_of(request).context
    return await scenario_to_file(context, actor_of(request), kept.scenario)


async def _sent_text(request: Request) -> str:
    data = await request.form(max_files=1, max_fields=10, max_part_size=MOST_BYTES)
    if example := str(data.get("example", "")):
        if example not in {each.key for each in EXAMPLES}:
            raise NotFound("There is no such example.")
        return (_FOLDER / f"{example}.yaml").read_text(encoding="utf-8")
    sent = data.get("file")
    if isinstance(sent, UploadFile) and sent.filename:
        return (await sent.read(MOST_BYTES + 1)).decode("utf-8", "replace")
    return str(data.get("text", "")).replace("\r\n", "\n")


class UnreadableFileError(InvalidInput):
    """What is wrong with a file, all of it."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        first = malformed(tuple(problems))
        super().__init__(first.message, field=first.field, hint=first.hint)
        self.problems = problems


async def _read(request: Request, text: str) -> Scenario:
    if not text.strip():
        raise InvalidInput("There is no file.", field="File", hint="Choose one, or paste it.")
    if len(text) > MOST_BYTES:
        raise InvalidInput(
            f"The file has more than {MOST_BYTES:,} bytes.",
            field="File",
            hint="A scenario holds no data; split it into several.",
        )
    found, problems = examine(text)
    if problems:
        raise UnreadableFileError(found.located(problems))
    return await adopted(engine_of(request).context, actor_of(request), found)


def _show(
    request: Request,
    kept: KeptScenario | None,
    *,
    text: str = "",
    error: GrantlineError | None = None,
) -> Response:
    problems: Sequence[Any] = ()
    if isinstance(error, UnreadableFileError):
        problems = error.problems
    elif isinstance(error, MalformedFile):
        words = error.message.removeprefix(f"Line {error.line}: ")
        problems = (
            Problem(module_id=None, field="", message=words, hint=error.hint, line=error.line),
        )
    return page(
        request,
        "scenarios/import.html",
        status=error.http_status if error else 200,
        scenario=kept.scenario if kept else None,
        home=home_of(kept) if kept else "",
        version=kept.version if kept else 0,
        text=text,
        error=error,
        file_problems=problems,
    )


async def free_name(request: Request, name: str) -> str:
    """``name``, with a number behind it when others have it."""
    for number in range(1, MOST_COPIES):
        candidate = name if number == 1 else f"{name[:90]} {number}"
        try:
            await scenarios_of(request).find(actor_of(request), candidate)
        except NotFound:
            return candidate
    return name


ROUTES: Final[list[BaseRoute]] = [
    Route("/scenarios/import", form),
    Route("/scenarios/import", take, methods=["POST"]),
    Route("/scenarios/{scenario_id}/import", form_over),
    Route("/scenarios/{scenario_id}/import", take_over, methods=["POST"]),
    Route("/scenarios/{scenario_id}/export", export),
    Route("/scenarios/{scenario_id}/export/{name}", download),
]
