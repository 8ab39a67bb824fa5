"""``grantline app``: the client registrations behind connections; one app, many accounts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated

import typer

from grantline.cli.commands.connection.change import (
    YesOption,
    changed_settings,
    typing_secrets_again,
)
from grantline.cli.commands.connection.look import settings_in_words
from grantline.cli.commands.connection.price import ask_before_dropping, price_view, say_price
from grantline.cli.errors import UsageError
from grantline.cli.options.groups import takes_groups
from grantline.cli.options.secrets import ClientSecretOptions
from grantline.cli.options.settings import SettingOptions
from grantline.cli.output import (
    Format,
    FormatOption,
    note,
    say,
    say_fields,
    say_json,
    say_table,
)
from grantline.cli.prompts import confirm
from grantline.cli.running import with_engine
from grantline.cli.words import listed, when
from grantline.clock import SystemClock
from grantline.connections.labels import label_of
from grantline.oauth.app.settings import ClientSecrets

if TYPE_CHECKING:
    from grantline.connections.connection import App
    from grantline.connections.edit import Price
    from grantline.connections.engine import Engine

commands = typer.Typer(no_args_is_help=True)

AppArgument = Annotated[str, typer.Argument(help="Name or id of the app.")]


@commands.command("list", epilog="Example: grantline app list")
def list_apps(*, form: FormatOption = Format.TEXT) -> None:
    """Shows all apps and the connections of each."""
    from grantline.cli.views import app_view
    from grantline.connections.engine import LOCAL

    async def work(engine: Engine) -> list[tuple[App, tuple[str, ...]]]:
        return [
            (each, tuple(await engine.manage.connections_of(LOCAL, each.id)))
            for each in await engine.manage.apps(LOCAL)
        ]

    found = with_engine(work)
    if form is Format.JSON:
        say_json([app_view(app, names) for app, names in found])
    elif found:
        say_table(
            ("NAME", "CLIENT ID", "SERVICE", "CONNECTIONS"),
            (
                (
                    app.name,
                    app.settings.client_id,
                    app.settings.issuer or app.settings.token_uri or app.settings.authorize_uri,
                    listed(names),
                )
                for app, names in found
            ),
        )
    else:
        note("There are no apps yet: an app is made with the first connection to a service.")


@commands.command(epilog="Example: grantline app show google")
def show(name: AppArgument, *, form: FormatOption = Format.TEXT) -> None:
    """Shows everything about one app but its secrets."""
    from grantline.cli.views import app_view
    from grantline.connections.engine import LOCAL
    from grantline.connections.requests.redaction import visible_settings

    async def work(engine: Engine) -> tuple[App, tuple[str, ...]]:
        app = await engine.manage.app(LOCAL, name)
        return app, tuple(await engine.manage.connections_of(LOCAL, app.id))

    app, connections = with_engine(work)
    if form is Format.JSON:
        say_json(app_view(app, connections))
        return
    now = SystemClock().now()
    say_fields(
        [
            ("App", f"{app.name}  ({app.id})"),
            ("Connections", listed(connections)),
            ("Secret", "kept, sealed" if app.has_secret else "none"),
            *settings_in_words(visible_settings(app.settings)),
            ("Created", when(app.created_at, now)),
            ("Changed", when(app.updated_at, now)),
        ]
    )


@commands.command(
    epilog="Example: grantline app edit google --client-secret-stdin < new-secret.txt"
)
@takes_groups
def edit(
    name: AppArgument,
    *,
    new_name: Annotated[str | None, typer.Option(help="Another name.")] = None,
    settings: SettingOptions,
    secrets: ClientSecretOptions,
    yes: YesOption = False,
    form: FormatOption = Format.TEXT,
) -> None:
    """Changes an app, and with it every connection that uses it."""
    given = secrets.read()
    if new_name is None and settings.is_empty and given == ClientSecrets():
        raise UsageError("Nothing was given to change.", hint="See: grantline app edit --help")

    async def work(engine: Engine, secrets: ClientSecrets) -> tuple[App, Price, tuple[str, ...]]:
        from grantline.connections.engine import LOCAL
        from grantline.connections.planning import ConnectionEdit

        app = await engine.manage.app(LOCAL, name)
        changes = await changed_settings(engine, app.settings, settings, secrets)
        held = await engine.manage.connections(LOCAL)
        users = [each for each in held if each.app.id == app.id and each.authorized_at]
        if users:
            await ask_before_dropping(
                engine,
                users[0],
                ConnectionEdit(settings=changes, secrets=secrets),
                others=[each.name for each in users[1:]],
                yes=yes,
            )
        return await engine.manage.edit_app(
            LOCAL,
            app.id,
            new_name=new_name,
            settings=changes,
            secrets=secrets,
            version=app.version,
        )

    app, price, connections = typing_secrets_again(given, work)
    if form is Format.JSON:
        from grantline.cli.views import app_view

        say_json({**app_view(app), **price_view(price, connections)})
        return
    say(f"Changed the app “{app.name}”.")
    say_price(price)
    if connections:
        say(f"These connections use it: {listed(connections)}.")


@commands.command(epilog="Example: grantline app check google")
def check(name: AppArgument, *, form: FormatOption = Format.TEXT) -> None:
    """Asks the issuer of an app whether its endpoints have moved; changes nothing."""
    from grantline.connections.apps.pinning import moved_endpoints
    from grantline.connections.engine import LOCAL

    async def work(engine: Engine) -> tuple[App, Mapping[str, str]]:
        app = await engine.manage.app(LOCAL, name)
        if not app.settings.issuer:
            raise UsageError(
                f"The app “{app.name}” has no issuer to ask.",
                hint="Only services with OpenID Connect or RFC 8414 describe themselves.",
            )
        return app, moved_endpoints(app.settings, await engine.discover(app.settings.issuer))

    app, moved = with_engine(work)
    if form is Format.JSON:
        say_json(dict(moved))
        return
    if not moved:
        say(f"The issuer says the same as the app “{app.name}”.")
        return
    say_fields((label_of(each), f"{getattr(app.settings, each)}\n{moved[each]}") for each in moved)
    options = " ".join(f"--{each.replace('_', '-')} {uri}" for each, uri in moved.items())
    note("The second line is what the issuer says now. If the service announced the change, run:")
    note(f"    grantline app edit {app.name} {options}")


@commands.command(epilog="Example: grantline app delete google --yes")
def delete(name: AppArgument, *, yes: YesOption = False, form: FormatOption = Format.TEXT) -> None:
    """Deletes an app that no connection uses."""
    from grantline.connections.engine import LOCAL

    found = with_engine(lambda engine: engine.manage.app(LOCAL, name))
    if not yes and not confirm(f"Delete the app “{found.name}”?", option="--yes"):
        note("Nothing was deleted.")
        raise typer.Exit(1)
    gone = with_engine(lambda engine: engine.registrar.delete_app(LOCAL, found.id))
    if form is Format.JSON:
        say_json({"deleted": gone.app.name, "note": gone.note})
    else:
        say(f"Deleted the app “{gone.app.name}”.")
        if gone.note:
            note(gone.note)
