"""One renewal step by step: what a failure means, and what may happen to the row meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import anyio
import pytest

from grantline.connections.engine import LOCAL
from grantline.connections.planning import ConnectionEdit
from grantline.connections.renewal.next_tokens import response_from_text
from grantline.connections.sealing import answer_place
from grantline.connections.state import State
from grantline.errors import (
    ConnectionNotFound,
    GrantlineError,
    InvalidGrant,
    NotAuthorized,
    ReauthorizationRequired,
    TemporarilyUnavailable,
)
from grantline.oauth.app.settings import ClientSecrets
from grantline.secret import Secret
from grantline.store.protocol.store import Store
from grantline.store.records.renewal import Lease, RefreshAttempt
from grantline.testing.authorization_server import (
    Answer,
    Delay,
    Drop,
    Moment,
    Refuse,
    Replace,
    Rule,
    ServerOptions,
    Truncate,
)
from tests.connections.world import World, a_world, an_engine

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
LOST = "rotation_answer_lost"
DEAD_ANSWER = Answer.json({"error": "invalid_grant"}, status=400)


def end_lease(store: Store, connection_id: str) -> None:
    """As time does to the lease of a process that is stopped for too long."""
    held = store.load_connection("local", connection_id)
    assert held.lease_owner is not None
    assert held.lease_until is not None
    store.release_lease(
        Lease(
            connection_id=connection_id,
            owner=held.lease_owner,
            number=held.lease_number,
            until=held.lease_until,
        )
    )


async def test_a_dead_grant_is_believed_the_second_time(world: World) -> None:
    found = await world.authorized()
    world.server.revoke_grants()
    world.clock.advance(HOUR)

    with pytest.raises(InvalidGrant):
        await world.token(found)
    assert world.health(found).state is not State.REAUTHORIZATION_REQUIRED
    assert (await world.find(found)).state is State.FAILING

    # Before the pause is over nobody asks again, and who insists confirms nothing.
    with pytest.raises(TemporarilyUnavailable):
        await world.token(found)
    assert len(world.refreshes()) == 1
    assert (await world.engine.verify(LOCAL, "demo")).works is False
    assert (await world.find(found)).state is State.FAILING

    world.clock.advance(MINUTE)
    with pytest.raises(InvalidGrant):
        await world.token(found)
    after = await world.find(found)
    assert after.state is State.REAUTHORIZATION_REQUIRED
    assert after.cause == "grant_dead"
    asked = len(world.refreshes())
    with pytest.raises(ReauthorizationRequired) as caught:
        await world.token(found)
    assert "expired or was revoked" in caught.value.reason
    assert len(world.refreshes()) == asked
    assert (await world.get(await world.authorize(after))).is_success


async def test_a_dead_grant_is_forgotten_once_another_process_has_renewed(
    world: World, tmp_path: Path
) -> None:
    """The store is read again between the first sign and the second."""
    found = await world.authorized()
    world.clock.advance(HOUR)
    refused = Answer.json({"error": "invalid_grant"}, status=400)
    world.server.script("token", Replace(refused))
    world.server.journal.allow(Rule.REFRESH_TOKEN_REUSED)
    with pytest.raises(InvalidGrant):
        await world.token(found)
    # Replace commits, so this server has rotated: a new consent, made elsewhere, mends it.
    async with an_engine(tmp_path, world.clock) as elsewhere:
        there = World(elsewhere, world.server, world.clock, tmp_path)
        await there.authorize(found)
    asked = len(world.refreshes())
    world.clock.advance(MINUTE)
    assert await world.token(found)
    assert len(world.refreshes()) == asked
    assert (await world.find(found)).state is State.AUTHORIZED


@pytest.mark.parametrize(
    "faults",
    [
        [Refuse(503)],
        [Refuse(429)],
        [Refuse(500, body=b"<html>")],
        [Drop(Moment.BEFORE_COMMIT), Drop(Moment.BEFORE_COMMIT)],  # the second is the retry at once
    ],
    ids=str,
)
async def test_a_temporary_failure_serves_the_token_that_still_works(
    world: World, faults: list[Refuse | Drop]
) -> None:
    found = await world.authorized()
    first = await world.token(found)
    world.clock.advance(HOUR - MINUTE)
    world.server.script("token", *faults)
    assert await world.token(found) == first
    after = await world.find(found)
    assert after.state is State.FAILING
    assert after.retry_at is not None
    assert await world.token(found) == first
    assert len(world.refreshes()) == len(faults)
    world.clock.set(after.retry_at)
    assert await world.token(found) != first
    assert (await world.find(found)).state is State.AUTHORIZED


async def test_a_server_is_left_alone_as_long_as_it_asks(world: World) -> None:
    found = await world.authorized()
    world.clock.advance(HOUR)
    world.server.script("token", Refuse(503, retry_after="120"))
    for _ in range(3):
        with pytest.raises(TemporarilyUnavailable) as caught:
            await world.token(found)
        assert caught.value.retry_after is not None
        assert caught.value.retry_after <= timedelta(minutes=2)
    assert world.health(found).retry_at == world.clock.now() + timedelta(minutes=2)
    assert len(world.refreshes()) == 1
    world.clock.advance(timedelta(minutes=2))
    assert await world.token(found)


async def test_a_person_who_asks_need_not_wait(world: World) -> None:
    found = await world.authorized()
    world.clock.advance(HOUR)
    world.server.script("token", Refuse(503, retry_after="3600"))
    with pytest.raises(TemporarilyUnavailable):
        await world.token(found)
    assert (await world.engine.verify(LOCAL, "demo")).works is True
    assert (await world.find(found)).state is State.AUTHORIZED


async def test_failures_in_a_row_wait_longer_and_never_mark_the_connection_dead(
    world: World,
) -> None:
    found = await world.authorized()
    world.clock.advance(HOUR)
    world.server.script("token", *[Refuse(503)] * 12)
    for count in range(1, 13):
        with pytest.raises(TemporarilyUnavailable):
            await world.token(found)
        health = world.health(found)
        assert health.failures == count
        assert health.state == State.FAILING
        assert health.retry_at is not None
        assert health.retry_at - world.clock.now() <= timedelta(minutes=15)
        world.clock.advance(timedelta(minutes=15))
    assert await world.token(found)
    assert world.health(found).failures == 0


@pytest.mark.parametrize(
    "fault", [Drop(Moment.AFTER_COMMIT), Truncate(), Drop(Moment.BEFORE_COMMIT)], ids=str
)
async def test_a_lost_answer_is_asked_for_again_at_once(tmp_path: Path, fault: Drop) -> None:
    async with a_world(tmp_path, ServerOptions(grace=timedelta(seconds=30))) as world:
        found = await world.authorized()
        world.clock.advance(HOUR)
        world.server.script("token", fault)
        assert await world.token(found)
        assert len(world.refreshes()) == 2
        assert (await world.find(found)).state is State.AUTHORIZED


async def test_an_answer_lost_for_good_is_named_as_the_cause(world: World) -> None:
    found = await world.authorized()
    world.clock.advance(HOUR)
    world.server.journal.allow(Rule.REFRESH_TOKEN_REUSED)  # one retry, and one confirmation
    world.server.script("token", Drop(Moment.AFTER_COMMIT))
    with pytest.raises(InvalidGrant):
        await world.token(found)
    assert world.health(found).cause == LOST
    world.clock.advance(MINUTE)
    with pytest.raises(InvalidGrant):
        await world.token(found)
    after = await world.find(found)
    assert (after.state, after.cause) == (State.REAUTHORIZATION_REQUIRED, LOST)
    assert "Nobody revoked anything" in after.explanation
    assert len(world.refreshes()) == 3


async def test_a_lost_answer_stays_the_cause_through_a_temporary_failure(world: World) -> None:
    found = await world.authorized()
    world.clock.advance(HOUR)
    world.server.journal.allow(Rule.REFRESH_TOKEN_REUSED)
    world.server.script("token", Drop(Moment.AFTER_COMMIT), Refuse(503))
    with pytest.raises(TemporarilyUnavailable):
        await world.token(found)
    for _ in range(2):
        world.clock.advance(MINUTE)
        with pytest.raises(InvalidGrant):
            await world.token(found)
    after = await world.find(found)
    assert (after.state, after.cause) == (State.REAUTHORIZATION_REQUIRED, LOST)


async def test_an_unusable_answer_with_a_new_refresh_token_loses_nothing(tmp_path: Path) -> None:
    odd: Iterator[dict[str, str]] = iter([{}, {"token_type": "mac"}, {}])
    options = ServerOptions(token_answer=lambda answer: {**answer, **next(odd)})
    async with a_world(tmp_path, options) as world:
        found = await world.authorized()
        before = await world.refresh_token(found)
        world.clock.advance(HOUR)
        with pytest.raises(GrantlineError):
            await world.token(found)
        assert await world.refresh_token(found) != before
        world.clock.advance(timedelta(minutes=15))
        assert await world.token(found)


async def test_a_grant_revoked_elsewhere_ends_in_words_for_people(world: World) -> None:
    found = await world.authorized()
    world.server.revoke_grants()
    with pytest.raises(InvalidGrant):
        await world.get(found)
    world.clock.advance(MINUTE)
    with pytest.raises(InvalidGrant):
        await world.get(found)
    world.clock.advance(HOUR)
    with pytest.raises(ReauthorizationRequired):
        await world.get(found)
    verification = await world.engine.verify(LOCAL, "demo")
    assert verification.works is False
    assert "reauthorize" in verification.next_step


async def test_deleted_during_a_renewal_it_stays_deleted_and_the_new_token_is_revoked(
    world: World,
) -> None:
    found = await world.authorized()
    world.clock.advance(HOUR)
    with world.server.hold("token", "committed") as answer:
        waiting = asyncio.ensure_future(world.token(found))
        await answer.reached()
        deleted = await world.engine.delete(LOCAL, "demo")
        assert deleted.revocation.revoked
        answer.release()
        with pytest.raises(ConnectionNotFound):
            await waiting
    with pytest.raises(ConnectionNotFound):
        await world.find(found)
    assert world.server.journal.count("revoke") == 4


@pytest.mark.parametrize(
    ("fault", "error"), [(None, NotAuthorized), (Refuse(503), TemporarilyUnavailable)]
)
async def test_edited_to_another_server_during_a_renewal_it_stays_a_draft(
    world: World, fault: Refuse | None, error: type[GrantlineError]
) -> None:
    found = await world.authorized()
    world.clock.advance(HOUR)
    edit = ConnectionEdit(
        settings={"token_uri": world.server.second_origin + "/token"},
        secrets=ClientSecrets(client_secret=Secret("another secret")),
    )
    world.server.script("token", fault)
    with world.server.hold("token", "committed") as answer:
        waiting = asyncio.ensure_future(world.token(found))
        await answer.reached()
        await world.engine.manage.edit(LOCAL, "demo", edit)
        answer.release()
        with pytest.raises(error):
            await waiting
    assert (await world.find(found)).state is State.DRAFT
    assert world.columns(found) is None
    assert world.server.journal.count("second_origin") == 0


async def test_an_answer_saved_before_a_crash_is_used_by_the_next(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process ends between keeping the raw answer and reading it."""
    found = await world.authorized()
    world.clock.advance(HOUR)
    store = world.engine.context.store

    class Ended(BaseException):
        pass

    def end(*_: object) -> bool:
        raise Ended

    async with an_engine(tmp_path, world.clock) as dying:
        monkeypatch.setattr(dying.context.store, "save_refreshed", end)
        monkeypatch.setattr(dying.context.store, "release_lease", lambda _: None)
        with pytest.raises(Ended):
            await dying.token(LOCAL, found.id)
    assert len(store.open_attempts(found.id)) == 1
    world.clock.advance(MINUTE)
    assert await world.token(found)
    assert len(world.refreshes()) == 1
    assert store.open_attempts(found.id) == []


