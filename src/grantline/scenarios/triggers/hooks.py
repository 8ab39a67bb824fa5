"""Webhooks: a request to a scenario's own address starts a run, and may wait for its answer.

A request that is taken is in the database before its sender hears so, and a delivery that a sender
numbers starts one run however often it comes. Who does not know the address learns nothing: it is
the same 404 whether there is no such scenario, or it is off, or another trigger starts it.

Who knows it and cannot sign uses up nothing of what the sender may send: he costs one look for the
address, as any stranger does, and a digest of what he sent.
"""

from __future__ import annotations

import asyncio
import json
import math
from collections import OrderedDict
from collections.abc import Mapping
from contextlib import aclosing
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, Protocol

from grantline.connections.connection import Actor
from grantline.connections.context import Context, fingerprint
from grantline.connections.credentials.authentication import KeyCredential, RequestCredential
from grantline.connections.credentials.credential import CredentialIds
from grantline.connections.credentials.manage_credentials import CredentialManager
from grantline.errors import (
    GrantlineError,
    LimitExceeded,
    NotFound,
    TemporarilyUnavailable,
)
from grantline.messages import Headers
from grantline.scenarios.definition.modules import Respond
from grantline.scenarios.definition.scenario import Scenario
from grantline.scenarios.definition.triggers import Signature, Webhook
from grantline.scenarios.kept import KeptScenario
from grantline.scenarios.runs.run import Cause, RunState, ScenarioRun
from grantline.scenarios.runs.runs import ScenarioRuns
from grantline.scenarios.triggers.delivery import delivery_id
from grantline.scenarios.triggers.hook_request import MOST_BODY_BYTES, HookRequest, trigger_of
from grantline.scenarios.triggers.webhook import SENTENCES, header_of, refusal_of
from grantline.secret import Secret

# One address takes so many at once, and so many a second for good: more than a service sends in
# earnest, and less than fills a database overnight.
BURST: Final = 100
EACH_SECOND: Final = 10
MOST_BUCKETS: Final = 1000
# A secret that is changed is followed within this time, and a flood looks for it no more often.
KEY_TRUSTED_FOR: Final = timedelta(seconds=1)
TRY_AGAIN: Final = timedelta(seconds=30)
_WAITS: Final = (RunState.PARKED, RunState.RETRYING)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class HookAnswer:
    """What the sender is told."""

    status: int
    headers: Headers = ()
    body: bytes = b""


class Hooked(Protocol):
    """Where the scenario behind an address is found."""

    async def find_hooked(self, secret: Secret) -> tuple[Actor, KeptScenario]:
        """The scenario, and as whom it runs; raises ``NotFound``."""
        ...


