"""*Download a file*: an answer of any size, on disk and under its name only when it is whole."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Final

from grantline.calls.request import RequestSpec
from grantline.calls.response import Response
from grantline.calls.response_stream import ResponseStream
from grantline.calls.resumption import PARTIAL_CONTENT, part_of, rest_of, validator_of
from grantline.connections.connection import Actor
from grantline.connections.context import Context
from grantline.connections.credentials.credential_rows import NOTHING, Carried
from grantline.connections.requests.attempts import Attempts
from grantline.connections.requests.part_file import PartFile
from grantline.errors import LimitExceeded, TransportFailed
from grantline.messages import DIRECT, Headers, Route

MOST_RESUMES: Final = 5
RESUME_AFTER: Final = timedelta(seconds=1)
# What is read of an answer that is no file but an error.
ERROR_BYTES: Final = 64 * 1024
# Statuses that say "later" or "not this part" to a request for the rest.
_NO_SUCH_PART: Final = 416
_COMES_BACK: Final = frozenset({408, _NO_SUCH_PART, 425, 429})

Progress = Callable[[int, int | None], None]
"""Told the bytes so far, and how many there will be; None when nobody knows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Downloaded:
    """A file that has arrived whole.

    Attributes:
        path: Where it is.
        size: Its length in bytes.
        status: The HTTP status of the answer it began with.
        headers: Of the same answer; names in lower case.
        url: What answered, after redirects.
        redirects: The URLs that led there, in order.
        elapsed: From the first byte sent to the file in its place.
        resumes: How often the download broke and went on.
    """

    path: Path
    size: int
    status: int
    headers: Headers
    url: str
    redirects: tuple[str, ...]
    elapsed: timedelta
    resumes: int


class Downloader:
    """Downloads files with connections, credentials, or neither."""

    def __init__(self, context: Context, attempts: Attempts) -> None:
        self._context = context
        self._attempts = attempts

    async def download(
        self,
        actor: Actor,
        spec: RequestSpec,
        target: Path,
        *,
        connection_id: str | None = None,
        carried: Carried = NOTHING,
        route: Route = DIRECT,
        overwrite: bool = False,
        progress: Progress | None = None,
        at_most_bytes: int | None = None,
    ) -> Downloaded:
        """The file at ``target``, whole and safe on the disk.

        A GET that breaks goes on where it stopped if the server can say that the rest belongs to
        the same file, and otherwise from the start; `MOST_RESUMES` times at most.

        Args:
            actor: Who asks.
            spec: The request; asked for without content coding, so that sizes mean bytes on disk.
            target: A path in a folder that exists.
            connection_id: Whose token goes along; None for none.
            carried: What goes along in its place, or beside it.
            route: How the request travels.
            overwrite: Whether a file that is there already may be replaced.
            progress: Called for every piece that arrives.
            at_most_bytes: The largest file that is taken; None for any.

        Raises:
            UpstreamError: The service answered with something else than the file.
            InvalidInput: Nothing can be written to ``target``.
            LimitExceeded: The file is larger than ``at_most_bytes``.
            TransportFailed: The download broke too often, or may not be repeated.
            GrantlineError: The request could not be made.
        """
        token = self._context.entropy(8).hex()
        file = PartFile.open(target, token=token, overwrite=overwrite, field="output")
        arrival = _Arrival(file, progress, at_most_bytes)
        spec = replace(spec, accept_compressed=False)
        started_at = self._context.clock.now()
        try:
            while True:
                try:
                    async with self._attempts.stream(
                        actor,
                        connection_id,
                        arrival.asking(spec),
                        carried=carried,
                        route=route,
                    ) as answer:
                        await arrival.take(answer)
                    break
                except TransportFailed:
                    if spec.method != "GET" or not arrival.may_go_on():
                        raise
                await self._context.clock.sleep(RESUME_AFTER * arrival.resumes)
            await file.publish()
        finally:
            await file.discard()
        first = arrival.first
        return Downloaded(
            path=target,
            size=file.size,
            status=first.status,
            headers=first.headers,
            url=first.url,
            redirects=first.redirects,
            elapsed=self._context.clock.now() - started_at,
            resumes=arrival.resumes,
        )


class _Arrival:
    """What has arrived of a file, and what to ask for next."""

    first: ResponseStream

    def __init__(
        self, file: PartFile, progress: Progress | None, at_most_bytes: int | None
    ) -> None:
        self.resumes = 0
        self._file = file
        self._progress = progress
        self._at_most_bytes = at_most_bytes
        self._began = False
        self._validator: str | None = None
        self._total: int | None = None

    def may_go_on(self) -> bool:
        """Whether a download that broke may be tried again; only one that had begun."""
        self.resumes += 1
        return self._began and self.resumes <= MOST_RESUMES

    def asking(self, spec: RequestSpec) -> RequestSpec:
        """``spec``, or the request for the rest."""
        if self._validator is None or not self._file.size:
            return spec
        rest = rest_of(self._validator, self._file.size)
        return replace(spec, headers=(*spec.headers, *rest))

    async def take(self, answer: ResponseStream) -> None:
        """Writes what ``answer`` brings."""
        if not self._continues(answer):
            await self._begin(answer)
        async for chunk in answer.chunks:
            await self._file.write(chunk)
            self._check_size(self._file.size)
            if self._progress is not None:
                self._progress(self._file.size, self._total)
        if self._total is not None and self._file.size != self._total:
            raise _broken("The file that arrived is not as long as it should be.")

    def _check_size(self, size: int) -> None:
        if self._at_most_bytes is not None and size > self._at_most_bytes:
            raise LimitExceeded(
                f"The file is larger than {self._at_most_bytes} bytes.", limit="response_bytes"
            )

    def _continues(self, answer: ResponseStream) -> bool:
        """Whether ``answer`` goes on where the file stops."""
        if not self._began or answer.status != PARTIAL_CONTENT:
            return False
        part = part_of(answer.header)
        same = part is not None and part.first == self._file.size
        if part is None or not same or self._total not in {None, part.total}:
            self._validator = None  # from the start, then
            raise _broken("The service sent another part of the file than was asked for.")
        self._total = part.total
        return True

    async def _begin(self, answer: ResponseStream) -> None:
        if answer.status == _NO_SUCH_PART:
            self._validator = None
        if self._began and (answer.status in _COMES_BACK or answer.status >= 500):
            raise _broken(f"The service answered with status {answer.status}.")
        if not 200 <= answer.status < 300:
            raise (await _beginning(answer)).failure()
        await self._file.restart()
        self.first, self._began = answer, True
        # Who asked for a part himself gets that part, and it does not go on by itself.
        is_part = answer.status == PARTIAL_CONTENT
        self._validator = None if is_part else validator_of(answer.header)
        length = answer.header("Content-Length") or ""
        coded = answer.header("Content-Encoding")
        self._total = int(length) if length.isdigit() and not coded else None
        self._check_size(self._total or 0)


async def _beginning(answer: ResponseStream) -> Response:
    """The beginning of an answer that is no file, to be shown."""
    body = b""
    async for chunk in answer.chunks:
        body += chunk
        if len(body) >= ERROR_BYTES:
            break
    return answer.held(body[:ERROR_BYTES])


def _broken(message: str) -> TransportFailed:
    return TransportFailed(message, check="truncated", sent=True)
