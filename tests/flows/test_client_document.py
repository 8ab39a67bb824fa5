"""A client ID metadata document, read by a server that registered nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from grantline.connections.apps.client_document import DOCUMENT_PREFIX, client_document
from grantline.connections.consent.callback_path import callback_path
from grantline.connections.engine import LOCAL, Engine
from grantline.connections.manage import NewConnection
from grantline.oauth.app.settings import AppSettings, ClientSecrets
from grantline.oauth.discovery.metadata import apply_metadata
from tests.flows.journeys import consent, deliver, get
from tests.peers.fixtures import StartPeer

pytestmark = [pytest.mark.peers, pytest.mark.processes]

HERE = "https://grantline.example"


class Documents(BaseHTTPRequestHandler):
    """What ``grantline serve`` publishes at its public URL."""

    def do_GET(self) -> None:
        digest = self.path.removeprefix(DOCUMENT_PREFIX).removesuffix(".json")
        body = json.dumps(client_document(digest, HERE)).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def documents() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Documents) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


async def test_a_server_reads_who_we_are_and_lets_us_in(
    engine: Engine, start_oidc_provider: StartPeer, documents: str
) -> None:
    peer = start_oidc_provider(documents=documents)
    metadata = await engine.discover(peer.issuer)
    settings = AppSettings(
        client_id="",
        base_url=peer.api_url,
        authorize_parameters=tuple(peer.authorize_parameters.items()),
    )
    connection = await engine.registrar.create_by_document(
        LOCAL,
        NewConnection(
            name="read",
            settings=apply_metadata(settings, metadata, secrets=ClientSecrets()),
            scopes=tuple(peer.scope.split()),
        ),
        public_url=HERE,
    )
    redirect_uri = HERE + callback_path(connection.app.settings)
    redirected = await consent(engine, connection, redirect_uri=redirect_uri)
    authorized = await deliver(engine, redirected)

    assert metadata.client_id_metadata_document_supported
    assert authorized.app.settings.client_id.startswith(HERE)
    assert authorized.has_refresh_token
    assert (await get(engine, authorized))["sub"] == "person"
