"""Requirement H1: a secret opens in its own row alone, with a key that is not beside it."""

from pathlib import Path

import pytest
from sqlalchemy import text

from grantline.errors import SecretUnreadable
from grantline.secret import Secret
from grantline.store.open import open_store
from grantline.vault.envelope import Place
from grantline.vault.providers import providers
from grantline.vault.unlock import unlock
from tests.canary import assert_no_canary
from tests.records import AUTHORIZED, a_connection, an_app, an_event, tokens

CANARIES = ("canary-refresh-1f2e3d4c5b6a", "canary-refresh-6a5b4c3d2e1f")

ROWS = ("con_1", "con_2")


def place(row: str) -> Place:
    return Place("home", "connection", row, "tokens")


def test_no_file_of_the_database_shows_a_secret_or_the_key(tmp_path: Path) -> None:
    store = open_store(None, tmp_path / "data")
    unlocked = unlock(providers({}, tmp_path / "keys"), [])
    store.add_connection(a_connection(), an_event(), an_app())
    for canary in CANARIES:
        sealed = unlocked.vault.seal(Secret(canary), place("con_1"))
        record = store.load_connection("home", "con_1")
        columns = tokens(sealed_tokens=sealed)
        store.save_authorized(
            "con_1", record.generation, columns, AUTHORIZED, scopes=(), event=an_event()
        )
    key = (tmp_path / "keys" / "master.key").read_text().strip()
    assert_no_canary([*CANARIES, key], tmp_path / "data")
    store.close()
    assert_no_canary([*CANARIES, key], tmp_path / "data")


def test_two_rows_that_were_swapped_do_not_open(tmp_path: Path) -> None:
    store = open_store(None, tmp_path)
    vault = unlock(providers({}, tmp_path), []).vault
    store.add_app(an_app(), an_event())
    for row, canary in zip(ROWS, CANARIES, strict=True):
        store.add_connection(a_connection(id=row, name=row), an_event())
        sealed = vault.seal(Secret(canary), place(row))
        store.save_authorized(
            row, 0, tokens(sealed_tokens=sealed), AUTHORIZED, scopes=(), event=an_event()
        )
    with store._write() as run:  # noqa: SLF001 - an attacker with the database in hand
        read, write = (
            "SELECT sealed_tokens FROM connection WHERE id = :row",
            "UPDATE connection SET sealed_tokens = :sealed WHERE id = :row",
        )
        first, second = (run.execute(text(read), {"row": row}).scalar() for row in ROWS)
        run.execute(text(write), {"row": ROWS[0], "sealed": second})
        run.execute(text(write), {"row": ROWS[1], "sealed": first})
    for row in ROWS:
        held = store.load_connection("home", row).tokens
        assert held is not None
        with pytest.raises(SecretUnreadable, match=row):
            vault.open(held.sealed_tokens, place(row))
    store.close()
