"""Bodies in gzip coding, in memory and read on the way."""

import gzip

import anyio
from hypothesis import given
from hypothesis import strategies as st

from grantline.calls.bodies.compression import Compressed, compressed
from grantline.calls.bodies.upload import Joined


@given(st.binary())
def test_bytes_and_sources_are_coded(data: bytes) -> None:
    coded = compressed(data)
    assert isinstance(coded, bytes)
    assert gzip.decompress(coded) == data if data else coded == b""
    assert coded == compressed(data)

    source = compressed(Joined((data, b"", data)))
    assert isinstance(source, Compressed)
    assert source.size is None
    assert source.replayable
    assert gzip.decompress(anyio.run(read, source)) == data * 2


async def read(source: Compressed) -> bytes:
    return b"".join([chunk async for chunk in source.chunks()])
