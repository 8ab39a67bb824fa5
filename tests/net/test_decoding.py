import gzip
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grantline.errors import LimitExceeded, TransportFailed
from grantline.net.decoding import ContentDecoder

PLAIN = b'{"access_token":"at_1"}'


def decode(encoding: str, data: bytes, *, limit_bytes: int = 10_000, step: int = 7) -> bytes:
    decoder = ContentDecoder(encoding, limit_bytes)
    parts = [decoder.feed(data[i : i + step]) for i in range(0, len(data), step)]
    return b"".join([*parts, decoder.finish()])


def bare_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(data) + packer.flush()


@pytest.mark.parametrize(
    ("encoding", "data"),
    [
        ("", PLAIN),
        ("identity", PLAIN),
        ("gzip", gzip.compress(PLAIN, mtime=0)),
        ("X-GZIP", gzip.compress(PLAIN, mtime=0)),
        ("deflate", zlib.compress(PLAIN)),
        ("deflate", bare_deflate(PLAIN)),
        ("deflate, gzip", gzip.compress(zlib.compress(PLAIN), mtime=0)),
        ("gzip, identity, gzip", gzip.compress(gzip.compress(PLAIN, mtime=0), mtime=0)),
        ("gzip", gzip.compress(PLAIN[:5], mtime=0) + gzip.compress(PLAIN[5:], mtime=0)),
        ("gzip", gzip.compress(PLAIN, mtime=0) + b"\0\0\0\0"),
    ],
)
def test_a_body_comes_out_as_it_went_in(encoding: str, data: bytes) -> None:
    assert decode(encoding, data) == PLAIN
    assert decode(encoding, data, step=1) == PLAIN


def test_an_empty_body_is_fine_under_any_coding() -> None:
    assert decode("gzip", b"") == b""


@pytest.mark.parametrize(
    ("encoding", "data"),
    [
        ("gzip", PLAIN),
        ("gzip", gzip.compress(PLAIN, mtime=0)[:-9]),
        ("deflate", b"\x08nonsense"),
        ("br", b"x"),
        ("gzip, gzip, gzip, gzip, gzip, gzip", b"x"),
    ],
)
def test_bytes_that_are_not_what_the_header_says_are_refused(encoding: str, data: bytes) -> None:
    with pytest.raises(TransportFailed) as caught:
        decode(encoding, data)
    assert caught.value.check == "content_decoding"
    assert caught.value.sent


@pytest.mark.parametrize(
    ("encoding", "data"),
    [
        ("", b"a" * 101),
        ("gzip", gzip.compress(b"a" * 101, mtime=0)),
        ("gzip", gzip.compress(b"a" * 50, mtime=0) * 3),
        ("gzip, gzip", gzip.compress(gzip.compress(b"a" * 1_000_000, mtime=0), mtime=0)),
    ],
)
def test_no_answer_unfolds_beyond_the_limit(encoding: str, data: bytes) -> None:
    with pytest.raises(LimitExceeded) as caught:
        decode(encoding, data, limit_bytes=100)
    assert caught.value.limit == "response_bytes"


def test_a_body_of_exactly_the_limit_is_allowed() -> None:
    assert decode("gzip", gzip.compress(b"a" * 100, mtime=0), limit_bytes=100) == b"a" * 100


@given(st.binary(max_size=300), st.sampled_from(["gzip", "deflate", "deflate, gzip", "", "br"]))
def test_no_bytes_raise_anything_else(data: bytes, encoding: str) -> None:
    try:
        decode(encoding, data, limit_bytes=200)
    except (TransportFailed, LimitExceeded):
        return
