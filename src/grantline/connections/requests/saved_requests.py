"""Requests kept under a name: created, edited, duplicated, deleted, listed.

A saved request refers to its connection and its credentials by id and never copies them, so editing
one of those changes every request that uses it, at once.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from enum import Enum
from typing import Any, Final

from grantline.calls.bodies.content import Content
from grantline.calls.pagination import check_pagination
from grantline.calls.request import RequestSpec, build_request
from grantline.codec import from_plain, to_plain
from grantline.connections.connection import Actor
from grantline.connections.context import Context
from grantline.connections.credentials.authentication import RequestCredential
from grantline.connections.credentials.credential import NO_CREDENTIALS, PLACES, CredentialIds
from grantline.connections.credentials.credential_rows import created
from grantline.connections.near_names import LOOKED_AT, did_you_mean
from grantline.connections.requests.references import (
    check_credentials,
    check_one_secret,
    record_of_typed,
    typed_from_plain,
)
from grantline.connections.rules import check_name
from grantline.errors import ConnectionChanged, InvalidInput, NameTaken, NotFound, StoreBusy
from grantline.secret import Secret
from grantline.store.records.audit import Event
from grantline.store.records.credentials import CredentialRecord
from grantline.store.records.page import Page
from grantline.store.records.requests import SavedRequestRecord
from grantline.vault.envelope import Place

ID_PREFIX: Final = "req_"
NAME: Final = "Request name"
_STAND_IN: Final = "https://stand-in.example"
_ADOPTIONS: Final = 5


class Keep(Enum):
    """Says that an edit leaves a thing as it is, where None means "none"."""

    KEEP = "keep"


KEEP: Final = Keep.KEEP


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestSummary:
    """A saved request as lists show it; ``url`` has no query."""

    id: str
    name: str
    owner: str
    method: str
    url: str
    connection_id: str | None
    credentials: CredentialIds
    version: int
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedRequest:
    """A saved request, whole.

    Attributes:
        connection_id: Whose token it carries; None for none.
        credentials: What it carries instead of a token, or beside one.
        form: What a page keeps beside the request, such as how the body was typed.
    """

    id: str
    name: str
    owner: str
    spec: RequestSpec
    connection_id: str | None
    credentials: CredentialIds
    form: Mapping[str, Any]
    version: int
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRequest:
    """What a person saves. A connection and an API key or password exclude each other.

    Attributes:
        typed: A secret typed with the request. It becomes a credential of its own, called as the
            request, and the request refers to that.
    """

    name: str
    spec: RequestSpec
    connection_id: str | None = None
    credentials: CredentialIds = NO_CREDENTIALS
    typed: RequestCredential | None = None
    form: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestEdit:
    """What a person changes; None leaves a thing as it is, and so does ``KEEP``.

    Attributes:
        typed: As in ``NewRequest``.
        version: The version the edit was made against; None takes whatever is there.
    """

    name: str | None = None
    spec: RequestSpec | None = None
    connection_id: str | Keep | None = KEEP
    credentials: CredentialIds | None = None
    typed: RequestCredential | None = None
    form: Mapping[str, Any] | None = None
    version: int | None = None


class SavedRequests:
    """Saved requests as a person manages them."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def page(
        self,
        actor: Actor,
        *,
        query: str = "",
        connection_id: str | None = None,
        credential_id: str | None = None,
        offset: int = 0,
        limit: int = 50,
    ) -> Page[RequestSummary]:
        """Saved requests by name.

        Args:
            actor: Who looks.
            query: In the name or the URL, whatever the case.
            connection_id: Those that carry this connection's token.
            credential_id: Those that refer to this credential, in whatever place.
            offset: How many to pass over.
            limit: How many to give.
        """
        found = await self._context.stored(
            self._context.store.page_requests,
            actor.workspace,
            query=query.strip(),
            connection_id=connection_id,
            credential_id=credential_id,
            offset=offset,
            limit=limit,
        )
        return Page(tuple(summary_from_record(each) for each in found.rows), found.total)

    async def find(self, actor: Actor, name: str) -> SavedRequest:
        """The saved request with this name or id.

        Raises:
            NotFound: None in the actor's workspace has it.
        """
        for _ in range(_ADOPTIONS):
            saved, typed = self._opened(await self._record(actor, name))
            if typed is None:
                return saved
            # Saved before credentials had names: from here on it refers to one, as all others do.
            # When another process was faster, what that wrote is read again.
            with suppress(ConnectionChanged, NameTaken):
                await self._write(
                    self._context.store.update_request,
                    Actor(actor.workspace, saved.owner),
                    replace(saved, version=saved.version + 1),
                    typed,
                    self._context.event(actor, "request.edited", saved.id, {"name": saved.name}),
                )
        raise StoreBusy("The saved request keeps changing.", hint="Try again.")

    async def create(self, actor: Actor, new: NewRequest) -> SavedRequest:
        """A new saved request.

        Raises:
            InvalidInput: A field is wrong; names it.
            NameTaken: Another saved request has the name.
            ConnectionNotFound: ``connection_id`` names none.
        """
        context = self._context
        now = context.clock.now()
        saved = SavedRequest(
            id=context.new_id("req"),
            name=new.name,
            owner=actor.user,
            spec=new.spec,
            connection_id=new.connection_id,
            credentials=new.credentials,
            form=new.form,
            version=1,
            created_at=now,
            updated_at=now,
        )
        await self._check(actor, saved, new.typed)
        event = context.event(actor, "request.created", saved.id, {"name": saved.name})
        return await self._write(context.store.add_request, actor, saved, new.typed, event)

    async def edit(self, actor: Actor, name: str, edit: RequestEdit) -> SavedRequest:
        """The saved request after ``edit``.

        Raises:
            ConnectionChanged: Somebody else edited it since ``edit.version``.
            InvalidInput: A field is wrong, or a secret must be typed again.
        """
        context = self._context
        old = await self.find(actor, name)
        new = replace(
            old,
            name=old.name if edit.name is None else edit.name,
            spec=edit.spec or old.spec,
            connection_id=(
                old.connection_id if isinstance(edit.connection_id, Keep) else edit.connection_id
            ),
            credentials=old.credentials if edit.credentials is None else edit.credentials,
            form=old.form if edit.form is None else edit.form,
            version=(edit.version or old.version) + 1,
            updated_at=context.clock.now(),
        )
        await self._check(actor, new, edit.typed, known=(old.connection_id, *old.credentials))
        event = context.event(actor, "request.edited", new.id, {"name": new.name})
        return await self._write(context.store.update_request, actor, new, edit.typed, event)

    async def duplicate(self, actor: Actor, name: str, new_name: str) -> SavedRequest:
        """The same request once more, under another name."""
        old = await self.find(actor, name)
        return await self.create(
            actor,
            NewRequest(
                name=new_name,
                spec=old.spec,
                connection_id=old.connection_id,
                credentials=old.credentials,
                form=old.form,
            ),
        )

    async def delete(self, actor: Actor, name: str) -> RequestSummary:
        """The saved request that was deleted; its runs stay."""
        context = self._context
        record = await self._record(actor, name)
        event = context.event(actor, "request.deleted", record.id, {"name": record.name})
        await context.stored(context.store.delete_request, actor.workspace, record.id, event)
        return summary_from_record(record)

    async def _record(self, actor: Actor, name: str) -> SavedRequestRecord:
        store = self._context.store
        find = store.load_request if name.startswith(ID_PREFIX) else store.find_request
        try:
            return await self._context.stored(find, actor.workspace, name)
        except NotFound:
            page = await self._context.stored(store.page_requests, actor.workspace, limit=LOOKED_AT)
            near = did_you_mean(name, (each.name for each in page.rows))
            raise NotFound(
                f"There is no saved request named “{name}”.",
                hint=f"{near}The web app lists them under Requests.",
            ) from None

    async def _check(
        self,
        actor: Actor,
        saved: SavedRequest,
        typed: RequestCredential | None,
        *,
        known: Collection[str | None] = (),
    ) -> None:
        """Refuses what could never be sent; what is ``known`` is not looked up again."""
        context = self._context
        check_name(saved.name, field=NAME)
        if saved.name.startswith(ID_PREFIX):
            raise InvalidInput(f"{ID_PREFIX} is kept for ids.", field=NAME)
        check_one_secret(saved.connection_id, saved.credentials, typed)
        if saved.spec.pagination is not None:
            check_pagination(saved.spec.pagination)
        # A connection's own base URL is not known here.
        build_request(saved.spec, base_url=_STAND_IN if saved.connection_id else "")
        if saved.connection_id is not None and saved.connection_id not in known:
            await context.stored(context.store.glance, actor.workspace, saved.connection_id)
        await check_credentials(context, actor, saved.credentials, known=known)

    async def _write(
        self,
        write: Callable[[SavedRequestRecord, Event, tuple[CredentialRecord, Event] | None], None],
        actor: Actor,
        saved: SavedRequest,
        typed: RequestCredential | None,
        event: Event,
    ) -> SavedRequest:
        """Writes the row, and the credential that was ``typed`` with it: both or neither."""
        context = self._context
        adding = None
        if typed is not None:
            added = await record_of_typed(
                context, actor, typed, name=saved.name, url=saved.spec.url
            )
            adding = added, created(context, actor, added)
            ids = replace(saved.credentials, credential_id=added.id)
            saved = replace(saved, credentials=ids)
        record = SavedRequestRecord(
            id=saved.id,
            workspace=actor.workspace,
            owner=saved.owner,
            name=saved.name,
            connection_id=saved.connection_id,
            **asdict(saved.credentials),
            method=saved.spec.method,
            url=saved.spec.url.partition("#")[0].partition("?")[0],
            sealed_spec=context.vault.seal(_to_text(saved), _place(actor.workspace, saved.id)),
            version=saved.version,
            created_at=saved.created_at,
            updated_at=saved.updated_at,
        )
        await context.stored(write, record, event, adding)
        return saved

    def _opened(self, record: SavedRequestRecord) -> tuple[SavedRequest, RequestCredential | None]:
        """The request in a row, and the secret that older versions sealed with it."""
        place = _place(record.workspace, record.id)
        plain = json.loads(self._context.vault.open(record.sealed_spec, place).reveal())
        saved = SavedRequest(
            id=record.id,
            name=record.name,
            owner=record.owner,
            spec=spec_from_plain(plain["spec"]),
            connection_id=record.connection_id,
            credentials=ids_in(record),
            form=plain["form"],
            version=record.version,
            created_at=record.created_at,
            updated_at=record.updated_at,
        )
        return saved, typed_from_plain(plain.get("credential"))


