"""``connection create``: what a person gives becomes settings, secrets and one new connection."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from grantline.cli.authorize import Consenting, obtain
from grantline.cli.costs import costs
from grantline.cli.errors import UsageError
from grantline.cli.granted import show_result
from grantline.cli.option_groups import takes_groups
from grantline.cli.output import Format, FormatOption, note, say, say_fields, say_json, warn
from grantline.cli.prompts import ask, ask_secret, can_ask
from grantline.cli.running import with_engine
from grantline.cli.secret_options import (
    CLIENT_SECRET_VARIABLE,
    PASSWORD_VARIABLE,
    ClientSecretOptions,
    PasswordOptions,
    from_environment,
)
from grantline.cli.setting_options import SettingOptions
from grantline.errors import GrantlineError, UnknownProvider
from grantline.oauth.settings import AppSettings, ClientAuthentication, ClientSecrets, FlowType
from grantline.secret import Secret

if TYPE_CHECKING:
    from grantline.connections.connection import Connection
    from grantline.connections.engine import Engine

commands = typer.Typer()

FLOWS: Final = ", ".join(f"{each} (legacy)" if each.is_legacy else each for each in FlowType)

NO_SECRETS: Final = ClientSecrets()
_WITHOUT_SECRET: Final = {
    ClientAuthentication.NONE,
    ClientAuthentication.PRIVATE_KEY_JWT,
    ClientAuthentication.TLS_CLIENT_AUTH,
}


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
    provider: Annotated[
        str | None, typer.Option(metavar="NAME", help="An entry of the catalogue.")
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
    password: PasswordOptions,
    form: FormatOption = Format.TEXT,
) -> None:
    """Creates a connection. Flows that need no person get their first token at once."""
    if draft and authorize:
        raise UsageError("--draft and --authorize contradict each other.", hint="Give one.")
    if provider:
        raise UnknownProvider(
            f"There is no provider named “{provider}” in the catalogue.",
            hint="Give --issuer, or --authorize-uri and --token-uri.",
        )
    flow = flow or (FlowType.JWT_BEARER if service_account_file else FlowType.AUTHORIZATION_CODE)
    plan = _Plan(
        name=name,
        flow=flow,
        scopes=tuple(scope or ()),
        hosts=tuple(host or ()),
        app=app or "",
        app_name=app_name or "",
    )
    if app:
        if not settings.is_empty or secrets != ClientSecretOptions() or service_account_file:
            raise UsageError(
                "--app takes the app as it is; settings and secrets are the app's.",
                hint=f"Change them with: grantline app edit {app}",
            )
    else:
        plan = plan.with_app(settings, secrets, service_account_file)
    username, word = _password(flow, password)
    created = with_engine(lambda engine: plan.create(engine, username, word))
    for cost in costs(created.app.settings, created.flow, created.hosts):
        warn(cost)
    if not draft and not (flow.needs_browser or flow is FlowType.DEVICE):
        note(f"Created “{created.name}”; asking for its first token.")
        try:
            with_engine(lambda engine: obtain(engine, created.id))
        except GrantlineError:
            note(f"“{created.name}” stays as a draft; edit or delete it as you like.")
            raise
        show_result(created.id, form)
    elif authorize:
        note(f"Created “{created.name}”.")
        Consenting().run(created.id, form)
    else:
        _say_created(created, form)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    """What is to be created, as far as it can be said without asking a server."""

    name: str
    flow: FlowType
    scopes: tuple[str, ...]
    hosts: tuple[str, ...]
    app: str
    app_name: str
    issuer: str = ""
    client_id: str = ""
    changes: Callable[[AppSettings], dict[str, Any]] = lambda _: {}
    secrets: ClientSecrets = NO_SECRETS

    def with_app(
        self,
        settings: SettingOptions,
        options: ClientSecretOptions,
        service_account_file: Path | None,
    ) -> _Plan:
        """The plan with a new app: its settings as given, its secrets read or asked for."""
        secrets = options.read()
        from_file: dict[str, Any] = {}
        if service_account_file:
            from grantline.cli.service_account import read_service_account

            from_file, key = read_service_account(service_account_file)
            secrets = replace(secrets, private_key=secrets.private_key or key)
        client_id = settings.client_id or from_file.get("client_id") or ""
        if not client_id:
            if not can_ask():
                raise UsageError(
                    "A new app needs a client ID.",
                    hint="Give --client-id (the service's console shows it), or --app for an "
                    "app that is here already.",
                )
            client_id = ask("Client ID", option="--client-id")
        method = settings.client_authentication or from_file.get("client_authentication")
        if self._wants_secret(method, secrets):
            secrets = replace(secrets, client_secret=_client_secret())

        def changes(known: AppSettings) -> dict[str, Any]:
            filled = replace(known, **from_file)
            return {**from_file, **settings.changes(filled)}

        return replace(
            self,
            issuer=settings.issuer or "",
            client_id=client_id,
            changes=changes,
            secrets=secrets,
        )

    async def create(self, engine: Engine, username: str, password: Secret | None) -> Connection:
        """The connection, as a draft."""
        from grantline.connections.engine import LOCAL
        from grantline.connections.manage import NewConnection

        new = NewConnection(
            name=self.name,
            flow=self.flow,
            app=self.app,
            app_name=self.app_name,
            settings=None if self.app else await self._settings(engine),
            secrets=self.secrets,
            scopes=self.scopes,
            hosts=self.hosts,
            username=username,
            password=password,
        )
        return await engine.manage.create(LOCAL, new)

    async def _settings(self, engine: Engine) -> AppSettings:
        settings = AppSettings(client_id=self.client_id)
        if self.issuer:
            settings = await discovered(engine, settings, self.issuer, self.secrets)
        return replace(settings, **self.changes(settings))

    def _wants_secret(self, method: ClientAuthentication | None, secrets: ClientSecrets) -> bool:
        return (
            self.flow not in {FlowType.IMPLICIT, FlowType.JWT_BEARER}
            and method not in _WITHOUT_SECRET
            and secrets == NO_SECRETS
        )


async def discovered(
    engine: Engine, settings: AppSettings, issuer: str, secrets: ClientSecrets
) -> AppSettings:
    """``settings`` with what the issuer says of itself."""
    from grantline.oauth.metadata import apply_metadata

    metadata = await engine.discover(issuer)
    return apply_metadata(settings, metadata, secrets=secrets)


def _client_secret() -> Secret | None:
    if secret := from_environment(CLIENT_SECRET_VARIABLE):
        return secret
    if can_ask():
        return ask_secret(
            "Client secret (Enter for a client without one)", option="--client-secret-file"
        )
    return None


def _password(flow: FlowType, options: PasswordOptions) -> tuple[str, Secret | None]:
    username, password = options.username or "", options.read()
    if flow is not FlowType.PASSWORD:
        if username or password:
            raise UsageError(
                "A user name and password belong to the password flow.",
                hint="Add --flow password, or leave them out.",
            )
        return "", None
    if not username:
        username = ask("User name", option="--username")
    password = password or from_environment(PASSWORD_VARIABLE)
    return username, password or ask_secret("Password", option="--password-file")


def _say_created(created: Connection, form: Format) -> None:
    from grantline.cli.views import connection_view, next_step, redirect_uri

    if form is Format.JSON:
        say_json(connection_view(created))
        return
    say(f"Created “{created.name}”.")
    uri = redirect_uri(created.app.settings, created.flow)
    facts = [
        ("  Redirect URI", f"{uri}\nRegister it at the service." if uri else ""),
        ("  Next step", next_step(created)),
    ]
    if uri and not created.app.settings.redirect_uri:
        note(
            "note: The redirect URI takes any port. A service that compares the port too wants a "
            "fixed one: connection edit --redirect-uri."
        )
    if not created.hosts:
        note("note: No host is listed yet, so requests are refused: connection edit --host HOST.")
    say_fields([(label, value) for label, value in facts if value])
