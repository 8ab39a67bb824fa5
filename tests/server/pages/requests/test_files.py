"""Files that a browser sent: on disk, found again by whoever sent them, and bounded."""

from __future__ import annotations

import asyncio
import io
from hashlib import sha256

from starlette.datastructures import UploadFile

from grantline.connections.connection import Actor
from grantline.server.pages.requests.files import KeptFiles

ADA, BOB = Actor("local", "ada"), Actor("local", "bob")


def upload(data: bytes) -> UploadFile:
    return UploadFile(io.BytesIO(data), filename="a.bin")


async def test_a_file_is_found_by_its_digest_and_by_nobody_else() -> None:
    files = KeptFiles()
    kept = await files.keep(ADA, upload(b"x" * 3_000_000))
    assert kept.digest == sha256(b"x" * 3_000_000).hexdigest()
    assert kept.size == 3_000_000
    assert files.find(ADA, kept.digest) == kept
    assert files.find(BOB, kept.digest) is None
    assert b"".join([chunk async for chunk in kept.source.chunks()]) == kept.read()
    assert "x" not in repr(kept)


async def test_the_same_file_is_kept_once() -> None:
    files = KeptFiles()
    first = await files.keep(ADA, upload(b"same"))
    second = await files.keep_bytes(ADA, b"same")
    assert first.path == second.path
    assert len(list(first.path.parent.iterdir())) == 1


async def test_the_file_not_used_for_longest_makes_room() -> None:
    files = KeptFiles(at_most_bytes=10)
    first, second = [await files.keep_bytes(ADA, data) for data in (b"1111", b"2222")]
    files.find(ADA, first.digest)
    third = await files.keep_bytes(ADA, b"3333")
    assert files.find(ADA, second.digest) is None
    assert not second.path.exists()
    assert files.taken_bytes == 8
    assert files.find(ADA, first.digest)
    assert files.find(ADA, third.digest)


def test_nothing_is_left_when_nobody_holds_them_any_more() -> None:
    files = KeptFiles()
    folder = asyncio.run(files.keep_bytes(ADA, b"x")).path.parent
    assert folder.stat().st_mode & 0o777 == 0o700
    del files
    assert not folder.exists()
