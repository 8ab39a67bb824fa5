"""Requirements 4.5: a restored or copied database renews nothing until somebody says so."""

import shutil
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest

from grantline.connections.context import FOLLOWS_WITHIN
from grantline.connections.engine import LOCAL
from grantline.connections.keeping.quarantine import RESUME, examine_copy, resume
from grantline.connections.state import State
from grantline.errors import Quarantined
from grantline.oauth.app.settings import FlowType
from grantline.store.open import open_store
from grantline.testing.clock import FakeClock
from tests.connections.world import World, a_world, an_engine

HOUR = timedelta(hours=1)


def examine(folder: Path, name: str = "") -> str:
    """Why the database in ``folder`` is taken for a copy; empty when it is not."""
    store = open_store(None, folder)
    try:
        found = examine_copy(store, name)
        return found.reason if found else ""
    finally:
        store.close()


def resumed(folder: Path, name: str = "") -> None:
    store = open_store(None, folder)
    resume(store, name)
    store.close()


def test_a_database_in_its_place_is_the_only_copy(tmp_path: Path) -> None:
    assert examine(tmp_path) == ""
    assert examine(tmp_path) == ""


def test_a_copied_folder_is_a_copy_until_somebody_says_otherwise(tmp_path: Path) -> None:
    examine(tmp_path / "one")
    shutil.copytree(tmp_path / "one", tmp_path / "two")
    assert "copied" in examine(tmp_path / "two")
    assert "copied" in examine(tmp_path / "two")
    assert examine(tmp_path / "one") == ""
    resumed(tmp_path / "two")
    assert examine(tmp_path / "two") == ""


def test_a_folder_that_is_renamed_is_no_copy(tmp_path: Path) -> None:
    examine(tmp_path / "one")
    (tmp_path / "one").rename(tmp_path / "two")
    assert examine(tmp_path / "two") == ""


def test_a_named_database_belongs_to_its_name(tmp_path: Path) -> None:
    assert examine(tmp_path, "production") == ""
    assert "belongs to “production”, and this is “staging”" in examine(tmp_path, "staging")
    assert "GRANTLINE_INSTANCE is not set" in examine(tmp_path)
    assert examine(tmp_path, "production") == ""
    resumed(tmp_path, "staging")
    assert examine(tmp_path, "staging") == ""


def test_a_database_that_moves_with_its_name_is_no_copy(tmp_path: Path) -> None:
    examine(tmp_path / "one", "production")
    shutil.copytree(tmp_path / "one", tmp_path / "two")
    assert examine(tmp_path / "two", "production") == ""


def test_a_name_may_be_given_later(tmp_path: Path) -> None:
    examine(tmp_path)
    assert examine(tmp_path, "production") == ""
    assert "production" in examine(tmp_path)


@pytest.mark.postgres
def test_a_database_of_another_cluster_is_another_place(postgres_url: str, tmp_path: Path) -> None:
    store = open_store(postgres_url, tmp_path)
    assert examine_copy(store, "") is None
    assert store.instance().place.startswith("postgresql:")
    store.settle("postgresql:1/1", "")
    assert examine_copy(store, "") is not None
    store.close()


@pytest.mark.postgres
def test_a_user_who_may_ask_little_is_told_the_database(postgres_url: str, tmp_path: Path) -> None:
    with psycopg.connect(postgres_url) as owner:
        owner.execute("CREATE ROLE plain LOGIN")
        owner.execute("GRANT ALL ON SCHEMA public TO plain")
        owner.execute("REVOKE EXECUTE ON FUNCTION pg_control_system FROM PUBLIC")
    store = open_store(postgres_url.replace("grantline@", "plain@"), tmp_path)
    assert store.place().startswith("postgresql:/")
    assert examine_copy(store, "") is None
    store.close()


async def copy_of(world: World, folder: Path) -> None:
    """The data directory of ``world`` in another place, as a backup program takes it."""
    shutil.copytree(world.folder, folder)


async def test_a_copy_serves_what_lives_and_renews_nothing(
    tmp_path: Path, clock: FakeClock
) -> None:
    async with a_world(tmp_path / "one", clock=clock) as world:
        found = await world.authorized()
        token = await world.token(found)
        await copy_of(world, tmp_path / "two")
        async with an_engine(tmp_path / "two", clock) as copy:
            (notice,) = copy.notices
            assert RESUME in notice
            assert (await copy.token(LOCAL, found.id)).reveal() == token
            clock.advance(HOUR)
            with pytest.raises(Quarantined, match="is not renewed here") as refused:
                await copy.token(LOCAL, found.id)
            assert RESUME in refused.value.hint
            assert (await copy.find(LOCAL, found.id)).state is State.AUTHORIZED
            assert world.refreshes() == []
            # The original goes on, and its journal sees no token used twice.
            await world.token(found)
            resumed(tmp_path / "two")
            clock.advance(FOLLOWS_WITHIN)
            assert await copy.context.quarantined() is None


async def test_deleting_in_a_copy_takes_nothing_back_at_the_service(
    tmp_path: Path, clock: FakeClock
) -> None:
    async with a_world(tmp_path / "one", clock=clock) as world:
        found = await world.authorized()
        await copy_of(world, tmp_path / "two")
        async with an_engine(tmp_path / "two", clock) as copy:
            gone = await copy.delete(LOCAL, found.id)
        assert not gone.revocation.revoked
        assert "copy" in gone.revocation.note
        assert (await world.get(found)).is_success


async def test_what_probably_died_is_what_ended_and_could_be_renewed(world: World) -> None:
    found = await world.authorized()
    await world.engine.authorize.obtain(
        LOCAL, (await world.draft("machine", flow=FlowType.CLIENT_CREDENTIALS)).id
    )
    store = world.engine.context.store
    assert store.ended_by(world.clock.now(), 10).total == 0
    world.clock.advance(HOUR)
    page = store.ended_by(world.clock.now(), 10)
    assert ([each.id for each in page.rows], page.total) == ([found.id], 1)