async def test_a_refresher_that_was_stopped_sends_nothing_late(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stopped between its intent and its first byte, it finds its lease over and looks again."""
    found = await world.authorized()
    world.clock.advance(HOUR)
    store = world.engine.context.store
    loop = asyncio.get_running_loop()
    async with an_engine(tmp_path, world.clock) as late:
        begin_attempt = late.context.store.begin_attempt

        def stopped(attempt: RefreshAttempt) -> None:
            begin_attempt(attempt)
            world.clock.advance(MINUTE)
            end_lease(store, found.id)
            asyncio.run_coroutine_threadsafe(world.token(found), loop).result()

        monkeypatch.setattr(late.context.store, "begin_attempt", stopped)
        assert (await late.token(LOCAL, found.id)).reveal() == await world.token(found)
    # The other one has sent the token, because the attempt that it found might have been sent.
    assert len(world.refreshes()) == 1


async def test_a_slow_server_is_not_asked_twice(world: World) -> None:
    found = await world.authorized()
    world.clock.advance(HOUR)
    world.server.script("token", Delay(timedelta(milliseconds=50)))
    async with anyio.create_task_group() as tasks:
        for _ in range(5):
            tasks.start_soon(world.token, found)
    assert len(world.refreshes()) == 1


async def test_an_unusable_answer_saved_before_a_crash_still_gives_its_refresh_token(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    odd: Iterator[dict[str, str]] = iter([{}, {"token_type": "mac"}, {}])
    options = ServerOptions(token_answer=lambda answer: {**answer, **next(odd)})
    async with a_world(tmp_path, options) as world:
        found = await world.authorized()
        world.clock.advance(HOUR)
        before = await world.refresh_token(found)

        class Ended(BaseException):
            pass

        async with an_engine(tmp_path, world.clock) as dying:
            store = dying.context.store
            save_answer = store.save_answer

            def end(attempt_id: str, sealed_answer: str) -> None:
                save_answer(attempt_id, sealed_answer)
                raise Ended

            monkeypatch.setattr(store, "save_answer", end)
            monkeypatch.setattr(store, "release_lease", lambda _: None)
            with pytest.raises(Ended):
                await dying.token(LOCAL, found.id)
        world.clock.advance(MINUTE)
        with pytest.raises(GrantlineError):
            await world.token(found)
        assert await world.refresh_token(found) != before
        world.clock.advance(timedelta(minutes=15))
        assert await world.token(found)
        assert len(world.refreshes()) == 2


async def test_a_late_answer_is_tried_before_a_connection_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two spend one token within the grace; what the second got is saved, and later refused."""
    async with a_world(tmp_path, ServerOptions(grace=MINUTE)) as world:
        found = await world.authorized()
        world.clock.advance(HOUR)
        store = world.engine.context.store
        loop = asyncio.get_running_loop()
        async with an_engine(tmp_path, world.clock) as late:
            save_answer = late.context.store.save_answer

            def overtaken(attempt_id: str, sealed_answer: str) -> None:
                end_lease(store, found.id)
                asyncio.run_coroutine_threadsafe(world.token(found), loop).result()
                save_answer(attempt_id, sealed_answer)

            monkeypatch.setattr(late.context.store, "save_answer", overtaken)
            assert (await late.token(LOCAL, found.id)).reveal() == await world.token(found)
        (kept,) = store.closed_attempts(found.id, 1, "candidate")
        assert kept.sealed_answer is not None
        assert store.open_attempts() == []

        rejected = Secret(await world.token(found))
        world.server.script("token", Refuse(400, body=DEAD_ANSWER.body))
        assert await world.token(found, rejected=rejected)
        assert (await world.find(found)).state is State.AUTHORIZED
        spent = [each.incoming.parameters["refresh_token"] for each in world.refreshes()]
        assert [spent.count(each) for each in spent] == [2, 2, 1, 1]


async def test_of_two_answers_that_were_kept_the_one_that_came_last_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two processes spent one token within the grace and died; the first answer came late."""
    async with a_world(tmp_path, ServerOptions(grace=MINUTE)) as world:
        found = await world.authorized()
        world.clock.advance(HOUR)
        store = world.engine.context.store

        class Ended(BaseException):
            pass

        def end(*_: object) -> bool:
            raise Ended

        kept = []
        for _ in range(2):
            async with an_engine(tmp_path, world.clock) as dying:
                monkeypatch.setattr(dying.context.store, "save_refreshed", end)
                with pytest.raises(Ended):
                    await dying.token(LOCAL, found.id)
            (attempt,) = store.open_attempts(found.id)
            store.close_attempt(attempt.id, "lost", world.clock.now())
            kept.append(attempt)
            world.clock.advance(timedelta(seconds=1))
        for each in kept:
            store.save_answer(each.id, each.sealed_answer or "")

        last = kept[-1]
        answer = world.engine.context.vault.open(
            last.sealed_answer or "", answer_place(last.workspace, last.id)
        )
        assert await world.token(found) in response_from_text(answer).body.decode()
        assert len(world.refreshes()) == 2


@pytest.mark.parametrize("grace", [timedelta(0), 2 * HOUR])
async def test_the_refresh_token_before_is_tried_only_where_the_service_takes_it(
    tmp_path: Path, grace: timedelta
) -> None:
    async with a_world(tmp_path, ServerOptions(grace=2 * HOUR)) as world:
        found = await world.authorized(refresh_grace=grace)
        first = await world.refresh_token(found)
        world.clock.advance(HOUR)
        rejected = Secret(await world.token(found))
        columns = world.columns(found)
        assert columns is not None
        assert (columns.sealed_previous is not None) is bool(grace)
        world.server.script("token", Replace(DEAD_ANSWER))
        if grace:
            assert await world.token(found, rejected=rejected)
        else:
            with pytest.raises(InvalidGrant):
                await world.token(found, rejected=rejected)
        spent = [each.incoming.parameters["refresh_token"] for each in world.refreshes()]
        assert spent.count(first) == (2 if grace else 1)


async def test_what_is_refused_for_an_hour_is_asked_for_once_a_day(world: World) -> None:
    found = await world.authorized()
    refused = Answer.json({"error": "unauthorized_client"}, status=400)
    world.clock.advance(HOUR)
    for _ in range(4):
        world.server.script("token", Refuse(400, body=refused.body))
        with pytest.raises(GrantlineError):
            await world.token(found)
        assert (await world.find(found)).state is State.FAILING
        world.clock.advance(timedelta(minutes=16))
    world.server.script("token", Refuse(400, body=refused.body))
    with pytest.raises(GrantlineError):
        await world.token(found)
    after = await world.find(found)
    assert after.state is State.FAILING
    assert after.retry_at == world.clock.now() + timedelta(days=1)
    assert "once a day" in after.explanation
    world.clock.advance(timedelta(days=1))
    assert await world.token(found)


async def test_a_clock_that_was_set_back_keeps_nobody_waiting(world: World) -> None:
    found = await world.authorized()
    world.clock.advance(HOUR)
    world.server.script("token", Refuse(503))
    with pytest.raises(TemporarilyUnavailable):
        await world.token(found, min_ttl=HOUR)
    world.clock.set(world.clock.now() - 2 * HOUR)
    assert await world.token(found, min_ttl=3 * HOUR)
    assert (await world.find(found)).state is State.AUTHORIZED