class Hooks:
    """Takes requests to the addresses of scenarios."""

    def __init__(
        self, context: Context, shelf: Hooked, runs: ScenarioRuns, credentials: CredentialManager
    ) -> None:
        self._context = context
        self._shelf = shelf
        self._runs = runs
        self._credentials = credentials
        self._buckets = Buckets()
        self._keys: OrderedDict[str, tuple[RequestCredential | None, timedelta]] = OrderedDict()

    async def receive(self, secret: str, request: HookRequest) -> HookAnswer:
        """What the sender of ``request`` is told; whatever goes wrong is an answer, too.

        Args:
            secret: From the address.
            request: As it came.
        """
        try:
            actor, kept = await self._shelf.find_hooked(Secret(secret))
        except NotFound:
            return NOTHING_HERE
        except GrantlineError as error:
            return _failure(error)
        trigger = kept.scenario.trigger
        if not kept.is_active or not isinstance(trigger, Webhook):
            return NOTHING_HERE
        if request.method == "HEAD":
            # Somebody looks whether anything is here; nothing has happened that a run is for.
            return HookAnswer(status=200)
        try:
            refused = await self._objection(actor, kept, trigger.signature, request)
            if refused is not None:
                return refused
            run = await self._start(actor, kept, trigger, request)
        except GrantlineError as error:
            return _failure(error)
        return await self._answer(actor, kept.scenario, trigger, run)

    async def _objection(
        self,
        actor: Actor,
        kept: KeptScenario,
        signature: Signature | None,
        request: HookRequest,
    ) -> HookAnswer | None:
        """What a sender is told who is not whom he should be, or sends too much; None if he may."""
        if len(request.body) > MOST_BODY_BYTES:
            return TOO_LARGE
        if signature is not None:
            key, now = await self._key(actor, signature), self._context.clock.now()
            if not isinstance(key, KeyCredential):
                unable = "This webhook cannot check its senders just now."
                return _told(503, unable, after=TRY_AGAIN)
            refusal = refusal_of(signature, key.value, request.headers, request.body, now=now)
            if refusal is not None:
                return _told(401, SENTENCES[refusal], code=refusal.value)
        if wait := self._buckets.take(kept.id, self._context.clock.elapsed()):
            return _told(429, "Too many requests at once.", after=wait)
        return None

    async def _key(self, actor: Actor, signature: Signature) -> RequestCredential | None:
        """What signatures are checked with, looked up once in a second."""
        now, name = self._context.clock.elapsed(), f"{actor.workspace} {signature.credential_id}"
        key, until = self._keys.get(name, (None, timedelta()))
        if now >= until:
            ids = CredentialIds(credential_id=signature.credential_id)
            key = (await self._credentials.carried(actor, ids)).credential
            self._keys[name] = (key, now + KEY_TRUSTED_FOR)
            self._keys.move_to_end(name)
            if len(self._keys) > MOST_BUCKETS:
                self._keys.popitem(last=False)
        return key

    async def _start(
        self, actor: Actor, kept: KeptScenario, trigger: Webhook, request: HookRequest
    ) -> ScenarioRun:
        # A shared token is the secret itself, under whatever name its header goes.
        signed_by = header_of(trigger.signature) if trigger.signature else ""
        # A megabyte may become a million values, and others are not to wait for that.
        brought = await asyncio.to_thread(
            trigger_of, request, received_at=self._context.clock.now(), besides=signed_by
        )
        numbered = delivery_id(trigger.signature, request.headers, brought["body"])
        return await self._runs.start_run(
            actor,
            kept.scenario,
            scenario_id=kept.id,
            trigger=brought,
            cause=Cause.WEBHOOK,
            once=f"delivery {fingerprint(numbered)}" if numbered else "",
        )

    async def _answer(
        self, actor: Actor, scenario: Scenario, trigger: Webhook, run: ScenarioRun
    ) -> HookAnswer:
        taken = _told(202, "Accepted.", code="accepted", run=run.id)
        if not trigger.answer_within or not _responds(scenario):
            return taken
        try:
            async with asyncio.timeout(trigger.answer_within.total_seconds()):
                return await self._awaited(actor, run) or taken
        except (TimeoutError, GrantlineError):
            return taken

    async def _awaited(self, actor: Actor, run: ScenarioRun) -> HookAnswer | None:
        """What the run answers; None when it will not, for now or for good."""
        async with aclosing(self._runs.changes(actor, run.id)) as changes:
            async for now in changes:
                answer = await self._runs.answer(actor, run.id)
                if answer is not None:
                    return HookAnswer(
                        status=answer.status, headers=answer.headers, body=answer.body
                    )
                if now.state is RunState.FAILED:
                    # The sender may try again, as with any server that fails.
                    return _told(500, "The scenario failed before it answered.", run=run.id)
                if now.state.has_ended or now.state in _WAITS:
                    return None
        return None


class Buckets:
    """How many requests each address takes: a token bucket each, the least used forgotten first."""

    def __init__(self, burst: int = BURST, each_second: int = EACH_SECOND) -> None:
        self._burst = burst
        self._each_second = each_second
        self._left: OrderedDict[str, tuple[float, timedelta]] = OrderedDict()

    def take(self, name: str, now: timedelta) -> timedelta:
        """How long to wait for a turn; no time, and then it is taken."""
        left, since = self._left.pop(name, (float(self._burst), now))
        grown = (now - since).total_seconds() * self._each_second
        left = min(float(self._burst), left + max(0.0, grown))
        wait = timedelta()
        if left >= 1:
            left -= 1
        else:
            wait = timedelta(seconds=(1 - left) / self._each_second)
        self._left[name] = (left, now)
        if len(self._left) > MOST_BUCKETS:
            self._left.popitem(last=False)
        return wait


def _responds(scenario: Scenario) -> bool:
    return any(
        isinstance(each.does, Respond) and each.is_enabled for each in scenario.each_module()
    )


def _failure(error: GrantlineError) -> HookAnswer:
    """What a sender is told of a failure of ours: whether to come back, and nothing more."""
    if isinstance(error, LimitExceeded):
        return TOO_LARGE
    if isinstance(error, TemporarilyUnavailable):
        return _told(503, "Not just now.", after=error.retry_after or TRY_AGAIN)
    return _told(503, "This webhook cannot take requests just now.", after=TRY_AGAIN)


def _told(
    status: int, message: str, *, code: str = "", run: str = "", after: timedelta | None = None
) -> HookAnswer:
    said: Mapping[str, Any] = {"status": code or status, "message": message}
    body = {**said, "run": run} if run else said
    headers: Headers = (("Content-Type", "application/json"),)
    if after is not None:
        headers = (*headers, ("Retry-After", str(max(1, math.ceil(after.total_seconds())))))
    return HookAnswer(status=status, headers=headers, body=json.dumps(body).encode() + b"\n")


NOTHING_HERE: Final = _told(404, "Nothing listens at this address.")
TOO_LARGE: Final = _told(413, f"At most {MOST_BODY_BYTES // 1024**2} MB are taken.")
