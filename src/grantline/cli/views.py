"""What ``--format json`` shows of a connection, an app and an event; ``docs/cli.md`` promises it.

No secret is in reach here: the engine's public values hold none. Custom headers may, because
people write them by hand, so their values are left out.
"""

from __future__ import annotations

import shlex
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

from grantline.connections.consent.callback_path import callback_path
from grantline.connections.requests.redaction import visible_settings
from grantline.oauth.app.settings import AppSettings, FlowType

if TYPE_CHECKING:
    from grantline.connections.connection import App, Connection
    from grantline.connections.credentials.credential import Credential
    from grantline.connections.doctor.checkup import Checkup
    from grantline.store.records.audit import Event

LOOPBACK: Final = "http://127.0.0.1"


def connection_view(connection: Connection) -> dict[str, Any]:
    """A connection as JSON types and instants."""
    settings = connection.app.settings
    return {
        "id": connection.id,
        "name": connection.name,
        "app": {"id": connection.app.id, "name": connection.app.name},
        "provider": connection.app.provider,
        "flow": connection.flow.value,
        "state": connection.state.value,
        "cause": connection.cause,
        "explanation": connection.explanation,
        "next_step": next_step(connection),
        "account": connection.account_label,
        "scopes": connection.scopes,
        "granted_scopes": connection.granted_scopes,
        "hosts": connection.hosts,
        "inputs": dict(connection.inputs),
        "at_once": connection.at_once,
        "redirect_uri": redirect_uri(settings, connection.flow),
        "has_refresh_token": connection.has_refresh_token,
        "expires_at": connection.expires_at,
        "refresh_expires_at": connection.refresh_expires_at,
        "retry_at": connection.retry_at,
        "authorized_at": connection.authorized_at,
        "last_used_at": connection.last_used_at,
        "created_at": connection.created_at,
        "updated_at": connection.updated_at,
        "generation": connection.generation,
        "version": connection.version,
    }


def app_view(app: App, connections: tuple[str, ...] | None = None) -> dict[str, Any]:
    """An app with its settings as JSON types and instants."""
    view = {
        "id": app.id,
        "name": app.name,
        "provider": app.provider,
        "has_secret": app.has_secret,
        "settings": visible_settings(app.settings, whole=True),
        "created_at": app.created_at,
        "updated_at": app.updated_at,
        "version": app.version,
    }
    return view if connections is None else {**view, "connections": connections}


def credential_view(credential: Credential, uses: int | None = None) -> dict[str, Any]:
    """A credential without its secrets, as JSON types and instants."""
    details = credential.details
    view = {
        "id": credential.id,
        "name": credential.name,
        "kind": credential.kind.value,
        "hosts": credential.hosts,
        "key_name": details.key_name,
        "placement": details.placement.value,
        "prefix": details.prefix,
        "username": details.username,
        "has_password": details.has_password,
        "url": details.url,
        "subject": details.subject,
        "issuer": details.issuer,
        "more": details.more,
        "expires_at": credential.expires_at,
        "last_used_at": credential.last_used_at,
        "created_at": credential.created_at,
        "updated_at": credential.updated_at,
        "version": credential.version,
    }
    return view if uses is None else {**view, "uses": uses}


def event_view(event: Event) -> dict[str, Any]:
    """One line of the history."""
    return {
        "id": event.id,
        "at": event.at,
        "actor": event.actor,
        "kind": event.kind,
        "subject": event.subject,
        "data": dict(event.data),
    }


def checkup_view(checkup: Checkup) -> dict[str, Any]:
    """What the doctor found."""
    return {
        "well": checkup.is_well,
        "installation": [asdict(each) for each in checkup.installation],
        "connections": [
            {
                "id": each.connection.id,
                "name": each.connection.name,
                "state": each.connection.state.value,
                "findings": [asdict(found) for found in each.found],
            }
            for each in checkup.connections
        ],
        "left_out": checkup.left_out,
    }


def redirect_uri(settings: AppSettings, flow: FlowType) -> str:
    """The redirect URI to register at the service; empty for flows without a browser.

    The port is left out: a service that follows RFC 8252 section 7.3 takes any on loopback.
    """
    if not flow.needs_browser:
        return ""
    return settings.redirect_uri or LOOPBACK + callback_path(settings)


def next_step(connection: Connection) -> str:
    """The command that a person should run next; empty when nothing is to do."""
    match connection.state.value:
        case "draft":
            return f"grantline connection authorize {shell_word(connection.name)}"
        case "reauthorization_required" | "expiring":
            return f"grantline connection reauthorize {shell_word(connection.name)}"
        case "failing":
            return f"grantline connection verify {shell_word(connection.name)}"
        case _:
            return ""


def shell_word(text: str) -> str:
    """``text`` as one word of a shell command."""
    return shlex.quote(text)
