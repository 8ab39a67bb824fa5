"""``connection create``: what a person gives becomes settings, secrets and one new connection."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from grantline.cli.commands.connection.authorize import Consenting, obtain
from grantline.cli.commands.connection.granted import show_result
from grantline.cli.commands.connection.plan import Plan
from grantline.cli.errors import UsageError
from grantline.cli.options.groups import takes_groups
from grantline.cli.options.secrets import (
    PASSWORD_VARIABLE,
    ClientSecretOptions,
    PasswordOptions,
    RegistrationOptions,
    from_environment,
)
from grantline.cli.options.settings import SettingOptions
from grantline.cli.output import Format, FormatOption, note, say, say_fields, say_json, warn
from grantline.cli.prompts import ask, ask_secret
from grantline.cli.running import with_engine
from grantline.cli.values import pairs
from grantline.connections.doctor.cautions import cautions
from grantline.errors import GrantlineError
from grantline.oauth.app.settings import FlowType
from grantline.providers.catalogue import profile
from grantline.providers.profile import Profile
from grantline.secret import Secret

if TYPE_CHECKING:
    from grantline.connections.connection import Connection

commands = typer.Typer()

REGISTER: Final = "Register it at the service."

FLOWS: Final = ", ".join(f"{each} (legacy)" if each.is_legacy else each for each in FlowType)


@commands.command(
    epilog="Example: grantline connection create orders --issuer https://auth.example "
    "--client-id abc --scope orders.read --host api.example"
)
@takes_groups
def create(
    name: Annotated[str, typer.Argument(help="Name of the new connection.")],
    *,
    flow: Annotated[
        FlowType | None,
        typer.Option(
            metavar="FLOW", help=f"Flow type: {FLOWS}. The default is authorization-code."
        ),
    ] = None,
    scope: Annotated[
        list[str] | None, typer.Option(metavar="SCOPE", help="One scope; repeat it for more.")
    ] = None,
    host: Annotated[
        list[str] | None,
        typer.Option(metavar="HOST", help="A host that the token may go to; repeat it for more."),
    ] = None,
    given_inputs: Annotated[
        list[str] | None,
        typer.Option("--input", metavar="NAME=VALUE", help="What the app asks each connection."),
    ] = None,
    at_once: Annotated[
        int | None,
        typer.Option(
            metavar="N", help="How many modules of scenarios may use it at once; 0 for any number."
        ),
    ] = None,
    provider: Annotated[
        str | None, typer.Option(metavar="NAME", help="An entry of the catalogue, such as github.")
    ] = None,
    app: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="An app that is here already: another account of it."),
    ] = None,
    app_name: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Name of the new app; the connection's by default."),
    ] = None,
    service_account_file: Annotated[
        Path | None, typer.Option(help="Google's JSON key: client ID, key and token URI.")
    ] = None,
    draft: Annotated[bool, typer.Option("--draft", help="Ask for no token yet.")] = False,
    authorize: Annotated[
        bool, typer.Option("--authorize", help="Go on to consent at once.")
    ] = False,
    settings: SettingOptions,
    secrets: ClientSecretOptions,
    registration: RegistrationOptions,
    password: PasswordOptions,
    form: FormatOption = Format.TEXT,
) -> None:
    """Creates a connection. Flows that need no person get their first token at once."""
    if draft and authorize:
        raise UsageError("--draft and --authorize contradict each other.", hint="Give one.")
    entry = profile(provider) if provider else None
    usual = entry.flow if entry else FlowType.AUTHORIZATION_CODE
    flow = flow or (FlowType.JWT_BEARER if service_account_file else usual)
    plan = Plan(
        name=name,
        flow=flow,
        scopes=tuple(scope or (entry.default_scopes if entry else ())),
        hosts=tuple(host or (entry.hosts if entry else ())),
        app=app or "",
        app_name=app_name or "",
        provider=entry,
        inputs=dict(pairs(given_inputs or (), option="--input")),
        at_once=at_once or 0,
    )
    if app:
        if (
            not settings.is_empty
            or secrets != ClientSecretOptions()
            or registration != RegistrationOptions()
            or service_account_file
            or entry
        ):
            raise UsageError(
                "--app takes the app as it is; settings and secrets are the app's.",
                hint=f"Change them with: grantline app edit {app}",
            )
    else:
        plan = plan.with_app(settings, secrets, registration, service_account_file)
    if plan.registers:
        note(
            "The service is asked to register a client: the name Grantline, the redirect URI, the "
            "grant types and the scopes."
        )
    username, word = _password(flow, password)
    from grantline.cli.views import shell_word

    created = with_engine(lambda engine: plan.create(engine, username, word))
    for caution in cautions(created.app.settings, created.flow, created.hosts):
        warn(caution.text)
    if not draft and not (flow.needs_browser or flow is FlowType.DEVICE):
        note(f"Created “{created.name}”; asking for its first token.")
        try:
            with_engine(lambda engine: obtain(engine, created.id))
        except GrantlineError:
            known = shell_word(created.name)
            note(f"“{created.name}” is kept as a draft. Change what was wrong, and ask again:")
            note(f"    grantline connection edit {known} ...")
            note(f"    grantline connection authorize {known}")
            raise
        show_result(created.id, form)
    elif authorize:
        note(f"Created “{created.name}”.")
        Consenting().run(created.id, form)
    else:
        _say_created(created, entry, form, registered=plan.registers)


def _password(flow: FlowType, options: PasswordOptions) -> tuple[str, Secret | None]:
    username, password = options.username or "", options.read()
    if not flow.takes_password:
        if username or password:
            raise UsageError(
                "A user name and password belong to the flows password and login.",
                hint="Add --flow password, or leave them out.",
            )
        return "", None
    if not username:
        username = ask("User name", option="--username")
    password = password or from_environment(PASSWORD_VARIABLE)
    return username, password or ask_secret("Password", option="--password-file")


def _say_created(
    created: Connection, entry: Profile | None, form: Format, *, registered: bool
) -> None:
    from grantline.cli.views import connection_view, next_step, redirect_uri, shell_word

    if form is Format.JSON:
        say_json(connection_view(created))
        return
    known = shell_word(created.name)
    say(f"Created “{created.name}”.")
    uri = redirect_uri(created.app.settings, created.flow)
    register = f"Register it at {entry.console or entry.title}." if entry else REGISTER
    if registered:
        register = "It is registered."
    for trap in entry.traps if entry else ():
        if not trap.is_conditional:
            note(f"note: {trap.what} {trap.next}")
    settings = created.app.settings
    client = f"{settings.client_id}\nRegistered just now at {settings.issuer}."
    facts = [
        ("  Client ID", client if registered else ""),
        ("  Redirect URI", f"{uri}\n{register}" if uri else ""),
        ("  Next step", next_step(created)),
    ]
    if uri and not created.app.settings.redirect_uri:
        note(
            "note: The redirect URI takes any port. A service that compares the port too wants a "
            f"fixed one: grantline connection edit {known} --redirect-uri URI"
        )
    if not created.hosts:
        note_no_hosts(created.name)
    say_fields([(label, value) for label, value in facts if value])


def note_no_hosts(name: str) -> None:
    """Says that a connection cannot be used before it has a host."""
    from grantline.cli.views import shell_word

    note(
        "note: No host is listed, so every request is refused: "
        f"grantline connection edit {shell_word(name)} --host HOST"
    )
