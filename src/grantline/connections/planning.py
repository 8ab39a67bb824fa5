"""An edit worked out before it is made: what the rows will be, and what that costs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from grantline.codec import from_plain, plain_values, to_plain
from grantline.connections.connection import Actor, app_from_record
from grantline.connections.context import Context
from grantline.connections.edit import (
    FREE,
    Cost,
    Price,
    price_of_grant,
    price_of_inputs,
    price_of_settings,
)
from grantline.connections.labels import label_of
from grantline.connections.rules import (
    check_at_once,
    check_hosts,
    check_name,
    check_scopes,
    check_settings,
    check_uris,
)
from grantline.connections.sealing import (
    FlowSecrets,
    open_client_secrets,
    open_flow_secrets,
    seal_client_secrets,
    seal_flow_secrets,
)
from grantline.connections.values import check_names, moved_hosts
from grantline.errors import InvalidInput
from grantline.oauth.app.inputs import checked_inputs, resolved
from grantline.oauth.app.settings import AppSettings, ClientSecrets, FlowType
from grantline.oauth.jwt import new_ec_key
from grantline.secret import Secret
from grantline.store.records.connections import AppRecord, ConnectionRecord

APP_SECRETS: Final = ("client_secret", "private_key", "certificate")
_OWN_FIELDS: Final = (
    "name",
    "flow",
    "scopes",
    "hosts",
    "username",
    "password",
    "inputs",
    "at_once",
)
SECRETS: Final = (*APP_SECRETS, "username", "password")


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionEdit:
    """What a person changes; None leaves a thing as it is.

    Attributes:
        settings: Fields of ``AppSettings`` to replace, by name. They are the app's, so every
            connection of the app follows.
        secrets: Replaces, one by one, those that are given; the others are kept.
        inputs: Values of inputs to replace, by name.
        at_once: How many modules of scenarios may use it at the same time; 0 for any number.
        remove_secrets: Of ``SECRETS``, those to keep no longer.
        version: The version the edit was made against; None takes whatever is there.
    """

    name: str | None = None
    flow: FlowType | None = None
    scopes: tuple[str, ...] | None = None
    hosts: tuple[str, ...] | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    secrets: ClientSecrets = field(default_factory=ClientSecrets)
    username: str | None = None
    password: Secret | None = None
    inputs: Mapping[str, str] | None = None
    at_once: int | None = None
    remove_secrets: tuple[str, ...] = ()
    version: int | None = None


@dataclass(frozen=True, slots=True)
class PlannedEdit:
    """An edit worked out and not yet made; ``new_app`` is None when the app stays as it is."""

    record: ConnectionRecord
    new_record: ConnectionRecord
    new_app: AppRecord | None
    price: Price


def plan_edit(
    context: Context, actor: Actor, record: ConnectionRecord, app: AppRecord, edit: ConnectionEdit
) -> PlannedEdit:
    """The rows after ``edit``, and its price; nothing is written.

    Raises:
        InvalidInput: A field is wrong, or a secret must be typed again (``field`` says so).
    """
    unknown = sorted(set(edit.remove_secrets) - set(SECRETS))
    if unknown:
        raise InvalidInput(
            f"There is no secret named {unknown[0]}.",
            field="remove_secrets",
            hint=f"Secrets: {', '.join(SECRETS)}.",
        )
    if edit.version is not None:
        record = replace(record, version=edit.version)
    new_app, app_price = edited_app(context, app, edit)
    settings = app_from_record(new_app or app).settings
    new_record, own_price = _edited_record(context, actor, record, settings, edit)
    price = own_price | app_price
    check_settings(
        settings, FlowType(new_record.flow), open_client_secrets(context.vault, new_app or app)
    )
    new_record = replace(
        new_record, sealed_secrets=_resealed(context, record, settings, edit, price)
    )
    return PlannedEdit(record, new_record, new_app, price)


def edited_app(
    context: Context, app: AppRecord, edit: ConnectionEdit
) -> tuple[AppRecord | None, Price]:
    """The app after ``edit`` and what that costs; None when the edit leaves it alone."""
    old = app_from_record(app).settings
    new = from_plain(AppSettings, {**to_plain(old), **plain_values(edit.settings)})
    kept = open_client_secrets(context.vault, app)
    removed: dict[str, Any] = {each: None for each in edit.remove_secrets if each in APP_SECRETS}
    staying = replace(kept, **removed)
    if edit.secrets.client_secret or not staying.client_secret:
        staying = replace(staying, secret_expires_at=None)
    if new.client_id != old.client_id:
        staying = replace(staying, registration_uri="", registration_token=None)
    secrets = replace(
        staying,
        client_secret=edit.secrets.client_secret or staying.client_secret,
        private_key=edit.secrets.private_key or staying.private_key,
        certificate=edit.secrets.certificate or staying.certificate,
    )
    if new == old and secrets == kept:
        return None, FREE
    check_uris(new)
    price = price_of_settings(old, new)
    if price.secret_required:
        _require_secrets_again(staying, edit.secrets, price)
    return replace(
        app,
        settings=to_plain(new),
        sealed_secrets=sealed_client_secrets(context, app.workspace, app.id, secrets),
        version=app.version + 1,
        updated_at=context.clock.now(),
    ), price


def sealed_flow_secrets(
    context: Context,
    workspace: str,
    connection_id: str,
    settings: AppSettings,
    held: FlowSecrets,
) -> str | None:
    """``held`` sealed for its row, with a DPoP key where one is wanted; None for nothing."""
    if settings.use_dpop and held.dpop_key is None:
        held = replace(held, dpop_key=new_ec_key(context.entropy(48)))
    if held == FlowSecrets():
        return None
    return seal_flow_secrets(context.vault, workspace, connection_id, held)


def sealed_client_secrets(
    context: Context, workspace: str, app_id: str, secrets: ClientSecrets
) -> str | None:
    """``secrets`` sealed for their row; None for nothing."""
    if secrets == ClientSecrets():
        return None
    return seal_client_secrets(context.vault, workspace, app_id, secrets)


def changed_fields(edit: ConnectionEdit) -> list[str]:
    """The names of what ``edit`` touches, for the history; never a value."""
    own = [name for name in _OWN_FIELDS if getattr(edit, name) is not None]
    secrets = [name for name in APP_SECRETS if getattr(edit.secrets, name)]
    return own + sorted(edit.settings) + secrets + sorted(edit.remove_secrets)


def _edited_record(
    context: Context,
    actor: Actor,
    record: ConnectionRecord,
    settings: AppSettings,
    edit: ConnectionEdit,
) -> tuple[ConnectionRecord, Price]:
    flow = edit.flow or FlowType(record.flow)
    scopes = record.scopes if edit.scopes is None else check_scopes(edit.scopes)
    price = price_of_grant(FlowType(record.flow), flow, record.scopes, scopes)
    inputs = checked_inputs(settings.inputs, {**record.inputs, **(edit.inputs or {})})
    price |= price_of_inputs(settings, record.inputs, inputs)
    hosts = moved_hosts(record.hosts, settings, record.inputs, inputs)
    if edit.hosts is not None:
        base_url = resolved(settings, inputs).base_url
        hosts = check_hosts(edit.hosts, base_url=base_url)
        check_names(settings, hosts)
    if set(hosts) - set(record.hosts) and actor.user != record.owner:
        raise InvalidInput(
            "Only the owner of a connection may let its token go to more hosts.",
            field="hosts",
            hint="Ask the owner to add the host.",
        )
    name = record.name if edit.name is None else check_name(edit.name, field="Connection name")
    return replace(
        record,
        name=name,
        flow=flow,
        scopes=scopes,
        hosts=hosts,
        inputs=inputs,
        at_once=record.at_once if edit.at_once is None else check_at_once(edit.at_once),
        version=record.version + 1,
        updated_at=context.clock.now(),
    ), price


def _resealed(
    context: Context,
    record: ConnectionRecord,
    settings: AppSettings,
    edit: ConnectionEdit,
    price: Price,
) -> str | None:
    kept = open_flow_secrets(context.vault, record)
    if price.cost is Cost.REAUTHORIZATION:
        # One key per authorization server, as with secrets: two could compare notes by it.
        kept = replace(kept, dpop_key=None)
    if "username" in edit.remove_secrets:
        kept = replace(kept, username="")
    if "password" in edit.remove_secrets:
        kept = replace(kept, password=None)
    return sealed_flow_secrets(
        context,
        record.workspace,
        record.id,
        settings,
        replace(
            kept,
            username=kept.username if edit.username is None else edit.username,
            password=edit.password or kept.password,
        ),
    )


def _require_secrets_again(kept: ClientSecrets, given: ClientSecrets, price: Price) -> None:
    """Refuses to send a kept secret to a server it was not typed for."""
    reasons = ", ".join(map(label_of, price.reasons))
    for name, label in (
        ("client_secret", "Client secret"),
        ("private_key", "Private key"),
        ("certificate", "Client certificate"),
    ):
        if getattr(kept, name) and not getattr(given, name):
            raise InvalidInput(
                f"{label} must be typed again, because {reasons} changes.",
                field=label,
                hint="A secret goes only to the server it was given for.",
            )
