"""Creating, editing, duplicating and deleting connections and their apps."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import chain, count
from typing import Any

from grantline.codec import to_plain
from grantline.connections.connection import (
    Actor,
    App,
    Connection,
    app_from_record,
    connection_from_record,
)
from grantline.connections.context import Context
from grantline.connections.edit import Cost, Price
from grantline.connections.near_names import LOOKED_AT, did_you_mean
from grantline.connections.planning import (
    APP_SECRETS,
    ConnectionEdit,
    PlannedEdit,
    changed_fields,
    edited_app,
    plan_edit,
    sealed_client_secrets,
    sealed_flow_secrets,
)
from grantline.connections.renewal.health import draft, edited
from grantline.connections.rules import (
    check_at_once,
    check_hosts,
    check_name,
    check_scopes,
    check_settings,
)
from grantline.connections.sealing import (
    FlowSecrets,
    open_client_secrets,
    open_flow_secrets,
)
from grantline.connections.values import check_names, settled_app
from grantline.errors import AppNotFound, ConnectionNotFound, InvalidInput, NameTaken
from grantline.oauth.app.inputs import checked_inputs, resolved_host
from grantline.oauth.app.settings import AppSettings, ClientSecrets, FlowType
from grantline.secret import Secret
from grantline.store.records.connections import AppRecord, ConnectionRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class NewConnection:
    """What a person fills in to create a connection.

    Attributes:
        name: Unique in the workspace; letters, digits and ``. _ - /``.
        app: Name or id of an app to reuse; then ``settings`` and ``secrets`` stay empty.
        settings: A new app's settings, created together with the connection.
        app_name: Name of that new app; empty means the connection's own, with a number behind it
            where an app has that name already.
        hosts: Where the token may go; empty means the host of ``settings.base_url``, if any.
        inputs: A value for each input of the app that has no default.
        at_once: How many modules of scenarios may use it at the same time; 0 for any number.
    """

    name: str
    flow: FlowType = FlowType.AUTHORIZATION_CODE
    app: str = ""
    settings: AppSettings | None = None
    secrets: ClientSecrets = field(default_factory=ClientSecrets)
    app_name: str = ""
    provider: str = ""
    scopes: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    username: str = ""
    password: Secret | None = None
    inputs: Mapping[str, str] = field(default_factory=dict)
    at_once: int = 0


@dataclass(frozen=True, slots=True)
class Edited:
    """An edit that was made.

    Attributes:
        connection: As it is now.
        price: What must happen before it works again.
        siblings: Names of the other connections that the change of the app reaches.
    """

    connection: Connection
    price: Price
    siblings: tuple[str, ...] = ()


class Manager:
    """Connections and apps as a person manages them."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def find(self, actor: Actor, name: str) -> Connection:
        """The connection with this name or id.

        Raises:
            ConnectionNotFound: None in the actor's workspace has it.
        """
        record = await self.record(actor, name)
        app = await self._context.stored(
            self._context.store.load_app, actor.workspace, record.app_id
        )
        return connection_from_record(record, app)

    async def record(self, actor: Actor, name: str) -> ConnectionRecord:
        """The row of the connection with this name or id."""
        store = self._context.store
        find = store.load_connection if name.startswith("con_") else store.find_connection
        try:
            return await self._context.stored(find, actor.workspace, name)
        except ConnectionNotFound:
            page = await self._context.stored(
                store.page_connections, actor.workspace, limit=LOOKED_AT
            )
            near = did_you_mean(name, (each.connection.name for each in page.rows))
            raise ConnectionNotFound(
                f"There is no connection named “{name}”.",
                hint=f"{near}See the names with: grantline connection list",
            ) from None

    async def connections(self, actor: Actor) -> list[Connection]:
        """All connections of the workspace, by name."""
        store = self._context.store
        records = await self._context.stored(store.list_connections, actor.workspace)
        apps = {app.id: app for app in await self._context.stored(store.list_apps, actor.workspace)}
        found = [connection_from_record(each, apps[each.app_id]) for each in records]
        return sorted(found, key=lambda each: each.name)

    async def create(self, actor: Actor, new: NewConnection) -> Connection:
        """A connection in state ``draft``, and its app when that is new: both or neither.

        Raises:
            InvalidInput: A field is wrong; names it.
            NameTaken: Another connection or app has the name.
            AppNotFound: ``new.app`` names none.
        """
        context = self._context
        record, app, is_new = await self._draft(actor, new)
        event = context.event(actor, "connection.created", record.id, {"name": new.name})
        try:
            await context.stored(
                context.store.add_connection, record, event, app if is_new else None
            )
        except NameTaken:
            await self._refuse_taken(actor, record.name, app.name if is_new else "")
            raise
        return connection_from_record(record, app)

    async def check_new(self, actor: Actor, new: NewConnection) -> None:
        """Refuses what ``create`` would refuse, as far as that can be known; raises as it does."""
        record, app, is_new = await self._draft(actor, new)
        await self._refuse_taken(actor, record.name, app.name if is_new else "")

    async def edit(self, actor: Actor, name: str, edit: ConnectionEdit) -> Edited:
        """The connection after ``edit``; everything that uses it follows at once.

        Raises:
            InvalidInput: A field is wrong, or a secret must be typed again (``field`` says so).
            ConnectionChanged: Somebody else edited it since ``edit.version``.
            NameTaken: Another connection has the new name.
        """
        context = self._context
        planned = await self._planned(actor, name, edit)
        record, new_record = planned.record, planned.new_record
        new_app, price = planned.new_app, planned.price
        kind = (
            "connection.hosts_edited" if new_record.hosts != record.hosts else "connection.edited"
        )
        event = context.event(
            actor,
            kind,
            record.id,
            {"fields": changed_fields(edit), "needs": price.cost.name.lower()},
        )
        reset = edited(price.reasons) if price.cost is Cost.REAUTHORIZATION else None
        await context.stored(context.store.update_connection, new_record, event, new_app, reset)
        siblings = await self._siblings(actor, record) if new_app else ()
        context.holdings.drop(record.id)
        if new_app:
            context.holdings.drop_app(new_app.id)
        return Edited(await self.find(actor, record.id), price, siblings)

    async def price(self, actor: Actor, name: str, edit: ConnectionEdit) -> Price:
        """What ``edit`` would cost; nothing is changed. Raises as ``edit``."""
        return (await self._planned(actor, name, edit)).price

    async def kept_secrets(self, actor: Actor, name: str) -> tuple[str, ...]:
        """Those of ``SECRETS`` that are kept for a connection, never their values."""
        context = self._context
        record = await self.record(actor, name)
        app = await context.stored(context.store.load_app, actor.workspace, record.app_id)
        secrets = open_client_secrets(context.vault, app)
        own = open_flow_secrets(context.vault, record)
        holders = (*((secrets, each) for each in APP_SECRETS), (own, "username"), (own, "password"))
        return tuple(each for holder, each in holders if getattr(holder, each))

    async def duplicate(self, actor: Actor, name: str, new_name: str) -> Connection:
        """A draft with the same app, flow, scopes and hosts, for another account.

        Tokens are not copied: two rows with one rotating refresh token would kill each other's.

        Raises:
            InvalidInput: A password is kept in it, which only its owner may copy: a copy's owner
                says where its token may go.
        """
        record = await self.record(actor, name)
        held = open_flow_secrets(self._context.vault, record)
        if held.password and actor.user != record.owner:
            raise InvalidInput(
                "Only the owner of a connection may copy it with its password.",
                field="Connection name",
                hint="Ask the owner, or create a connection with a password of your own.",
            )
        return await self.create(
            actor,
            NewConnection(
                name=new_name,
                flow=FlowType(record.flow),
                app=record.app_id,
                scopes=record.scopes,
                hosts=record.hosts,
                inputs=record.inputs,
                at_once=record.at_once,
                username=held.username,
                password=held.password,
            ),
        )

    async def apps(self, actor: Actor) -> list[App]:
        """All apps of the workspace, by name."""
        records = await self._context.stored(self._context.store.list_apps, actor.workspace)
        return sorted((app_from_record(each) for each in records), key=lambda each: each.name)

    async def app(self, actor: Actor, name: str) -> App:
        """The app with this name or id; raises ``AppNotFound``."""
        return app_from_record(await self._app_record(actor, name))

    async def edit_app(
        self,
        actor: Actor,
        name: str,
        *,
        new_name: str | None = None,
        settings: Mapping[str, Any] | None = None,
        secrets: ClientSecrets | None = None,
        version: int | None = None,
    ) -> tuple[App, Price, tuple[str, ...]]:
        """The app after the edit, its price, and the names of the connections that follow."""
        context = self._context
        record = await self._app_record(actor, name)
        if version is not None:
            record = replace(record, version=version)
        edit = ConnectionEdit(settings=settings or {}, secrets=secrets or ClientSecrets())
        new, price = edited_app(context, record, edit)
        new = new or replace(record, version=record.version + 1)
        if new_name is not None:
            new = replace(new, name=check_name(new_name, field="App name"))
        new = replace(new, updated_at=context.clock.now())
        users = await context.stored(context.store.list_connections, actor.workspace, record.id)
        new_settings = app_from_record(new).settings
        kept = open_client_secrets(context.vault, new)
        for flow in {each.flow for each in users}:
            check_settings(new_settings, FlowType(flow), kept)
        reset = edited(price.reasons) if price.cost is Cost.REAUTHORIZATION else None
        event = context.event(actor, "app.edited", record.id, {"fields": changed_fields(edit)})
        await context.stored(context.store.update_app, new, event, reset)
        context.holdings.drop_app(record.id)
        return app_from_record(new), price, tuple(sorted(each.name for each in users))

    async def delete_app(self, actor: Actor, name: str) -> App:
        """The app that was deleted; raises ``AppInUse`` while connections refer to it."""
        context = self._context
        record = await self._app_record(actor, name)
        event = context.event(actor, "app.deleted", record.id, {"name": record.name})
        await context.stored(context.store.delete_app, actor.workspace, record.id, event)
        return app_from_record(record)

    async def connections_of(self, actor: Actor, app_id: str) -> Sequence[str]:
        """Names of the connections of an app."""
        records = await self._context.stored(
            self._context.store.list_connections, actor.workspace, app_id
        )
        return sorted(each.name for each in records)

    async def newest_of(self, actor: Actor, app_id: str) -> Connection | None:
        """The connection of an app that was created last; raises ``AppNotFound``."""
        record = await self._app_record(actor, app_id)
        records = await self._context.stored(
            self._context.store.list_connections, actor.workspace, record.id
        )
        newest = max(records, key=lambda each: each.created_at, default=None)
        return connection_from_record(newest, record) if newest else None

    async def client_secrets(self, actor: Actor, name: str) -> ClientSecrets:
        """The secrets of the app with this name or id; raises ``AppNotFound``."""
        return open_client_secrets(self._context.vault, await self._app_record(actor, name))

    async def _draft(
        self, actor: Actor, new: NewConnection
    ) -> tuple[ConnectionRecord, AppRecord, bool]:
        """The rows of a new connection and its app, and whether that one is new; not yet stored."""
        context = self._context
        check_name(new.name, field="Connection name")
        check_scopes(new.scopes)
        app, is_new = await self._app_for(actor, new)
        asking = app_from_record(app).settings
        inputs = checked_inputs(asking.inputs, new.inputs)
        named = check_hosts(new.hosts, base_url=asking.base_url)
        check_names(asking, named)
        filled = tuple(resolved_host(each, asking, inputs) for each in named)
        hosts = check_hosts(filled, base_url="")
        settings = asking
        if is_new:
            settings, inputs = settled_app(asking, inputs)
            app = replace(app, settings=to_plain(settings))
        now = context.clock.now()
        connection_id = context.new_id("con")
        record = ConnectionRecord(
            id=connection_id,
            workspace=actor.workspace,
            owner=actor.user,
            app_id=app.id,
            name=new.name,
            flow=new.flow,
            scopes=new.scopes,
            hosts=hosts,
            inputs=inputs,
            at_once=check_at_once(new.at_once),
            sealed_secrets=sealed_flow_secrets(
                context,
                actor.workspace,
                connection_id,
                settings,
                FlowSecrets(username=new.username, password=new.password),
            ),
            health=draft(),
            tokens=None,
            generation=0,
            version=1,
            created_at=now,
            updated_at=now,
        )
        check_settings(settings, new.flow, open_client_secrets(context.vault, app))
        return record, app, is_new

    async def _refuse_taken(self, actor: Actor, name: str, app_name: str) -> None:
        """Says which of two new names is taken; does nothing when neither is."""
        store, workspace = self._context.store, actor.workspace
        with suppress(ConnectionNotFound):
            await self._context.stored(store.find_connection, workspace, name)
            raise _taken("connection", name)
        if app_name:
            with suppress(AppNotFound):
                await self._context.stored(store.find_app, workspace, app_name)
                raise _taken("app", app_name)

    async def _planned(self, actor: Actor, name: str, edit: ConnectionEdit) -> PlannedEdit:
        record = await self.record(actor, name)
        app = await self._context.stored(
            self._context.store.load_app, actor.workspace, record.app_id
        )
        return plan_edit(self._context, actor, record, app, edit)

    async def _app_record(self, actor: Actor, name: str) -> AppRecord:
        store = self._context.store
        find = store.load_app if name.startswith("app_") else store.find_app
        try:
            return await self._context.stored(find, actor.workspace, name)
        except AppNotFound:
            page = await self._context.stored(store.page_apps, actor.workspace, limit=LOOKED_AT)
            near = did_you_mean(name, (each.name for each in page.rows))
            raise AppNotFound(
                f"There is no app named “{name}”.",
                hint=f"{near}See the names with: grantline app list",
            ) from None

    async def _app_for(self, actor: Actor, new: NewConnection) -> tuple[AppRecord, bool]:
        if new.app:
            return await self._app_record(actor, new.app), False
        if new.settings is None:
            raise InvalidInput(
                "A connection needs an app.",
                field="app",
                hint="Name an existing app, or give the service's URIs and the client ID.",
            )
        context = self._context
        if new.app_name:
            name = check_name(new.app_name, field="App name")
        else:
            name = await self._free_app_name(actor, new.name)
        app_id, now = context.new_id("app"), context.clock.now()
        return AppRecord(
            id=app_id,
            workspace=actor.workspace,
            owner=actor.user,
            name=name,
            provider=new.provider,
            settings=to_plain(new.settings),
            sealed_secrets=sealed_client_secrets(context, actor.workspace, app_id, new.secrets),
            version=1,
            created_at=now,
            updated_at=now,
        ), True

    async def _free_app_name(self, actor: Actor, name: str) -> str:
        """``name``, or with a number behind it.

        The app of a connection that was deleted or renamed keeps its name, and few people know it.
        """
        for free in chain((name,), (f"{name[:90]} {number}" for number in count(2))):
            try:
                await self._context.stored(self._context.store.find_app, actor.workspace, free)
            except AppNotFound:
                break
        return free

    async def _siblings(self, actor: Actor, record: ConnectionRecord) -> tuple[str, ...]:
        records = await self._context.stored(
            self._context.store.list_connections, actor.workspace, record.app_id
        )
        return tuple(sorted(each.name for each in records if each.id != record.id))


def _taken(kind: str, name: str) -> NameTaken:
    return NameTaken(
        f"There is a {kind} named “{name}” already.",
        hint=f"Choose another name, or change that one: grantline {kind} edit {shlex.quote(name)}",
    )