def summary_from_record(record: SavedRequestRecord) -> RequestSummary:
    """What lists show of ``record``."""
    return RequestSummary(
        id=record.id,
        name=record.name,
        owner=record.owner,
        method=record.method,
        url=record.url,
        connection_id=record.connection_id,
        credentials=ids_in(record),
        version=record.version,
        created_at=record.created_at,
        updated_at=record.updated_at,
    )


def ids_in(record: SavedRequestRecord) -> CredentialIds:
    """The credentials that a row names."""
    return CredentialIds(**{place: getattr(record, place) for place in PLACES})


def spec_to_plain(spec: RequestSpec) -> dict[str, Any]:
    """``spec`` as JSON."""
    plain = to_plain(replace(spec, content=None))
    if spec.content is not None:
        data = base64.b64encode(spec.content.data).decode()
        plain["content"] = {"data": data, "media_type": spec.content.media_type}
    return plain


def spec_from_plain(plain: Mapping[str, Any]) -> RequestSpec:
    """The request that ``spec_to_plain`` wrote."""
    body = plain.get("content")
    bare = {name: value for name, value in plain.items() if name != "content"}
    spec = from_plain(RequestSpec, bare)
    if body is None:
        return spec
    return replace(spec, content=Content(base64.b64decode(body["data"]), body["media_type"]))


def _to_text(saved: SavedRequest) -> Secret:
    return Secret(
        json.dumps(
            {
                "spec": spec_to_plain(saved.spec),
                "credential": None,  # the version before looks for it
                "form": dict(saved.form),
            }
        )
    )


def _place(workspace: str, request_id: str) -> Place:
    return Place(workspace, "saved_request", request_id, "spec")
