"""Requirements 4.4 and 4.5: what was backed up comes back whole, elsewhere, or not at all."""

import gzip
import io
import json
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyrage
import pytest

from grantline.connections.engine import LOCAL
from grantline.connections.keeping.backup import (
    Lock,
    opened_by_passphrase,
    restore_backup,
    write_backup,
)
from grantline.connections.keeping.quarantine import resume
from grantline.connections.open import open_installation
from grantline.connections.settings import Settings
from grantline.connections.state import State
from grantline.errors import ConfigurationError, InvalidInput, KeyUnavailable, Quarantined
from grantline.secret import Secret
from grantline.store.open import open_store
from grantline.store.records.scenarios import ScenarioUse, UseKind
from grantline.testing.clock import FakeClock
from grantline.vault.envelope import Place
from grantline.vault.key_file import KeyFile
from grantline.vault.keys import MasterKey
from tests.connections.world import World, a_world, an_engine, environment
from tests.records import a_connection, a_scenario, an_app, an_event

IDENTITY = pyrage.x25519.Identity.generate()
LOCK = Lock(recipients=(str(IDENTITY.to_public()),), identities=(Secret(str(IDENTITY)),))
NOW = datetime(2026, 3, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


def settings(folder: Path, url: str | None = None, **more: str) -> Settings:
    return Settings.from_environment(environment(folder, **more), url=url)


def back_up(given: Settings, path: Path, lock: Lock = LOCK, **more: Any) -> Path:
    with open_installation(given) as installation:
        write_backup(
            installation.store, installation.keys, path, lock, clock=FakeClock(NOW), **more
        )
    return path


def contents(given: Settings) -> dict[str, list[list[Any]]]:
    """Everything in a database but what says where it is."""
    store = open_store(given.database_url, given.data_dir)
    with store.snapshot() as snapshot:
        found = {
            each.name: [list(row) for row in each.rows]
            for each in snapshot.tables
            if each.name != "instance"
        }
    store.close()
    return found


def opened(path: Path) -> bytes:
    plain = io.BytesIO()
    with path.open("rb") as file:
        pyrage.decrypt_io(file, plain, [IDENTITY])
    return gzip.decompress(plain.getvalue())


@dataclass
class Original:
    """A small installation and its backup."""

    settings: Settings
    backup: Path


@pytest.fixture
def original(tmp_path: Path) -> Original:
    here = settings(tmp_path / "original")
    with open_installation(here) as installation:
        vault = installation.keys._vault  # noqa: SLF001 - seals as an engine would
        for name in ("one", "two"):
            sealed = vault.seal(f"secret of {name}", Place("home", "connection", name, "secrets"))
            installation.store.add_connection(
                a_connection(id=name, name=name, app_id=name, sealed_secrets=sealed),
                an_event(),
                an_app(id=name, name=name, sealed_secrets=None),
            )
        installation.store.add_scenario(
            a_scenario(is_active=True), [ScenarioUse(UseKind.CONNECTION, "one")], an_event()
        )
    return Original(here, back_up(here, tmp_path / "backup.age"))


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def elsewhere(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    url = str(request.getfixturevalue("postgres_url")) if request.param == "postgresql" else None
    return settings(tmp_path / "elsewhere", url)


def test_everything_comes_back_in_any_database(
    original: Original, elsewhere: Settings, tmp_path: Path
) -> None:
    done = restore_backup(elsewhere, original.backup, LOCK)
    assert (done.created_at, done.rows["connection"], done.rows["scenario_use"]) == (NOW, 2, 1)
    assert contents(elsewhere) == contents(original.settings)
    back = settings(tmp_path / "and back")
    again = back_up(elsewhere, tmp_path / "again.age")
    restore_backup(back, again, LOCK)
    assert contents(back) == contents(original.settings)
    with open_installation(back) as installation:
        vault = installation.keys._vault  # noqa: SLF001
        record = installation.store.load_connection("home", "one")
        opened_again = vault.open(
            record.sealed_secrets or "", Place("home", "connection", "one", "secrets")
        )
        assert opened_again.reveal() == "secret of one"


def test_the_file_is_its_owners_alone_and_never_written_over(original: Original) -> None:
    assert stat.S_IMODE(original.backup.stat().st_mode) == 0o600
    before = original.backup.read_bytes()
    with pytest.raises(InvalidInput, match="there already"):
        back_up(original.settings, original.backup)
    assert original.backup.read_bytes() == before
    assert [each.name for each in original.backup.parent.glob(".*")] == []


def test_a_backup_that_fails_leaves_no_file(original: Original, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="recipient"):
        back_up(original.settings, tmp_path / "bad.age", Lock(recipients=("age1nothing",)))
    with pytest.raises(InvalidInput, match="cannot be written"):
        back_up(original.settings, tmp_path / "nowhere" / "bad.age")
    assert [each.name for each in tmp_path.glob("*bad*")] == []


def test_another_identity_does_not_open_it(original: Original, tmp_path: Path) -> None:
    stranger = Lock(identities=(Secret(str(pyrage.x25519.Identity.generate())),))
    with pytest.raises(ConfigurationError, match="identity is another one"):
        restore_backup(settings(tmp_path / "elsewhere"), original.backup, stranger)
    with pytest.raises(InvalidInput, match="no age identity"):
        restore_backup(
            settings(tmp_path / "elsewhere"), original.backup, Lock(identities=(Secret("x"),))
        )


@pytest.mark.parametrize("content", [b"", b"SQLite format 3\0", b"age-encryption.org/v1\n"])
def test_another_file_is_no_backup(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    with pytest.raises(InvalidInput, match="no backup"):
        opened_by_passphrase(path)


def sealed(path: Path, plain: bytes) -> Path:
    """``plain`` as the inside of an age file."""
    with path.open("wb") as file:
        pyrage.encrypt_io(io.BytesIO(plain), file, [IDENTITY.to_public()])
    return path


def lines_of(path: Path) -> list[Any]:
    return [json.loads(line) for line in opened(path).splitlines()]


def packed(lines: list[Any]) -> bytes:
    return gzip.compress("".join(json.dumps(line) + "\n" for line in lines).encode())


VERSION = {"table": "alembic_version", "columns": ["version_num"]}


def damaged(path: Path) -> Iterator[tuple[str, bytes]]:
    whole = path.read_bytes()
    yield "cut in the head", whole[:100]
    yield "cut in the middle", whole[: len(whole) // 2]
    yield "cut at the end", whole[:-1]
    yield "a bit", whole[:-40] + bytes([whole[-40] ^ 1]) + whole[-39:]


def test_a_damaged_backup_changes_nothing(original: Original, tmp_path: Path) -> None:
    here = settings(tmp_path / "elsewhere")
    bad = tmp_path / "damaged.age"
    for why, content in damaged(original.backup):
        bad.write_bytes(content)
        with pytest.raises(ConfigurationError):
            restore_backup(here, bad, LOCK)
        assert bad.exists(), why
    lines = lines_of(original.backup)
    for inside in (
        b"not compressed",
        packed([]),
        packed(lines)[:-20],
        packed(lines[:-1]),
        packed([*lines[:4], *lines[5:]]),
        packed([*lines, {}]),
        packed([{"format": "another"}]),
        packed([lines[0], {"table": "unknown", "columns": ["x"]}, ["y"], {"end": {"unknown": 1}}]),
        packed([{**lines[0], "keys": [{"unknown": 1}]}, *lines[1:]]),
        packed([{**lines[0], "created_at": 1}, *lines[1:]]),
        packed([{"format": lines[0]["format"]}]),
        packed([lines[0], {"table": "app"}]),
        packed([lines[0], {"table": ["app"], "columns": []}]),
        packed([lines[0], {"table": "app", "columns": ["id", "name"]}, ["one"]]),
        packed([lines[0], *[{"table": "app", "columns": ["id"]}] * 2, {"end": {"app": 0}}]),
        packed([lines[0], VERSION, ["9999"], {"end": {"alembic_version": 1}}]),
        gzip.compress(b"[" * 200_000),
    ):
        bad.unlink()
        with pytest.raises(ConfigurationError):
            restore_backup(here, sealed(bad, inside), LOCK)
    assert restore_backup(here, original.backup, LOCK).rows["connection"] == 2


def test_a_database_in_use_is_not_overwritten(original: Original, tmp_path: Path) -> None:
    other = back_up(settings(tmp_path / "empty"), tmp_path / "empty.age")
    before = contents(original.settings)
    with pytest.raises(ConfigurationError, match="not empty"):
        restore_backup(original.settings, other, LOCK)
    assert contents(original.settings) == before


def test_a_database_of_a_first_start_takes_a_backup_in(original: Original, tmp_path: Path) -> None:
    here = settings(tmp_path / "elsewhere")
    with open_installation(here) as installation:
        (fresh,) = installation.keys.held
    done = restore_backup(here, original.backup, LOCK)
    assert done.keys_in.endswith("master.key")
    ring = KeyFile(tmp_path / "elsewhere" / "master.key").load()
    assert ring is not None
    assert ring.primary == fresh
    with open_installation(here) as installation:
        assert installation.keys.held[0] != fresh
    assert contents(here) == contents(original.settings)


def test_without_its_key_it_is_refused_and_the_key_named(
    original: Original, tmp_path: Path
) -> None:
    path = back_up(original.settings, tmp_path / "bare.age", with_keys=False)
    key = (tmp_path / "original" / "master.key").read_text().strip()
    assert key.encode() in opened(original.backup)
    assert key.encode() not in opened(path)
    here = settings(tmp_path / "elsewhere")
    with pytest.raises(KeyUnavailable) as refused:
        restore_backup(here, path, LOCK)
    assert refused.value.fingerprint == MasterKey.parse(key, source="").fingerprint
    assert not (tmp_path / "elsewhere" / "master.key").exists()
    brought = settings(tmp_path / "elsewhere", GRANTLINE_KEY=key)
    assert restore_backup(brought, path, LOCK).keys_in == ""
    assert contents(brought) == contents(original.settings)


def test_where_the_key_cannot_be_put_it_is_said(original: Original, tmp_path: Path) -> None:
    other = MasterKey(b"2" * 32).to_text()
    with pytest.raises(KeyUnavailable, match="keys here come from GRANTLINE_KEY") as refused:
        restore_backup(settings(tmp_path / "elsewhere", GRANTLINE_KEY=other), original.backup, LOCK)
    assert "Take GRANTLINE_KEY away" in refused.value.hint


def test_a_backup_that_could_not_be_opened_to_the_end_is_not_made(
    original: Original, tmp_path: Path
) -> None:
    with open_installation(original.settings) as installation:
        old = installation.keys.held[0]
        installation.keys.make_primary(new := installation.keys.add())
        key = next(each for each in installation.keys.held if each.fingerprint == new)
    (tmp_path / "original" / "master.key").write_text(key.to_text())
    with pytest.raises(
        KeyUnavailable, match=f"2 stored secrets need the master key {old.fingerprint}"
    ):
        back_up(original.settings, tmp_path / "half.age")
    back_up(original.settings, tmp_path / "half.age", with_keys=False)


async def test_a_restored_connection_works_once_it_is_the_only_one(
    tmp_path: Path, clock: FakeClock
) -> None:
    async with a_world(tmp_path / "one", clock=clock) as world:
        found = await world.authorized()
        token = await world.token(found)
        path = back_up(settings(tmp_path / "one"), tmp_path / "backup.age")
        restore_backup(settings(tmp_path / "two"), path, LOCK)
        async with an_engine(tmp_path / "two", clock) as engine:
            two = World(engine, world.server, clock, tmp_path / "two")
            assert await two.token(found) == token
            clock.advance(HOUR)
            with pytest.raises(Quarantined, match="restored from a backup of 2026-03-01"):
                await engine.token(LOCAL, found.id)
            assert world.refreshes() == []
            resume(engine.context.store, "")
            assert await two.token(found) != token
            assert (await two.find(found)).state is State.AUTHORIZED
            assert len(world.refreshes()) == 1
