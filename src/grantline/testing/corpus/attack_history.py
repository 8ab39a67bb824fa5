"""An attack on the history: a service that says back what it was sent, token and all."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Final

from grantline.calls.request import RequestSpec
from grantline.connections.connection import Actor
from grantline.connections.manage import NewConnection
from grantline.connections.open import open_engine
from grantline.connections.settings import Settings
from grantline.net.guard import PUBLIC_INTERNET
from grantline.oauth.app.settings import AppSettings, ClientSecrets, FlowType
from grantline.secret import Secret
from grantline.testing.corpus.attack_finding import Finding
from grantline.testing.corpus.wire import Answer, Seen, Wire
from grantline.url import parse_url

ACTOR: Final = Actor()
TOKEN: Final = "canary-access-token-5d1f"
SERVER: Final = "https://as.example/token"
API: Final = "https://api.example/echo"


async def echo() -> Finding:
    """A request of a connection to an echo service: does the history keep the token?"""
    with tempfile.TemporaryDirectory() as folder:
        async with Wire(urls=[parse_url(SERVER), parse_url(API)], answer=_answer) as wire:
            settings = Settings(data_dir=Path(folder), database_url="sqlite://")
            async with (
                wire.transport(PUBLIC_INTERNET) as transport,
                open_engine(settings, transport=transport) as engine,
            ):
                connection = await engine.manage.create(
                    ACTOR,
                    NewConnection(
                        name="echoed",
                        flow=FlowType.CLIENT_CREDENTIALS,
                        settings=AppSettings(client_id="client", token_uri=SERVER, base_url=API),
                        secrets=ClientSecrets(client_secret=Secret("kept-secret")),
                    ),
                )
                await engine.authorize.obtain(ACTOR, connection.id)
                made = await engine.make_request(
                    ACTOR, RequestSpec(url=""), connection_id=connection.id
                )
                if TOKEN not in made.result().text or made.run is None:
                    return Finding("error", "nothing was echoed")
                kept = await engine.runs.find(ACTOR, made.run.id)
    shown = [kept.request.url, repr(kept.request.headers), kept.request.body.text]
    if kept.response is not None:
        shown += [repr(kept.response.headers), kept.response.body.text]
    if any(TOKEN in text for text in shown):
        return Finding("allow", "kept_in_the_clear")
    return Finding("sanitize", "redact_in_logs")


def _answer(seen: Seen) -> Answer:
    if seen.origin == parse_url(SERVER).origin:
        body = json.dumps({"access_token": TOKEN, "token_type": "bearer"}).encode()
        return Answer(headers=(("Content-Type", "application/json"),), body=body)
    said = json.dumps(dict(seen.headers)).encode()
    return Answer(headers=(("Content-Type", "application/json"), ("X-Echo", TOKEN)), body=said)
