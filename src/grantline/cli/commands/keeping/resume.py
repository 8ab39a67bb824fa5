"""``grantline resume``: ends the quarantine of a restored or copied database."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from grantline.cli.output import Format, FormatOption, note, say, say_json, say_table
from grantline.cli.running import with_installation
from grantline.cli.words import when
from grantline.clock import SystemClock
from grantline.errors import Quarantined

if TYPE_CHECKING:
    from datetime import datetime

    from grantline.connections.keeping.quarantine import Quarantine
    from grantline.connections.open import Installation
    from grantline.store.records.connections import ConnectionRecord
    from grantline.store.records.page import Page

commands = typer.Typer()

MOST_SHOWN = 100


@commands.command(epilog="Example: grantline resume --i-am-the-only-copy")
def resume(
    *,
    i_am_the_only_copy: Annotated[
        bool,
        typer.Option(
            "--i-am-the-only-copy",
            help="Says that no other copy of this database is in use, or ever will be again.",
        ),
    ] = False,
    form: FormatOption = Format.TEXT,
) -> None:
    """Turns renewing on again in a restored or copied database, and shows what probably died."""
    now = SystemClock().now()

    def work(installation: Installation) -> tuple[Quarantine | None, Page[ConnectionRecord]]:
        from grantline.connections.keeping.quarantine import examine_copy, resume

        store, name = installation.store, installation.settings.instance
        quarantine = examine_copy(store, name)
        doubtful = store.ended_by(now, MOST_SHOWN)
        if quarantine and i_am_the_only_copy:
            resume(store, name)
        return quarantine, doubtful

    quarantine, doubtful = with_installation(work)
    is_on = quarantine is None or i_am_the_only_copy
    if form is Format.JSON:
        say_json(
            {
                "renewing": is_on,
                "doubtful": [
                    {"id": each.id, "name": each.name, "account": each.account_label}
                    for each in doubtful.rows
                ],
                "doubtful_total": doubtful.total,
            }
        )
    elif quarantine is None:
        say("Renewing tokens is on: there is nothing to resume.")
        return
    else:
        show_doubtful(doubtful)
    if not is_on and quarantine is not None:
        raise Quarantined(
            f"Renewing tokens is off: {quarantine.reason}",
            hint="If no other copy of this database is in use, add --i-am-the-only-copy. "
            "If there is one, stop it first: two copies end each other's grants.",
        )
    if form is Format.TEXT:
        say("Renewing tokens is on. Processes that run follow within 10 seconds.")


def show_doubtful(doubtful: Page[ConnectionRecord]) -> None:
    """Which connections another copy has probably renewed since."""
    if not doubtful.total:
        note("Every access token here still lives: probably no connection died.")
        return
    now = SystemClock().now()
    say_table(
        ("CONNECTION", "ACCOUNT", "TOKEN ENDED"),
        ((each.name, each.account_label, _ended(each, now)) for each in doubtful.rows),
    )
    if doubtful.total > len(doubtful.rows):
        note(f"and {doubtful.total - len(doubtful.rows)} more")
    note(
        f"{doubtful.total} connections have an access token that ended. Where another copy renewed "
        "it meanwhile, and the service changes refresh tokens, it must be reauthorized; the first "
        "use tells."
    )


def _ended(connection: ConnectionRecord, now: datetime) -> str:
    ended = connection.tokens and connection.tokens.expires_at
    return when(ended, now) if ended else ""
