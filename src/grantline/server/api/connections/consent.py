"""How a connection gets its tokens, and how that went.

A consent belongs to the browser session that begins it, so that nobody can have somebody else
complete it. A browser's own session gets the service's address at once; a program with an API key
gets the address of the connection's page, where a person who is signed in goes on.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Query
from pydantic import AwareDatetime, Field
from starlette.responses import PlainTextResponse

from grantline.connections.consent.consents import Progress
from grantline.connections.state import State
from grantline.connections.transcript import Line, Step, as_text
from grantline.errors import InvalidInput
from grantline.server.api.auth import Manager, TheEngine, TheSettings
from grantline.server.api.connections.models import ConnectionShown, Scopes, connection_view
from grantline.server.api.fields import Given, Listed, Ref, Shown

router: Final = APIRouter(prefix="/connections/{connection}", tags=["Consent"])


class ConsentGiven(Given):
    """What to ask for."""

    scopes: Scopes | None = None
    """The connection's scopes by default."""
    any_account: bool = False
    """Whether the account may be another one than before."""


class BegunShown(Shown):
    """Where a person consents."""

    opens: Literal["service", "grantline"]
    """`service`: its consent page. `grantline`: the connection's page, where one begins."""
    url: str
    redirect_uri: str
    expires_at: datetime | None
    generation: int
    """Grows once consent was given: compare it with that of the progress."""


class ConsentFailure(Shown):
    """Why the last consent failed."""

    code: str
    message: str
    hint: str


class ProgressShown(Shown):
    """How far a consent is."""

    state: State
    generation: int
    failure: ConsentFailure | None


class TokenGiven(Given):
    """What the token must be good for."""

    min_ttl_s: Annotated[float, Field(strict=True, ge=0, le=86400)] = 0
    """How long it must still live."""


class TokenShown(Shown):
    """An access token. Refresh tokens are never shown."""

    access_token: str
    expires_at: datetime | None


class FieldShown(Shown):
    """One thing that was sent or received."""

    where: str
    name: str
    value: str


class LineShown(Shown):
    """One exchange with the authorization server, secrets masked."""

    at: datetime
    step: Step
    method: str
    url: str
    sent: list[FieldShown]
    status: int | None
    received: list[FieldShown]
    elapsed_s: float
    error: str


@router.post("/authorize", response_model=BegunShown)
async def begin_consent(
    caller: Manager,
    engine: TheEngine,
    web: TheSettings,
    connection: Ref,
    given: ConsentGiven | None = None,
) -> Any:
    """Where a person consents, for flows with a browser. The old token works meanwhile."""
    found = await engine.find(caller.actor, connection)
    if not found.flow.needs_browser:
        raise InvalidInput(
            f"The flow of “{found.name}” does not use a browser.",
            field="Flow type",
            hint="Use device for the device flow, and obtain for flows without a person.",
        )
    if not caller.has_session:
        return {
            "opens": "grantline",
            "url": f"{web.public_url}/connections/{found.id}",
            "redirect_uri": web.redirect_uri(found.app.settings),
            "expires_at": None,
            "generation": found.generation,
        }
    scopes = None if given is None or given.scopes is None else tuple(given.scopes)
    begun = await engine.consents.begin(
        caller.actor,
        found.id,
        public_url=web.public_url,
        binding=caller.binding,
        scopes=scopes,
        any_account=given is not None and given.any_account,
    )
    return {
        "opens": "service",
        "url": begun.url,
        "redirect_uri": begun.redirect_uri,
        "expires_at": begun.expires_at,
        "generation": found.generation,
    }


@router.get("/authorize", response_model=ProgressShown)
async def get_consent(
    caller: Manager,
    engine: TheEngine,
    connection: Ref,
    since: Annotated[
        AwareDatetime | None, Query(description="Failures before this are not told.")
    ] = None,
) -> Any:
    """How far the consent is: cheap enough to be asked every second."""
    found = await engine.find(caller.actor, connection)
    progress: Progress = await engine.consents.progress(
        caller.actor, found.id, since=since or found.created_at
    )
    return {
        "state": progress.state,
        "generation": progress.generation,
        "failure": progress.failure,
    }


@router.post("/obtain", response_model=ConnectionShown)
async def obtain_tokens(
    caller: Manager, engine: TheEngine, web: TheSettings, connection: Ref
) -> Any:
    """Gets tokens for flows that need no person: client-credentials, password, jwt-bearer."""
    found = await engine.find(caller.actor, connection)
    await engine.authorize.obtain(caller.actor, found.id)
    return connection_view(await engine.find(caller.actor, found.id), web)


@router.post("/token", response_model=TokenShown)
async def get_token(
    caller: Manager, engine: TheEngine, connection: Ref, given: TokenGiven | None = None
) -> Any:
    """A working access token. The last resort: prefer `POST /requests`.

    Whoever holds the token can use it anywhere until it ends, and nothing renews it there.
    """
    found = await engine.find(caller.actor, connection)
    span = timedelta(seconds=given.min_ttl_s if given else 0)
    token = await engine.token(caller.actor, found.id, min_ttl=span)
    now = await engine.find(caller.actor, found.id)
    return {"access_token": token.reveal(), "expires_at": now.expires_at}


@router.get("/transcript", response_model=Listed[LineShown])
async def get_transcript(caller: Manager, engine: TheEngine, connection: Ref) -> Any:
    """What was said to and by the authorization server, oldest first, secrets masked."""
    lines = await engine.transcript(caller.actor, connection)
    return {"items": [_line_view(each) for each in lines], "total": len(lines)}


@router.get(
    "/transcript.txt",
    response_class=PlainTextResponse,
    responses={200: {"description": "The transcript.", "content": {"text/plain": {}}}},
)
async def download_transcript(caller: Manager, engine: TheEngine, connection: Ref) -> Any:
    """The same as a text for a support ticket."""
    lines = await engine.transcript(caller.actor, connection)
    return PlainTextResponse(
        as_text(lines), headers={"Content-Disposition": 'attachment; filename="transcript.txt"'}
    )


def _line_view(line: Line) -> dict[str, Any]:
    def fields(found: Any) -> list[dict[str, str]]:
        return [{"where": each.where, "name": each.name, "value": each.value} for each in found]

    names = ("at", "step", "method", "url", "status", "error")
    plain = {name: getattr(line, name) for name in names}
    elapsed = round(line.duration.total_seconds(), 6)
    sent, received = fields(line.sent), fields(line.received)
    return {**plain, "sent": sent, "received": received, "elapsed_s": elapsed}
