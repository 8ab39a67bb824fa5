"""Connections: list, create, read, edit, duplicate, verify, delete."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Response

from grantline.codec import from_plain, to_plain
from grantline.connections.apps.catalogue import settings_of
from grantline.connections.doctor.diagnosis import Diagnosis
from grantline.connections.engine import Engine
from grantline.connections.listing import ALL, FILTERS
from grantline.connections.manage import NewConnection
from grantline.errors import InvalidInput
from grantline.oauth.app.settings import AppSettings
from grantline.oauth.discovery.metadata import apply_metadata
from grantline.providers.catalogue import profile
from grantline.providers.profile import Profile
from grantline.server.api.address import API_PREFIX
from grantline.server.api.auth import Manager, Reader, TheEngine, TheSettings
from grantline.server.api.connections.models import (
    ConnectionEdited,
    ConnectionShown,
    DeletedConnection,
    DiagnosisShown,
    EditedConnection,
    KeptSecrets,
    ListedConnection,
    NewConnectionGiven,
    PreviewedPrice,
    SecretsGiven,
    VerificationShown,
    connection_view,
    edit_from,
    price_view,
    secrets_from,
)
from grantline.server.api.fields import (
    DuplicateGiven,
    Limit,
    Listed,
    Offset,
    Ref,
    Search,
    secret_of,
)
from grantline.server.api.uses import UsesShown, uses_view
from grantline.server.api.versions import IfMatch, expected, tag

router: Final = APIRouter(prefix="/connections", tags=["Connections"])

Show = Annotated[
    str, Query(description="Which ones.", json_schema_extra={"enum": list(FILTERS)}, max_length=40)
]


@router.get("", response_model=Listed[ListedConnection])
async def list_connections(
    *,
    caller: Reader,
    engine: TheEngine,
    web: TheSettings,
    q: Search = "",
    show: Show = ALL,
    offset: Offset = 0,
    limit: Limit = 50,
) -> Any:
    """Connections by name."""
    page = await engine.listing.page(caller.actor, query=q, show=show, offset=offset, limit=limit)
    items = [{**connection_view(each.connection, web), "uses": each.uses} for each in page.rows]
    return {"items": items, "total": page.total}


@router.post("", status_code=201, response_model=ConnectionShown)
async def create_connection(
    caller: Manager,
    engine: TheEngine,
    web: TheSettings,
    given: NewConnectionGiven,
    response: Response,
) -> Any:
    """Creates a connection as a draft, and its app when that is new: both or neither."""
    entry = profile(given.provider) if given.provider else None
    new = NewConnection(
        name=given.name,
        flow=given.flow,
        app=given.app,
        app_name=given.app_name,
        settings=await _settings(engine, given, entry),
        secrets=secrets_from(given.secrets),
        provider=given.provider,
        scopes=_or_default(given.scopes, entry.default_scopes if entry else ()),
        hosts=_or_default(given.hosts, entry.hosts if entry else ()),
        username=given.username,
        password=secret_of(given.password),
        inputs=given.inputs,
        at_once=given.at_once,
    )
    if given.client == "registered":
        made = await engine.registrar.create(
            caller.actor,
            new,
            public_url=web.public_url,
            initial_access_token=secret_of(given.initial_access_token),
        )
    elif given.client == "document":
        made = await engine.registrar.create_by_document(
            caller.actor, new, public_url=web.public_url
        )
    else:
        made = await engine.manage.create(caller.actor, new)
    response.headers["Location"] = f"{API_PREFIX}/connections/{made.id}"
    tag(response, made.version)
    return connection_view(made, web)


@router.get("/{connection}", response_model=ConnectionShown)
async def get_connection(
    caller: Reader, engine: TheEngine, web: TheSettings, connection: Ref, response: Response
) -> Any:
    """One connection."""
    found = await engine.find(caller.actor, connection)
    tag(response, found.version)
    return connection_view(found, web)


@router.patch("/{connection}", response_model=EditedConnection)
async def edit_connection(
    *,
    caller: Manager,
    engine: TheEngine,
    web: TheSettings,
    connection: Ref,
    given: ConnectionEdited,
    response: Response,
    if_match: IfMatch = None,
) -> Any:
    """Changes what is given and nothing else; everything that uses the connection follows."""
    edit = edit_from(given, expected(given.version, if_match))
    edited = await engine.manage.edit(caller.actor, connection, edit)
    tag(response, edited.connection.version)
    return {
        **connection_view(edited.connection, web),
        **price_view(edited.price, edited.siblings),
    }


@router.post("/{connection}/price", response_model=PreviewedPrice)
async def price_edit(
    caller: Manager, engine: TheEngine, connection: Ref, given: ConnectionEdited
) -> Any:
    """What an edit would cost; nothing is changed. Refuses what the edit would refuse."""
    found = await engine.find(caller.actor, connection)
    edit = edit_from(given, given.version)
    price = await engine.manage.price(caller.actor, found.id, edit)
    siblings: list[str] = []
    if given.settings or given.secrets != SecretsGiven():
        users = await engine.manage.connections_of(caller.actor, found.app.id)
        siblings = [each for each in users if each != found.name]
    return {**price_view(price, siblings), "secret_required": price.secret_required}


@router.get("/{connection}/secrets", response_model=KeptSecrets)
async def list_secrets(caller: Manager, engine: TheEngine, connection: Ref) -> Any:
    """Which secrets are kept for a connection and its app; never what they are."""
    return {"kept": await engine.manage.kept_secrets(caller.actor, connection)}


@router.delete("/{connection}", response_model=DeletedConnection)
async def delete_connection(caller: Manager, engine: TheEngine, connection: Ref) -> Any:
    """Deletes a connection for good, and revokes its tokens at the service."""
    gone = await engine.delete(caller.actor, connection)
    return {
        "deleted": gone.name,
        "revoked": gone.revocation.revoked,
        "note": gone.revocation.note,
    }


@router.post("/{connection}/duplicate", status_code=201, response_model=ConnectionShown)
async def duplicate_connection(
    *,
    caller: Manager,
    engine: TheEngine,
    web: TheSettings,
    connection: Ref,
    given: DuplicateGiven,
    response: Response,
) -> Any:
    """Creates a draft with the same app, scopes and hosts, for another account."""
    made = await engine.manage.duplicate(caller.actor, connection, given.name)
    response.headers["Location"] = f"{API_PREFIX}/connections/{made.id}"
    tag(response, made.version)
    return connection_view(made, web)


@router.post("/{connection}/verify", response_model=VerificationShown)
async def verify_connection(caller: Manager, engine: TheEngine, connection: Ref) -> Any:
    """Asks the service whether the connection works."""
    found = await engine.find(caller.actor, connection)
    verified = await engine.verify(caller.actor, found.id)
    return {
        "connection": found.name,
        "works": verified.works,
        "explanation": verified.explanation,
        "next_step": verified.next_step,
    }


@router.get("/{connection}/diagnosis", response_model=Listed[DiagnosisShown])
async def diagnose_connection(caller: Manager, engine: TheEngine, connection: Ref) -> Any:
    """What is wrong, as far as the connection's own state and history tell; weightiest first."""
    return _findings(await engine.diagnose(caller.actor, connection))


