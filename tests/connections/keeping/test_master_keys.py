"""Requirements 4.4: changing the master key in use loses nothing, and says what it could not do."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from grantline.calls.request import RequestSpec
from grantline.connections.context import FOLLOWS_WITHIN
from grantline.connections.credentials.credential import Kind
from grantline.connections.engine import LOCAL
from grantline.connections.keeping.master_keys import MasterKeys
from grantline.connections.open import Installation, open_engine, open_installation
from grantline.connections.requests.saved_requests import NewRequest
from grantline.connections.sealing import answer_place
from grantline.connections.settings import Settings
from grantline.errors import ConfigurationError, KeyInUse, KeyUnavailable, NotFound
from grantline.scenarios.definition.modules import Module, Respond, SetVariables
from grantline.scenarios.definition.scenario import Scenario
from grantline.scenarios.definition.triggers import Webhook
from grantline.scenarios.notices.recipients import RecipientsEdit
from grantline.scenarios.open import open_scenarios
from grantline.scenarios.runs.run import RunState
from grantline.store.records.keys import SealedColumn, SealedValue
from grantline.store.schema.tables import BOUND_TO, metadata
from grantline.testing.clock import FakeClock
from grantline.vault.envelope import Place
from grantline.vault.key_file import KeyFile
from grantline.vault.keys import KeyRing, MasterKey
from grantline.vault.vault import Vault
from tests.connections.credential_values import new_credential
from tests.connections.world import World
from tests.records import a_connection, an_app, an_attempt, an_event

HOOKED = Scenario(
    name="Answers",
    trigger=Webhook(),
    modules=(
        Module(id=1, does=SetVariables(variables=(("said", "{{ trigger.body }}"),))),
        Module(id=2, does=Respond()),
    ),
)
SECOND = MasterKey(b"2" * 32)


def settings(folder: Path, **environment: str) -> Settings:
    return Settings.from_environment({"GRANTLINE_DATA_DIR": str(folder), **environment})


@dataclass
class Household:
    """An installation, and the secrets that it keeps."""

    installation: Installation

    @property
    def keys(self) -> MasterKeys:
        return self.installation.keys

    @property
    def vault(self) -> Vault:
        return self.keys._vault  # noqa: SLF001 - as an engine on the same store would have it

    def keep(self, number: int, vault: Vault | None = None) -> None:
        """An app and a connection with a secret each."""
        app, connection = f"app_{number:04}", f"con_{number:04}"
        store, vault = self.installation.store, vault or self.vault
        store.add_connection(
            a_connection(
                id=connection,
                name=connection,
                app_id=app,
                sealed_secrets=vault.seal(
                    "mine", Place("home", "connection", connection, "secrets")
                ),
            ),
            an_event(),
            an_app(
                id=app,
                name=app,
                sealed_secrets=vault.seal("s", Place("home", "app", app, "secrets")),
            ),
        )

    def spoil(self, number: int) -> None:
        """Damages one secret, as a bad disk would."""
        with self.installation.store._write() as run:  # type: ignore[attr-defined] # noqa: SLF001
            head = f"v1.{self.vault.fingerprint}.AAAA.BBBB"
            run.execute(
                text("UPDATE app SET sealed_secrets = :bad WHERE id = :id"),
                {"bad": head, "id": f"app_{number:04}"},
            )

    def opens(self, vault: Vault) -> int:
        """How many secrets this vault opens."""
        store = self.installation.store
        found = 0
        for app in store.list_apps("home"):
            vault.open(app.sealed_secrets or "", Place("home", "app", app.id, "secrets"))
            found += 1
        for each in store.list_connections("home"):
            place = Place("home", "connection", each.id, "secrets")
            assert vault.open(each.sealed_secrets or "", place).reveal() == "mine"
            found += 1
        return found


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Household]:
    with open_installation(settings(tmp_path)) as installation:
        yield Household(installation)


def test_every_column_of_sealed_values_says_what_it_is_bound_to() -> None:
    named = {
        (table.name, column.name)
        for table in metadata.sorted_tables
        for column in table.columns
        if column.name.startswith("sealed_")
    }
    marked = {
        (table.name, column.name)
        for table in metadata.sorted_tables
        for column in table.columns
        if BOUND_TO in column.info
    }
    assert named == marked


def test_the_whole_change_loses_nothing(home: Household, tmp_path: Path) -> None:
    for number in range(3):
        home.keep(number)
    old = home.vault.fingerprint
    new = home.keys.add()
    assert [each.fingerprint for each in home.keys.statuses()] == [old, new]
    assert home.vault.fingerprint == old
    home.keys.make_primary(new)
    home.keep(3)
    assert {each.fingerprint: each.sealed for each in home.keys.statuses()} == {old: 6, new: 2}
    left: list[int] = []
    assert home.keys.rewrap(left.append).changed == 6
    assert left == sorted(left, reverse=True)
    assert left[-1] == 0
    home.keys.retire(old)
    assert [(each.fingerprint, each.is_known) for each in home.keys.statuses()] == [
        (new, True),
        (old, False),
    ]
    ring = KeyFile(tmp_path / "master.key").load()
    assert ring is not None
    assert home.opens(Vault(ring.led_by(new))) == 8
    kinds = {each.kind for each in home.installation.store.list_events("local")}
    assert kinds == {"key.added", "key.made_primary", "key.rewrapped", "key.retired"}


def test_rewrapping_again_finds_nothing_to_do(home: Household) -> None:
    home.keep(1)
    home.keys.make_primary(home.keys.add())
    assert home.keys.rewrap().changed == 2
    assert home.keys.rewrap().changed == 0


def test_one_that_was_broken_off_goes_on_where_it_was(home: Household) -> None:
    for number in range(3):
        home.keep(number)
    home.keys.make_primary(home.keys.add())

    def stop(left: int) -> None:
        raise KeyboardInterrupt(left)

    with pytest.raises(KeyboardInterrupt):
        home.keys.rewrap(stop)
    done = home.keys.rewrap()
    assert 0 < done.changed < 6
    assert done.left == 0


def test_a_damaged_secret_harms_only_itself(home: Household) -> None:
    for number in range(3):
        home.keep(number)
    home.spoil(1)
    old = home.vault.fingerprint
    home.keys.make_primary(home.keys.add())
    done = home.keys.rewrap()
    assert (done.changed, done.left) == (5, 1)
    (broken,) = done.broken
    assert (broken.table, broken.row) == ("app", "app_0001")
    with pytest.raises(KeyInUse, match=r"1 stored secrets still need .*: 1 in app"):
        home.keys.retire(old)


def test_a_secret_that_is_no_seal_at_all_is_counted_and_blocks_nothing(home: Household) -> None:
    home.keep(1)
    old = home.vault.fingerprint
    with home.installation.store._write() as run:  # type: ignore[attr-defined] # noqa: SLF001
        run.execute(text("UPDATE app SET sealed_secrets = 'rubbish'"))
    home.keys.make_primary(home.keys.add())
    done = home.keys.rewrap()
    assert (done.changed, done.left, len(done.broken)) == (1, 1, 1)
    assert home.keys.unreadable() == 1
    home.keys.retire(old)


def test_the_primary_key_is_not_retired(home: Household) -> None:
    with pytest.raises(KeyInUse, match="primary"):
        home.keys.retire(home.vault.fingerprint)


def test_an_unknown_key_is_not_retired(home: Household) -> None:
    with pytest.raises(NotFound):
        home.keys.retire(SECOND.fingerprint)


def test_a_key_that_is_not_here_does_not_become_primary(home: Household) -> None:
    with pytest.raises(KeyUnavailable, match=SECOND.fingerprint):
        home.keys.make_primary(SECOND.fingerprint)


def test_whoever_writes_meanwhile_wins(home: Household, monkeypatch: pytest.MonkeyPatch) -> None:
    home.keep(1)
    store = home.installation.store
    before = Vault(KeyRing(home.keys.held[0]))
    home.keys.make_primary(home.keys.add())
    plain: Callable[..., int] = store.replace_sealed
    newer = before.seal("newer", Place("home", "app", "app_0001", "secrets"))

    def overtaken(place: SealedColumn, changes: list[tuple[SealedValue, str]]) -> int:
        if place.table == "app":
            monkeypatch.setattr(store, "replace_sealed", plain)
            app = store.load_app("home", "app_0001")
            edited = replace(app, sealed_secrets=newer, version=app.version + 1)
            store.update_app(edited, an_event())
        return plain(place, changes)

    monkeypatch.setattr(store, "replace_sealed", overtaken)
    done = home.keys.rewrap()
    assert (done.changed, done.left) == (2, 0)
    kept = store.load_app("home", "app_0001").sealed_secrets or ""
    place = Place("home", "app", "app_0001", "secrets")
    assert home.vault.open(kept, place).reveal() == "newer"


def test_a_key_of_the_environment_is_put_there_by_its_operator(tmp_path: Path) -> None:
    first = MasterKey(b"1" * 32)
    with (
        open_installation(settings(tmp_path, GRANTLINE_KEY=first.to_text())) as installation,
        pytest.raises(ConfigurationError, match="cannot put one") as refused,
    ):
        installation.keys.add()
    assert "GRANTLINE_KEY=current,new" in refused.value.hint
    both = settings(tmp_path, GRANTLINE_KEY=f"{first.to_text()},{SECOND.to_text()}")
    with open_installation(both) as installation:
        assert not (tmp_path / "master.key").exists()
        assert installation.keys.needs_restart
        assert installation.keys.add(SECOND.fingerprint) == SECOND.fingerprint
        installation.keys.make_primary(SECOND.fingerprint)
        assert installation.store.primary_key() == SECOND.fingerprint
    with open_installation(both) as installation:
        assert installation.keys.statuses()[0].fingerprint == SECOND.fingerprint


async def test_a_running_engine_follows_without_a_restart(tmp_path: Path, clock: FakeClock) -> None:
    here = settings(tmp_path)
    async with open_engine(here, clock=clock) as engine:
        context = engine.context
        with open_installation(here) as installation:
            new = installation.keys.add()
            installation.keys.make_primary(new)
        # What another process sealed with it is opened at once ...
        place = Place("home", "app", "app_1", "secrets")
        ring = KeyFile(tmp_path / "master.key").load()
        assert ring is not None
        assert context.vault.open(Vault(ring.led_by(new)).seal("s", place), place).reveal() == "s"
        assert context.vault.fingerprint != new
        # ... and within seconds it seals what is new here, too.
        clock.advance(FOLLOWS_WITHIN)
        await engine.history(LOCAL)
        assert context.vault.fingerprint == new


async def test_it_follows_within_seconds_also_when_the_clock_was_set_back(
    tmp_path: Path, clock: FakeClock
) -> None:
    here = settings(tmp_path)
    async with open_engine(here, clock=clock) as engine:
        with open_installation(here) as installation:
            new = installation.keys.add()
            installation.keys.make_primary(new)
        clock.set(clock.now() - timedelta(hours=1))
        clock.advance(FOLLOWS_WITHIN)
        await engine.history(LOCAL)
        assert engine.context.vault.fingerprint == new


async def test_every_kind_of_stored_secret_is_moved_and_still_opens(world: World) -> None:
    """A new column of sealed values must be filled here, or it is not known to be moved."""
    engine, store = world.engine, world.engine.context.store
    found = await world.authorized(use_dpop=True)
    await world.get(found)
    await engine.make_request(LOCAL, RequestSpec(url="/me"), connection_id=found.id)
    await engine.requests.create(
        LOCAL, NewRequest(name="saved", spec=RequestSpec(url="https://a.example/"))
    )
    await engine.credentials.create(LOCAL, new_credential(Kind.KEY))
    await world.begin(found)
    attempt = an_attempt(id="att_1", workspace="local", connection_id=found.id)
    store.begin_attempt(attempt)
    answer = engine.context.vault.seal("answer", answer_place("local", "att_1"))
    store.save_answer("att_1", answer)
    async with open_scenarios(engine, world.settings, workers=False) as scenarios:
        hooked = await scenarios.create(LOCAL, HOOKED)
        begun = await scenarios.runs.start(LOCAL, hooked.id, trigger={"body": "asked"})
        assert (await scenarios.runs.wait(LOCAL, begun.id)).state is RunState.SUCCEEDED
        told = RecipientsEdit(webhook_url="https://hooks.example/")
        await scenarios.notices.edit(LOCAL, told)
    with store._write() as run:  # type: ignore[attr-defined] # noqa: SLF001
        run.execute(text("UPDATE connection SET sealed_previous = sealed_tokens"))

    with open_installation(settings(world.folder)) as installation:
        keys = installation.keys
        counted = {each.place for each in installation.store.count_sealed()}
        assert counted == set(installation.store.sealed_columns())
        before = keys.statuses()[0]
        keys.make_primary(keys.add())
        done = keys.rewrap()
        assert (done.changed, done.left, done.broken) == (before.sealed, 0, ())
        keys.retire(before.fingerprint)
        kept = installation.store.open_attempts(found.id)[0].sealed_answer or ""
        ring = KeyRing(keys.held[0])
        assert Vault(ring).open(kept, answer_place("local", "att_1")).reveal() == "answer"
    store.close_attempt("att_1", "lost", world.clock.now())
    assert (await world.get(found)).is_success
    world.clock.advance(timedelta(hours=1))
    assert (await world.get(found)).is_success
