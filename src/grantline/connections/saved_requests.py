"""Requests kept under a name: created, edited, duplicated, deleted, listed.

A saved request refers to its connection by id and never copies it, so editing the connection
changes every request that uses it, at once.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import Enum
from typing import Any, Final

from grantline.calls.request import Content, RequestSpec, build_request
from grantline.codec import from_plain, to_plain
from grantline.connections.connection import Actor
from grantline.connections.context import Context
from grantline.connections.credentials import (
    RequestCredential,
    checked_credential,
    credential_from_plain,
    credential_to_plain,
    kept_or_new,
)
from grantline.connections.rules import check_name
from grantline.errors import InvalidInput, NotFound
from grantline.secret import Secret
from grantline.store.records import Page, SavedRequestRecord
from grantline.vault.envelope import Place

ID_PREFIX: Final = "req_"
NAME: Final = "Request name"
_STAND_IN: Final = "https://stand-in.example"


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
    version: int
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedRequest:
    """A saved request, whole.

    Attributes:
        connection_id: Whose token it carries; None for none.
        credential: What it carries instead of a token; None for nothing.
        form: What a page keeps beside the request, such as how the body was typed.
    """

    id: str
    name: str
    owner: str
    spec: RequestSpec
    connection_id: str | None
    credential: RequestCredential | None
    form: Mapping[str, Any]
    version: int
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRequest:
    """What a person saves. ``connection_id`` and ``credential`` exclude each other."""

    name: str
    spec: RequestSpec
    connection_id: str | None = None
    credential: RequestCredential | None = None
    form: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestEdit:
    """What a person changes; None leaves a thing as it is, and so does ``KEEP``.

    Attributes:
        credential: An empty secret in it keeps the one that is stored.
        version: The version the edit was made against; None takes whatever is there.
    """

    name: str | None = None
    spec: RequestSpec | None = None
    connection_id: str | Keep | None = KEEP
    credential: RequestCredential | Keep | None = KEEP
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
        offset: int = 0,
        limit: int = 50,
    ) -> Page[RequestSummary]:
        """Saved requests by name.

        Args:
            actor: Who looks.
            query: In the name or the URL, whatever the case.
            connection_id: Those that carry this connection's token.
            offset: How many to pass over.
            limit: How many to give.
        """
        found = await self._context.stored(
            self._context.store.page_requests,
            actor.workspace,
            query=query.strip(),
            connection_id=connection_id,
            offset=offset,
            limit=limit,
        )
        return Page(tuple(summary_from_record(each) for each in found.rows), found.total)

    async def find(self, actor: Actor, name: str) -> SavedRequest:
        """The saved request with this name or id.

        Raises:
            NotFound: None in the actor's workspace has it.
        """
        return self._opened(await self._record(actor, name))

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
            credential=new.credential,
            form=new.form,
            version=1,
            created_at=now,
            updated_at=now,
        )
        record = await self._checked(actor, saved)
        event = context.event(actor, "request.created", record.id, {"name": record.name})
        await context.stored(context.store.add_request, record, event)
        return self._opened(record)

    async def edit(self, actor: Actor, name: str, edit: RequestEdit) -> SavedRequest:
        """The saved request after ``edit``.

        Raises:
            ConnectionChanged: Somebody else edited it since ``edit.version``.
            InvalidInput: A field is wrong, or a secret must be typed again.
        """
        context = self._context
        old = await self.find(actor, name)
        credential = old.credential
        if not isinstance(edit.credential, Keep):
            credential = edit.credential and kept_or_new(old.credential, edit.credential)
        new = replace(
            old,
            name=old.name if edit.name is None else edit.name,
            spec=edit.spec or old.spec,
            connection_id=(
                old.connection_id if isinstance(edit.connection_id, Keep) else edit.connection_id
            ),
            credential=credential,
            form=old.form if edit.form is None else edit.form,
            version=(edit.version or old.version) + 1,
            updated_at=context.clock.now(),
        )
        record = await self._checked(actor, new, known=old.connection_id)
        event = context.event(actor, "request.edited", record.id, {"name": record.name})
        await context.stored(context.store.update_request, record, event)
        return self._opened(record)

    async def duplicate(self, actor: Actor, name: str, new_name: str) -> SavedRequest:
        """The same request once more, under another name."""
        old = await self.find(actor, name)
        return await self.create(
            actor,
            NewRequest(
                name=new_name,
                spec=old.spec,
                connection_id=old.connection_id,
                credential=old.credential,
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
            raise NotFound(
                f"There is no saved request “{name}”.", hint="It may have been deleted meanwhile."
            ) from None

    async def _checked(
        self, actor: Actor, saved: SavedRequest, *, known: str | None = None
    ) -> SavedRequestRecord:
        """The row of ``saved``, once everything in it holds; ``known`` is not looked up again."""
        context = self._context
        check_name(saved.name, field=NAME)
        if saved.name.startswith(ID_PREFIX):
            raise InvalidInput(f"{ID_PREFIX} is kept for ids.", field=NAME)
        if saved.connection_id is not None and saved.credential is not None:
            raise InvalidInput(
                "A request carries a connection's token or a credential, not both.",
                field="Authentication type",
            )
        # What could never be sent is refused now; a connection's own base URL is not known here.
        build_request(saved.spec, base_url=_STAND_IN if saved.connection_id else "")
        if saved.connection_id is not None and saved.connection_id != known:
            await context.stored(context.store.glance, actor.workspace, saved.connection_id)
        if saved.credential is not None:
            credential = checked_credential(saved.credential, saved.spec.url)
            saved = replace(saved, credential=credential)
        return SavedRequestRecord(
            id=saved.id,
            workspace=actor.workspace,
            owner=saved.owner,
            name=saved.name,
            connection_id=saved.connection_id,
            method=saved.spec.method,
            url=saved.spec.url.partition("#")[0].partition("?")[0],
            sealed_spec=context.vault.seal(_to_text(saved), _place(actor.workspace, saved.id)),
            version=saved.version,
            created_at=saved.created_at,
            updated_at=saved.updated_at,
        )

    def _opened(self, record: SavedRequestRecord) -> SavedRequest:
        place = _place(record.workspace, record.id)
        plain = json.loads(self._context.vault.open(record.sealed_spec, place).reveal())
        credential = plain["credential"]
        return SavedRequest(
            id=record.id,
            name=record.name,
            owner=record.owner,
            spec=spec_from_plain(plain["spec"]),
            connection_id=record.connection_id,
            credential=credential_from_plain(credential) if credential else None,
            form=plain["form"],
            version=record.version,
            created_at=record.created_at,
            updated_at=record.updated_at,
        )


def summary_from_record(record: SavedRequestRecord) -> RequestSummary:
    """What lists show of ``record``."""
    return RequestSummary(
        id=record.id,
        name=record.name,
        owner=record.owner,
        method=record.method,
        url=record.url,
        connection_id=record.connection_id,
        version=record.version,
        created_at=record.created_at,
        updated_at=record.updated_at,
    )


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
                "credential": credential_to_plain(saved.credential) if saved.credential else None,
                "form": dict(saved.form),
            }
        )
    )


def _place(workspace: str, request_id: str) -> Place:
    return Place(workspace, "saved_request", request_id, "spec")
