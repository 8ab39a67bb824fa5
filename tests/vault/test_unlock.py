"""Requirements 4.4: no key is lost, replaced or mistaken in silence."""

from collections.abc import Callable
from pathlib import Path

import pytest

from grantline.errors import ConfigurationError, KeyUnavailable
from grantline.vault.key_file import KeyFile
from grantline.vault.keys import MasterKey, check_value
from grantline.vault.providers import EnvironmentKeys, providers
from grantline.vault.unlock import KnownKey, unlock

FIRST, SECOND = MasterKey(b"1" * 32), MasterKey(b"2" * 32)


def known(key: MasterKey, *, primary: bool = True) -> KnownKey:
    return KnownKey(key.fingerprint, check_value(key), primary)


def env(*keys: MasterKey) -> dict[str, str]:
    return {"GRANTLINE_KEY": ",".join(key.to_text() for key in keys)} if keys else {}


def write_key_file(folder: Path, key: MasterKey) -> Path:
    path = folder / "master.key"
    path.write_text(key.to_text())
    path.chmod(0o600)
    return path


def test_a_first_start_makes_a_key_file_and_says_so(tmp_path: Path) -> None:
    unlocked = unlock(providers({}, tmp_path), [])
    held = KeyFile(tmp_path / "master.key").load()
    assert held is not None
    assert unlocked.register == known(held.primary)
    (notice,) = unlocked.notices
    assert str(tmp_path / "master.key") in notice
    assert held.primary.fingerprint in notice
    assert "back it up" in notice
    assert held.primary.to_text() not in notice


def test_a_second_start_finds_the_same_key_and_says_nothing(tmp_path: Path) -> None:
    first = unlock(providers({}, tmp_path), [])
    assert first.register is not None
    second = unlock(providers({}, tmp_path), [first.register])
    assert (second.register, second.notices) == (None, ())
    assert second.vault.fingerprint == first.vault.fingerprint


def test_a_first_start_takes_the_key_it_is_given_and_makes_none(tmp_path: Path) -> None:
    unlocked = unlock(providers(env(FIRST), tmp_path), [])
    assert (unlocked.register, unlocked.source.name) == (known(FIRST), "GRANTLINE_KEY")
    assert list(tmp_path.iterdir()) == []


def test_a_named_key_file_is_made_where_it_is_named(tmp_path: Path) -> None:
    named = tmp_path / "keys" / "own.key"
    unlock(providers({"GRANTLINE_KEY_FILE": str(named)}, tmp_path / "data"), [])
    assert named.exists()
    assert not (tmp_path / "data").exists()


def test_without_a_place_for_a_key_a_first_start_is_refused() -> None:
    with pytest.raises(KeyUnavailable, match="no master key"):
        unlock([EnvironmentKeys(None)], [])


def test_a_lost_key_is_never_made_anew(tmp_path: Path) -> None:
    with pytest.raises(KeyUnavailable) as refused:
        unlock(providers({}, tmp_path), [known(FIRST)])
    assert refused.value.fingerprint == FIRST.fingerprint
    assert str(tmp_path / "master.key") in refused.value.hint
    assert list(tmp_path.iterdir()) == []


def test_a_wrong_key_is_refused_and_the_wanted_one_named(tmp_path: Path) -> None:
    with pytest.raises(KeyUnavailable) as refused:
        unlock(providers(env(SECOND), tmp_path), [known(FIRST)])
    assert refused.value.fingerprint == FIRST.fingerprint
    assert SECOND.fingerprint in refused.value.message
    assert list(tmp_path.iterdir()) == []


def test_a_wrong_key_in_the_environment_is_refused_though_the_file_has_the_right_one(
    tmp_path: Path,
) -> None:
    path = write_key_file(tmp_path, FIRST)
    with pytest.raises(KeyUnavailable) as refused:
        unlock(providers(env(SECOND), tmp_path), [known(FIRST)])
    assert refused.value.fingerprint == FIRST.fingerprint
    assert str(path) in refused.value.hint


