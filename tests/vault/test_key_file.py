import os
import stat
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from grantline.errors import ConfigurationError
from grantline.vault.key_file import KeyFile
from grantline.vault.keys import KeyRing, MasterKey

KEY = MasterKey(b"k" * 32)


def test_a_new_key_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "data" / "master.key"
    made = KeyFile(path).create()
    assert made is not None
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert [each.name for each in path.parent.iterdir()] == ["master.key"]
    again = KeyFile(path).load()
    assert again is not None
    assert again.primary == made.primary


def test_a_key_that_is_there_is_never_replaced(tmp_path: Path) -> None:
    path = tmp_path / "master.key"
    path.write_text(KEY.to_text())
    path.chmod(0o600)
    held = KeyFile(path).create()
    assert held is not None
    assert held.primary == KEY
    assert path.read_text() == KEY.to_text()


def test_of_many_first_starts_one_makes_the_key_and_all_read_it(tmp_path: Path) -> None:
    barrier = threading.Barrier(8)
    rings: list[KeyRing | None] = []

    def start() -> None:
        barrier.wait()
        rings.append(KeyFile(tmp_path / "master.key").create())

    threads = [threading.Thread(target=start) for _ in range(8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert len({ring.primary for ring in rings if ring}) == 1
    assert len(rings) == 8
    assert [each.name for each in tmp_path.iterdir()] == ["master.key"]


def test_a_file_may_hold_older_keys_too(tmp_path: Path) -> None:
    path = tmp_path / "master.key"
    other = MasterKey.generate()
    path.write_text(f"{KEY.to_text()}\n{other.to_text()}\n")
    path.chmod(0o600)
    ring = KeyFile(path).load()
    assert ring is not None
    assert list(ring) == [KEY, other]


def test_no_file_is_no_key(tmp_path: Path) -> None:
    assert KeyFile(tmp_path / "master.key").load() is None


def _readable_by_others(path: Path) -> None:
    path.write_text(KEY.to_text())
    path.chmod(0o640)


def _a_link(path: Path) -> None:
    target = path.with_name("elsewhere")
    target.write_text(KEY.to_text())
    target.chmod(0o600)
    path.symlink_to(target)


def _a_dangling_link(path: Path) -> None:
    path.symlink_to(path.with_name("nowhere"))


def _a_folder(path: Path) -> None:
    path.mkdir(mode=0o700)


def _a_pipe(path: Path) -> None:
    os.mkfifo(path, 0o600)


def _half_a_key(path: Path) -> None:
    path.write_text(KEY.to_text()[:20])
    path.chmod(0o600)


def _an_empty_file(path: Path) -> None:
    path.touch(0o600)


@pytest.mark.parametrize(
    "make",
    [
        _readable_by_others,
        _a_link,
        _a_dangling_link,
        _a_folder,
        _a_pipe,
        _half_a_key,
        _an_empty_file,
    ],
)
@pytest.mark.parametrize("use", [KeyFile.load, KeyFile.create])
def test_what_cannot_be_trusted_is_refused_and_left_alone(
    tmp_path: Path, make: Callable[[Path], None], use: Callable[[KeyFile], object]
) -> None:
    path = tmp_path / "master.key"
    make(path)
    before = path.lstat()
    with pytest.raises(ConfigurationError, match=r"master\.key") as refused:
        use(KeyFile(path))
    assert refused.value.hint
    assert KEY.to_text()[:20] not in str(refused.value)
    assert path.lstat().st_ino == before.st_ino


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigurationError, match="cannot be created"):
        KeyFile(tmp_path / "file" / "master.key").create()
