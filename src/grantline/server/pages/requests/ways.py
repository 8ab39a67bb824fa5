"""Other ways to make the request of the form: to a file, for its headers, or only its redirects."""

from __future__ import annotations

import secrets
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import BaseRoute, Route

from grantline.calls.answers.file_name import LONGEST_NAME, name_of
from grantline.calls.answers.presentation import masked_headers, size_words
from grantline.calls.target import join_target
from grantline.connections.requests.download import Downloaded
from grantline.errors import GrantlineError, InvalidInput, NotFound
from grantline.server.page import actor_of, engine_of, is_part, page
from grantline.server.pages.requests.bench import Running, bench_of
from grantline.server.pages.requests.files import MOST_BYTES, KeptFile
from grantline.server.pages.requests.form import RequestForm
from grantline.server.pages.requests.outcome import Outcome, outcome_of_error
from grantline.server.pages.requests.page import connection_of, read_form, refuse, show_form
from grantline.server.pages.requests.run import show_outcome, under_way


async def download(request: Request) -> Response:
    """Gets the answer as a file of any size; it is handed over when it is here whole."""
    form, actor = await read_form(request), actor_of(request)
    downloads = bench_of(request).downloads
    path = downloads.new_path()

    async def fetch(running: Running) -> Downloaded:
        def progress(got: int, total: int | None) -> None:
            of = f" of {size_words(total)}" if total else ""
            running.words = f"{size_words(got)}{of}"
            running.share = got / total if total else None

        return await engine_of(request).download(
            actor,
            form.kept_spec(),
            path,
            connection_id=form.connection,
            credentials=form.credentials,
            typed=form.typed(),
            progress=progress,
            at_most_bytes=MOST_BYTES,
        )

    try:
        done = await under_way(request, form, fetch)
    except GrantlineError as error:
        return await _failed(request, form, error)
    if done is None:
        return await show_outcome(request, form, Outcome(is_cancelled=True))
    kept = downloads.take(actor, KeptFile(path, secrets.token_urlsafe(9), done.size))
    context = {"done": done, "kept": kept, "name": name_of(done.url, done.headers)}
    return await _show(request, form, "requests/downloaded.html", **context)


async def file(request: Request) -> Response:
    """A file that was downloaded, under the name that it has at the service."""
    kept = bench_of(request).downloads.find(actor_of(request), request.path_params["key"])
    if kept is None:
        raise NotFound("This file is kept no more.", hint="Download it again.")
    return FileResponse(
        kept.path,
        media_type="application/octet-stream",
        filename=request.query_params.get("name", "")[:LONGEST_NAME] or "download",
        headers={"Content-Security-Policy": "sandbox"},
    )


async def headers(request: Request) -> Response:
    """The answer's status and headers; its body is not read."""
    form, actor = await read_form(request), actor_of(request)

    async def ask(_running: Running) -> Any:
        return await engine_of(request).retrieve_headers(
            actor,
            form.with_stand_ins().spec(),
            connection_id=form.connection,
            credentials=form.credentials,
            typed=form.typed(),
        )

    try:
        answer = await under_way(request, form, ask)
    except GrantlineError as error:
        return await _failed(request, form, error)
    if answer is None:
        return await show_outcome(request, form, Outcome(is_cancelled=True))
    shown = masked_headers(answer.headers)
    return await _show(request, form, "requests/headers.html", answer=answer, headers=shown)


async def resolve(request: Request) -> Response:
    """Where the URL leads, redirect by redirect; no credential goes along."""
    form, actor = await read_form(request), actor_of(request)

    async def follow(_running: Running) -> Any:
        connection = await connection_of(request, form)
        base_url = connection.app.settings.base_url if connection else ""
        if not form.url.strip() and not base_url:
            raise InvalidInput("The URL is empty.", field="URL")
        return await engine_of(request).resolve_url(actor, join_target(base_url, form.url.strip()))

    try:
        resolved = await under_way(request, form, follow)
    except GrantlineError as error:
        return await _failed(request, form, error)
    if resolved is None:
        return await show_outcome(request, form, Outcome(is_cancelled=True))
    return await _show(request, form, "requests/resolved.html", resolved=resolved)


async def _failed(request: Request, form: RequestForm, error: GrantlineError) -> Response:
    """What is wrong with a field, or why nothing came."""
    if isinstance(error, InvalidInput):
        return await refuse(request, form, error)
    return await show_outcome(request, form, await outcome_of_error(request, error, form))


async def _show(request: Request, form: RequestForm, part: str, **context: Any) -> Response:
    if is_part(request):
        return page(request, part, **context)
    return await show_form(request, form, way=part, **context)


ROUTES: Final[list[BaseRoute]] = [
    Route("/requests/download", download, methods=["POST"]),
    Route("/requests/headers", headers, methods=["POST"]),
    Route("/requests/resolve", resolve, methods=["POST"]),
    Route("/requests/files/{key}", file),
]
