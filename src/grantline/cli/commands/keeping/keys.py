"""``grantline keys``: the master keys that seal the stored secrets, changed while all goes on."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from grantline.cli.commands.connection.change import YesOption
from grantline.cli.output import (
    Format,
    FormatOption,
    note,
    say,
    say_json,
    say_table,
    warn,
)
from grantline.cli.prompts import confirm
from grantline.cli.running import with_installation
from grantline.cli.words import when
from grantline.clock import SystemClock
from grantline.errors import KeyInUse, SecretUnreadable

if TYPE_CHECKING:
    from grantline.connections.keeping.master_keys import KeyStatus
    from grantline.connections.open import Installation

commands = typer.Typer(no_args_is_help=True)

FingerprintArgument = Annotated[str, typer.Argument(help="As “keys list” shows it.")]
MOST_SHOWN = 20


@commands.command("list", epilog="Example: grantline keys list")
def list_keys(*, form: FormatOption = Format.TEXT) -> None:
    """Shows the master keys, and how many stored secrets need each."""

    def work(installation: Installation) -> tuple[tuple[KeyStatus, ...], int]:
        return installation.keys.statuses(), installation.keys.unreadable()

    found, unreadable = with_installation(work)
    if form is Format.JSON:
        say_json(
            [
                {
                    "fingerprint": each.fingerprint,
                    "state": _state(each),
                    "here": each.is_here,
                    "secrets": each.sealed,
                    "service": each.service,
                    "created_at": each.created_at,
                }
                for each in found
            ]
        )
    else:
        now = SystemClock().now()
        say_table(
            ("KEY", "STATE", "SECRETS", "HERE", "ADDED"),
            (
                (
                    each.fingerprint,
                    _state(each),
                    str(each.sealed),
                    (f"by {each.service}" if each.service else "yes") if each.is_here else "no",
                    when(each.created_at, now) if each.created_at else "",
                )
                for each in found
            ),
        )
    if unreadable:
        warn(f"{unreadable} stored secrets are damaged: they do not say which key they need.")


@commands.command(epilog="Example: grantline keys add")
def add(
    fingerprint: Annotated[
        str, typer.Argument(help="Takes a key that you put where the keys are.")
    ] = "",
    *,
    form: FormatOption = Format.TEXT,
) -> None:
    """Makes a second master key, which nothing uses yet."""

    def work(installation: Installation) -> tuple[str, str]:
        added = installation.keys.add(fingerprint)
        services = {each.fingerprint: each.service for each in installation.keys.statuses()}
        return added, services[added]

    added, service = with_installation(work)
    if form is Format.JSON:
        say_json({"added": added})
        return
    keep = f"It is wrapped by {service}." if service else "Back it up, apart from the database."
    say(f"Added the master key {added}. {keep}")
    note(f"When every process can have it: grantline keys primary {added}")


@commands.command(epilog="Example: grantline keys primary 0123456789abcdef")
def primary(
    fingerprint: FingerprintArgument, *, yes: YesOption = False, form: FormatOption = Format.TEXT
) -> None:
    """Seals new secrets with this key from now on."""

    def work(installation: Installation) -> bool:
        keys = installation.keys
        keys.require(fingerprint)
        if (
            keys.needs_restart
            and not yes
            and not confirm(
                f"Every process needs {fingerprint} in {keys.source} first, and reads that only "
                "when it starts. Has each been restarted?",
                option="--yes",
            )
        ):
            return False
        keys.make_primary(fingerprint)
        return True

    if not with_installation(work):
        note("Nothing was changed.")
        raise typer.Exit(1)
    if form is Format.JSON:
        say_json({"primary": fingerprint})
        return
    say(f"New secrets are sealed with {fingerprint}. Processes that run follow within 10 seconds.")
    note("For those that are stored: grantline keys rewrap")


@commands.command(epilog="Example: grantline keys rewrap")
def rewrap(*, form: FormatOption = Format.TEXT) -> None:
    """Moves all stored secrets to the primary key; may be broken off and run again."""
    on_terminal = sys.stderr.isatty()

    def progress(left: int) -> None:
        if on_terminal:
            print(f"\r\x1b[K{left} left", end="", file=sys.stderr, flush=True)

    try:
        done = with_installation(lambda installation: installation.keys.rewrap(progress))
    finally:
        if on_terminal:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)
    if form is Format.JSON:
        broken = [
            {"table": each.table, "row": each.row, "reason": each.reason} for each in done.broken
        ]
        say_json({"rewrapped": done.changed, "left": done.left, "broken": broken})
    else:
        say(f"Rewrapped {done.changed} stored secrets; {done.left} left.")
        for each in done.broken[:MOST_SHOWN]:
            note(each.reason)
        if len(done.broken) > MOST_SHOWN:
            note(f"and {len(done.broken) - MOST_SHOWN} more: --format json shows all")
    if done.broken:
        raise SecretUnreadable(
            f"{len(done.broken)} stored secrets could not be rewrapped; all others were.",
            hint="Bring the key that they need, restore those rows from a backup, or delete them.",
        )
    if done.left:
        raise KeyInUse(
            f"{done.left} secrets were sealed with another key meanwhile.",
            hint="A process does not follow yet: run this again in a few seconds.",
        )


@commands.command(epilog="Example: grantline keys retire 0123456789abcdef")
def retire(fingerprint: FingerprintArgument, *, form: FormatOption = Format.TEXT) -> None:
    """Forgets a key that no stored secret needs any more."""

    def work(installation: Installation) -> str:
        installation.keys.retire(fingerprint)
        return installation.keys.source

    source = with_installation(work)
    if form is Format.JSON:
        say_json({"retired": fingerprint})
        return
    say(f"Retired the master key {fingerprint}: nothing in this database needs it.")
    note(
        f"Look at “keys list” once more, then you may take it out of {source}. Older backups "
        "without keys still need it: keep a copy as long as those."
    )


def _state(key: KeyStatus) -> str:
    if key.is_primary:
        return "primary"
    return "secondary" if key.is_known else "unused"
