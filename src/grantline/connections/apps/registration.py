"""Apps that register themselves at a service (RFC 7591), and are taken off it again (RFC 7592).

The issuer is asked anew, and has to say what the app's settings say: a client goes only with the
server that gave it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from grantline.connections.apps.client_document import CLIENT_NAME, document_uri, why_no_document
from grantline.connections.apps.discovery import discover_issuer
from grantline.connections.apps.pinning import moved_endpoints
from grantline.connections.connection import Actor, App, Connection
from grantline.connections.consent.consents import redirect_uri
from grantline.connections.context import Context
from grantline.connections.labels import label_of
from grantline.connections.manage import Manager, NewConnection
from grantline.errors import GrantlineError, InvalidInput, KeyUnavailable, SecretUnreadable
from grantline.oauth.app.request_choices import ClientAuthentication
from grantline.oauth.app.settings import AppSettings, ClientSecrets, FlowType
from grantline.oauth.discovery.metadata import ServerMetadata
from grantline.oauth.discovery.registration import (
    ClientMetadata,
    deregistration_request,
    parse_registration_response,
    registration_request,
)
from grantline.secret import Secret

# In place of what the service is about to give, to check everything else before it is asked.
_STAND_IN: Final = "to be registered"
# In the order of preference; the strongest one that needs no key of ours comes first.
_METHODS: Final = (
    ClientAuthentication.CLIENT_SECRET_BASIC,
    ClientAuthentication.CLIENT_SECRET_POST,
    ClientAuthentication.NONE,
)
_GRANTS: Final = {
    FlowType.AUTHORIZATION_CODE: ("authorization_code", "refresh_token"),
    FlowType.DEVICE: ("urn:ietf:params:oauth:grant-type:device_code", "refresh_token"),
    FlowType.CLIENT_CREDENTIALS: ("client_credentials",),
}
REGISTERED_FLOWS: Final = tuple(_GRANTS)

NO_REGISTRATION: Final = "The service does not register clients on request."


@dataclass(frozen=True, slots=True)
class DeletedApp:
    """An app that is gone here; ``note`` says what became of its registration, if it made one."""

    app: App
    note: str = ""


class Registrar:
    """Creates apps by registering them, and ends the registrations of apps that are deleted."""

    def __init__(self, context: Context, manage: Manager) -> None:
        self._context = context
        self._manage = manage

    async def create(
        self,
        actor: Actor,
        new: NewConnection,
        *,
        public_url: str,
        initial_access_token: Secret | None = None,
    ) -> Connection:
        """A connection in state ``draft`` whose app has just been registered at the service.

        Args:
            actor: Who asks.
            new: With settings of an issuer; their client ID and authentication, and the secrets,
                are replaced by what the service gives.
            public_url: Where consent comes back, without the path.
            initial_access_token: What some services want to see first (RFC 7591 section 3).

        Raises:
            InvalidInput: A field is wrong, the service registers nobody, or the settings are not
                what the issuer says.
            NameTaken: Another connection or app has the name.
            GrantlineError: The service refused, in its own words, or could not be asked.
        """
        settings, metadata = await self._issued(new)
        client = client_metadata(
            settings, metadata, flow=new.flow, scopes=new.scopes, public_url=public_url
        )
        trial = replace(settings, client_id=_STAND_IN, client_authentication=_METHODS[0])
        stand_in = ClientSecrets(client_secret=Secret(_STAND_IN))
        await self._manage.check_new(actor, replace(new, settings=trial, secrets=stand_in))
        answer = await self._context.send(
            registration_request(
                endpoint=metadata.registration_endpoint,
                client=client,
                initial_access_token=initial_access_token,
            ),
            app_id="registration",
        )
        registered = parse_registration_response(
            answer, client=client, now=self._context.clock.now()
        )
        secrets = ClientSecrets(
            client_secret=registered.client_secret,
            secret_expires_at=registered.secret_expires_at,
            registration_uri=registered.management_uri,
            registration_token=registered.management_token,
        )
        settings = replace(
            settings,
            client_id=registered.client_id,
            client_authentication=registered.authentication,
        )
        try:
            return await self._manage.create(
                actor, replace(new, settings=settings, secrets=secrets)
            )
        except GrantlineError:
            await self._take_off(secrets)
            raise

    async def create_by_document(
        self, actor: Actor, new: NewConnection, *, public_url: str
    ) -> Connection:
        """A connection in state ``draft`` whose client ID is the address of our own document.

        Raises:
            InvalidInput: A field is wrong, the service reads no documents, or cannot read ours.
            NameTaken: Another connection or app has the name.
        """
        settings, metadata = await self._issued(new)
        refused = why_no_document(public_url)
        if not metadata.client_id_metadata_document_supported:
            refused = "The service does not read client metadata documents."
        elif new.flow is not FlowType.AUTHORIZATION_CODE:
            refused = "A client metadata document is for the flow type authorization-code."
        elif settings.redirect_uri:
            refused = "The document names the redirect URI of this installation, and no other."
        if refused:
            raise InvalidInput(
                refused, field="client", hint="Register a client, or enter a client ID."
            )
        public = replace(
            settings,
            client_id=document_uri(settings, public_url),
            client_authentication=ClientAuthentication.NONE,
        )
        return await self._manage.create(
            actor, replace(new, settings=public, secrets=ClientSecrets())
        )

    async def _issued(self, new: NewConnection) -> tuple[AppSettings, ServerMetadata]:
        """The settings of a new app and what its issuer says, which have to agree."""
        settings = new.settings or AppSettings(client_id="")
        if not settings.issuer:
            raise InvalidInput(
                "Only an issuer can be asked for a client.",
                field="issuer",
                hint="Give the issuer's URL, or that of the API or MCP server.",
            )
        metadata = await discover_issuer(self._context, settings.issuer)
        moved = moved_endpoints(settings, metadata)
        if moved:
            raise InvalidInput(
                f"The issuer says something else for {', '.join(map(label_of, moved))}.",
                field=next(iter(moved)),
                hint="Take the addresses that the issuer publishes, or enter a client ID.",
            )
        return settings, metadata

    async def delete_app(self, actor: Actor, name: str) -> DeletedApp:
        """An app that no connection uses deleted here, and at the service what it registered.

        Raises ``AppInUse`` and ``AppNotFound``.
        """
        try:
            secrets = await self._manage.client_secrets(actor, name)
        except (KeyUnavailable, SecretUnreadable):  # which deleting may end
            secrets = ClientSecrets()
        gone = await self._manage.delete_app(actor, name)
        if not secrets.registration_token or not secrets.registration_uri:
            return DeletedApp(gone)
        if await self._context.quarantined() is not None:
            return DeletedApp(
                gone,
                "The registration stays at the service: this database may be a copy, and its "
                "original still uses it.",
            )
        if await self._take_off(secrets):
            return DeletedApp(gone, "Its registration at the service was deleted too.")
        return DeletedApp(
            gone, "The service did not delete the registration: it may be left there, unused."
        )

    async def _take_off(self, secrets: ClientSecrets) -> bool:
        """Whether the service confirmed that the registration is gone; never raises."""
        if not secrets.registration_token or not secrets.registration_uri:
            return False
        request = deregistration_request(
            management_uri=secrets.registration_uri, management_token=secrets.registration_token
        )
        try:
            answer = await self._context.send(request, app_id="registration")
        except GrantlineError:
            return False
        return 200 <= answer.status < 300


def client_metadata(
    settings: AppSettings,
    metadata: ServerMetadata,
    *,
    flow: FlowType,
    scopes: tuple[str, ...],
    public_url: str,
) -> ClientMetadata:
    """What a service is told of an app that registers itself.

    Raises:
        InvalidInput: The service registers nobody, or nobody for this flow.
    """
    if not metadata.registration_endpoint:
        raise InvalidInput(
            NO_REGISTRATION,
            field="client_id",
            hint="Get a client ID from its console, and enter that.",
        )
    if flow not in _GRANTS:
        raise InvalidInput(
            "A client cannot be registered for this flow type.",
            field="flow",
            hint=f"Flow types with registration: {', '.join(_GRANTS)}.",
        )
    supported = metadata.token_endpoint_auth_methods_supported
    grants, known = _GRANTS[flow], metadata.grant_types_supported
    # What is not listed is not offered; but few lists that leave refreshing out mean it.
    if "refresh_token" not in known and known != ServerMetadata(issuer="").grant_types_supported:
        grants = grants[:1]
    return ClientMetadata(
        client_name=CLIENT_NAME,
        redirect_uris=(redirect_uri(settings, public_url),) if flow.needs_browser else (),
        authentication=next(
            (each for each in _METHODS if each.value in supported), ClientAuthentication.NONE
        ),
        grant_types=grants,
        scopes=scopes,
    )
