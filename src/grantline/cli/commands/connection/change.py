"""Changing connections: edit, rename, duplicate, delete; an edit says what it costs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from grantline.cli.commands.connection.create import FLOWS, note_no_hosts
from grantline.cli.commands.connection.look import NameArgument
from grantline.cli.commands.connection.plan import discovered
from grantline.cli.commands.connection.price import ask_before_dropping, price_view, say_price
from grantline.cli.commands.uses import note_uses
from grantline.cli.errors import UsageError
from grantline.cli.options.groups import takes_groups
from grantline.cli.options.secrets import (
    CLIENT_SECRET_VARIABLE,
    ClientSecretOptions,
    PasswordOptions,
    from_environment,
)
from grantline.cli.options.settings import SettingOptions
from grantline.cli.output import Format, FormatOption, note, say, say_json, warn
from grantline.cli.prompts import ask_secret, can_ask, confirm
from grantline.cli.running import with_engine
from grantline.cli.values import pairs
from grantline.cli.words import listed
from grantline.connections.doctor.cautions import Caution, cautions
from grantline.errors import InvalidInput
from grantline.oauth.app.settings import AppSettings, ClientSecrets, FlowType

if TYPE_CHECKING:
    from grantline.connections.connection import Connection
    from grantline.connections.engine import Engine
    from grantline.connections.manage import Edited
    from grantline.connections.requests.used_by import UsedBy

T = TypeVar("T")

commands = typer.Typer()

YesOption = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]


@commands.command(epilog="Example: grantline connection edit google --add-scope calendar.read")
@takes_groups
def edit(
    name: NameArgument,
    *,
    flow: Annotated[
        FlowType | None, typer.Option(metavar="FLOW", help=f"Another flow type: {FLOWS}.")
    ] = None,
    scope: Annotated[
        list[str] | None,
        typer.Option(metavar="SCOPE", help="Replaces all scopes; repeat it for more."),
    ] = None,
    add_scope: Annotated[
        list[str] | None, typer.Option(metavar="SCOPE", help="One scope more.")
    ] = None,
    remove_scope: Annotated[
        list[str] | None, typer.Option(metavar="SCOPE", help="One scope less.")
    ] = None,
    host: Annotated[
        list[str] | None,
        typer.Option(metavar="HOST", help="Replaces all hosts; repeat it for more."),
    ] = None,
    add_host: Annotated[
        list[str] | None, typer.Option(metavar="HOST", help="One host more.")
    ] = None,
    remove_host: Annotated[
        list[str] | None, typer.Option(metavar="HOST", help="One host less.")
    ] = None,
    given_inputs: Annotated[
        list[str] | None,
        typer.Option("--input", metavar="NAME=VALUE", help="Another value for an input."),
    ] = None,
    at_once: Annotated[
        int | None,
        typer.Option(
            metavar="N", help="How many modules of scenarios may use it at once; 0 for any number."
        ),
    ] = None,
    settings: SettingOptions,
    secrets: ClientSecretOptions,
    password: PasswordOptions,
    yes: YesOption = False,
    form: FormatOption = Format.TEXT,
) -> None:
    """Changes what is given and nothing else; everything that uses the connection follows."""
    given, word = secrets.read(), password.read()
    paid: list[Caution] = []

    async def work(engine: Engine, secrets: ClientSecrets) -> Edited:
        from grantline.connections.engine import LOCAL
        from grantline.connections.planning import ConnectionEdit

        found = await engine.find(LOCAL, name)
        paid.extend(cautions(found.app.settings, found.flow, found.hosts))
        asked = ConnectionEdit(
            flow=flow,
            scopes=changed_list(found.scopes, scope, add_scope, remove_scope, field="Scopes"),
            hosts=changed_list(found.hosts, host, add_host, remove_host, field="Hosts"),
            settings=await changed_settings(engine, found.app.settings, settings, secrets),
            secrets=secrets,
            username=password.username,
            password=word,
            inputs=dict(pairs(given_inputs, option="--input")) if given_inputs else None,
            at_once=at_once,
        )
        if asked == ConnectionEdit():
            raise UsageError(
                "Nothing was given to change.", hint="See: grantline connection edit --help"
            )
        asked = replace(asked, version=found.version)
        others = await engine.manage.connections_of(LOCAL, found.app.id) if asked.settings else ()
        await ask_before_dropping(
            engine, found, asked, others=[each for each in others if each != found.name], yes=yes
        )
        return await engine.manage.edit(LOCAL, found.id, asked)

    edited = typing_secrets_again(given, work)
    now = edited.connection
    for caution in cautions(now.app.settings, now.flow, now.hosts):
        if caution not in paid:
            warn(caution.text)
    if form is Format.JSON:
        from grantline.cli.views import connection_view

        say_json({**connection_view(now), **price_view(edited.price, edited.siblings)})
        return
    say(f"Changed “{now.name}”.")
    if now.hosts:
        say_price(edited.price, now)
    else:
        note_no_hosts(now.name)
    if edited.siblings:
        say(f"The app is shared, so these follow: {listed(edited.siblings)}.")


@commands.command(epilog="Example: grantline connection rename google google-work")
def rename(
    name: NameArgument,
    new_name: Annotated[str, typer.Argument(help="The new name.")],
    *,
    form: FormatOption = Format.TEXT,
) -> None:
    """Gives a connection another name; tokens and everything else stay."""
    from grantline.connections.engine import LOCAL
    from grantline.connections.planning import ConnectionEdit

    edited = with_engine(
        lambda engine: engine.manage.edit(LOCAL, name, ConnectionEdit(name=new_name))
    )
    _say_connection(edited.connection, f"“{name}” is now “{edited.connection.name}”.", form)


@commands.command(epilog="Example: grantline connection duplicate google google-work")
def duplicate(
    name: NameArgument,
    new_name: Annotated[str, typer.Argument(help="Name of the new connection.")],
    *,
    form: FormatOption = Format.TEXT,
) -> None:
    """Creates a draft with the same app, scopes and hosts, for another account."""
    from grantline.connections.engine import LOCAL

    made = with_engine(lambda engine: engine.manage.duplicate(LOCAL, name, new_name))
    _say_connection(made, f"Created “{made.name}” like “{name}”, without its tokens.", form)


@commands.command(epilog="Example: grantline connection delete google --yes")
def delete(name: NameArgument, *, yes: YesOption = False, form: FormatOption = Format.TEXT) -> None:
    """Deletes a connection for good, and revokes its tokens at the service."""
    from grantline.cli.views import shell_word
    from grantline.connections.engine import LOCAL

    async def look(engine: Engine) -> tuple[Connection, UsedBy, Sequence[str]]:
        found = await engine.find(LOCAL, name)
        uses = await engine.used_by(LOCAL, connection_id=found.id)
        return found, uses, await engine.manage.connections_of(LOCAL, found.app.id)

    found, uses, of_app = with_engine(look)
    note_uses(uses)
    if not yes and not confirm(f"Delete “{found.name}” and revoke its tokens?", option="--yes"):
        note("Nothing was deleted.")
        raise typer.Exit(1)
    gone = with_engine(lambda engine: engine.delete(LOCAL, found.id))
    if form is Format.JSON:
        say_json(
            {
                "deleted": gone.name,
                "revoked": gone.revocation.revoked,
                "note": gone.revocation.note,
            }
        )
        return
    say(f"Deleted “{gone.name}”.")
    (say if gone.revocation.revoked else warn)(gone.revocation.note)
    if len(of_app) == 1:
        app = shell_word(found.app.name)
        note(f"Its app “{found.app.name}” is kept, for another connection: --app {app}")
        note(f"hint: Or delete it with: grantline app delete {app}")


async def changed_settings(
    engine: Engine, old: AppSettings, options: SettingOptions, secrets: ClientSecrets
) -> dict[str, Any]:
    """The settings to replace; another issuer brings its own endpoints along."""
    changes = options.changes(old)
    issuer = changes.get("issuer")
    if not issuer or issuer == old.issuer:
        return changes
    new = await discovered(engine, old, issuer, secrets)
    names = set(AppSettings.__dataclass_fields__) - {"client_authentication"}
    found = {each: getattr(new, each) for each in names if getattr(new, each) != getattr(old, each)}
    return {**found, **changes}


def typing_secrets_again(given: ClientSecrets, work: Callable[[Engine, ClientSecrets], Any]) -> Any:
    """The result of ``work``; a client secret that it asks for again is read and it runs again."""
    try:
        return with_engine(lambda engine: work(engine, given))
    except InvalidInput as error:
        if error.field != "Client secret" or given.client_secret:
            raise
        secret = from_environment(CLIENT_SECRET_VARIABLE)
        if secret is None and can_ask():
            note(error.message)
            secret = ask_secret("Client secret", option="--client-secret-file")
        if secret is None:
            raise InvalidInput(
                error.message,
                field=error.field,
                hint=f"{error.hint} Give it by --client-secret-file.".strip(),
            ) from None
        again = replace(given, client_secret=secret)
        return with_engine(lambda engine: work(engine, again))


def _say_connection(connection: Connection, sentence: str, form: Format) -> None:
    from grantline.cli.views import connection_view, next_step

    if form is Format.JSON:
        say_json(connection_view(connection))
        return
    say(sentence)
    if step := next_step(connection):
        say(f"Next step: {step}")


def changed_list(
    old: tuple[str, ...],
    new: list[str] | None,
    added: list[str] | None,
    removed: list[str] | None,
    *,
    field: str,
) -> tuple[str, ...] | None:
    """The list after the edit; None when no option speaks of it."""
    if not (new or added or removed):
        return None
    result = [each for each in new if each] if new else list(old)
    for each in removed or ():
        if each not in result:
            raise InvalidInput(
                f"“{each}” is not among the {field.lower()}.",
                field=field,
                hint=f"They are: {listed(result)}.",
            )
        result.remove(each)
    return (*result, *(each for each in added or () if each not in result))
