"""``grantline provider``: the catalogue, and a check for files that are to join it."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from grantline.cli.errors import UsageError
from grantline.cli.output import (
    Format,
    FormatOption,
    note,
    say,
    say_fields,
    say_json,
    say_table,
)
from grantline.cli.words import listed

if TYPE_CHECKING:
    from grantline.providers.profile import Profile
    from grantline.providers.toml_entry import Mistake

commands = typer.Typer(no_args_is_help=True)


@commands.command("list", epilog="Example: grantline provider list --search sheets")
def list_providers(
    *,
    search: Annotated[str, typer.Option(metavar="TEXT", help="Of a name, title or host.")] = "",
    form: FormatOption = Format.TEXT,
) -> None:
    """Shows the services of the catalogue."""
    from grantline.providers.catalogue import found_profiles

    found = found_profiles(search)
    if form is Format.JSON:
        say_json([asdict(each) for each in found])
        return
    if not found:
        note(f"The catalogue has nothing with “{search}” in its name, title, category or host.")
        note("hint: Any other service: grantline connection create NAME --issuer URL, or --help")
        return
    say_table(
        ("NAME", "SERVICE", "FOR", "HOSTS"),
        ((each.name, each.title, listed(each.categories), listed(each.hosts)) for each in found),
    )


@commands.command(epilog="Example: grantline provider show google-sheets")
def show(
    name: Annotated[str, typer.Argument(help="Name of the entry.")],
    *,
    form: FormatOption = Format.TEXT,
) -> None:
    """Shows what the catalogue knows of a service: credentials, scopes, traps, documentation."""
    from grantline.providers.catalogue import profile

    entry = profile(name)
    if form is Format.JSON:
        say_json(asdict(entry))
        return
    say_fields(_in_words(entry))


@commands.command(epilog="Example: grantline provider check my-service.toml")
def check(
    files: Annotated[list[Path], typer.Argument(help="Catalogue files.")],
    *,
    form: FormatOption = Format.TEXT,
) -> None:
    """Says what is wrong with catalogue files: the line, the field and the allowed values."""
    found = {str(path): _mistakes(path) for path in files}
    if form is Format.JSON:
        say_json({path: [asdict(each) for each in mistakes] for path, mistakes in found.items()})
    for path, mistakes in found.items():
        if form is Format.TEXT and not mistakes:
            say(f"{path}: in order")
        for each in mistakes if form is Format.TEXT else ():
            say(f"{path}:{each.line}: {each.field}: {each.message} {each.hint}".rstrip())
    if any(found.values()):
        raise typer.Exit(1)


def _mistakes(path: Path) -> list[Mistake]:
    from grantline.connections.apps.catalogue import checked_entry
    from grantline.providers.catalogue import entry_text

    def base(name: str) -> str:
        beside = path.with_name(f"{name}.toml")
        return beside.read_text("utf-8") if beside.is_file() else entry_text(name)

    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        raise UsageError(f"The file {path} cannot be read.", hint="Give a TOML file.") from None
    return checked_entry(path.stem, text, base=base)


def _in_words(entry: Profile) -> list[tuple[str, str]]:
    steps = "\n".join(f"{number}. {each}" for number, each in enumerate(entry.steps, 1))
    scopes = "\n".join(
        f"{scope}{' (asked for)' if scope in entry.default_scopes else ''}: {what}"
        for scope, what in entry.scopes.items()
    )
    traps = "\n".join(f"{each.what} {each.why} {each.next}" for each in entry.traps)
    rows = [
        ("Service", f"{entry.title}  ({entry.name})"),
        ("Console", entry.console),
        ("Credentials", steps),
        ("Scopes", scopes),
        ("Hosts", listed(entry.hosts)),
        ("Known traps", traps),
        ("Documentation", "\n".join(entry.documentation)),
        ("Checked", f"{entry.checked:%Y-%m-%d}"),
    ]
    return [(label, value) for label, value in rows if value]
