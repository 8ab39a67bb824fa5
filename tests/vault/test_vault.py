import pytest
from hypothesis import given
from hypothesis import strategies as st

from grantline.errors import KeyUnavailable
from grantline.secret import Secret
from grantline.vault.envelope import Place
from grantline.vault.keys import KeyRing, MasterKey
from grantline.vault.vault import Vault
from tests.canary import assert_no_canary

KEY = MasterKey(b"k" * 32)
VAULT = Vault(KeyRing(KEY))
HERE = Place("home", "app", "app_1", "secrets")


@given(st.text(st.characters()) | st.just("\ud800"))
def test_any_text_comes_back(text: str) -> None:
    assert VAULT.open(VAULT.seal(text, HERE), HERE).reveal() == text
    assert VAULT.open(VAULT.seal(Secret(text), HERE), HERE).reveal() == text


def test_what_is_stored_shows_nothing_of_the_secret() -> None:
    canary = "canary-9f8e7d6c5b4a"
    assert_no_canary([canary], VAULT.seal(Secret(canary), HERE), repr(VAULT))


def test_a_vault_tells_the_key_that_seals() -> None:
    assert VAULT.fingerprint == KEY.fingerprint
    assert KEY.fingerprint in repr(VAULT)


def test_keys_are_changed_while_both_are_at_hand() -> None:
    new = MasterKey(b"n" * 32)
    sealed = VAULT.seal("value", HERE)
    moved = Vault(KeyRing(new, (KEY,))).rewrap(sealed, HERE)
    assert Vault(KeyRing(new)).open(moved, HERE) == Secret("value")
    with pytest.raises(KeyUnavailable):
        Vault(KeyRing(new)).open(sealed, HERE)
