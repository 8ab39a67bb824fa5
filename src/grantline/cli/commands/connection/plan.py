"""What ``connection create`` was given, as the engine's ``NewConnection``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from grantline.cli.errors import UsageError
from grantline.cli.options.secrets import (
    CLIENT_SECRET_VARIABLE,
    ClientSecretOptions,
    RegistrationOptions,
    from_environment,
)
from grantline.cli.options.settings import SettingOptions
from grantline.cli.prompts import ask, ask_secret, can_ask
from grantline.oauth.app.request_choices import ClientAuthentication
from grantline.oauth.app.settings import AppSettings, ClientSecrets, FlowType
from grantline.providers.profile import Profile
from grantline.secret import Secret

if TYPE_CHECKING:
    from grantline.connections.connection import Connection
    from grantline.connections.engine import Engine

NO_SECRETS: Final = ClientSecrets()
_WITHOUT_SECRET: Final = {
    ClientAuthentication.NONE,
    ClientAuthentication.PRIVATE_KEY_JWT,
    ClientAuthentication.TLS_CLIENT_AUTH,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is to be created, as far as it can be said without asking a server."""

    name: str
    flow: FlowType
    scopes: tuple[str, ...]
    hosts: tuple[str, ...]
    app: str
    app_name: str
    provider: Profile | None = None
    inputs: Mapping[str, str] = field(default_factory=dict)
    at_once: int = 0
    issuer: str = ""
    client_id: str = ""
    changes: Callable[[AppSettings], dict[str, Any]] = lambda _: {}
    secrets: ClientSecrets = NO_SECRETS
    registers: bool = False
    initial_access_token: Secret | None = None

    def with_app(
        self,
        settings: SettingOptions,
        options: ClientSecretOptions,
        registration: RegistrationOptions,
        service_account_file: Path | None,
    ) -> Plan:
        """The plan with a new app: its settings as given, its secrets read or asked for."""
        secrets = options.read()
        from_file: dict[str, Any] = {}
        if service_account_file:
            from grantline.cli.commands.connection.service_account import read_service_account

            from_file, key = read_service_account(service_account_file)
            secrets = replace(secrets, private_key=secrets.private_key or key)
        client_id = settings.client_id or from_file.get("client_id") or ""
        registers = _registers(settings, registration, secrets, client_id)
        where = (settings.issuer, settings.authorize_uri, settings.token_uri, service_account_file)
        if not self.provider and not any(where):
            raise UsageError(
                "Where the service is was not said.",
                hint="Give --issuer, or --provider NAME, or --authorize-uri and --token-uri.",
            )
        if not client_id and not registers:
            client_id, registers = _client_id(settings.issuer or "")
        known = self.provider.settings if self.provider else {}
        method = (
            settings.client_authentication
            or from_file.get("client_authentication")
            or known.get("client_authentication")
        )
        if not registers and self._wants_secret(method, secrets):
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
            registers=registers,
            initial_access_token=registration.read(),
        )

    async def create(self, engine: Engine, username: str, password: Secret | None) -> Connection:
        """The connection, as a draft."""
        from grantline.cli.views import LOOPBACK
        from grantline.connections.engine import LOCAL
        from grantline.connections.manage import NewConnection

        new = NewConnection(
            name=self.name,
            flow=self.flow,
            app=self.app,
            app_name=self.app_name,
            settings=None if self.app else await self._settings(engine),
            secrets=self.secrets,
            provider=self.provider.name if self.provider else "",
            scopes=self.scopes,
            hosts=self.hosts,
            username=username,
            password=password,
            inputs=self.inputs,
            at_once=self.at_once,
        )
        if not self.registers:
            return await engine.manage.create(LOCAL, new)
        return await engine.registrar.create(
            LOCAL, new, public_url=LOOPBACK, initial_access_token=self.initial_access_token
        )

    async def _settings(self, engine: Engine) -> AppSettings:
        from grantline.connections.apps.catalogue import settings_of

        settings = (
            settings_of(self.provider, client_id=self.client_id)
            if self.provider
            else AppSettings(client_id=self.client_id)
        )
        if self.issuer:
            settings = await discovered(engine, settings, self.issuer, self.secrets)
        return replace(settings, **self.changes(settings))

    def _wants_secret(self, method: str | None, secrets: ClientSecrets) -> bool:
        return (
            self.flow not in {FlowType.IMPLICIT, FlowType.JWT_BEARER, FlowType.LOGIN}
            and method not in _WITHOUT_SECRET
            and secrets == NO_SECRETS
        )


async def discovered(
    engine: Engine, settings: AppSettings, issuer: str, secrets: ClientSecrets
) -> AppSettings:
    """``settings`` with what the issuer says of itself."""
    from grantline.oauth.discovery.metadata import apply_metadata

    metadata = await engine.discover(issuer)
    return apply_metadata(settings, metadata, secrets=secrets)


def _registers(
    settings: SettingOptions,
    registration: RegistrationOptions,
    secrets: ClientSecrets,
    client_id: str,
) -> bool:
    """Whether a client is to be registered; refuses what contradicts that."""
    if registration.register and (client_id or secrets != NO_SECRETS):
        raise UsageError(
            "--register takes its client ID and secret from the service.",
            hint="Leave out --register, or the client ID and secrets.",
        )
    if registration.register and not settings.issuer:
        raise UsageError(
            "--register needs an issuer to ask.",
            hint="Give --issuer: the issuer's URL, or that of the API or MCP server.",
        )
    return registration.register


def _client_id(issuer: str) -> tuple[str, bool]:
    """What a person types as client ID, and whether one is to be registered instead."""
    if not can_ask():
        raise UsageError(
            "A new app needs a client ID.",
            hint="Give --client-id (the service's console shows it), --register to let the issuer "
            "register one, or --app for an app that is here already.",
        )
    question = "Client ID (Enter to let the service register one)" if issuer else "Client ID"
    client_id = ask(question, option="--client-id")
    return client_id, bool(issuer) and not client_id


def _client_secret() -> Secret | None:
    if secret := from_environment(CLIENT_SECRET_VARIABLE):
        return secret
    if can_ask():
        return ask_secret(
            "Client secret (Enter for a client without one)", option="--client-secret-file"
        )
    return None
