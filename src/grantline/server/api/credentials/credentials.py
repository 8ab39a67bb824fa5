"""Credentials: list, create, read, edit, duplicate, delete."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Response

from grantline.connections.credentials.credential import (
    Credential,
    CredentialEdit,
    Kind,
    NewCredential,
)
from grantline.server.api.address import API_PREFIX
from grantline.server.api.auth import Manager, Reader, TheEngine
from grantline.server.api.credentials.models import (
    CredentialEdited,
    CredentialShown,
    ListedCredentialShown,
    NewCredentialGiven,
    credential_view,
    fields_from,
)
from grantline.server.api.fields import DuplicateGiven, Limit, Listed, Offset, Ref, Search
from grantline.server.api.uses import UsesShown, uses_view
from grantline.server.api.versions import IfMatch, expected, tag

router: Final = APIRouter(prefix="/credentials", tags=["Credentials"])

Kinds = Annotated[list[Kind], Query(description="Only these; all by default.", max_length=10)]


@router.get("", response_model=Listed[ListedCredentialShown])
async def list_credentials(
    *,
    caller: Reader,
    engine: TheEngine,
    q: Search = "",
    kind: Kinds = [],  # noqa: B006 - FastAPI copies it
    offset: Offset = 0,
    limit: Limit = 50,
) -> Any:
    """Credentials by name."""
    page = await engine.credentials.page(
        caller.actor, query=q, kinds=kind, offset=offset, limit=limit
    )
    items = [{**credential_view(each.credential), "uses": each.uses} for each in page.rows]
    return {"items": items, "total": page.total}


@router.post("", status_code=201, response_model=CredentialShown)
async def create_credential(
    caller: Manager, engine: TheEngine, given: NewCredentialGiven, response: Response
) -> Any:
    """Keeps a secret under a name, sealed."""
    new = NewCredential(
        name=given.name, kind=given.kind, hosts=tuple(given.hosts), fields=fields_from(given)
    )
    return _created(response, await engine.credentials.create(caller.actor, new))


@router.get("/{credential}", response_model=CredentialShown)
async def get_credential(
    caller: Reader, engine: TheEngine, credential: Ref, response: Response
) -> Any:
    """One credential, without its secrets."""
    found = await engine.credentials.find(caller.actor, credential)
    tag(response, found.version)
    return credential_view(found)


@router.patch("/{credential}", response_model=CredentialShown)
async def edit_credential(
    *,
    caller: Manager,
    engine: TheEngine,
    credential: Ref,
    given: CredentialEdited,
    response: Response,
    if_match: IfMatch = None,
) -> Any:
    """Changes what is given and nothing else; every request that refers to it follows."""
    edit = CredentialEdit(
        name=given.name,
        hosts=None if given.hosts is None else tuple(given.hosts),
        fields=fields_from(given),
        version=expected(given.version, if_match),
    )
    edited = await engine.credentials.edit(caller.actor, credential, edit)
    tag(response, edited.version)
    return credential_view(edited)


@router.delete("/{credential}", response_model=CredentialShown)
async def delete_credential(caller: Manager, engine: TheEngine, credential: Ref) -> Any:
    """Deletes a credential; requests and scenarios that refer to it fail from then on."""
    return credential_view(await engine.credentials.delete(caller.actor, credential))


@router.post("/{credential}/duplicate", status_code=201, response_model=CredentialShown)
async def duplicate_credential(
    caller: Manager, engine: TheEngine, credential: Ref, given: DuplicateGiven, response: Response
) -> Any:
    """The same once more, under another name."""
    made = await engine.credentials.duplicate(caller.actor, credential, given.name)
    return _created(response, made)


@router.get("/{credential}/uses", response_model=UsesShown)
async def list_credential_uses(
    caller: Reader, engine: TheEngine, credential: Ref, offset: Offset = 0, limit: Limit = 50
) -> Any:
    """The saved requests that refer to it, by name, and the scenarios."""
    found = await engine.credentials.find(caller.actor, credential)
    uses = await engine.used_by(caller.actor, credential_id=found.id, offset=offset, limit=limit)
    return uses_view(uses)


def _created(response: Response, made: Credential) -> dict[str, Any]:
    response.headers["Location"] = f"{API_PREFIX}/credentials/{made.id}"
    tag(response, made.version)
    return credential_view(made)
