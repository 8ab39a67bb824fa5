"""The remote control on the second origin: other processes drive the server and judge by it.

``GET``  /control/server, /control/journal, /control/hold/N?timeout_s=S
``POST`` /control/approve, deny, approve-device, deny-device, expire-access-tokens, revoke-grants,
rotate-dpop-nonce, allow, script, hold, hold/N/release, clock. Bodies and answers are JSON.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from grantline.testing.authorization_server.exchange import Answer, Incoming
from grantline.testing.authorization_server.faults import fault_from_json
from grantline.testing.authorization_server.gates import Point
from grantline.testing.clock import FakeClock

if TYPE_CHECKING:
    from grantline.testing.authorization_server.server import FakeAuthorizationServer

LONGEST_WAIT_S: Final = 60.0


async def control(server: FakeAuthorizationServer, incoming: Incoming) -> Answer:
    """The answer to one command; 400 with a reason when it makes no sense."""
    command = incoming.path.removeprefix("/control/")
    try:
        if incoming.method == "GET":
            return await _look(server, command, dict(incoming.query))
        # A web page cannot send JSON across origins unasked, so only programs get through.
        if not incoming.is_json:
            return Answer.json({"error": "send application/json"}, status=415)
        return Answer.json(_act(server, command, json.loads(incoming.body or b"{}")))
    except (LookupError, TypeError, ValueError) as problem:
        return Answer.json({"error": f"{type(problem).__name__}: {problem}"}, status=400)


async def _look(server: FakeAuthorizationServer, command: str, query: dict[str, str]) -> Answer:
    match command.split("/"):
        case ["server"]:
            return Answer.json(server.describe())
        case ["journal"]:
            return Answer.json(server.journal.redacted())
        case ["hold", number]:
            hold = server.gates.numbered(int(number))
            timeout_s = min(float(query.get("timeout_s", "0")), LONGEST_WAIT_S)
            try:
                entry = await asyncio.wait_for(hold.reached(), timeout_s)
            except TimeoutError:
                return Answer.json({"reached": False})
            return Answer.json({"reached": True, "number": entry.number})
        case _:
            return Answer.json({"error": "no such view"}, status=404)


def _act(server: FakeAuthorizationServer, command: str, given: dict[str, Any]) -> dict[str, Any]:
    match command.split("/"):
        case ["hold", number, "release"]:
            server.gates.numbered(int(number)).release()
            return {}
        case [name] if name in _COMMANDS:
            return _COMMANDS[name](server, given) or {}
        case _:
            raise LookupError("no such command")


def _script(server: FakeAuthorizationServer, given: dict[str, Any]) -> None:
    server.script(given["endpoint"], *(fault_from_json(one) for one in given["faults"]))


def _hold(server: FakeAuthorizationServer, given: dict[str, Any]) -> dict[str, Any]:
    hold = server.hold(given["endpoint"], Point(given["point"]))
    return {"hold": server.gates.number(hold)}


def _clock(server: FakeAuthorizationServer, given: dict[str, Any]) -> dict[str, Any]:
    clock = server.clock
    if not isinstance(clock, FakeClock):
        raise ValueError("this server runs on the wall clock")  # noqa: TRY004 - not of the caller
    clock.advance(timedelta(seconds=float(given["advance_s"])))
    return {"now": clock.now().isoformat()}


_COMMANDS: Final[
    dict[str, Callable[[FakeAuthorizationServer, dict[str, Any]], dict[str, Any] | None]]
] = {
    "approve": lambda server, given: {"redirect": server.approve(given["url"])},
    "deny": lambda server, given: {"redirect": server.deny(given["url"])},
    "approve-device": lambda server, given: server.approve_device(given["user_code"]),
    "deny-device": lambda server, given: server.deny_device(given["user_code"]),
    "expire-access-tokens": lambda server, _: server.expire_access_tokens(),
    "revoke-grants": lambda server, _: server.revoke_grants(),
    "rotate-dpop-nonce": lambda server, _: server.rotate_dpop_nonce(),
    "allow": lambda server, given: server.journal.allow(given["rule"]),
    "script": _script,
    "hold": _hold,
    "clock": _clock,
}
