"""Looking at connections: list, show, verify, history."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from grantline.cli.commands.uses import names_of
from grantline.cli.errors import TEMPORARY, UNUSABLE
from grantline.cli.output import Format, FormatOption, note, say_fields, say_json, say_table
from grantline.cli.running import with_engine
from grantline.cli.words import listed, relative, state_words, when
from grantline.clock import SystemClock
from grantline.connections.labels import label_of

if TYPE_CHECKING:
    from datetime import datetime

    from grantline.connections.connection import Connection
    from grantline.connections.engine import Engine
    from grantline.connections.requests.used_by import UsedBy

commands = typer.Typer()

NameArgument = Annotated[str, typer.Argument(help="Name or id of the connection.")]


@commands.command("list", epilog="Example: grantline connection list --format json")
def list_connections(*, form: FormatOption = Format.TEXT) -> None:
    """Shows all connections: state, flow, account, and when each token expires."""
    from grantline.cli.views import connection_view
    from grantline.connections.engine import LOCAL

    found = with_engine(lambda engine: engine.manage.connections(LOCAL))
    if form is Format.JSON:
        say_json([connection_view(each) for each in found])
        return
    if not found:
        note("There are no connections yet.")
        note("hint: See how it goes with: grantline demo")
        note("hint: Create one with: grantline connection create NAME --issuer URL --client-id ID")
        return
    now = SystemClock().now()
    say_table(
        ("NAME", "STATE", "FLOW", "ACCOUNT", "TOKEN EXPIRES"),
        (
            (
                each.name,
                state_words(each.state),
                each.flow.value,
                each.account_label or "-",
                relative(each.expires_at, now) if each.expires_at else "-",
            )
            for each in found
        ),
    )


@commands.command(epilog="Example: grantline connection show google")
def show(name: NameArgument, *, form: FormatOption = Format.TEXT) -> None:
    """Shows everything about one connection but its secrets."""
    from grantline.cli.views import connection_view
    from grantline.connections.engine import LOCAL
    from grantline.connections.requests.redaction import visible_settings

    async def look(engine: Engine) -> tuple[Connection, UsedBy]:
        found = await engine.find(LOCAL, name)
        return found, await engine.used_by(LOCAL, connection_id=found.id)

    found, uses = with_engine(look)
    settings = visible_settings(found.app.settings)
    if form is Format.JSON:
        whole = visible_settings(found.app.settings, whole=True)
        say_json({**connection_view(found), "uses": uses.total, "settings": whole})
        return
    used = [("Used by", names_of(uses))] if uses.total else []
    say_fields([*_facts(found, SystemClock().now()), *used, *settings_in_words(settings)])


@commands.command(epilog="Example: grantline connection verify google")
def verify(name: NameArgument, *, form: FormatOption = Format.TEXT) -> None:
    """Asks the service whether the connection works; exit status 5 when not, 6 when unknown."""
    from grantline.connections.engine import LOCAL

    found = with_engine(lambda engine: engine.verify(LOCAL, name))
    if form is Format.JSON:
        say_json(
            {
                "connection": name,
                "works": found.works,
                "explanation": found.explanation,
                "next_step": found.next_step,
            }
        )
    else:
        verdict = {True: "works", False: "does not work", None: "not known"}[found.works]
        say_fields([(name, f"{verdict}: {found.explanation}")])
        if found.next_step:
            note(f"hint: {found.next_step}")
    if not found.works:
        raise typer.Exit(TEMPORARY if found.works is None else UNUSABLE)


@commands.command(epilog="Example: grantline connection history google --limit 20")
def history(
    name: NameArgument,
    *,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many events.")] = 50,
    form: FormatOption = Format.TEXT,
) -> None:
    """Shows what happened to a connection, newest first."""
    from grantline.cli.views import event_view
    from grantline.connections.engine import LOCAL

    events = with_engine(lambda engine: engine.history(LOCAL, name, limit=limit))
    if form is Format.JSON:
        say_json([event_view(each) for each in events])
        return
    say_table(
        ("WHEN", "WHO", "WHAT", "DETAILS"),
        (
            (
                f"{each.at.astimezone():%Y-%m-%d %H:%M:%S}",
                each.actor,
                each.kind,
                "  ".join(f"{key}: {_detail(value)}" for key, value in each.data.items() if value),
            )
            for each in events
        ),
    )


def _detail(value: Any) -> str:
    return listed(str(each) for each in value) if isinstance(value, list | tuple) else str(value)


def settings_in_words(plain: dict[str, Any]) -> list[tuple[str, str]]:
    """Settings that differ from the default, labelled as the form labels them."""
    return [(label_of(name), _setting(value)) for name, value in plain.items()]


def _setting(value: Any) -> str:
    if isinstance(value, dict):
        return "\n".join(f"{name}: {_setting(each)}" for name, each in value.items())
    if isinstance(value, list | tuple):
        pairs = all(isinstance(each, list | tuple) and len(each) == 2 for each in value)
        if pairs:
            return "\n".join(f"{name} = {_setting(each)}" for name, each in value)
        return listed(str(each) for each in value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return {" ": "space", ",": "comma"}.get(value, str(value))


def _facts(found: Connection, now: datetime) -> list[tuple[str, str]]:
    from grantline.cli.views import next_step, redirect_uri

    state = state_words(found.state)
    legacy = " (legacy)" if found.flow.is_legacy else ""
    granted = "as asked" if found.granted_scopes is None else listed(found.granted_scopes)
    facts = [
        ("Connection", f"{found.name}  ({found.id})"),
        ("State", f"{state}: {found.explanation}" if found.explanation else state),
        ("Next step", next_step(found)),
        ("Account", found.account_label),
        ("Flow type", found.flow.value + legacy),
        ("App", f"{found.app.name}  ({found.app.id})"),
        ("Scopes", listed(found.scopes)),
        ("Granted", granted if found.authorized_at else ""),
        ("Hosts", listed(found.hosts, nothing="none: the token may go nowhere yet")),
        ("At most at once", f"{found.at_once} modules" if found.at_once else ""),
        ("Redirect URI", redirect_uri(found.app.settings, found.flow)),
        (
            "Token expires",
            when(found.expires_at, now, otherwise="not known") if found.authorized_at else "",
        ),
        ("Renewal", _renewal(found, now) if found.authorized_at else ""),
        ("Tried again", when(found.retry_at, now, otherwise="")),
        ("Authorized", when(found.authorized_at, now)),
        ("Last used", when(found.last_used_at, now)),
        ("Created", when(found.created_at, now)),
    ]
    return [(label, value) for label, value in facts if value]


def _renewal(found: Connection, now: datetime) -> str:
    if found.has_refresh_token:
        ends = found.refresh_expires_at
        return f"by refresh token, which ends {when(ends, now)}" if ends else "by refresh token"
    if found.flow.needs_browser or found.flow.value == "device":
        return "none: there is no refresh token, so a person must authorize again"
    return "by asking for a new token; no person is needed"
