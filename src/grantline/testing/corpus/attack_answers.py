"""Experiments with what a service answers: a body that asks to go elsewhere, or has no end."""

from __future__ import annotations

import re
import zlib
from dataclasses import replace
from typing import Final

from grantline.errors import TransportFailed
from grantline.messages import HttpRequest
from grantline.net.transport import API_LIMITS, Limits
from grantline.testing.corpus.attack_finding import Finding
from grantline.testing.corpus.attack_history import echo
from grantline.testing.corpus.attack_redirect import follow
from grantline.testing.corpus.attack_wire import DEFAULT_FROM, SHORT, transport_of, wire_of
from grantline.testing.corpus.cases import Row
from grantline.testing.corpus.wire import Answer
from grantline.url import parse_url

# A size is played at so much of itself, and the limit is taken down with it.
PLAYED_BYTES: Final = 4 << 20
SMALLER_LIMITS: Final = replace(API_LIMITS, response_bytes=PLAYED_BYTES // 4)
_UNITS: Final = {"K": 10, "M": 20, "G": 30, "T": 40}

_SIZE: Final = re.compile(r"(\d+) ?([KMGT])i?B\b")
_SAYS_BACK: Final = re.compile(r"echo|repeat|quote|token|secret|authorization", re.IGNORECASE)
_DRIP: Final = re.compile(r"byte every|endless|never ends|slow|drip", re.IGNORECASE)


async def response_body(row: Row) -> Finding:
    """An answer with this body; one too large, one without an end, or one that says all back."""
    text = str(row["input"])
    if "<" in text:
        return await _answered(row, _page(text))
    size = _SIZE.search(text)
    played = int(size[1]) << _UNITS[size[2]] if size else 0
    if "header" in text and played > API_LIMITS.header_bytes:
        return await _answered(row, Answer(headers=(("X-Long", "x" * API_LIMITS.header_bytes),)))
    if played > API_LIMITS.response_bytes:
        packed = "gzip" in text or "bomb" in text
        return await _answered(row, _bomb() if packed else _large(), SMALLER_LIMITS)
    if _DRIP.search(text):
        limits = Limits(total=SHORT, connect=SHORT)
        return await _answered(row, Answer(body=b"slow" * 8, pause_s=0.02), limits)
    if _SAYS_BACK.search(text):
        return await echo(refusing="error" in text or "400" in text)
    return await _answered(row, _page(text))


async def response_header(row: Row) -> Finding:
    """An answer with this header, which is no Location."""
    name, _, value = str(row["input"]).partition(":")
    return await _answered(row, Answer(headers=((name.strip(), value.strip()),)))


async def _answered(row: Row, answer: Answer, limits: Limits = API_LIMITS) -> Finding:
    start = parse_url(DEFAULT_FROM)
    async with (
        wire_of(row, start, answer=lambda _seen: answer) as wire,
        transport_of(row, wire) as transport,
    ):
        try:
            await follow(transport, HttpRequest("GET", str(start)), limits=limits)
        except TransportFailed as error:
            if error.check == "timeout":
                return Finding("error", "deadline")
            raise
    followed = len(wire.seen) > 1 or len(wire.dialled) > 1
    return Finding("allow", "followed") if followed else Finding("ignore", "not_followed")


def _page(text: str) -> Answer:
    return Answer(headers=(("Content-Type", "text/html"),), body=text.encode())


def _large() -> Answer:
    return Answer(body=bytes(PLAYED_BYTES))


def _bomb() -> Answer:
    packer = zlib.compressobj(wbits=16 + zlib.MAX_WBITS)
    packed = packer.compress(bytes(PLAYED_BYTES)) + packer.flush()
    return Answer(headers=(("Content-Encoding", "gzip"),), body=packed)
