"""Lives of connections, drawn at random: whatever happens in whatever order, nothing is lost.

The service gives a grace period, so a lost answer must never cost a connection.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import Awaitable
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path
from typing import Final, TypeVar

from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from grantline.connections.engine import LOCAL
from grantline.connections.open import open_installation
from grantline.connections.planning import ConnectionEdit
from grantline.connections.settings import Settings
from grantline.connections.state import State
from grantline.errors import (
    ConnectionNotFound,
    GrantlineError,
    NotAuthorized,
    TemporarilyUnavailable,
)
from grantline.testing.authorization_server import (
    Drop,
    FakeAuthorizationServer,
    Fault,
    Moment,
    Refuse,
    ServerOptions,
    Truncate,
)
from grantline.testing.authorization_server.faults import Faults
from grantline.testing.clock import JumpingClock
from tests.connections.world import World, an_engine, environment

T = TypeVar("T")
IS_LONG: Final = os.environ.get("FAULTS") == "long"
NAMES: Final = ("ann", "ben")
FAULTS: Final[tuple[Fault, ...]] = (
    Drop(Moment.AFTER_COMMIT),
    Drop(Moment.BEFORE_COMMIT),
    Truncate(),
    Refuse(503),
    Refuse(429, retry_after="5"),
    Refuse(500, body=b"<html>"),
)
names = st.sampled_from(NAMES)


class Lives(RuleBasedStateMachine):
    """One installation, one service, two names that connections may have."""

    def __init__(self) -> None:
        super().__init__()
        self._runner = asyncio.Runner()
        self._folder = tempfile.TemporaryDirectory()
        self._standing = AsyncExitStack()
        self._running = AsyncExitStack()
        self._clock = JumpingClock()
        self._server = FakeAuthorizationServer(
            ServerOptions(grace=timedelta(minutes=5)), clock=self._clock
        )
        self._ids: dict[str, str] = {}
        self._gone: set[str] = set()
        self._drafts: set[str] = set()
        self._do(self._standing.enter_async_context(self._server))
        self._do(self._open())

    def teardown(self) -> None:
        """The journal is the judge."""
        self._all_is_well()
        try:
            for name in self._ids.keys() - self._drafts:
                self._pass(timedelta(days=2))
                assert self._do(self._uses(name))
            self._server.journal.assert_clean()
        finally:
            self._do(self._running.aclose())
            self._do(self._standing.aclose())
            self._runner.close()
            self._folder.cleanup()

    @rule(name=names)
    def create(self, name: str) -> None:
        if name not in self._ids:
            self._all_is_well()
            self._ids[name] = self._do(self._world.authorized(f"{name}{len(self._gone)}")).id

    @precondition(lambda self: self._ids)
    @rule(name=names, ahead=st.sampled_from([0, 10, 3300, 3600, 100_000]))
    def use(self, name: str, ahead: int) -> None:
        self._pass(timedelta(seconds=ahead))
        if name in self._ids:
            self._do(self._uses(name))

    @precondition(lambda self: self._ids)
    @rule(name=names)
    def renew(self, name: str) -> None:
        if name in self._ids:
            self._do(self._tries(self._renewed(name)))

    @rule(fault=st.sampled_from(FAULTS))
    def something_goes_wrong_next(self, fault: Fault) -> None:
        self._server.script("token", fault)

    @precondition(lambda self: self._ids)
    @rule(name=names, elsewhere=st.booleans())
    def edit(self, name: str, *, elsewhere: bool) -> None:
        if name not in self._ids:
            return
        edit = ConnectionEdit(scopes=("profile",))
        if elsewhere:
            edit = ConnectionEdit(settings={"client_id": self._server.client.client_id + "-not"})
            self._drafts.add(name)
        self._do(self._tries(self._world.engine.manage.edit(LOCAL, self._ids[name], edit)))

    @precondition(lambda self: self._ids)
    @rule(name=names)
    def reauthorize(self, name: str) -> None:
        if name not in self._ids or name in self._drafts:
            return
        found = self._do(self._world.engine.find(LOCAL, self._ids[name]))
        self._all_is_well()
        self._do(self._world.authorize(found))

    @precondition(lambda self: self._ids)
    @rule(name=names)
    def delete(self, name: str) -> None:
        if name in self._ids:
            self._do(self._world.engine.delete(LOCAL, self._ids[name]))
            self._gone.add(self._ids.pop(name))
            self._drafts.discard(name)

    @rule()
    def restart(self) -> None:
        self._do(self._running.aclose())
        self._do(self._open())

    @rule()
    def change_the_master_key(self) -> None:
        given = Settings.from_environment(environment(Path(self._folder.name)))
        with open_installation(given, clock=self._clock) as installation:
            key = installation.keys.add()
            installation.keys.make_primary(key)
            assert installation.keys.rewrap().broken == ()
        self.restart()

    @invariant()
    def what_was_deleted_stays_deleted(self) -> None:
        for each in self._gone:
            try:
                self._do(self._world.engine.find(LOCAL, each))
            except ConnectionNotFound:
                continue
            raise AssertionError(each)

    @invariant()
    def nothing_is_dead_and_every_state_has_a_cause(self) -> None:
        for name in self._ids:
            found = self._do(self._world.engine.find(LOCAL, self._ids[name]))
            assert found.state is not State.REAUTHORIZATION_REQUIRED, found.explanation
            if found.state is State.FAILING:
                assert found.cause
                assert found.explanation

    def _all_is_well(self) -> None:
        """A code is sent once: what goes wrong then is another story."""
        self._server._service.faults = Faults()  # noqa: SLF001 - forgets what was to come

    def _pass(self, span: timedelta) -> None:
        """Lets time go by. What fails was tried again first, as the background refresher does."""
        for each in self._ids.values() if span > timedelta(minutes=1) else ():
            self._all_is_well()
            found = self._do(self._world.engine.find(LOCAL, each))
            if found.retry_at is not None:
                self._clock.set(max(found.retry_at, self._clock.now()))
                self._do(self._tries(self._world.token(found, min_ttl=timedelta(days=1))))
        self._clock.advance(span)

    async def _uses(self, name: str) -> bool:
        """Whether a request with the connection worked; what is the service's fault may not."""
        try:
            found = await self._world.engine.find(LOCAL, self._ids[name])
            return (await self._world.get(found)).is_success
        except NotAuthorized:
            assert name in self._drafts
        except TemporarilyUnavailable:
            pass
        return False

    async def _renewed(self, name: str) -> None:
        engine, connection_id = self._world.engine, self._ids[name]
        rejected = await engine.token(LOCAL, connection_id)
        await engine.token(LOCAL, connection_id, rejected=rejected)

    async def _tries(self, work: Awaitable[object]) -> None:
        try:
            await work
        except GrantlineError:
            # What it leaves behind is what the invariants are about.
            return

    async def _open(self) -> None:
        folder = Path(self._folder.name)
        self._running = AsyncExitStack()
        engine = await self._running.enter_async_context(an_engine(folder, self._clock))
        self._world = World(engine, self._server, self._clock, folder)

    def _do(self, work: Awaitable[T]) -> T:
        async def working() -> T:
            return await work

        return self._runner.run(working())


TestLives = Lives.TestCase
TestLives.settings = settings(
    max_examples=40 if IS_LONG else 4,
    stateful_step_count=30 if IS_LONG else 15,
    deadline=None,
    # A run is expensive; what it prints can be read without making it smaller.
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
)
