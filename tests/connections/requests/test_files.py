"""Files as bodies."""

from __future__ import annotations

from pathlib import Path

import pytest

from grantline.connections.requests.files import CHUNK_BYTES, FileSource
from grantline.errors import InvalidInput
from tests.sources import drained


async def test_a_file_is_read_in_chunks_and_can_be_read_again(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(b"x" * CHUNK_BYTES + b"end")
    source = FileSource.open(path)
    assert (source.size, source.replayable) == (CHUNK_BYTES + 3, True)
    for _ in range(2):
        assert [len(chunk) async for chunk in source.chunks()] == [CHUNK_BYTES, 3]


@pytest.mark.parametrize("name", ["missing", ".", "/dev/null"])
async def test_what_is_no_file_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(InvalidInput, match="cannot be read"):
        FileSource.open(tmp_path / name)


async def test_a_file_that_is_gone_is_said_when_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(b"x")
    source = FileSource.open(path)
    path.unlink()
    with pytest.raises(InvalidInput, match="No such file"):
        await drained(source.chunks())
