"""Editing a connection: the same form, filled; secrets kept; the price said before it is paid."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Final

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from grantline.connections.apps.pinning import moved_endpoints
from grantline.connections.connection import Connection
from grantline.connections.edit import Cost, Price
from grantline.connections.labels import label_of
from grantline.connections.planning import ConnectionEdit
from grantline.errors import ConnectionChanged, InvalidInput, NameTaken
from grantline.oauth.app.settings import AppSettings
from grantline.server.forms.fields import FIELDS, FLOW_OPTIONS
from grantline.server.forms.values import (
    Errors,
    Values,
    at_once_of,
    check_values,
    settings_of,
    typed,
    typed_secrets,
    values_of,
    with_label,
)
from grantline.server.page import actor_of, engine_of, page
from grantline.server.pages.connections.consent import go_on, leads_to
from grantline.server.pages.connections.form import form_page, preview_context
from grantline.server.pages.returning import return_path

PUBLISHED: Final = "published"


@dataclass(frozen=True, slots=True)
class PriceTag:
    """What saving would cost, ready to be shown.

    Attributes:
        reasons: Labels of the fields that ask for it.
        siblings: Names of the other connections of the app.
        refused: Why it could not be saved as it stands.
    """

    cost: Cost = Cost.NOTHING
    reasons: tuple[str, ...] = ()
    siblings: tuple[str, ...] = ()
    refused: str = ""
    drops_token: bool = False

    @property
    def needs(self) -> str:
        """``nothing``, ``consent`` or ``reauthorization``."""
        return self.cost.name.lower()


async def show(request: Request) -> Response:
    """The form as the connection is; or with the addresses that its issuer publishes now."""
    found = await _find(request)
    values = values_of(found)
    if request.query_params.get("addresses") != PUBLISHED or not found.app.settings.issuer:
        return await _form(request, found, values)
    metadata = await engine_of(request).discover(found.app.settings.issuer)
    moved = moved_endpoints(found.app.settings, metadata)
    try:
        price = await _tag(request, found, ConnectionEdit(settings=moved))
    except InvalidInput as error:
        price = _refused(error)
    return await _form(
        request,
        found,
        replace(values, fields={**values.fields, **moved}),
        price=price,
        moved=[(label_of(each), getattr(found.app.settings, each)) for each in moved],
    )


async def save(request: Request) -> Response:
    """The edit made, and on to consent where it needs that; or the form with what is wrong."""
    found, form = await _find(request), await request.form()
    values = typed(form)
    settings, errors = settings_of(values, found.app.settings)
    errors = {**check_values(values, settings), **errors}
    if not errors and _versions(form) != (found.version, found.app.version):
        return await _form(request, found, values, conflict=_conflict(found, values))
    if not errors:
        try:
            return await _saved(request, found, form, values, settings)
        except InvalidInput as error:
            wrong = with_label(error)
            errors = {wrong.field: wrong}
        except NameTaken as error:
            taken = InvalidInput(
                "Another connection has this name.", field=label_of("name"), hint=error.hint
            )
            errors = {taken.field: taken}
        except ConnectionChanged:
            found = await _find(request)
            return await _form(request, found, values, conflict=_conflict(found, values))
    return await _form(request, found, values, errors=errors)


async def preview(request: Request) -> Response:
    """What the form as it stands would send, and what saving it would cost."""
    found, form = await _find(request), await request.form()
    values = typed(form)
    settings, _ = settings_of(values, found.app.settings)
    try:
        tag = await _tag(request, found, _edit_of(found, form, values, settings))
    except InvalidInput as error:
        tag = _refused(error)
    return page(
        request,
        "connections/preview.html",
        **{**preview_context(request, values, found.app.settings), "price": tag},
    )


def _refused(error: InvalidInput) -> PriceTag:
    return PriceTag(refused=f"{with_label(error).message} {error.hint}".strip())


async def _saved(
    request: Request, found: Connection, form: FormData, values: Values, settings: AppSettings
) -> Response:
    edit = _edit_of(found, form, values, settings)
    tag = await _tag(request, found, edit)
    if tag.drops_token and form.get("confirmed") != "yes":
        return await _ask(request, found, values, tag)
    edited = await engine_of(request).manage.edit(actor_of(request), found.id, edit)
    if edited.price.cost is Cost.NOTHING:
        return leads_to(request, f"/connections/{found.id}", f"“{values.name}” is saved.")
    return await go_on(
        request,
        edited.connection,
        return_to=return_path(form.get("return_to")),
        said=f"“{values.name}” is saved, and has a new token.",
    )


async def _ask(request: Request, found: Connection, values: Values, tag: PriceTag) -> Response:
    """Asks before tokens are dropped: in a dialog, or above the form."""
    if request.headers.get("accept") == "application/json":
        reasons = ", ".join(tag.reasons)
        text = f"This changes {reasons}. The token in use is dropped, and requests wait until "
        return JSONResponse(
            {"confirm": {"title": "Drop the token?", "text": text + "somebody authorizes again."}}
        )
    return await _form(request, found, values, price=tag, asks=True)


def _edit_of(
    found: Connection, form: FormData, values: Values, settings: AppSettings
) -> ConnectionEdit:
    """What differs from the connection; whatever does not stays out of the edit."""
    secrets, password = typed_secrets(form)
    old, is_password = found.app.settings, values.flow.takes_password
    changed = {
        each.name: getattr(settings, each.name)
        for each in fields(AppSettings)
        if getattr(settings, each.name) != getattr(old, each.name)
    }
    return ConnectionEdit(
        name=None if values.name == found.name else values.name,
        flow=None if values.flow is found.flow else values.flow,
        scopes=None if values.scopes == found.scopes else values.scopes,
        hosts=None if set(values.hosts) == set(found.hosts) else values.hosts,
        settings=changed,
        inputs=None if values.inputs == found.inputs else values.inputs,
        at_once=None if at_once_of(values) == found.at_once else at_once_of(values),
        secrets=secrets,
        username=(values.username or None) if is_password else None,
        password=password if is_password else None,
        remove_secrets=tuple(str(each) for each in form.getlist("remove_secret")),
        version=_versions(form)[0],
    )


async def _tag(request: Request, found: Connection, edit: ConnectionEdit) -> PriceTag:
    engine, actor = engine_of(request), actor_of(request)
    price: Price = await engine.manage.price(actor, found.id, edit)
    siblings: tuple[str, ...] = ()
    if edit.settings or edit.secrets != ConnectionEdit().secrets:
        names = await engine.manage.connections_of(actor, found.app.id)
        siblings = tuple(name for name in names if name != found.name)
    return PriceTag(
        cost=price.cost,
        reasons=tuple(label_of(each) for each in price.reasons),
        siblings=siblings,
        drops_token=price.cost is Cost.REAUTHORIZATION and found.authorized_at is not None,
    )


async def _form(
    request: Request,
    found: Connection,
    values: Values,
    *,
    errors: Errors | None = None,
    conflict: tuple[tuple[str, str, str], ...] = (),
    price: PriceTag | None = None,
    asks: bool = False,
    moved: Sequence[tuple[str, str]] = (),
) -> Response:
    response = form_page(
        request,
        replace(values, provider=found.app.provider),
        errors=errors,
        connection=found,
        kept=await engine_of(request).manage.kept_secrets(actor_of(request), found.id),
        versions=f"{found.version}.{found.app.version}",
        conflict=conflict,
        price=price or PriceTag(),
        asks=asks,
        moved=moved,
    )
    response.status_code = 409 if conflict or asks else response.status_code
    return response


def _versions(form: FormData) -> tuple[int, int]:
    """The versions of connection and app that the form was made from."""
    own, _, app = str(form.get("versions", "")).partition(".")
    numbers = [int(each) if each.isdecimal() and len(each) < 12 else 0 for each in (own, app)]
    return numbers[0], numbers[1]


def _conflict(found: Connection, values: Values) -> tuple[tuple[str, str, str], ...]:
    """Label, what is saved now and what was typed, where these two differ."""
    now = values_of(found)
    words = dict(FLOW_OPTIONS)
    own = (
        ("name", now.name, values.name),
        ("flow", words[now.flow], words[values.flow]),
        ("scopes", " ".join(now.scopes), " ".join(values.scopes)),
        ("hosts", " ".join(now.hosts), " ".join(values.hosts)),
        ("at_once", now.at_once, values.at_once),
    )
    rest = ((each.name, now.fields[each.name], values.fields[each.name]) for each in FIELDS)
    return tuple(
        (label_of(name), _words(before), _words(after))
        for name, before, after in (*own, *rest)
        if before != after
    )


def _words(value: Any) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, tuple):
        return ", ".join(f"{name}={text}" for name, text in value)
    return {" ": "space", ",": "comma"}.get(value, str(value))


async def _find(request: Request) -> Connection:
    return await engine_of(request).find(actor_of(request), request.path_params["id"])


ROUTES: Final[list[BaseRoute]] = [
    Route("/connections/{id}/edit", show),
    Route("/connections/{id}/edit", save, methods=["POST"]),
    Route("/connections/{id}/preview", preview, methods=["POST"]),
]
