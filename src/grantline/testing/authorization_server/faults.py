"""What goes wrong on purpose: one scripted fault per request, endpoint by endpoint.

Faults wait in real time, because they are about sockets and sockets know no other. A test that
must stop at an exact point holds the exchange instead (``gates``).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any

from grantline.testing.authorization_server.exchange import Answer, Endpoint, Pairs


class Moment(StrEnum):
    """Before or after the server changed its state."""

    BEFORE_COMMIT = "before_commit"
    AFTER_COMMIT = "after_commit"


@dataclass(frozen=True, slots=True)
class Delay:
    """The server takes its time, before or after it commits."""

    span: timedelta
    moment: Moment = Moment.BEFORE_COMMIT


@dataclass(frozen=True, slots=True)
class Refuse:
    """The server is overloaded or broken: this status, and nothing is committed."""

    status: int = 503
    retry_after: str = ""
    body: bytes = b""

    def answer(self) -> Answer:
        """The refusal as it goes out."""
        headers: Pairs = (("Content-Type", "text/plain"),)
        if self.retry_after:
            headers = (*headers, ("Retry-After", self.retry_after))
        return Answer(self.status, self.body, headers)


@dataclass(frozen=True, slots=True)
class Drop:
    """The connection is reset without a byte of answer."""

    moment: Moment = Moment.AFTER_COMMIT


@dataclass(frozen=True, slots=True)
class Truncate:
    """The answer is committed and promised in full; only ``keep`` bytes of its body leave."""

    keep: int = 10


@dataclass(frozen=True, slots=True)
class Drip:
    """The body leaves ``chunk_bytes`` at a time, with ``every`` in between."""

    every: timedelta
    chunk_bytes: int = 1


@dataclass(frozen=True, slots=True)
class AnswerTwice:
    """The same answer leaves twice on one connection."""


@dataclass(frozen=True, slots=True)
class Replace:
    """The request is committed, and this answer leaves instead of the right one."""

    answer: Answer


Fault = Delay | Refuse | Drop | Truncate | Drip | AnswerTwice | Replace | None


class Faults:
    """The script of each endpoint; requests beyond its end are served honestly."""

    def __init__(self) -> None:
        self._scripts: dict[Endpoint, deque[Fault]] = {}

    def script(self, endpoint: Endpoint, faults: tuple[Fault, ...]) -> None:
        """Append ``faults`` to what the next requests at ``endpoint`` meet; None is no fault."""
        self._scripts.setdefault(endpoint, deque()).extend(faults)

    def take(self, endpoint: Endpoint) -> Fault:
        """The fault of the request that has just arrived."""
        script = self._scripts.get(endpoint)
        return script.popleft() if script else None


def fault_from_json(value: Mapping[str, Any] | None) -> Fault:
    """A fault as the control endpoint takes it: ``{"fault": "drop", "moment": "after_commit"}``.

    Spans are in seconds: ``span_s``, ``every_s``.

    Raises:
        ValueError: There is no such fault.
    """
    if value is None:
        return None
    moment = value.get("moment")
    match value.get("fault"):
        case "delay":
            at = Moment(moment or Moment.BEFORE_COMMIT)
            return Delay(timedelta(seconds=float(value["span_s"])), at)
        case "refuse":
            retry_after = str(value.get("retry_after", ""))
            return Refuse(int(value.get("status", 503)), retry_after, _body(value))
        case "drop":
            return Drop(Moment(moment or Moment.AFTER_COMMIT))
        case "truncate":
            return Truncate(int(value.get("keep", 10)))
        case "drip":
            every = timedelta(seconds=float(value["every_s"]))
            return Drip(every, int(value.get("chunk_bytes", 1)))
        case "answer_twice":
            return AnswerTwice()
        case "replace":
            headers = (("Content-Type", str(value.get("content_type", "application/json"))),)
            return Replace(Answer(int(value.get("status", 200)), _body(value), headers))
        case other:
            raise ValueError(f"there is no fault called {other!r}")


def _body(value: Mapping[str, Any]) -> bytes:
    return str(value.get("body", "")).encode()
