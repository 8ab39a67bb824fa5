"""Credentials: the list, and the page of one, where it is read, edited, copied and deleted."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from grantline.connections.credentials.credential import (
    Credential,
    CredentialEdit,
    CredentialFields,
    Kind,
    NewCredential,
)
from grantline.connections.credentials.manage_credentials import NAME
from grantline.connections.requests.used_by import NOTHING, UsedBy
from grantline.errors import ConnectionChanged, InvalidInput, NameTaken
from grantline.server.page import actor_of, engine_of, page, see_other
from grantline.server.pages.credentials.form import (
    CredentialForm,
    changes_of,
    form_of,
    read_credential,
)
from grantline.server.pages.list_pages import FIRST, PER_PAGE, ListPage
from grantline.server.pages.returning import return_path, with_choice

ABOUT: Final = {
    Kind.KEY: "A key that goes into a header or the query, such as X-Api-Key.",
    Kind.BASIC: "Basic authentication: a user name and password in one header.",
    Kind.CERTIFICATE: "Mutual TLS: a certificate with its key, as PEM or PKCS#12.",
    Kind.AUTHORITY: "A private authority, or a self-signed certificate, to trust as well.",
    Kind.PROXY: "An HTTP proxy that requests go through, with its own sign-in.",
}
ICONS: Final = {
    Kind.KEY: "key-round",
    Kind.BASIC: "user",
    Kind.CERTIFICATE: "shield-check",
    Kind.AUTHORITY: "circle-check",
    Kind.PROXY: "globe",
}


async def overview(request: Request) -> Response:
    """One page of the list, searched."""
    query = request.query_params.get("q", "").strip()
    at = ListPage.of(request)
    found = await engine_of(request).credentials.page(
        actor_of(request), query=query, offset=at.offset, limit=PER_PAGE
    )
    return page(request, "credentials/list.html", found=found, query=query, at=at, icons_of=ICONS)


async def new(request: Request) -> Response:
    """Which kind; or the form, once that is known."""
    asked = request.query_params
    return_to = return_path(asked.get("return_to"))
    kind = _kind(asked.get("kind", ""))
    if kind is None:
        context: dict[str, Any] = {"about": ABOUT, "icons_of": ICONS, "return_to": return_to}
        return page(request, "credentials/begin.html", **context)
    return _form_page(request, CredentialForm(kind=kind), return_to=return_to)


async def create(request: Request) -> Response:
    """The credential kept; or the form again with what is wrong."""
    form, typed, data = await read_credential(request)
    return_to = return_path(data.get("return_to"))
    try:
        made = await engine_of(request).credentials.create(
            actor_of(request),
            NewCredential(name=form.name, kind=form.kind, hosts=form.hosts, fields=typed),
        )
    except (InvalidInput, NameTaken) as error:
        return _form_page(request, form, error=_labelled(error), return_to=return_to)
    path = with_choice(return_to, "credential", made.id) or f"/credentials/{made.id}"
    return see_other(request, path, f"“{made.name}” is kept, sealed.")


async def show(request: Request) -> Response:
    """Everything about it but its secrets, to be read and edited."""
    found = await _find(request)
    return await _edit_page(request, found, form_of(found))


async def edit(request: Request) -> Response:
    """The credential after the edit; or the form again with what is wrong."""
    found = await _find(request)
    form, typed, _ = await read_credential(request, found.kind)
    try:
        edited = await engine_of(request).credentials.edit(
            actor_of(request), found.id, _edit_from(found, form, typed)
        )
    except ConnectionChanged:
        kept = replace(form, version=found.version)
        return await _edit_page(request, found, kept, status=409, has_conflict=True)
    except (InvalidInput, NameTaken) as error:
        return await _edit_page(request, found, form, status=422, error=_labelled(error))
    return see_other(request, f"/credentials/{edited.id}", f"“{edited.name}” is saved.")


async def duplicate(request: Request) -> Response:
    """The same once more, under a name that is free."""
    found = await _find(request)
    name = f"{found.name[:95]}-2"
    try:
        made = await engine_of(request).credentials.duplicate(actor_of(request), found.id, name)
    except (InvalidInput, NameTaken) as error:
        return await _edit_page(request, found, form_of(found), status=422, error=error)
    return see_other(request, f"/credentials/{made.id}", f"This is a copy of “{found.name}”.")


async def delete_form(request: Request) -> Response:
    """What deleting would break."""
    found = await _find(request)
    uses = await _uses(request, found)
    return page(request, "credentials/delete.html", credential=found, uses=uses)


async def delete(request: Request) -> Response:
    """Gone, with its secret."""
    found = await _find(request)
    gone = await engine_of(request).credentials.delete(actor_of(request), found.id)
    return see_other(request, "/credentials", f"“{gone.name}” is deleted.")


def _edit_from(found: Credential, form: CredentialForm, typed: CredentialFields) -> CredentialEdit:
    return CredentialEdit(
        name=form.name if form.name != found.name else None,
        hosts=form.hosts if form.hosts != found.hosts else None,
        fields=changes_of(found, typed),
        version=form.version or None,
    )


def _form_page(
    request: Request,
    form: CredentialForm,
    *,
    error: InvalidInput | None = None,
    return_to: str = "",
) -> Response:
    return page(
        request,
        "credentials/form.html",
        status=422 if error else 200,
        credential=None,
        form=form,
        error=error,
        about=ABOUT[form.kind],
        return_to=return_to,
        uses=NOTHING,
        has_conflict=False,
    )


async def _edit_page(
    request: Request,
    found: Credential,
    form: CredentialForm,
    *,
    status: int = 200,
    error: InvalidInput | NameTaken | None = None,
    has_conflict: bool = False,
) -> Response:
    return page(
        request,
        "credentials/form.html",
        status=status,
        credential=found,
        form=form,
        error=error,
        about=ABOUT[found.kind],
        return_to="",
        uses=await _uses(request, found),
        has_conflict=has_conflict,
    )


async def _uses(request: Request, found: Credential) -> UsedBy:
    """The first of what refers to it; the lists have it all."""
    engine, actor = engine_of(request), actor_of(request)
    return await engine.used_by(actor, credential_id=found.id, limit=FIRST)


def _labelled(error: InvalidInput | NameTaken) -> InvalidInput:
    if isinstance(error, InvalidInput):
        return error
    return InvalidInput(error.message, field=NAME, hint=error.hint)


def _kind(text: str) -> Kind | None:
    return next((each for each in Kind if each.value == text), None)


async def _find(request: Request) -> Credential:
    return await engine_of(request).credentials.find(
        actor_of(request), request.path_params["credential_id"]
    )


ROUTES: Final[list[BaseRoute]] = [
    Route("/credentials", overview),
    Route("/credentials/new", new),
    Route("/credentials/new", create, methods=["POST"]),
    Route("/credentials/{credential_id}", show),
    Route("/credentials/{credential_id}", edit, methods=["POST"]),
    Route("/credentials/{credential_id}/duplicate", duplicate, methods=["POST"]),
    Route("/credentials/{credential_id}/delete", delete_form),
    Route("/credentials/{credential_id}/delete", delete, methods=["POST"]),
]
