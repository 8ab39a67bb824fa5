"""The page *Make a request*: read from what a browser sent, and shown again with all of it."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from grantline.connections.connection import Connection
from grantline.connections.state import State
from grantline.errors import ConnectionNotFound, GrantlineError, InvalidInput
from grantline.server.page import actor_of, engine_of, is_part, page
from grantline.server.pages.requests.bench import bench_of
from grantline.server.pages.requests.credential_choices import credential_choices
from grantline.server.pages.requests.files import FileData
from grantline.server.pages.requests.fill import methods_for
from grantline.server.pages.requests.form import (
    Authentication,
    BodyType,
    RequestForm,
)
from grantline.server.pages.requests.read import form_from
from grantline.server.pages.requests.settings import (
    ARRAY_STYLES,
    FAMILIES,
    LONGEST_TIMEOUT,
    PAGINATION_TYPES,
    PLACES,
    TLS_VERSIONS,
)

# A list of more is no help; the box beside it finds the others.
MOST_CHOICES: Final = 100
MOST_FIELDS: Final = 5_000
MOST_FILES: Final = 100
MOST_BYTES: Final = 32 * 1024 * 1024

AUTHENTICATIONS: Final = (
    (Authentication.NONE, "No authentication"),
    (Authentication.KEY, "API key"),
    (Authentication.BASIC, "Basic"),
    (Authentication.OAUTH, "OAuth 2.0"),
)
BODIES: Final = (
    (BodyType.NONE, "None"),
    (BodyType.JSON, "JSON"),
    (BodyType.FORM, "Form fields"),
    (BodyType.MULTIPART, "Multipart"),
    (BodyType.RAW, "Raw"),
    (BodyType.FILE, "File"),
)
SETTINGS_WORDS: Final = {
    "array_styles": ARRAY_STYLES,
    "families": FAMILIES,
    "tls_versions": TLS_VERSIONS,
    "pagination_types": PAGINATION_TYPES,
    "places": PLACES,
    "longest_timeout": LONGEST_TIMEOUT,
}
UNUSABLE: Final = frozenset({State.DRAFT, State.REAUTHORIZATION_REQUIRED})


@dataclass(frozen=True, slots=True)
class Choices:
    """The connections to choose from.

    Attributes:
        chosen: The one that is chosen, whether or not it is among ``rows``.
        is_gone: A connection is chosen that is there no more.
    """

    rows: tuple[Connection, ...]
    total: int
    chosen: Connection | None
    is_gone: bool = False


async def read_form(request: Request) -> RequestForm:
    """The form that a browser sent; its files stay on the bench."""
    bench, actor = bench_of(request), actor_of(request)
    async with request.form(
        max_files=MOST_FILES, max_fields=MOST_FIELDS, max_part_size=MOST_BYTES
    ) as data:
        return await form_from(
            data,
            lambda digest: bench.files.find(actor, digest),
            lambda upload: bench.files.keep(actor, upload),
        )


async def show_form(
    request: Request,
    form: RequestForm,
    *,
    status: int = 200,
    template: str = "requests/form.html",
    **context: Any,
) -> Response:
    """The page with everything in ``form``; ``context`` says what else there is to show."""
    form = await _with_files_on_disk(request, form)
    given = {"error": None, "notes": (), "answer": None, "outcome": None, "conflict": False}
    return page(
        request,
        template,
        status=status,
        form=form,
        choices=await choices_of(request, form.connection_id),
        kept=await credential_choices(request, form),
        **words_for(form),
        **{**given, **context},
    )


def words_for(form: RequestForm) -> dict[str, Any]:
    """What the templates of the form need beside the form."""
    return {
        "methods": methods_for(form),
        "authentications": AUTHENTICATIONS,
        "bodies": BODIES,
        "settings_words": SETTINGS_WORDS,
        "ticket": secrets.token_urlsafe(9),
        "unusable": UNUSABLE,
    }


async def _with_files_on_disk(request: Request, form: RequestForm) -> RequestForm:
    """The form with files that came from a saved request under a digest, as pages name them."""
    files, actor = bench_of(request).files, actor_of(request)

    async def kept(data: FileData | None) -> FileData | None:
        return await files.keep_bytes(actor, data) if isinstance(data, bytes) else data

    parts = [replace(each, data=await kept(each.data)) for each in form.parts]
    return replace(form, parts=tuple(parts), file=await kept(form.file))


async def choices_of(request: Request, chosen_id: str, query: str = "") -> Choices:
    """The connections to choose from, and the one that is chosen."""
    engine, actor = engine_of(request), actor_of(request)
    found = await engine.listing.page(actor, query=query, limit=MOST_CHOICES)
    rows = tuple(each.connection for each in found.rows)
    if not chosen_id:
        return Choices(rows, found.total, None)
    chosen = next((each for each in rows if each.id == chosen_id), None)
    if chosen is None:
        try:
            chosen = await engine.find(actor, chosen_id)
        except ConnectionNotFound:
            return Choices(rows, found.total, None, is_gone=True)
        rows = (chosen, *rows)
    return Choices(rows, found.total, chosen)


async def connection_of(request: Request, form: RequestForm) -> Connection | None:
    """The connection whose token the request carries.

    Raises:
        InvalidInput: It is there no more.
    """
    if form.connection is None:
        return None
    try:
        return await engine_of(request).find(actor_of(request), form.connection)
    except ConnectionNotFound:
        raise InvalidInput(
            "The connection of this request is there no more.",
            field="Connection",
            hint="Choose another one.",
        ) from None


async def refuse(
    request: Request, form: RequestForm, error: GrantlineError, *, is_save: bool = False
) -> Response:
    """The reason why nothing was done: beside the field, and for htmx where people look then."""
    if not is_part(request):
        return await show_form(request, form, status=error.http_status, error=error, touched=True)
    response = page(
        request, "requests/refused.html", status=error.http_status, error=error, is_save=is_save
    )
    if is_save:
        among_notices(response)
    return response


def among_notices(response: Response) -> None:
    """Has htmx show a part at the top of the page, whatever was its target."""
    response.headers["HX-Retarget"] = "#notices"
    response.headers["HX-Reswap"] = "innerHTML show:#notices:top"
