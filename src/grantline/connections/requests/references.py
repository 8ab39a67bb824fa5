"""What requests refer to by id: looked up, checked, opened; and secrets typed with a request."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final

from grantline.connections.connection import Actor
from grantline.connections.context import Context
from grantline.connections.credentials.authentication import (
    BasicCredential,
    KeyCredential,
    RequestCredential,
    checked_credential,
)
from grantline.connections.credentials.credential import ID_PREFIX, PLACES, CredentialIds, Kind
from grantline.connections.credentials.credential_contents import contents_from_plain
from grantline.connections.credentials.credential_rows import new_record
from grantline.connections.near_names import LOOKED_AT, did_you_mean
from grantline.errors import InvalidInput, NotFound
from grantline.store.records.credentials import CredentialRecord

_MOST_OF_ONE_NAME: Final = 1_000


async def credential_record(context: Context, actor: Actor, name: str) -> CredentialRecord:
    """The row of the credential with this name or id.

    Raises:
        NotFound: None in the actor's workspace has it.
    """
    store = context.store
    is_id = name.startswith(ID_PREFIX)
    find = store.load_credential if is_id else store.find_credential
    try:
        return await context.stored(find, actor.workspace, name)
    except NotFound:
        page = await context.stored(store.page_credentials, actor.workspace, limit=LOOKED_AT)
        near = did_you_mean(name, (each.credential.name for each in page.rows))
        raise NotFound(
            f"There is no credential {'with this id' if is_id else f'named “{name}”'}.",
            hint=f"{near}See the names with: grantline credential list",
        ) from None


async def record_at(context: Context, actor: Actor, place: str, name: str) -> CredentialRecord:
    """The same for one of ``PLACES``; raises ``InvalidInput`` for a kind not wanted there."""
    record = await credential_record(context, actor, name)
    kind, wanted = Kind(record.kind), PLACES[place]
    if kind not in wanted:
        raise InvalidInput(
            f"“{record.name}” is not what is wanted here. It is: {kind.label}.",
            field=place.removesuffix("_id"),
            hint=f"Wanted: {' or '.join(each.label for each in wanted)}.",
        )
    return record


async def check_credentials(
    context: Context, actor: Actor, ids: CredentialIds, *, known: Collection[str | None] = ()
) -> None:
    """Refuses credentials that are not there or of the wrong kind, but for those ``known``."""
    for place in PLACES:
        credential_id = getattr(ids, place)
        if credential_id is not None and credential_id not in known:
            await record_at(context, actor, place, credential_id)


def check_one_secret(
    connection_id: str | None, ids: CredentialIds, typed: RequestCredential | None
) -> None:
    """Refuses a request with two ways to say who asks."""
    if sum(each is not None for each in (connection_id, ids.credential_id, typed)) > 1:
        raise InvalidInput(
            "A request carries a connection's token or a credential, not both.",
            field="Authentication type",
            hint="A client certificate, an authority and a proxy go with either.",
        )


async def record_of_typed(
    context: Context, actor: Actor, typed: RequestCredential, *, name: str, url: str
) -> CredentialRecord:
    """The row of a credential that was typed with a request to ``url``, not yet written.

    It takes the request's ``name``, with a number behind it when others have it.
    """
    checked = checked_credential(typed, url)
    kind = Kind.KEY if isinstance(checked, KeyCredential) else Kind.BASIC
    free = await _free_name(context, actor, name)
    return new_record(context, actor, free, (kind, checked), checked.hosts)


def typed_from_plain(plain: Mapping[str, Any] | None) -> RequestCredential | None:
    """The secret that was sealed into a saved request before credentials had names."""
    if plain is None:
        return None
    read = contents_from_plain(Kind(plain["kind"]), {"prefix": "", **plain}, tuple(plain["hosts"]))
    return read if isinstance(read, KeyCredential | BasicCredential) else None


async def _free_name(context: Context, actor: Actor, name: str) -> str:
    for number in range(1, _MOST_OF_ONE_NAME):
        candidate = name if number == 1 else f"{name[:90].rstrip()} {number}"
        try:
            await context.stored(context.store.find_credential, actor.workspace, candidate)
        except NotFound:
            return candidate
    return name
