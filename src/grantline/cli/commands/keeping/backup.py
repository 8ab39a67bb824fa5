"""``grantline backup`` and ``grantline restore``: everything in one encrypted file, and back."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from grantline.cli.commands.keeping.resume import MOST_SHOWN, show_doubtful
from grantline.cli.errors import UsageError
from grantline.cli.options.groups import takes_groups
from grantline.cli.options.secrets import PassphraseOptions, identities_in, secret_in
from grantline.cli.output import Format, FormatOption, note, say, say_json, warn
from grantline.cli.running import settings_of_environment, with_installation
from grantline.clock import SystemClock

commands = typer.Typer()

NONE = PassphraseOptions()


@commands.command(epilog="Example: grantline backup grantline.age")
@takes_groups
def backup(
    file: Annotated[Path, typer.Argument(help="A new file; it is readable by its owner alone.")],
    *,
    recipient: Annotated[
        list[str] | None,
        typer.Option(
            metavar="AGE1...",
            help="Encrypts for this age public key, not by passphrase; repeat it.",
        ),
    ] = None,
    without_keys: Annotated[
        bool,
        typer.Option("--without-keys", help="Leaves the master keys out; keep them elsewhere."),
    ] = False,
    passphrase: PassphraseOptions,
    form: FormatOption = Format.TEXT,
) -> None:
    """Writes everything to one encrypted file, while others go on using it."""
    from grantline.connections.keeping.backup import Lock, write_backup

    if recipient and passphrase != NONE:
        raise UsageError(
            "A backup is encrypted by passphrase or for recipients.", hint="Give one of them."
        )
    lock = Lock(
        recipients=tuple(recipient or ()),
        passphrase=None if recipient else passphrase.read(twice=True),
    )
    size = with_installation(
        lambda installation: write_backup(
            installation.store,
            installation.keys,
            file,
            lock,
            clock=SystemClock(),
            with_keys=not without_keys,
        )
    )
    if form is Format.JSON:
        say_json({"file": str(file), "size_bytes": size, "has_keys": not without_keys})
    else:
        say(f"Wrote {file}: {size} bytes, readable by you alone.")
    opener = "a recipient\u2019s identity" if recipient else "the passphrase"
    if without_keys:
        warn(f"Without the master keys it is worth nothing: {opener} alone does not do.")
    else:
        note(f"The master keys are in it: keep {opener} apart from the file, and lose neither.")


@commands.command(epilog="Example: grantline restore grantline.age")
@takes_groups
def restore(
    file: Annotated[Path, typer.Argument(help="What “grantline backup” wrote.")],
    *,
    identity: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="An age identity of a recipient; - is stdin."),
    ] = None,
    passphrase: PassphraseOptions,
    form: FormatOption = Format.TEXT,
) -> None:
    """Fills an empty database from a backup; it renews nothing until you resume."""
    from grantline.connections.keeping.backup import Lock, opened_by_passphrase, restore_backup

    if opened_by_passphrase(file):
        if identity:
            raise UsageError("This backup is opened with a passphrase, and not with an identity.")
        lock = Lock(passphrase=passphrase.read(twice=False))
    elif identity is None:
        raise UsageError(
            "This backup was made for a recipient.",
            hint="Give the file of that age identity: --identity FILE",
        )
    else:
        secret = secret_in(identity, option="--identity")
        lock = Lock(identities=tuple(identities_in(secret)))
    settings = settings_of_environment()
    done = restore_backup(settings, file, lock)
    doubtful = with_installation(
        lambda installation: installation.store.ended_by(SystemClock().now(), MOST_SHOWN)
    )
    if form is Format.JSON:
        say_json(
            {
                "created_at": done.created_at,
                "rows": dict(done.rows),
                "keys_in": done.keys_in,
                "doubtful_total": doubtful.total,
            }
        )
        return
    kept = {"connections": "connection", "apps": "app", "saved requests": "saved_request"}
    counted = ", ".join(f"{name} {done.rows.get(table, 0)}" for name, table in kept.items())
    say(f"Restored the backup of {done.created_at:%F %R} UTC ({counted}).")
    if done.keys_in:
        note(f"Its master keys are in {done.keys_in} now.")
    show_doubtful(doubtful)
    note(
        "Renewing tokens is off until you say that the original is gone for good: "
        "grantline resume --i-am-the-only-copy"
    )
