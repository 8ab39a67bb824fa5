"""Consent on another screen (RFC 8628): the code to show, and how far it is."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from fastapi import APIRouter, Request

from grantline.errors import NotFound
from grantline.server.api.auth import Manager, TheEngine
from grantline.server.api.fields import Ref, Shown
from grantline.server.api.problems import ProblemShown
from grantline.server.errors import Problem
from grantline.server.page import web_of

router: Final = APIRouter(prefix="/connections/{connection}/device", tags=["Consent"])


class DeviceStatus(StrEnum):
    """How far a device authorization is."""

    WAITING = "waiting"
    AUTHORIZED = "authorized"
    FAILED = "failed"


class DeviceShown(Shown):
    """What to show the person."""

    user_code: str
    verification_uri: str
    verification_uri_complete: str
    """The same with the code in it, as a link or a QR code; empty when there is none."""
    expires_at: datetime
    interval_s: float
    """Asking more often than this tells nothing new."""
    generation: int
    """Grows once consent was given: compare it with that of the progress."""


class DeviceProgress(Shown):
    """How far it is."""

    status: DeviceStatus
    """`authorized` when no code waits and there are tokens."""
    generation: int
    problem: ProblemShown | None
    """Why it failed."""


@router.post("", response_model=DeviceShown)
async def begin_device(
    caller: Manager, engine: TheEngine, request: Request, connection: Ref
) -> Any:
    """A code for the person to type; then ask by GET until it is no longer `waiting`."""
    found = await engine.find(caller.actor, connection)
    wait = await web_of(request).device_waits.begin(caller.actor, found.id)
    shown = wait.start.authorization
    return {
        "user_code": shown.user_code,
        "verification_uri": shown.verification_uri,
        "verification_uri_complete": shown.verification_uri_complete,
        "expires_at": wait.start.expires_at,
        "interval_s": wait.interval.total_seconds(),
        "generation": found.generation,
    }


@router.get("", response_model=DeviceProgress)
async def get_device(caller: Manager, engine: TheEngine, request: Request, connection: Ref) -> Any:
    """How far it is. Asking is what asks the service, as often as that allows and no more."""
    found = await engine.find(caller.actor, connection)
    wait = await web_of(request).device_waits.ask(caller.actor, found.id)
    now = await engine.find(caller.actor, found.id)
    if wait is None and now.authorized_at is None:
        raise NotFound("No code waits for this connection.", hint="Begin by POST.")
    status = DeviceStatus.AUTHORIZED if wait is None else DeviceStatus.WAITING
    problem = None
    if wait is not None and wait.error is not None:
        status, problem = DeviceStatus.FAILED, Problem.of(wait.error).as_json()
    return {"status": status, "generation": now.generation, "problem": problem}
