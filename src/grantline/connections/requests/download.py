"""*Download a file*: an answer of any size, on disk and under its name only when it is whole."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Final

from grantline.connections.context import Context
from grantline.connections.requests.arrival import Arrival, Choose, Progress
from grantline.connections.requests.attempts import Attempts
from grantline.connections.requests.errand import Errand
from grantline.connections.requests.kept_part import asked_digest
from grantline.connections.requests.part_file import PartFile
from grantline.errors import (
    TemporarilyUnavailable,
    TransportFailed,
    UpstreamError,
)
from grantline.messages import Headers

RESUME_AFTER: Final = timedelta(seconds=1)
UNDER_WAY: Final = timedelta(seconds=30)


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
        errand: Errand,
        target: Path | Choose,
        *,
        overwrite: bool = False,
        progress: Progress | None = None,
        at_most_bytes: int | None = None,
        keep: Path | None = None,
    ) -> Downloaded:
        """The file at ``target``, whole and safe on the disk.

        A GET that breaks goes on where it stopped if the server can say that the rest belongs to
        the same file, and otherwise from the start; `MOST_RESUMES` times at most. With ``keep`` it
        also goes on after an error and in another process, and one that had ended is not made
        again. What ``errand.spec.retry`` says is for a download that has not begun.

        Args:
            errand: The request; made without content coding, so that sizes mean bytes on disk.
            target: A path in a folder that exists, or who names it once the answer begins.
            overwrite: Whether a file that is there already may be replaced.
            progress: Called for every piece that arrives.
            at_most_bytes: The largest file that is taken; None for any.
            keep: Where the bytes are kept until they are whole, on the file system of ``target``;
                what is remembered of them stands beside it, also afterwards. The same for the same
                download, whoever makes it. None keeps nothing.

        Raises:
            UpstreamError: The service answered with something else than the file.
            InvalidInput: Nothing can be written to ``target``.
            LimitExceeded: The file is larger than ``at_most_bytes``.
            TransportFailed: The download broke too often, or may not be repeated.
            GrantlineError: The request could not be made.
        """
        spec = replace(errand.spec, accept_compressed=False)
        arrival = Arrival(
            self._opened(target, overwrite=overwrite, keep=keep),
            target,
            progress,
            at_most_bytes,
            keep=_memory_of(keep) if spec.method == "GET" else None,
            asked=asked_digest(spec),
        )
        started_at, made = self._context.clock.now(), 0
        try:
            while not arrival.recall():
                try:
                    asked = replace(errand, spec=arrival.asking(spec))
                    async with self._attempts.stream(asked) as answer:
                        await arrival.take(answer)
                    break
                except (TransportFailed, UpstreamError) as error:
                    made += 1
                    if arrival.began:
                        if spec.method != "GET" or not arrival.may_go_on(error):
                            raise
                        wait = RESUME_AFTER * arrival.resumes
                    else:
                        spent = self._context.clock.now() - started_at
                        again = await self._attempts.again(errand, error, made=made, spent=spent)
                        if again is None:
                            raise
                        wait = again
                await self._context.clock.sleep(wait)
            await arrival.finish()
        finally:
            await arrival.leave()
        first = arrival.first
        return Downloaded(
            path=arrival.target,
            size=arrival.size,
            status=first.status,
            headers=first.headers,
            url=first.url,
            redirects=first.redirects,
            elapsed=self._context.clock.now() - started_at,
            resumes=arrival.resumes,
        )

    def _opened(self, target: Path | Choose, *, overwrite: bool, keep: Path | None) -> PartFile:
        if keep is None:
            if not isinstance(target, Path):
                raise ValueError("who keeps nothing names the file at once")
            token = self._context.entropy(8).hex()
            return PartFile.open(target, token=token, overwrite=overwrite, field="output")
        file = PartFile.reopen(keep, overwrite=overwrite)
        if file is None:
            raise TemporarilyUnavailable(
                "This download is under way in another process.",
                retry_after=UNDER_WAY,
                hint="Try again once that one has ended.",
            )
        return file


def _memory_of(keep: Path | None) -> Path | None:
    """Where it is remembered what the bytes at ``keep`` are."""
    return keep.with_name(f"{keep.name}.json") if keep else None
