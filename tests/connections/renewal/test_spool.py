from __future__ import annotations

import errno
import json
import os
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from grantline.connections.renewal.spool import RESERVE_BYTES, Spool, SpooledAnswer

ANSWER = SpooledAnswer(
    instance="ins_1",
    workspace="local",
    connection_id="con_1",
    attempt_id="att_1",
    sealed_answer="v1.sealed",
)
OTHER = replace(ANSWER, attempt_id="att_2")
FOREIGN = replace(ANSWER, attempt_id="att_3", instance="ins_2")


def test_what_was_kept_is_handed_over_once_and_in_order(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "data")
    for each in (ANSWER, FOREIGN, OTHER):
        spool.append(each)
    taken: list[SpooledAnswer] = []
    assert spool.replay("ins_1", taken.append) == [ANSWER, OTHER] == taken
    assert spool.replay("ins_1", taken.append) == []
    # What is for another database waits for that one.
    assert spool.replay("ins_2", taken.append) == [FOREIGN]
    assert not (tmp_path / "data" / "refresh.spool").exists()


def test_what_is_not_taken_waits(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    spool.append(ANSWER)
    spool.append(OTHER)

    def take_one(answer: SpooledAnswer) -> None:
        if answer == OTHER:
            raise LookupError

    with pytest.raises(LookupError):
        spool.replay("ins_1", take_one)
    taken: list[SpooledAnswer] = []
    spool.replay("ins_1", taken.append)
    assert taken == [OTHER]


def test_what_the_database_has_by_now_is_dropped(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    spool.discard("att_1")
    spool.append(ANSWER)
    spool.append(OTHER)
    spool.discard("att_1")
    taken: list[SpooledAnswer] = []
    spool.replay("ins_1", taken.append)
    assert taken == [OTHER]


def test_what_was_kept_is_on_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[tuple[int, int]] = []

    def fsync(file: int) -> None:
        found = os.fstat(file)
        synced.append((found.st_ino, found.st_size))

    monkeypatch.setattr(os, "fsync", fsync)
    Spool(tmp_path).append(ANSWER)
    kept = (tmp_path / "refresh.spool").stat()
    # The line, and then the name of the file.
    assert [each[0] for each in synced] == [kept.st_ino, tmp_path.stat().st_ino]
    assert synced[0][1] == kept.st_size


@pytest.mark.parametrize("cut", [1, 20, 60])
def test_a_line_that_a_crash_cut_off_harms_no_other(tmp_path: Path, cut: int) -> None:
    spool = Spool(tmp_path)
    spool.append(ANSWER)
    spool.append(OTHER)
    path = tmp_path / "refresh.spool"
    path.write_bytes(path.read_bytes()[:-cut])
    spool.append(replace(OTHER, attempt_id="att_4"))
    taken: list[SpooledAnswer] = []
    spool.replay("ins_1", taken.append)
    assert [each.attempt_id for each in taken if each != OTHER] == ["att_1", "att_4"]


def test_what_a_later_version_wrote_is_left_to_it(tmp_path: Path) -> None:
    spool, path = Spool(tmp_path), tmp_path / "refresh.spool"
    spool.append(ANSWER)
    later = json.dumps({**asdict(OTHER), "unknown": 1}).encode()
    path.write_bytes(path.read_bytes() + later + b"\n")
    assert spool.replay("ins_1", lambda _: None) == [ANSWER]
    assert path.read_bytes().splitlines()[-1] == later
    assert spool.replay("ins_1", lambda _: None) == []
    assert path.exists()


def test_a_full_disk_gives_up_what_was_set_aside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spool = Spool(tmp_path)
    spool.reserve()
    reserve = tmp_path / "refresh.reserve"
    assert reserve.stat().st_size == RESERVE_BYTES
    write = os.write

    def full(file: int, content: bytes) -> int:
        if reserve.exists():
            raise OSError(errno.ENOSPC, "full")
        return write(file, content)

    monkeypatch.setattr(os, "write", full)
    spool.append(ANSWER)
    monkeypatch.undo()
    assert spool.replay("ins_1", lambda _: None) == [ANSWER]
    spool.reserve()
    assert reserve.exists()


def test_an_answer_that_was_kept_in_part_is_not_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spool = Spool(tmp_path)
    spool.append(ANSWER)
    before = (tmp_path / "refresh.spool").read_bytes()
    write = os.write
    monkeypatch.setattr(os, "write", lambda file, content: write(file, content[:10]))
    with pytest.raises(OSError, match="space"):
        spool.append(OTHER)
    assert (tmp_path / "refresh.spool").read_bytes() == before