def test_a_right_key_in_the_environment_wins_over_another_in_the_file(tmp_path: Path) -> None:
    write_key_file(tmp_path, SECOND)
    unlocked = unlock(providers(env(FIRST), tmp_path), [known(FIRST)])
    assert (unlocked.vault.fingerprint, unlocked.register) == (FIRST.fingerprint, None)


def test_two_different_keys_and_a_new_database_are_refused(tmp_path: Path) -> None:
    write_key_file(tmp_path, SECOND)
    with pytest.raises(ConfigurationError, match="different keys") as refused:
        unlock(providers(env(FIRST), tmp_path), [])
    for key in (FIRST, SECOND):
        assert key.fingerprint in refused.value.message


def test_the_same_key_in_two_places_is_fine(tmp_path: Path) -> None:
    write_key_file(tmp_path, FIRST)
    assert unlock(providers(env(FIRST), tmp_path), []).register == known(FIRST)


def test_an_empty_variable_is_a_lost_secret_and_not_an_invitation(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="GRANTLINE_KEY does not hold"):
        unlock(providers({"GRANTLINE_KEY": ""}, tmp_path), [])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("keys", [(FIRST, SECOND), (SECOND, FIRST)])
def test_a_key_that_was_put_there_is_used_when_the_database_says_so(
    tmp_path: Path, keys: tuple[MasterKey, MasterKey]
) -> None:
    places = providers(env(*keys), tmp_path)
    for primary, other in ((FIRST, SECOND), (SECOND, FIRST)):
        unlocked = unlock(places, [known(primary), known(other, primary=False)])
        assert unlocked.vault.fingerprint == primary.fingerprint
        assert (unlocked.register, unlocked.notices) == (None, ())


def test_going_back_to_the_old_key_alone_is_refused(tmp_path: Path) -> None:
    keys = [known(FIRST, primary=False), known(SECOND)]
    with pytest.raises(KeyUnavailable) as refused:
        unlock(providers(env(FIRST), tmp_path), keys)
    assert refused.value.fingerprint == SECOND.fingerprint


def test_an_older_key_that_is_gone_is_told(tmp_path: Path) -> None:
    keys = [known(FIRST, primary=False), known(SECOND)]
    unlocked = unlock(providers(env(SECOND), tmp_path), keys)
    (notice,) = unlocked.notices
    assert FIRST.fingerprint in notice


def test_a_key_under_a_false_name_is_refused(tmp_path: Path) -> None:
    damaged = KnownKey(FIRST.fingerprint, check_value(SECOND), primary=True)
    with pytest.raises(KeyUnavailable, match="not the one"):
        unlock(providers(env(FIRST), tmp_path), [damaged])


def test_a_broken_place_is_not_passed_over(tmp_path: Path) -> None:
    write_key_file(tmp_path, FIRST).chmod(0o644)
    with pytest.raises(ConfigurationError, match="other users"):
        unlock(providers({}, tmp_path), [known(FIRST)])


def test_a_broken_second_place_does_not_hide_the_refusal(tmp_path: Path) -> None:
    write_key_file(tmp_path, FIRST).chmod(0o644)
    with pytest.raises(KeyUnavailable) as refused:
        unlock(providers(env(SECOND), tmp_path), [known(FIRST)])
    assert refused.value.fingerprint == FIRST.fingerprint


@pytest.mark.parametrize(
    "call",
    [
        lambda folder: unlock(providers(env(SECOND), folder), [known(FIRST)]),
        lambda folder: unlock(providers({"GRANTLINE_KEY": FIRST.to_text()[1:]}, folder), []),
    ],
)
def test_no_refusal_shows_a_key(tmp_path: Path, call: Callable[[Path], object]) -> None:
    with pytest.raises(ConfigurationError) as refused:
        call(tmp_path)
    said = f"{refused.value} {refused.value.detail}"
    assert FIRST.to_text()[1:] not in said
    assert SECOND.to_text() not in said
