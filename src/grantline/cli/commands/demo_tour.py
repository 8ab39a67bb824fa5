"""The tour behind ``grantline demo``: each step is done for real, and then said in a line or two.

The store is a temporary directory, the service a ``FakeAuthorizationServer`` on loopback, and the
person who consents is played. Nothing secret is printed, nothing is left behind.
"""

from __future__ import annotations

import asyncio
import shutil
import sys
import tempfile
import textwrap
from datetime import timedelta
from typing import Final

from grantline.calls.answers.response import Response
from grantline.calls.request import RequestSpec
from grantline.cli.output import say
from grantline.cli.views import redirect_uri
from grantline.cli.words import listed
from grantline.clock import SystemClock
from grantline.connections.connection import Connection
from grantline.connections.consent.callback_path import callback_digest
from grantline.connections.engine import LOCAL, Engine
from grantline.connections.manage import NewConnection
from grantline.connections.open import open_engine
from grantline.connections.planning import ConnectionEdit
from grantline.connections.settings import Settings
from grantline.errors import EgressBlocked
from grantline.oauth.app.settings import AppSettings, ClientSecrets
from grantline.oauth.discovery.metadata import apply_metadata
from grantline.secret import Secret
from grantline.testing.authorization_server import Endpoint, FakeAuthorizationServer, ServerOptions

NAME: Final = "demo"
HOST: Final = "127.0.0.1"
CALLERS: Final = 50
ELSEWHERE: Final = "https://collector.example/"
METADATA_SERVICE: Final = "http://169.254.169.254/"
WIDEST: Final = 88


def run_tour() -> None:
    """Runs the tour; raises what any command would."""
    with tempfile.TemporaryDirectory(prefix="grantline-demo-") as folder:
        asyncio.run(_tour(folder))


async def _tour(folder: str) -> None:
    started_at = SystemClock().now()
    say("Grantline demo")
    _tell(
        "An authorization server and an API run on this machine until the demo ends, and the "
        "person who consents is played. No account is needed; nothing leaves this machine."
    )
    settings = Settings.from_environment(
        {"GRANTLINE_DATA_DIR": folder, "GRANTLINE_ALLOW_HOSTS": HOST}
    )
    options = ServerOptions(access_token_lifetime=timedelta(hours=1))
    async with FakeAuthorizationServer(options) as server, open_engine(settings) as engine:
        await Tour(server, engine).run()
    took = (SystemClock().now() - started_at).total_seconds()
    say()
    _tell(f"That was all, in {took:.1f} s; the server is stopped and the demo's data is deleted.")
    _tell("Next: grantline connection create --help")


class Tour:
    """The steps, in order."""

    def __init__(self, server: FakeAuthorizationServer, engine: Engine) -> None:
        self._server = server
        self._engine = engine
        self._number = 0

    async def run(self) -> None:
        """All of them."""
        await self._create()
        await self._authorize()
        await self._request()
        await self._expire()
        await self._crowd()
        await self._edit()
        await self._elsewhere()
        await self._delete()

    async def _create(self) -> None:
        client = self._server.client
        secrets = ClientSecrets(client_secret=Secret(client.client_secret))
        metadata = await self._engine.discover(self._server.issuer)
        settings = apply_metadata(
            AppSettings(client_id=client.client_id, base_url=self._server.api_url),
            metadata,
            secrets=secrets,
        )
        new = NewConnection(
            name=NAME, settings=settings, secrets=secrets, scopes=("orders", "offline_access")
        )
        created = await self._engine.manage.create(LOCAL, new)
        self._step(
            "Create",
            f"“{NAME}” for {self._server.issuer}. Its published metadata filled in the endpoints; "
            f"the client secret is sealed with AES-256-GCM. State: {created.state}.",
        )

    async def _authorize(self) -> None:
        await self._consent()
        found = await self._found()
        self._step(
            "Authorize",
            "the person says yes. State, issuer (RFC 9207) and PKCE S256 are checked, then the "
            f"code is exchanged. Granted: {listed(found.granted_scopes or found.scopes)}.",
        )

    async def _request(self) -> None:
        answer = await self._get("/me")
        self._step("Request", f"GET /api/me answers {answer.status}, for {answer.json()['name']}.")

    async def _expire(self) -> None:
        before = await self._found()
        self._server.expire_access_tokens()
        answer = await self._get("/orders")
        after = await self._found()
        self._step(
            "Expire",
            "the service ends the access token. The next request is refused once, the token is "
            f"renewed, and the request goes again: {answer.status}. The refresh token was rotated; "
            f"token set {before.generation} became {after.generation}.",
        )

    async def _crowd(self) -> None:
        self._server.expire_access_tokens()
        asked = self._token_requests()
        answers = await asyncio.gather(*(self._get("/me") for _ in range(CALLERS)))
        good = sum(answer.status == 200 for answer in answers)
        self._step(
            "Crowd",
            f"it ends again, and {CALLERS} callers come at once. Requests to the token endpoint: "
            f"{self._token_requests() - asked}. Good answers: {good}.",
        )

    async def _edit(self) -> None:
        refused = await self._get("/admin")
        found = await self._found()
        edit = ConnectionEdit(scopes=(*found.scopes, "admin"))
        edited = await self._engine.manage.edit(LOCAL, NAME, edit)
        meanwhile = await self._get("/me")
        await self._consent()
        allowed = await self._get("/admin")
        self._step(
            "Edit",
            f"GET /api/admin answers {refused.status}: it needs the scope admin. Adding a scope "
            f"needs {edited.price.cost.name.lower()}, and the old token keeps working meanwhile "
            f"({meanwhile.status}). After consent: {allowed.status}.",
        )

    async def _elsewhere(self) -> None:
        refusals = [await self._refusal(url) for url in (ELSEWHERE, METADATA_SERVICE)]
        self._step(
            "Protect",
            "somebody points a request with this token at another host. "
            + " ".join(refusals)
            + " Not a byte was sent.",
        )

    async def _delete(self) -> None:
        gone = await self._engine.delete(LOCAL, NAME)
        self._step("Delete", f"the connection is gone. {gone.revocation.note}")

    async def _consent(self) -> None:
        found = await self._found()
        settings, binding = found.app.settings, "this demo"
        begun = await self._engine.authorize.begin(
            LOCAL, found.id, redirect_uri=redirect_uri(settings, found.flow), binding=binding
        )
        came_back = self._server.approve(begun.url)
        await self._engine.authorize.complete(
            LOCAL,
            came_back.partition("?")[2],
            binding=binding,
            context_digest=callback_digest(settings),
        )

    async def _found(self) -> Connection:
        return await self._engine.find(LOCAL, NAME)

    async def _get(self, path: str) -> Response:
        url = f"{self._server.api_url}{path}"
        return await self._engine.request(LOCAL, NAME, RequestSpec(url=url))

    async def _refusal(self, url: str) -> str:
        try:
            await self._engine.request(LOCAL, NAME, RequestSpec(url=url))
        except EgressBlocked as error:
            return error.message
        return f"{url} was reached."

    def _token_requests(self) -> int:
        return self._server.journal.count(Endpoint.TOKEN)

    def _step(self, title: str, text: str) -> None:
        self._number += 1
        say()
        _tell(text, first=f"{self._number}. {title}: ")


def _tell(text: str, *, first: str = "") -> None:
    width = min(shutil.get_terminal_size((WIDEST, 24)).columns, WIDEST)
    for line in textwrap.wrap(first + text, width, subsequent_indent=" " * 3 if first else ""):
        say(line)
    sys.stdout.flush()
