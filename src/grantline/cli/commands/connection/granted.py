"""What a service granted, said after consent, with what was odd about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from grantline.cli.output import Format, say, say_fields, say_json, warn
from grantline.cli.running import with_engine
from grantline.cli.words import WARNINGS, listed, when
from grantline.clock import SystemClock
from grantline.oauth.app.settings import FlowType
from grantline.oauth.token_set import Warn

if TYPE_CHECKING:
    from grantline.connections.connection import Connection
    from grantline.connections.engine import Engine


def show_result(connection_id: str, form: Format) -> None:
    """Says what a connection was granted, and what was odd about it."""
    from grantline.cli.views import connection_view, shell_word
    from grantline.connections.engine import LOCAL

    async def look(engine: Engine) -> tuple[Connection, list[str]]:
        found = await engine.find(LOCAL, connection_id)
        events = await engine.history(LOCAL, connection_id, limit=5)
        said = next((each for each in events if each.kind == "connection.authorized"), None)
        return found, list(said.data.get("warnings", ())) if said else []

    found, warnings = with_engine(look)
    missing = [each for each in found.scopes if each not in (found.granted_scopes or found.scopes)]
    for each in warnings:
        # A flow that can ask for a new token at any time misses no refresh token.
        if each == Warn.NO_REFRESH_TOKEN and not _needs_person(found.flow):
            continue
        more = f" Missing: {listed(missing)}." if each == Warn.SCOPE_REDUCED and missing else ""
        warn(WARNINGS.get(Warn(each), each) + more if each in set(Warn) else each)
    if form is Format.JSON:
        say_json({**connection_view(found), "warnings": warnings})
        return
    say(f"Connected “{found.name}”.")
    granted = found.granted_scopes if found.granted_scopes is not None else found.scopes
    now = SystemClock().now()
    facts = [
        ("  Account", found.account_label),
        ("  Scopes granted", listed(granted, nothing="none")),
        ("  Token expires", when(found.expires_at, now, otherwise="not known")),
        ("  Renewal", _renewal(found)),
        ("  Try it", f"grantline request GET URL --connection {shell_word(found.name)}"),
    ]
    say_fields([(label, value) for label, value in facts if value])


def _needs_person(flow: FlowType) -> bool:
    return flow.needs_browser or flow is FlowType.DEVICE


def _renewal(found: Connection) -> str:
    if found.has_refresh_token or not _needs_person(found.flow):
        return "by itself"
    return "not possible without you"
