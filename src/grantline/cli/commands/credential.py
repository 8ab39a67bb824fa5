"""``grantline credential``: secrets that are no OAuth grant, kept sealed under a name."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from grantline.cli.commands.connection.change import YesOption, changed_list
from grantline.cli.commands.uses import names_of, note_uses
from grantline.cli.errors import UsageError
from grantline.cli.options.credential import (
    SECRET_FILE,
    SECRET_OF,
    SECRET_VARIABLE,
    CredentialOptions,
    with_secret,
)
from grantline.cli.options.groups import takes_groups
from grantline.cli.options.secrets import from_environment
from grantline.cli.output import (
    Format,
    FormatOption,
    note,
    say,
    say_fields,
    say_json,
    say_table,
)
from grantline.cli.prompts import ask_secret, can_ask, confirm
from grantline.cli.running import with_engine
from grantline.cli.words import listed, relative, when
from grantline.clock import SystemClock
from grantline.connections.credentials.credential import (
    LABELS,
    CredentialEdit,
    CredentialFields,
    Kind,
    NewCredential,
)
from grantline.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from datetime import datetime

    from grantline.connections.credentials.credential import Credential
    from grantline.connections.credentials.manage_credentials import ListedCredential
    from grantline.connections.engine import Engine
    from grantline.connections.requests.used_by import UsedBy

commands = typer.Typer(no_args_is_help=True)

NameArgument = Annotated[str, typer.Argument(help="Name or id of the credential.")]
KINDS = ", ".join(Kind)
# A list of more is for programs, which ask for JSON; that has them all.
_AT_ONCE = 200


@commands.command(
    epilog="Example: grantline credential create weather --kind key --key-name X-Api-Key "
    "--host api.example --secret-stdin < key.txt"
)
@takes_groups
def create(
    name: Annotated[str, typer.Argument(help="Name of the new credential.")],
    *,
    kind: Annotated[Kind, typer.Option(metavar="KIND", help=f"What it is: {KINDS}.")],
    host: Annotated[
        list[str] | None,
        typer.Option(metavar="HOST", help="A host that it may go to; repeat it for more."),
    ] = None,
    options: CredentialOptions,
    form: FormatOption = Format.TEXT,
) -> None:
    """Keeps a key, password, certificate or proxy under a name, sealed."""
    from grantline.connections.engine import LOCAL

    fields = _with_wanted_secret(kind, options.read(kind))

    def work(fields: CredentialFields) -> Callable[[Engine], Awaitable[Credential]]:
        new = NewCredential(name=name, kind=kind, hosts=tuple(host or ()), fields=fields)
        return lambda engine: engine.credentials.create(LOCAL, new)

    _say_credential(_opened(fields, work), "Created", form)


@commands.command("list", epilog="Example: grantline credential list --kind key")
def list_credentials(
    *,
    kind: Annotated[
        list[Kind] | None, typer.Option(metavar="KIND", help=f"Only these: {KINDS}.")
    ] = None,
    form: FormatOption = Format.TEXT,
) -> None:
    """Shows all credentials: kind, hosts, what refers to each, when a certificate ends."""
    from grantline.cli.views import credential_view

    found = with_engine(lambda engine: _all(engine, kind or []))
    if form is Format.JSON:
        say_json([credential_view(each.credential, each.uses) for each in found])
        return
    if not found:
        note("There are no credentials yet." if not kind else "There are none of this kind.")
        note("hint: Create one with: grantline credential create NAME --kind key --host HOST")
        return
    now = SystemClock().now()
    say_table(
        ("NAME", "KIND", "ABOUT", "HOSTS", "USES", "LAST USED", "ENDS"),
        (
            (
                each.credential.name,
                each.credential.kind.value,
                _about(each.credential) or "-",
                listed(each.credential.hosts, nothing="-"),
                str(each.uses),
                _relative(each.credential.last_used_at, now),
                _relative(each.credential.expires_at, now),
            )
            for each in found
        ),
    )


@commands.command(epilog="Example: grantline credential show weather")
def show(name: NameArgument, *, form: FormatOption = Format.TEXT) -> None:
    """Shows everything about one credential but its secrets, and what refers to it."""
    from grantline.cli.views import credential_view

    found, uses = with_engine(lambda engine: _with_uses(engine, name))
    if form is Format.JSON:
        say_json(credential_view(found, uses.total))
        return
    now, details = SystemClock().now(), found.details
    facts = [
        ("Credential", f"{found.name}  ({found.id})"),
        ("Kind", found.kind.label),
        ("Hosts", listed(found.hosts) if found.kind.has_hosts else ""),
        (LABELS["key_name"], details.key_name),
        (LABELS["placement"], details.placement.value if details.key_name else ""),
        (LABELS["prefix"], details.prefix),
        (LABELS["url"], details.url),
        (LABELS["username"], details.username),
        (LABELS["password"], "kept, sealed" if details.has_password else ""),
        ("Subject", details.subject + (f" and {details.more} more" if details.more else "")),
        ("Issuer", details.issuer),
        ("Ends", when(found.expires_at, now, otherwise="")),
        ("Used by", names_of(uses)),
        ("Last used", when(found.last_used_at, now)),
        ("Changed", when(found.updated_at, now)),
        ("Created", when(found.created_at, now)),
    ]
    say_fields([(label, value) for label, value in facts if value])


@commands.command(epilog="Example: grantline credential edit weather --secret-stdin < new-key.txt")
@takes_groups
def edit(
    name: NameArgument,
    *,
    new_name: Annotated[str | None, typer.Option(help="Another name.")] = None,
    host: Annotated[
        list[str] | None, typer.Option(metavar="HOST", help="Replaces the hosts.")
    ] = None,
    add_host: Annotated[list[str] | None, typer.Option(metavar="HOST", help="One more.")] = None,
    remove_host: Annotated[list[str] | None, typer.Option(metavar="HOST", help="One less.")] = None,
    options: CredentialOptions,
    form: FormatOption = Format.TEXT,
) -> None:
    """Changes what is given, secrets one by one; every request that refers to it follows."""
    from grantline.connections.engine import LOCAL

    found = with_engine(lambda engine: engine.credentials.find(LOCAL, name))
    fields = options.read(found.kind)
    hosts = changed_list(found.hosts, host, add_host, remove_host, field="Hosts")
    if new_name is None and hosts is None and fields == CredentialFields():
        raise UsageError(
            "Nothing was given to change.", hint="See: grantline credential edit --help"
        )

    def work(fields: CredentialFields) -> Callable[[Engine], Awaitable[Credential]]:
        change = CredentialEdit(name=new_name, hosts=hosts, fields=fields, version=found.version)
        return lambda engine: engine.credentials.edit(LOCAL, found.id, change)

    _say_credential(_opened(fields, work), "Changed", form)


@commands.command(epilog="Example: grantline credential duplicate weather weather-2")
def duplicate(
    name: NameArgument,
    new_name: Annotated[str, typer.Argument(help="Name of the copy.")],
    *,
    form: FormatOption = Format.TEXT,
) -> None:
    """Makes the same credential once more, under another name."""
    from grantline.connections.engine import LOCAL

    made = with_engine(lambda engine: engine.credentials.duplicate(LOCAL, name, new_name))
    _say_credential(made, "Created", form)


@commands.command(epilog="Example: grantline credential delete weather --yes")
def delete(name: NameArgument, *, yes: YesOption = False, form: FormatOption = Format.TEXT) -> None:
    """Deletes a credential; requests and scenarios that refer to it fail from then on."""
    from grantline.connections.engine import LOCAL

    found, uses = with_engine(lambda engine: _with_uses(engine, name))
    if uses.total:
        note_uses(uses)
    if not yes and not confirm(f"Delete the credential “{found.name}”?", option="--yes"):
        note("Nothing was deleted.")
        raise typer.Exit(1)
    gone = with_engine(lambda engine: engine.credentials.delete(LOCAL, found.id))
    if form is Format.JSON:
        say_json({"deleted": gone.name, "uses": uses.total})
    else:
        say(f"Deleted the credential “{gone.name}”.")


def _with_wanted_secret(kind: Kind, fields: CredentialFields) -> CredentialFields:
    """``fields`` with the secret that a new credential needs, from the environment or a person."""
    # A passphrase is asked for when something turns out to be encrypted; see _opened.
    is_wanted = kind in {Kind.KEY, Kind.BASIC} or (kind is Kind.PROXY and fields.username)
    if not is_wanted or getattr(fields, SECRET_OF[kind]) is not None:
        return fields
    label = LABELS[SECRET_OF[kind]]
    secret = from_environment(SECRET_VARIABLE) or ask_secret(label, option=SECRET_FILE)
    return with_secret(fields, kind, secret) if secret else fields


def _opened(
    fields: CredentialFields,
    work: Callable[[CredentialFields], Callable[[Engine], Awaitable[Credential]]],
) -> Credential:
    """The result of ``work``; a passphrase that is wanted is read, and it runs again."""
    try:
        return with_engine(work(fields))
    except InvalidInput as error:
        if error.field != LABELS["passphrase"] or fields.passphrase:
            raise
        secret = from_environment(SECRET_VARIABLE)
        if secret is None and can_ask():
            secret = ask_secret(error.field, option=SECRET_FILE)
        if secret is None:
            raise InvalidInput(
                error.message, field=error.field, hint=f"Give the passphrase by {SECRET_FILE}."
            ) from None
        return with_engine(work(replace(fields, passphrase=secret)))


async def _all(engine: Engine, kinds: list[Kind]) -> list[ListedCredential]:
    from grantline.connections.engine import LOCAL

    found: list[ListedCredential] = []
    while True:
        page = await engine.credentials.page(LOCAL, kinds=kinds, offset=len(found), limit=_AT_ONCE)
        found += page.rows
        if not page.rows or len(found) >= page.total:
            return found


async def _with_uses(engine: Engine, name: str) -> tuple[Credential, UsedBy]:
    from grantline.connections.engine import LOCAL

    found = await engine.credentials.find(LOCAL, name)
    return found, await engine.used_by(LOCAL, credential_id=found.id)


def _say_credential(credential: Credential, verb: str, form: Format) -> None:
    from grantline.cli.views import credential_view, shell_word

    if form is Format.JSON:
        say_json(credential_view(credential))
        return
    say(f"{verb} “{credential.name}”.")
    option = {
        Kind.CERTIFICATE: "--certificate",
        Kind.AUTHORITY: "--authority",
        Kind.PROXY: "--proxy",
    }.get(credential.kind, "--credential")
    say(f"Use it with: grantline request GET URL {option} {shell_word(credential.name)}")
    if credential.expires_at and credential.expires_at <= SystemClock().now():
        note("warning: Its certificate has ended.")


def _about(credential: Credential) -> str:
    details = credential.details
    return details.key_name or details.url or details.username or details.subject


def _relative(at: datetime | None, now: datetime) -> str:
    return relative(at, now) if at else "-"
