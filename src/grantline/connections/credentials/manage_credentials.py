"""Creating, editing, duplicating and deleting credentials, and opening those a request names."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Final

from grantline.calls.hosts import HostList
from grantline.connections.connection import Actor
from grantline.connections.context import Context
from grantline.connections.credentials.authentication import RequestCredential
from grantline.connections.credentials.credential import (
    ID_PREFIX,
    NO_CREDENTIALS,
    PLACES,
    Credential,
    CredentialEdit,
    CredentialIds,
    Kind,
    NewCredential,
    credential_from_record,
)
from grantline.connections.credentials.credential_contents import (
    Contents,
    contents_of,
    given_fields,
)
from grantline.connections.credentials.credential_rows import (
    NOTHING,
    Carried,
    created,
    new_record,
    opened,
    with_contents,
)
from grantline.connections.requests.references import check_one_secret, credential_record, record_at
from grantline.connections.requests.uses import Uses
from grantline.connections.rules import check_name
from grantline.errors import InvalidInput
from grantline.store.records.page import Page

NAME: Final = "Credential name"
HOSTS: Final = "Hosts"


@dataclass(frozen=True, slots=True)
class ListedCredential:
    """A credential, and how many saved requests refer to it."""

    credential: Credential
    uses: int


class CredentialManager:
    """Credentials as a person manages them, and as requests use them."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._uses = Uses(context, context.store.touch_credential)

    async def page(
        self,
        actor: Actor,
        *,
        query: str = "",
        kinds: Collection[Kind] = (),
        offset: int = 0,
        limit: int = 50,
    ) -> Page[ListedCredential]:
        """Credentials by name; ``query`` is in the name or the hosts, whatever the case."""
        found = await self._context.stored(
            self._context.store.page_credentials,
            actor.workspace,
            query=query.strip(),
            kinds=[each.value for each in kinds],
            offset=offset,
            limit=limit,
        )
        rows = (ListedCredential(credential_from_record(r.credential), r.uses) for r in found.rows)
        return Page(tuple(rows), found.total)

    async def names(self, actor: Actor, credential_ids: Collection[str]) -> dict[str, str]:
        """The names of those of these credentials that there are, by id."""
        store = self._context.store
        return await self._context.stored(store.credential_names, actor.workspace, credential_ids)

    async def find(self, actor: Actor, name: str) -> Credential:
        """The credential with this name or id.

        Raises:
            NotFound: None in the actor's workspace has it.
        """
        return credential_from_record(await credential_record(self._context, actor, name))

    async def create(self, actor: Actor, new: NewCredential) -> Credential:
        """A new credential, sealed.

        Raises:
            InvalidInput: A field is wrong; names it.
            NameTaken: Another credential has the name.
        """
        # In the order of the form: what is wrong first is said first.
        name = _check_name(new.name)
        contents = contents_of(new.kind, new.fields)
        hosts = _checked_hosts(new.kind, new.hosts)
        return await self._add(actor, name, new.kind, contents, hosts)

    async def edit(self, actor: Actor, name: str, edit: CredentialEdit) -> Credential:
        """The credential after ``edit``; every request that refers to it follows at once.

        Raises:
            InvalidInput: A field is wrong, or a secret must be typed again (``field`` says so).
            ConnectionChanged: Somebody else edited it since ``edit.version``.
            NameTaken: Another credential has the new name.
        """
        context = self._context
        record = await credential_record(self._context, actor, name)
        kind, hosts = Kind(record.kind), record.hosts
        if edit.hosts is not None:
            hosts = _checked_hosts(kind, edit.hosts)
        if set(hosts) - set(record.hosts) and actor.user != record.owner:
            raise InvalidInput(
                "Only the owner of a credential may let it go to more hosts.",
                field=HOSTS,
                hint="Ask the owner to add the host.",
            )
        edited = replace(
            record,
            name=record.name if edit.name is None else _check_name(edit.name),
            hosts=hosts,
            version=(edit.version or record.version) + 1,
            updated_at=context.clock.now(),
        )
        fields = given_fields(edit.fields)
        if fields:
            contents = contents_of(kind, edit.fields, opened(context, record))
            edited = with_contents(context, edited, contents)
        own = [each for each in ("name", "hosts") if getattr(edit, each) is not None]
        event = context.event(actor, "credential.edited", record.id, {"fields": [*own, *fields]})
        await context.stored(context.store.update_credential, edited, event)
        return credential_from_record(edited)

    async def duplicate(self, actor: Actor, name: str, new_name: str) -> Credential:
        """The same once more, under another name and with the actor as its owner.

        Raises:
            InvalidInput: Only its owner may copy it: a copy's owner says where it may go.
        """
        record = await credential_record(self._context, actor, name)
        if actor.user != record.owner:
            raise InvalidInput(
                "Only the owner of a credential may copy it.",
                field=NAME,
                hint="Ask the owner, or create one of your own.",
            )
        return await self._add(
            actor,
            _check_name(new_name),
            Kind(record.kind),
            opened(self._context, record),
            record.hosts,
        )

    async def delete(self, actor: Actor, name: str) -> Credential:
        """The credential that was deleted; requests that refer to it fail from now on."""
        context = self._context
        record = await credential_record(self._context, actor, name)
        event = context.event(actor, "credential.deleted", record.id, {"name": record.name})
        await context.stored(context.store.delete_credential, actor.workspace, record.id, event)
        return credential_from_record(record)

    async def ids(
        self,
        actor: Actor,
        names: Mapping[str, str | None],
        *,
        over: CredentialIds = NO_CREDENTIALS,
    ) -> CredentialIds:
        """``over`` with the credentials of ``names``, by name or id, each in its place.

        The places are ``credential``, ``certificate``, ``authority`` and ``proxy``; None empties
        one. Raises as ``carried``.
        """
        found = {
            f"{place}_id": name and (await record_at(self._context, actor, f"{place}_id", name)).id
            for place, name in names.items()
        }
        return replace(over, **found)

    async def carried(self, actor: Actor, ids: CredentialIds) -> Carried:
        """What a request that names ``ids`` takes along; their use is noted.

        Raises:
            NotFound: One is not there.
            InvalidInput: One is of another kind; names the place.
        """
        carried = Carried(ids=ids)
        for place in PLACES:
            if credential_id := getattr(ids, place):
                record = await record_at(self._context, actor, place, credential_id)
                carried = carried.with_one(record, opened(self._context, record))
                self._uses.note(record.id, self._context.clock.now())
        return carried

    async def taken_along(
        self,
        actor: Actor,
        ids: CredentialIds,
        typed: RequestCredential | None = None,
        *,
        beside: str | None = None,
    ) -> Carried:
        """The same for a request that may carry other secrets as well.

        Args:
            actor: Who asks.
            ids: The credentials that the request names.
            typed: A secret that is kept nowhere, in place of a credential.
            beside: The connection whose token goes along.

        Raises:
            InvalidInput: There is more than one way to say who asks. Also as ``carried``.
            NotFound: As ``carried``.
        """
        if ids is NO_CREDENTIALS and typed is None:  # as most requests
            return NOTHING
        check_one_secret(beside, ids, typed)
        carried = await self.carried(actor, ids)
        return carried if typed is None else replace(carried, credential=typed)

    async def _add(
        self, actor: Actor, name: str, kind: Kind, contents: Contents, hosts: tuple[str, ...]
    ) -> Credential:
        context = self._context
        record = new_record(context, actor, name, (kind, contents), hosts)
        event = created(context, actor, record)
        await context.stored(context.store.add_credential, record, event)
        return credential_from_record(record)


def _check_name(name: str) -> str:
    check_name(name, field=NAME)
    if name.startswith(ID_PREFIX):
        raise InvalidInput(f"{ID_PREFIX} is kept for ids.", field=NAME)
    return name


def _checked_hosts(kind: Kind, hosts: tuple[str, ...]) -> tuple[str, ...]:
    """``hosts`` in canonical form: at least one where a secret goes to a service."""
    if hosts and not kind.has_hosts:
        raise InvalidInput(
            f"A credential of this kind goes to no service: {kind.label}.",
            field=HOSTS,
            hint="Leave the hosts empty.",
        )
    if kind.has_hosts and not hosts:
        raise InvalidInput(
            "No host is listed.",
            field=HOSTS,
            hint="Name the hosts that may get it, such as api.example.com or *.example.com.",
        )
    return tuple(sorted(HostList.parse(hosts, field=HOSTS).patterns))
