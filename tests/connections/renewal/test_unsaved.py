"""A database that refuses when an answer is there: nothing is lost, and nobody waits for it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete

from grantline.connections import context
from grantline.connections.engine import LOCAL, Engine
from grantline.connections.renewal import unsaved
from grantline.connections.state import State
from grantline.errors import ConfigurationError, ConnectionNotFound, StoreBusy
from grantline.store.records.connections import Health
from grantline.store.schema.tables import refresh_attempt
from grantline.testing.clock import JumpingClock
from tests.connections.world import World, a_world, an_engine

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
WRITES = ("save_answer", "save_refreshed", "save_health", "close_attempt", "release_lease")


def refuse(
    monkeypatch: pytest.MonkeyPatch,
    engine: Engine,
    *methods: str,
    while_: Callable[[], bool] = lambda: True,
) -> None:
    """The engine's database refuses these as long as it is told to."""
    for method in methods:
        plain = getattr(engine.context.store, method)

        def refusing(*args: Any, plain: Any = plain, **more: Any) -> Any:
            if while_():
                raise StoreBusy("Busy.") if len(args) % 2 else ConfigurationError("Full.")
            return plain(*args, **more)

        monkeypatch.setattr(engine.context.store, method, refusing)


@pytest.mark.parametrize("methods", [("save_answer",), ("save_refreshed",), WRITES])
async def test_readers_get_the_new_token_and_it_is_saved_when_the_database_is_back(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, methods: tuple[str, ...]
) -> None:
    found = await world.authorized()
    world.clock.advance(HOUR)
    async with an_engine(tmp_path, world.clock) as first:
        busy = True
        refuse(monkeypatch, first, *methods, while_=lambda: busy)
        token = await first.token(LOCAL, found.id)
        world.clock.advance(MINUTE)
        assert await first.token(LOCAL, found.id) == token
        busy = False
    assert await world.token(found) == token.reveal()
    assert (await world.find(found)).generation == 2
    assert len(world.refreshes()) == 1
    assert not (tmp_path / "refresh.spool").exists()
    assert world.engine.context.store.open_attempts() == []


async def test_the_next_process_reads_the_answer_from_the_spool_file(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = await world.authorized()
    world.clock.advance(HOUR)
    async with an_engine(tmp_path, world.clock) as first:
        refuse(monkeypatch, first, *WRITES)
        token = (await first.token(LOCAL, found.id)).reveal()
    spool = (tmp_path / "refresh.spool").read_bytes()
    assert token.encode() not in spool
    assert (tmp_path / "refresh.spool").stat().st_mode & 0o077 == 0

    assert await world.token(found) == token
    assert len(world.refreshes()) == 1
    assert not (tmp_path / "refresh.spool").exists()


async def test_a_database_that_hangs_takes_no_answer_with_it(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every thread that may ask it waits for it; and then it works again."""
    found = await world.authorized()
    world.clock.advance(HOUR)
    monkeypatch.setattr(unsaved, "PATIENCE_S", 0.05)
    monkeypatch.setattr(context, "STORE_THREADS", 1)
    works = threading.Event()
    async with an_engine(tmp_path, world.clock) as first:
        store = first.context.store
        save_answer = store.save_answer

        def hang(attempt_id: str, sealed_answer: str) -> None:
            works.wait()
            save_answer(attempt_id, sealed_answer)

        monkeypatch.setattr(store, "save_answer", hang)
        token = (await first.token(LOCAL, found.id)).reveal()
        assert (tmp_path / "refresh.spool").exists()
        works.set()
    assert await world.token(found) == token
    assert len(world.refreshes()) == 1


async def test_an_answer_in_the_spool_file_brings_a_connection_back(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was taken for lost, and given up; then the process that has it starts again."""
    found = await world.authorized()
    world.clock.advance(HOUR)
    async with an_engine(tmp_path, world.clock) as first:
        refuse(monkeypatch, first, *WRITES)
        await first.token(LOCAL, found.id)
    store = world.engine.context.store
    (attempt,) = store.open_attempts()
    store.close_attempt(attempt.id, "lost", world.clock.now())
    given_up = Health(state=State.REAUTHORIZATION_REQUIRED, cause="grant_dead")
    store.save_health(found.id, 1, given_up, None)

    await world.engine.background.finish_begun()
    assert (await world.find(found)).state is State.AUTHORIZED
    assert await world.token(found)
    assert len(world.refreshes()) == 1


@pytest.mark.parametrize("renewed", [False, True])
async def test_a_database_that_was_put_back_takes_an_answer_that_is_newer_than_its_tokens(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, renewed: bool
) -> None:
    """It was restored from before the attempt; what is renewed since then is newer again."""
    found = await world.authorized()
    world.clock.advance(HOUR)
    async with an_engine(tmp_path, world.clock) as first:
        refuse(monkeypatch, first, *WRITES)
        token = (await first.token(LOCAL, found.id)).reveal()
    store: Any = world.engine.context.store
    with store._write() as run:  # noqa: SLF001 - what a backup from before does not have
        run.execute(delete(refresh_attempt))
    world.clock.advance(MINUTE)
    if renewed:
        token = await world.token(await world.authorize(found))
    await world.engine.background.finish_begun()
    assert not (tmp_path / "refresh.spool").exists()
    assert await world.token(found) == token
    assert len(world.refreshes()) == 1
    assert store.open_attempts() == []


async def test_deleted_while_its_tokens_wait_it_stays_deleted_and_they_are_revoked(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = await world.authorized()
    world.clock.advance(HOUR)
    async with an_engine(tmp_path, world.clock) as first:
        busy = True
        refuse(monkeypatch, first, "save_refreshed", while_=lambda: busy)
        await first.token(LOCAL, found.id)
        await world.engine.delete(LOCAL, "demo")
        revoked = world.server.journal.count("revoke")
        busy = False
    assert world.server.journal.count("revoke") == revoked + 2
    with pytest.raises(ConnectionNotFound):
        await world.token(found)


async def test_without_a_lease_a_token_that_works_is_given_out_and_nothing_is_sent(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = await world.authorized()
    first = await world.token(found)
    refuse(monkeypatch, world.engine, "acquire_lease", "begin_attempt")
    world.clock.advance(HOUR - timedelta(minutes=1))
    assert await world.token(found) == first
    world.clock.advance(timedelta(minutes=1))
    with pytest.raises((StoreBusy, ConfigurationError)):
        await world.token(found)
    assert world.refreshes() == []
    assert (await world.find(found)).state is State.AUTHORIZED


async def test_where_the_spool_file_fails_too_memory_keeps_it_until_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async with a_world(tmp_path, clock=JumpingClock()) as world:
        found = await world.authorized()
        world.clock.advance(HOUR)
        async with an_engine(tmp_path, world.clock) as first:
            refusals = iter(range(20))
            refuse(monkeypatch, first, *WRITES, while_=lambda: next(refusals, None) is not None)
            (tmp_path / "refresh.spool").mkdir()
            token = (await first.token(LOCAL, found.id)).reveal()
            assert "in memory alone" in caplog.text
            assert token not in caplog.text
        (tmp_path / "refresh.spool").rmdir()
        assert await world.token(found) == token
        assert len(world.refreshes()) == 1