@router.post("/{connection}/doctor", response_model=Listed[DiagnosisShown])
async def examine_connection(
    caller: Manager, engine: TheEngine, web: TheSettings, connection: Ref
) -> Any:
    """Everything that is wrong or worth knowing; the service's servers are asked."""
    found = await engine.find(caller.actor, connection)
    public_url = web.public_url
    return _findings(await engine.doctor.examine(caller.actor, found, public_url=public_url))


@router.get("/{connection}/uses", response_model=UsesShown)
async def list_uses(
    caller: Reader, engine: TheEngine, connection: Ref, offset: Offset = 0, limit: Limit = 50
) -> Any:
    """The saved requests that carry this connection's token, by name, and the scenarios."""
    found = await engine.find(caller.actor, connection)
    uses = await engine.used_by(caller.actor, connection_id=found.id, offset=offset, limit=limit)
    return uses_view(uses)


async def _settings(
    engine: Engine, given: NewConnectionGiven, entry: Profile | None
) -> AppSettings | None:
    """The new app's settings: what was given, over what the issuer and the catalogue say."""
    if given.app:
        is_new = entry or given.issuer or given.settings or given.client != "given"
        if is_new or given.secrets != SecretsGiven():
            raise InvalidInput(
                "An app that is here already is taken as it is.",
                field="app",
                hint="Leave out provider, issuer, settings and secrets, or edit the app.",
            )
        return None
    typed = given.settings
    if given.client != "given":
        if "client_id" in typed or given.secrets != SecretsGiven():
            raise InvalidInput(
                "A client that is not given has no ID and no secret to give.",
                field="client",
                hint="Leave out client_id and secrets, or say that the client is given.",
            )
        typed = {**typed, "client_id": ""}
    client_id = from_plain(AppSettings, typed).client_id
    known = settings_of(entry, client_id=client_id) if entry else AppSettings(client_id=client_id)
    if given.issuer:
        metadata = await engine.discover(given.issuer)
        known = apply_metadata(known, metadata, secrets=secrets_from(given.secrets))
    return from_plain(AppSettings, {**to_plain(known), **typed})


def _findings(found: Sequence[Diagnosis]) -> dict[str, Any]:
    return {"items": [asdict(each) for each in found], "total": len(found)}


def _or_default(given: list[str] | None, default: tuple[str, ...]) -> tuple[str, ...]:
    return default if given is None else tuple(given)
