"""The answer of a case as a value, cut and timed by the same rules as over a socket."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from grantline.errors import LimitExceeded, TransportFailed
from grantline.messages import HttpResponse
from grantline.net.decoding import ContentDecoder
from grantline.net.transport import OAUTH_LIMITS
from grantline.testing.corpus.cases import Row
from grantline.testing.corpus.script_server import row_body, row_headers


def answer_in_memory(row: Row, url: str) -> HttpResponse:
    """The response of ``row``.

    Raises:
        TransportFailed: The row's answer never becomes whole.
        LimitExceeded: It is larger than a token response may be.
    """
    script: Mapping[str, Any] = row.get("gen") or {}
    body = row_body(row)
    match script.get("kind"):
        case "connect_refused":
            raise _failed("connect", sent=False)
        case "hang":
            raise _failed("timeout", sent=True)
        case "truncate" | "chunked_no_end":
            raise _failed("truncated", sent=True)
        case "slow":
            pieces = math.ceil(len(body) / script["chunk_bytes"])
            if timedelta(milliseconds=pieces * script["delay_ms"]) > OAUTH_LIMITS.total:
                raise _failed("timeout", sent=True)
        case "repeat":
            body = _repeated(script)
        case "gzip_bomb":
            if script["plain_bytes"] > OAUTH_LIMITS.response_bytes:
                raise LimitExceeded("The answer is too large.", limit="response_bytes")
    headers = tuple(row_headers(row))
    encoding = next((value for name, value in headers if name == "content-encoding"), "")
    decoder = ContentDecoder(encoding, OAUTH_LIMITS.response_bytes)
    decoded = decoder.feed(body)
    decoder.finish()
    return HttpResponse(row["status"], headers, decoded, url)


def _repeated(script: Mapping[str, Any]) -> bytes:
    """The body, or so much of it that it is over the limit."""
    unit: bytes = script["unit"].encode()
    enough = OAUTH_LIMITS.response_bytes // max(1, len(unit)) + 1
    prefix: bytes = script.get("prefix", "").encode()
    suffix: bytes = script.get("suffix", "").encode()
    return prefix + unit * min(int(script["count"]), enough) + suffix


def _failed(check: str, *, sent: bool) -> TransportFailed:
    return TransportFailed("No usable answer came.", check=check, sent=sent)
