"""Creating a connection: from the catalogue, from an issuer, or by hand, with a live preview."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from grantline.connections.apps.catalogue import settings_of as catalogue_settings
from grantline.connections.apps.client_document import document_uri
from grantline.connections.connection import App, Connection
from grantline.connections.doctor.cautions import Caution, cautions
from grantline.connections.labels import label_of
from grantline.connections.values import settled_app
from grantline.errors import (
    GrantlineError,
    InvalidInput,
    NameTaken,
)
from grantline.oauth.app.app_rules import IdentityRules
from grantline.oauth.app.inputs import checked_inputs, resolved, sample_values
from grantline.oauth.app.settings import AppSettings, ClientSecrets
from grantline.oauth.discovery.metadata import apply_metadata
from grantline.providers.catalogue import found_profiles
from grantline.providers.profile import Profile
from grantline.secret import Secret
from grantline.server.forms.client_choice import ENTERED, Client, ClientChoice
from grantline.server.forms.fields import ADVANCED, FIELDS, FLOW_OPTIONS, STANDARD
from grantline.server.forms.preview import is_redirect_uri_known, previews
from grantline.server.forms.values import (
    DEFAULTS,
    Errors,
    Values,
    blank,
    check_values,
    masked,
    settings_of,
    shown_settings,
    typed,
    typed_secrets,
    values_of,
    with_label,
)
from grantline.server.page import actor_of, engine_of, page
from grantline.server.page import settings_of as server_settings
from grantline.server.pages.connections.consent import go_on
from grantline.server.pages.connections.creation import created, created_without_id, entry_of
from grantline.server.pages.connections.service import consent_host
from grantline.server.pages.list_pages import FIRST
from grantline.server.pages.returning import return_path

DEMO: Final = "demo"
# More of them are no help at once; the box above finds the others.
MOST_SERVICES: Final = 23
# What people look for most often, in no order.
_FAMILIAR: Final = frozenset(
    {"airtable", "asana", "dropbox", "github", "gitlab", "google", "google-calendar"}
    | {"google-drive", "gmail", "google-sheets", "hubspot", "jira", "linkedin", "microsoft"}
    | {"notion", "outlook", "salesforce", "shopify", "slack", "spotify", "stripe", "xero", "zoom"}
)
# What previews show for a client ID that the service gives on saving.
REGISTERED_LATER: Final = "given-by-the-service"
SHARED: Final = Caution(
    "redirect_uri",
    "an address that all services share lets a hostile one receive an honest one's code; "
    "use it only where the console allows no other.",
)


async def new(request: Request) -> Response:
    """Where to begin; or the form, once that is known."""
    asked = request.query_params
    return_to = return_path(asked.get("return_to"))
    entry = entry_of(asked.get("provider", ""))
    demo = server_settings(request).demo
    if asked.get("provider") == DEMO and demo is not None:
        settings = AppSettings(
            client_id=demo.client_id,
            issuer=demo.issuer,
            base_url=demo.api_url,
            identity=IdentityRules(url="/me", label=("name",), id="sub"),
        )
        metadata = await engine_of(request).discover(demo.issuer)
        secrets = ClientSecrets(client_secret=demo.client_secret)
        values = replace(blank(), name=DEMO, scopes=demo.scopes, hosts=("127.0.0.1",))
        values = values.with_settings(apply_metadata(settings, metadata, secrets=secrets))
        return form_page(request, values, return_to=return_to, secret=demo.client_secret)
    if entry is not None:
        values = replace(
            blank(),
            name=entry.name,
            provider=entry.name,
            flow=entry.flow,
            scopes=entry.default_scopes,
            hosts=entry.hosts,
        ).with_settings(catalogue_settings(entry, client_id=""))
        return form_page(request, values, return_to=return_to)
    if asked.get("by") == "hand":
        return form_page(request, blank(), return_to=return_to)
    if "app" in asked:
        app = await engine_of(request).manage.app(actor_of(request), asked["app"])
        like = await engine_of(request).manage.newest_of(actor_of(request), app.id)
        values = _reusing(blank(), app, like)
        return form_page(request, values, return_to=return_to, app=app)
    find = asked.get("find", "").strip()
    return page(
        request,
        "connections/begin.html",
        entries=found_profiles(find) if find else _familiar_first(),
        most_services=MOST_SERVICES,
        apps=await engine_of(request).listing.apps(actor_of(request), query=find, limit=FIRST),
        find=find,
        consent_host=consent_host,
        return_to=return_to,
    )


async def create(request: Request) -> Response:
    """The connection saved, and on to consent; or the form again with what is wrong."""
    form = await request.form()
    values, return_to = typed(form), return_path(form.get("return_to"))
    app = await _app(request, form)
    if app is not None:
        values = values.with_settings(masked(app.settings))
    settings, errors = settings_of(values, app.settings if app else _begun_with(values))
    errors = {**check_values(values, settings), **errors}
    choice, made = ClientChoice.typed(form), None
    if choice.chosen is not Client.GIVEN:
        settings = replace(settings, client_id="")
        errors.pop(label_of("client_id"), None)
    if not errors:
        try:
            secrets, password = typed_secrets(form)
            if choice.chosen is Client.GIVEN:
                made = await created(request, values, app or settings, secrets, password)
            else:
                made = await created_without_id(request, values, settings, choice.chosen, form)
        except InvalidInput as error:
            wrong = with_label(error)
            errors = {wrong.field: wrong}
        except NameTaken as error:
            errors = {"Connection name": _name_taken(error)}
    if made is None:
        return form_page(
            request, values, errors=errors, return_to=return_to, app=app, choice=choice
        )
    return await go_on(request, made, return_to=return_to)


async def discover(request: Request) -> Response:
    """The form with what an issuer says of itself filled in, and a list of what that was."""
    form = await request.form()
    values = typed(form) if "flow" in form else blank()
    issuer = str(form.get("discover") or "").strip()
    return_to = return_path(form.get("return_to"))
    settings, errors = settings_of(values, _begun_with(values))
    old = settings
    try:
        secrets, _ = typed_secrets(form)
        metadata = await engine_of(request).discover(issuer)
        only_public = set(metadata.token_endpoint_auth_methods_supported) == {"none"}
        if not any_secret(secrets) and not only_public:
            # A secret that is still to come will be proven by the server's own first choice.
            secrets = ClientSecrets(client_secret=Secret("later"))
        settings = apply_metadata(settings, metadata, secrets=secrets)
    except GrantlineError as error:
        problem = InvalidInput(error.message, field="Issuer URL", hint=error.hint)
        errors = {**errors, "Issuer URL": problem}
        return form_page(request, values, errors=errors, return_to=return_to, issuer=issuer)
    before, after = shown_settings(old), shown_settings(settings)
    filled = [each.label for each in FIELDS if before[each.name] != after[each.name]]
    values = replace(values, fields={**values.fields, **_different(before, after)})
    return form_page(
        request,
        values,
        errors=errors,
        return_to=return_to,
        filled=filled,
        issuer=issuer,
        choice=ClientChoice.of(metadata, server_settings(request).public_url),
    )


async def preview(request: Request) -> Response:
    """What the form as it stands would send."""
    form = await request.form()
    values, app = typed(form), await _app(request, form)
    old = _begun_with(values)
    if app is not None:
        values, old = values.with_settings(masked(app.settings)), app.settings
    context = preview_context(request, values, old, choice=ClientChoice.typed(form))
    return page(request, "connections/preview.html", app=app, **context)


def form_page(
    request: Request,
    values: Values,
    *,
    errors: Errors | None = None,
    return_to: str = "",
    connection: Connection | None = None,
    app: App | None = None,
    filled: Sequence[str] = (),
    issuer: str = "",
    secret: Secret | None = None,
    choice: ClientChoice = ENTERED,
    **more: Any,
) -> Response:
    """The form, to create or to edit.

    Args:
        request: What was asked.
        values: What the fields show.
        errors: What is wrong, by label.
        return_to: Where to go back to.
        connection: What is edited; None for a new one.
        app: What a new connection reuses; None makes one of its own.
        filled: Labels of what discovery has filled in.
        issuer: What was typed to discover.
        secret: The demo's client secret, which is no secret.
        choice: Where the client ID may come from.
        more: For the template.
    """
    reused = connection.app if connection else app
    old = reused.settings if reused else _begun_with(values)
    context = {
        "inputs": old.inputs,
        "kept": (),
        "versions": None,
        "conflict": (),
        "asks": False,
        "moved": (),
        **preview_context(request, values, old, choice=choice),
        **more,
    }
    return page(
        request,
        "connections/form.html",
        status=422 if errors else 200,
        values=values,
        errors=errors or {},
        connection=connection,
        app=app,
        entry=entry_of(values.provider),
        flow_options=FLOW_OPTIONS,
        standard=STANDARD,
        advanced=ADVANCED,
        return_to=return_to,
        filled=filled,
        issuer=issuer,
        secret=secret.reveal() if secret else "",
        choice=choice,
        **context,
    )


def preview_context(
    request: Request,
    values: Values,
    old: AppSettings = DEFAULTS,
    *,
    has_secret: bool = True,
    choice: ClientChoice = ENTERED,
) -> dict[str, Any]:
    """What the preview shows of ``values``."""
    server = server_settings(request)
    settings, _ = settings_of(values, old)
    if choice.chosen is Client.DOCUMENT:
        settings = replace(settings, client_id=document_uri(settings, server.public_url))
    elif choice.chosen is Client.REGISTERED:
        settings = replace(settings, client_id=REGISTERED_LATER)
    settings, tried = _tried(settings, values.inputs)
    redirect_uri = server.redirect_uri(settings)
    warned = cautions(settings, values.flow, values.hosts)
    if settings.redirect_uri == server.shared_redirect_uri:
        warned.append(SHARED)
    return {
        "price": None,
        "redirect_uri": redirect_uri if is_redirect_uri_known(settings, values.flow) else "",
        "console": entry.console if (entry := entry_of(values.provider)) else "",
        "needs_redirect_uri": values.flow.needs_browser,
        "cautions": warned,
        "previews": previews(
            tried,
            values.flow,
            values.scopes,
            redirect_uri=redirect_uri,
            has_secret=has_secret,
            username=values.username,
            hosts=values.hosts,
        ),
        "changed": values.changed,
        "shared_redirect_uri": server.shared_redirect_uri,
    }


def any_secret(secrets: ClientSecrets) -> bool:
    """Whether at least one was typed."""
    return secrets != ClientSecrets()


def _familiar_first() -> list[Profile]:
    return sorted(found_profiles(), key=lambda each: each.name not in _FAMILIAR)


async def _app(request: Request, form: FormData) -> App | None:
    """The app that the form reuses."""
    name = str(form.get("app") or "")
    return await engine_of(request).manage.app(actor_of(request), name) if name else None


def _reusing(values: Values, app: App, like: Connection | None) -> Values:
    """The form for another account: as the last connection of the app was made."""
    if like is not None:
        values = replace(values_of(like), name=f"{like.name[:95]}-2")
    return replace(values, provider=app.provider).with_settings(masked(app.settings))


def _name_taken(error: NameTaken) -> InvalidInput:
    return InvalidInput(
        "Another connection has this name.", field="Connection name", hint=error.hint
    )


def _tried(settings: AppSettings, inputs: Mapping[str, str]) -> tuple[AppSettings, AppSettings]:
    """The app, and what a connection of it makes of that: samples for what was not typed yet."""
    samples = sample_values(settings)
    names = [each.name for each in settings.inputs]
    typed_ones = {name: value for name, value in inputs.items() if value}
    try:
        wanted = {name: typed_ones.get(name, samples[name]) for name in names}
        app, own = settled_app(settings, checked_inputs(settings.inputs, wanted))
        return app, resolved(app, {**samples, **own})
    except InvalidInput:
        return settings, resolved(settings, samples)


def _begun_with(values: Values) -> AppSettings:
    entry = entry_of(values.provider)
    return catalogue_settings(entry, client_id="") if entry else DEFAULTS


def _different(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in after.items() if before[name] != value}


ROUTES: Final[list[BaseRoute]] = [
    Route("/connections/new", new),
    Route("/connections/new", create, methods=["POST"]),
    Route("/connections/new/discover", discover, methods=["POST"]),
    Route("/connections/preview", preview, methods=["POST"]),
]
