"""What has arrived of a download, what to ask for next, and what a later process goes on with."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path
from typing import Final

from grantline.calls.answers.response import Response
from grantline.calls.answers.response_stream import ResponseStream
from grantline.calls.answers.resumption import PARTIAL_CONTENT, part_of, rest_of, validator_of
from grantline.calls.request import RequestSpec
from grantline.connections.requests.kept_part import KeptPart, kept_headers
from grantline.connections.requests.part_file import PartFile, not_written
from grantline.errors import LimitExceeded, TransportFailed, UpstreamError
from grantline.messages import Headers

MOST_RESUMES: Final = 5
# What is read of an answer that is no file but an error.
ERROR_BYTES: Final = 64 * 1024
# Statuses that say "later" or "not this part" to a request for the rest.
_NO_SUCH_PART: Final = 416
_COMES_BACK: Final = frozenset({408, _NO_SUCH_PART, 425, 429})

Progress = Callable[[int, int | None], None]
"""Told the bytes so far, and how many there will be; None when nobody knows."""

Choose = Callable[[str, Headers], Path]
"""Where a file goes, by the URL and the headers that it comes with."""


class Arrival:
    """What has arrived of a file, and what to ask for next."""

    first: ResponseStream
    target: Path

    def __init__(
        self,
        file: PartFile,
        target: Path | Choose,
        progress: Progress | None,
        at_most_bytes: int | None,
        *,
        keep: Path | None,
        asked: str,
    ) -> None:
        self.resumes = 0
        self.began = False
        self.size = 0
        self._file = file
        self._choose = target if callable(target) else None
        if isinstance(target, Path):
            self.target = target
        self._progress = progress
        self._at_most_bytes = at_most_bytes
        self._keep = keep
        self._asked = asked
        self._has_recalled = self._is_in_place = self._is_over = False
        self._validator: str | None = None
        self._total: int | None = None

    def recall(self) -> bool:
        """Takes up what an earlier process has left, once; whether that is the whole file."""
        kept = KeptPart.read(self._keep) if self._keep and not self._has_recalled else None
        self._has_recalled = True
        if kept is None or kept.asked != self._asked:
            return False
        self.first = ResponseStream(
            status=kept.status, headers=kept.headers, chunks=_nothing(), url=kept.url
        )
        if kept.is_in_place(self._file.part):
            self.target, self.size, self._is_in_place = Path(kept.target), kept.size, True
            return True
        if kept.validator is None or not self._file.size:
            return False
        self.began, self._validator, self._total = True, kept.validator, kept.total
        self._aim(kept.url, kept.headers)
        return self._file.size == (kept.size if kept.target else kept.total)

    def may_go_on(self, error: TransportFailed | UpstreamError) -> bool:
        """Whether a download that had begun and broke may be tried again."""
        self.resumes += 1
        return isinstance(error, TransportFailed) and self.resumes <= MOST_RESUMES

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

    async def finish(self) -> None:
        """Puts the file in its place, unless it is there."""
        self._is_over = True
        if self._is_in_place:
            return
        self.size = self._file.size
        self._remember(target=self.target)
        await self._file.publish()

    async def leave(self) -> None:
        """Keeps what a later process can go on with, and removes anything else."""
        if self._keep is not None and self._validator is not None and not self._is_over:
            await self._file.leave()
        else:
            await self._file.discard()

    def _check_size(self, size: int) -> None:
        if self._at_most_bytes is not None and size > self._at_most_bytes:
            raise LimitExceeded(
                f"The file is larger than {self._at_most_bytes} bytes.", limit="response_bytes"
            )

    def _continues(self, answer: ResponseStream) -> bool:
        """Whether ``answer`` goes on where the file stops."""
        if not self.began or answer.status != PARTIAL_CONTENT:
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
        if self.began and (answer.status in _COMES_BACK or answer.status >= 500):
            raise _broken(f"The service answered with status {answer.status}.")
        if not 200 <= answer.status < 300:
            raise (await _beginning(answer)).failure()
        await self._file.restart()
        # Who asked for a part himself gets that part, and it does not go on by itself.
        is_part = answer.status == PARTIAL_CONTENT
        self._validator = None if is_part else validator_of(answer.header)
        length = answer.header("Content-Length") or ""
        coded = answer.header("Content-Encoding")
        self._total = int(length) if length.isdigit() and not coded else None
        self._check_size(self._total or 0)
        self._aim(answer.url, answer.headers)
        self.first, self.began = answer, True
        self._remember()

    def _aim(self, url: str, headers: Headers) -> None:
        if self._choose is not None:
            self.target = self._choose(url, headers)
        if self._file.target is None:
            self._file.aim(self.target, field="name")

    def _remember(self, *, target: Path | None = None) -> None:
        if self._keep is None:
            return
        first = self.first
        kept = KeptPart(
            asked=self._asked,
            status=first.status,
            headers=kept_headers(first.headers),
            url=first.url.partition("#")[0].partition("?")[0],
            validator=self._validator,
            total=self._total,
            target=str(target) if target else "",
            size=self.size,
        )
        try:
            kept.write(self._keep)
        except OSError as error:
            raise not_written(self._keep, error, "folder") from None


async def _beginning(answer: ResponseStream) -> Response:
    """The beginning of an answer that is no file, to be shown."""
    body = b""
    async for chunk in answer.chunks:
        body += chunk
        if len(body) >= ERROR_BYTES:
            break
    return answer.held(body[:ERROR_BYTES])


async def _nothing() -> AsyncIterator[bytes]:
    nothing: tuple[bytes, ...] = ()
    for chunk in nothing:
        yield chunk


def _broken(message: str) -> TransportFailed:
    return TransportFailed(message, check="truncated", sent=True)
