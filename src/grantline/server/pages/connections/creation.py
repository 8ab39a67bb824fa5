"""What a connection form describes, as a connection: with a client that was entered, or without."""

from __future__ import annotations

from dataclasses import replace

from starlette.datastructures import FormData
from starlette.requests import Request

from grantline.connections.connection import App, Connection
from grantline.connections.labels import label_of
from grantline.connections.manage import NewConnection
from grantline.errors import (
    AuthorizationServerError,
    GrantlineError,
    InvalidInput,
    NameTaken,
    UnknownProvider,
)
from grantline.oauth.app.settings import AppSettings, ClientSecrets
from grantline.providers.catalogue import profile
from grantline.providers.profile import Profile
from grantline.secret import Secret
from grantline.server.forms.client_choice import Client
from grantline.server.forms.values import Values, at_once_of
from grantline.server.page import actor_of, engine_of
from grantline.server.page import settings_of as server_settings


async def created(
    request: Request,
    values: Values,
    settings: AppSettings | App,
    secrets: ClientSecrets,
    password: Secret | None,
) -> Connection:
    """The connection with what was typed; of an app that is here, or with one of its own."""
    reused = settings if isinstance(settings, App) else None
    given = replace(
        _new(values),
        app=reused.id if reused else "",
        settings=None if isinstance(settings, App) else settings,
        secrets=ClientSecrets() if reused else secrets,
        username=values.username if values.flow.takes_password else "",
        password=password if values.flow.takes_password else None,
    )
    return await engine_of(request).manage.create(actor_of(request), given)


async def created_without_id(
    request: Request, values: Values, settings: AppSettings, way: Client, form: FormData
) -> Connection:
    """The connection with a client that is not entered; whatever is refused, the choice tells."""
    registrar, actor = engine_of(request).registrar, actor_of(request)
    new = replace(_new(values), settings=settings)
    public_url = server_settings(request).public_url
    try:
        if way is Client.DOCUMENT:
            return await registrar.create_by_document(actor, new, public_url=public_url)
        token = str(form.get("initial_access_token") or "").strip()
        return await registrar.create(
            actor,
            new,
            public_url=public_url,
            initial_access_token=Secret(token) if token else None,
        )
    except (InvalidInput, NameTaken):
        raise
    except GrantlineError as error:
        said = error.description if isinstance(error, AuthorizationServerError) else ""
        message = f"{error.message} It says: {said}" if said else error.message
        raise InvalidInput(message, field=label_of("client"), hint=error.hint) from None


def _new(values: Values) -> NewConnection:
    return NewConnection(
        name=values.name,
        flow=values.flow,
        provider=values.provider if entry_of(values.provider) else "",
        scopes=values.scopes,
        hosts=values.hosts,
        inputs=values.inputs,
        at_once=at_once_of(values),
    )


def entry_of(name: str) -> Profile | None:
    """The catalogue entry that the form was begun with, if there is one."""
    try:
        return profile(name) if name else None
    except UnknownProvider:
        return None
