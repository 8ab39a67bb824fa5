"""Proofs of files: one key for a workspace, whoever is first, and nothing opens without it."""

from __future__ import annotations

import os
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest

from grantline.errors import InvalidInput
from grantline.scenarios.modules.file_proofs import KEY_BYTES, KEY_FILE, FileProofs
from grantline.scenarios.modules.files import Files
from tests.processes.forking import Child

PROCESSES = 4


@pytest.fixture
def home(tmp_path: Path) -> Path:
    home = tmp_path / "local"
    home.mkdir()
    return home


def proofs(home: Path) -> FileProofs:
    return FileProofs(home, os.urandom)


def refusal(found: FileProofs, path: str, proof: Any) -> InvalidInput:
    with pytest.raises(InvalidInput) as caught:
        found.check(path, proof, field="body.text")
    assert caught.value.hint
    return caught.value


def test_another_process_takes_the_proof_of_the_first(home: Path) -> None:
    proof = proofs(home).of("a/b.txt")
    proofs(home).check("a/b.txt", proof, field="body.text")
    assert proofs(home).of("a/b.txt") == proof


@pytest.mark.parametrize("proof", [None, "", 7, [], {}, True, "0" * 64, "\ud800", "é"])
def test_what_is_no_proof_is_refused_with_what_to_do(home: Path, proof: Any) -> None:
    found = proofs(home)
    found.of("a")
    error = refusal(found, "a", proof)
    assert error.field == "body.text"
    assert ("wrong" if isinstance(proof, str) and proof else "missing") in error.message
    assert "GRANTLINE_FILES_DIR" in error.hint


def test_a_proof_is_for_one_file_of_one_workspace(home: Path) -> None:
    proof = proofs(home).of("a")
    refusal(proofs(home), "b", proof)
    other = home.parent / "other"
    other.mkdir()
    (other / KEY_FILE).write_bytes((home / KEY_FILE).read_bytes())
    refusal(proofs(other), "a", proof)


def test_nothing_is_proved_and_no_key_made_where_there_is_none(home: Path) -> None:
    refusal(proofs(home), "a", proofs(home.parent).of("a"))
    assert list(home.iterdir()) == []


def test_the_key_is_its_owners_alone_and_is_of_the_entropy_that_was_given(home: Path) -> None:
    FileProofs(home, lambda count: b"7" * count).of("a")
    (only,) = home.iterdir()
    assert only.name == KEY_FILE
    assert only.stat().st_mode & 0o777 == 0o600
    assert only.read_bytes() == b"7" * KEY_BYTES


def test_whoever_comes_second_takes_the_key_of_the_first(home: Path) -> None:
    first: list[str] = []

    def entropy(count: int) -> bytes:
        if count == KEY_BYTES and not first:  # another process is done in the midst of ours
            first.append(proofs(home).of("a"))
        return os.urandom(count)

    assert [FileProofs(home, entropy).of("a")] == first
    assert [each.name for each in home.iterdir()] == [KEY_FILE]


async def prove(orders: dict[str, Any], line: Connection) -> None:
    files = Files(orders["root"], "local")
    path = files.target("a", "a.txt", run_id="srn_1", step="1")
    line.send("ready")
    line.recv()
    line.send([files.bundle_of(path, "", 1)["proof"]])


def test_processes_that_begin_at_once_have_one_key(tmp_path: Path) -> None:
    ones = [Child.start(prove, {"root": tmp_path}) for _ in range(PROCESSES)]
    for one in ones:
        one.expect("ready")
    for one in ones:
        one.go()
    proved = {proof for one in ones for proof in one.found()}
    assert [one.end() for one in ones] == [0] * PROCESSES
    assert len(proved) == 1


@pytest.mark.parametrize("kept", [b"", b"short", b"x" * (KEY_BYTES + 1)])
def test_a_damaged_key_is_said(home: Path, kept: bytes) -> None:
    (home / KEY_FILE).write_bytes(kept)
    for use in (
        lambda: proofs(home).of("a"),
        lambda: proofs(home).check("a", "0", field="body.text"),
    ):
        with pytest.raises(InvalidInput, match=f"does not hold {KEY_BYTES} bytes") as caught:
            use()
        assert "deleted" in caught.value.hint


def test_a_key_behind_a_link_is_not_taken(home: Path) -> None:
    known = home.parent / "known"
    known.write_bytes(b"k" * KEY_BYTES)
    (home / KEY_FILE).symlink_to(known)
    with pytest.raises(InvalidInput, match="cannot be used"):
        proofs(home).of("a")
