"""The laws of ``KeyProvider``, for every place a key may come from; a test cites its law."""

import contextlib
import sys
from collections.abc import Callable
from pathlib import Path

import keyring
import keyring.backend
import keyring.errors
import pytest

from grantline.errors import ConfigurationError, KeyUnavailable
from grantline.vault.key_file import KeyFile
from grantline.vault.keys import MasterKey
from grantline.vault.providers import EnvironmentKeys, KeyProvider, KeyringKeys, providers

KEY = MasterKey(b"k" * 32)


class HeldInMemory(keyring.backend.KeyringBackend):
    """A keyring as a desktop session offers it, without the desktop."""

    priority = 1

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.held: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.held.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.held[service, username] = password


class Locked(HeldInMemory):
    def get_password(self, service: str, username: str) -> str | None:
        raise keyring.errors.KeyringLocked("the user said no")


class Headless(HeldInMemory):
    def get_password(self, service: str, username: str) -> str | None:
        raise keyring.errors.NoKeyringError("No recommended backend was available.")


@pytest.fixture
def desktop(monkeypatch: pytest.MonkeyPatch) -> HeldInMemory:
    held = HeldInMemory()
    monkeypatch.setattr("keyring.core._keyring_backend", held)
    return held


Make = Callable[[str | None], KeyProvider]


@pytest.fixture(params=["environment", "file", "keyring"])
def make(request: pytest.FixtureRequest, tmp_path: Path, desktop: HeldInMemory) -> Make:
    """Gives a provider whose place holds a text, or nothing."""

    def environment(text: str | None) -> KeyProvider:
        return EnvironmentKeys(text)

    def file(text: str | None) -> KeyProvider:
        path = tmp_path / "master.key"
        if text is not None:
            path.touch(0o600)
            path.write_text(text)
        return KeyFile(path)

    def system_keyring(text: str | None) -> KeyProvider:
        if text is not None:
            keyring.set_password("grantline", "master-key", text)
        return KeyringKeys()

    ways: dict[str, Make] = {
        "environment": environment,
        "file": file,
        "keyring": system_keyring,
    }
    return ways[request.param]


def test_law_1_loading_gives_the_same_keys_each_time(make: Make) -> None:
    place = make(KEY.to_text())
    for _ in range(2):
        ring = place.load()
        assert ring is not None
        assert list(ring) == [KEY]


def test_law_2_nothing_set_up_is_none(make: Make) -> None:
    place = make(None)
    assert place.load() is None
    assert place.load() is None


@pytest.mark.parametrize("text", ["", "not a key", KEY.to_text()[:-4]])
def test_law_2_a_broken_key_is_not_passed_over(make: Make, text: str) -> None:
    with pytest.raises(ConfigurationError):
        make(text).load()


def test_law_3_a_key_that_is_there_is_not_replaced(make: Make) -> None:
    place = make(KEY.to_text())
    place.create()
    ring = place.load()
    assert ring is not None
    assert ring.primary == KEY


def test_law_3_a_broken_key_is_not_replaced_either(make: Make) -> None:
    place = make("not a key")
    with contextlib.suppress(ConfigurationError):
        assert place.create() is None
    with pytest.raises(ConfigurationError):
        place.load()


def test_law_4_what_was_created_is_loaded(make: Make) -> None:
    place = make(None)
    made, loaded = place.create(), place.load()
    assert (made is None) == (loaded is None)
    if made and loaded:
        assert made.primary == loaded.primary


def test_law_6_a_key_that_was_added_comes_behind_the_others(make: Make) -> None:
    place, second = make(KEY.to_text()), MasterKey(b"2" * 32)
    kept = [place.add(second), place.add(second)]
    ring = place.load()
    assert ring is not None
    assert list(ring) == ([KEY, second] if all(kept) else [KEY])


def test_law_6_the_first_key_may_be_added_too(make: Make) -> None:
    place = make(None)
    kept = place.add(KEY)
    ring = place.load()
    assert [list(each) for each in (ring,) if each] == ([[KEY]] if kept else [])


def test_law_5_no_name_or_repr_shows_a_key(make: Make) -> None:
    place = make(KEY.to_text())
    assert KEY.to_text() not in f"{place.name} {place!r} {place.load()!r}"


def test_a_server_without_a_keyring_is_told_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("keyring.core._keyring_backend", Headless())
    with pytest.raises(KeyUnavailable, match="keyring") as refused:
        KeyringKeys().load()
    assert "GRANTLINE_KEY" in refused.value.hint


def test_a_locked_keyring_is_not_taken_for_an_empty_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("keyring.core._keyring_backend", Locked())
    with pytest.raises(KeyUnavailable, match="locked"):
        KeyringKeys().create()


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "keyring", None)
    with pytest.raises(ConfigurationError, match="not installed") as refused:
        KeyringKeys().load()
    assert "grantline[keyring]" in refused.value.hint


def test_places_are_asked_in_order(tmp_path: Path) -> None:
    plain = [each.name for each in providers({}, tmp_path)]
    assert plain == ["GRANTLINE_KEY", f"the key file {tmp_path}/master.key"]
    env = {"GRANTLINE_KEY_FILE": "/keys/own", "GRANTLINE_KEYRING": "1"}
    assert [each.name for each in providers(env, tmp_path)] == [
        "GRANTLINE_KEY",
        "the key file /keys/own",
        "the system keyring",
        f"the key file {tmp_path}/master.key",
    ]
