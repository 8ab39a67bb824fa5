"""Looks for planted secrets where none may be: database files, logs, output."""

import base64
from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import quote, quote_plus


def spellings(secret: str) -> Iterator[bytes]:
    """``secret`` as careless code might write it: as it is, escaped, encoded, or in hex."""
    raw = secret.encode()
    yield raw
    yield quote(secret).encode()
    yield quote(secret, safe="").encode()
    yield quote_plus(secret).encode()
    yield raw.hex().encode()
    yield secret.encode("unicode_escape")
    for offset in range(3):
        # Inside a longer text, base64 has three ways to write the same bytes, by where they begin;
        # the first and last digits also depend on the neighbours.
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            digits = encode(b"\0" * offset + raw).rstrip(b"=")
            yield digits[4 if offset else 0 : -1 - (len(raw) + offset) % 3]


def assert_no_canary(secrets: Iterable[str], *places: Path | bytes | str) -> None:
    """Fails when one of ``secrets`` is in a file, a folder's files, or a text.

    A path also stands for the files beside it that begin with its name (``-wal``, ``-shm``). Give
    canaries of twelve characters or more: short ones are found by chance.
    """
    needles = {spelling: secret for secret in secrets for spelling in spellings(secret)}
    assert needles, "no canary was planted"
    for name, content in _contents(places):
        for needle, secret in needles.items():
            assert needle not in content, f"the canary {secret!r} is in {name}"


def _contents(places: Iterable[Path | bytes | str]) -> Iterator[tuple[str, bytes]]:
    for place in places:
        if isinstance(place, bytes):
            yield "the bytes given", place
        elif isinstance(place, str):
            yield "the text given", place.encode("utf-8", "surrogatepass")
        else:
            files = place.rglob("*") if place.is_dir() else place.parent.glob(place.name + "*")
            found = [each for each in files if each.is_file()]
            assert found, f"there is nothing to search at {place}"
            for each in found:
                yield str(each), each.read_bytes()
