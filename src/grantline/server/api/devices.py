"""Consent on another screen (RFC 8628): the code to show, and how far it is."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from fastapi import APIRouter, Request

from grantline.connections.device import DeviceStart
from grantline.server.api.auth import Manager, TheEngine
from grantline.server.api.device_waits import DeviceWaits
from grantline.server.api.fields import Ref, Shown
from grantline.server.api.problems import ProblemShown
from grantline.server.errors import Problem

router: Final = APIRouter(prefix="/connections/{connection}/device", tags=["Consent"])


class DeviceStatus(StrEnum):
    """How far a device authorization is."""

    WAITING = "waiting"
    AUTHORIZED = "authorized"
    FAILED = "failed"


class DeviceShown(Shown):
    """What to show the person, and how far it is."""

    status: DeviceStatus
    user_code: str
    verification_uri: str
    verification_uri_complete: str
    """The same with the code in it, as a link or a QR code; empty when there is none."""
    expires_at: datetime
    problem: ProblemShown | None
    """Why it failed."""


@router.post("", response_model=DeviceShown)
async def begin_device(
    caller: Manager, engine: TheEngine, request: Request, connection: Ref
) -> Any:
    """A code for the person to type; then ask by GET until it is no longer `waiting`."""
    found = await engine.find(caller.actor, connection)
    start = await _waits(request).begin(engine, caller.actor, found.id)
    return _view(start, DeviceStatus.WAITING)


@router.get("", response_model=DeviceShown)
async def get_device(caller: Manager, engine: TheEngine, request: Request, connection: Ref) -> Any:
    """How far the last device authorization of this connection is."""
    found = await engine.find(caller.actor, connection)
    waiting = _waits(request).find(caller.actor, found.id)
    if waiting.error is not None:
        problem = Problem.of(waiting.error).as_json()
        return _view(waiting.start, DeviceStatus.FAILED, problem)
    status = DeviceStatus.AUTHORIZED if waiting.is_done else DeviceStatus.WAITING
    return _view(waiting.start, status)


def _waits(request: Request) -> DeviceWaits:
    waits: DeviceWaits = request.app.state.device_waits
    return waits


def _view(
    start: DeviceStart, status: DeviceStatus, problem: dict[str, Any] | None = None
) -> dict[str, Any]:
    shown = start.authorization
    return {
        "status": status,
        "user_code": shown.user_code,
        "verification_uri": shown.verification_uri,
        "verification_uri_complete": shown.verification_uri_complete,
        "expires_at": start.expires_at,
        "problem": problem,
    }
