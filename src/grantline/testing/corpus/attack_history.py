"""An attack on the history: a service that says back what it was sent, token and all."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Final

from grantline.calls.request import RequestSpec
from grantline.connections.connection import Actor
from grantline.connections.engine import Engine
from grantline.connections.manage import NewConnection
from grantline.connections.open import open_engine
from grantline.connections.settings import Settings
from grantline.errors import AuthorizationServerError
from grantline.net.guard import PUBLIC_INTERNET
from grantline.oauth.app.settings import AppSettings, ClientSecrets, FlowType
from grantline.secret import Secret
from grantline.testing.corpus.attack_finding import CaseNotRun, Finding
from grantline.testing.corpus.wire import Answer, Seen, Wire
from grantline.url import parse_url

ACTOR: Final = Actor()
TOKEN: Final = "canary-access-token-5d1f"
SECRET: Final = "canary-client-secret-5d1f"
SERVER: Final = "https://as.example/token"
API: Final = "https://api.example/echo"


async def echo(*, refusing: bool = False) -> Finding:
    """A request of a connection to a service that says back what it was sent: is it kept?

    A ``refusing`` service does so in an error, and so does its token endpoint, from the second
    request on, with the client secret.
    """
    obtained: list[Seen] = []

    def answer(seen: Seen) -> Answer:
        status = 400 if refusing else 200
        if seen.origin != parse_url(SERVER).origin:
            return _said(status, dict(seen.headers), ("X-Echo", TOKEN))
        obtained.append(seen)
        if refusing and len(obtained) > 1:
            return _said(status, {"error": "invalid_client", "error_description": SECRET})
        return _said(200, {"access_token": TOKEN, "token_type": "bearer"})

    with tempfile.TemporaryDirectory() as folder:
        async with Wire(urls=[parse_url(SERVER), parse_url(API)], answer=answer) as wire:
            settings = Settings(data_dir=Path(folder), database_url="sqlite://")
            async with (
                wire.transport(PUBLIC_INTERNET) as transport,
                open_engine(settings, transport=transport) as engine,
            ):
                shown = await _shown(engine, refusing=refusing)
    if any(secret in text for text in shown for secret in (TOKEN, SECRET)):
        return Finding("allow", "kept_in_the_clear")
    return Finding("sanitize", "redact_in_logs")


async def _shown(engine: Engine, *, refusing: bool) -> list[str]:
    """All that is kept of a request, and what an error says."""
    connection = await engine.manage.create(
        ACTOR,
        NewConnection(
            name="echoed",
            flow=FlowType.CLIENT_CREDENTIALS,
            settings=AppSettings(client_id="client", token_uri=SERVER, base_url=API),
            secrets=ClientSecrets(client_secret=Secret(SECRET)),
        ),
    )
    await engine.authorize.obtain(ACTOR, connection.id)
    made = await engine.make_request(ACTOR, RequestSpec(url=""), connection_id=connection.id)
    if TOKEN not in made.result().text or made.run is None:
        raise CaseNotRun("nothing was said back")
    kept = await engine.runs.find(ACTOR, made.run.id)
    shown = [kept.request.url, repr(kept.request.headers), kept.request.body.text]
    if kept.response is not None:
        shown += [repr(kept.response.headers), kept.response.body.text]
    if refusing:
        try:
            await engine.authorize.obtain(ACTOR, connection.id)
        except AuthorizationServerError as error:
            shown += [str(error), repr(error), error.description]
    return shown


def _said(status: int, fields: dict[str, str], *headers: tuple[str, str]) -> Answer:
    typed = ("Content-Type", "application/json")
    return Answer(status, (typed, *headers), json.dumps(fields).encode())
