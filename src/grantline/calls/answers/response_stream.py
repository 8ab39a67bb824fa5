"""What a service answers, while it is still answering."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta

from grantline.calls.answers.response import Response
from grantline.messages import Headers, first_value


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ResponseStream:
    """An answer whose body arrives while it is read, its content coding undone.

    Attributes:
        status: The HTTP status code.
        headers: Pairs in the order received; names in lower case.
        chunks: The body, piece by piece; it can be read once.
        url: What answers, after redirects; never with a token in its query.
        redirects: The URLs that led there, in order.
        elapsed: From the first byte sent to the end of the headers.
        attempts: How often the request was sent: 2 when its token was renewed in between.
        notice: What has to be said about how the answer came to be; empty for nothing.
    """

    status: int
    headers: Headers
    chunks: AsyncIterator[bytes]
    url: str
    redirects: tuple[str, ...] = ()
    elapsed: timedelta = timedelta(0)
    attempts: int = 1
    notice: str = ""

    def header(self, name: str) -> str | None:
        """The first value of a header, compared without case; None when absent."""
        return first_value(self.headers, name)

    def held(self, content: bytes = b"") -> Response:
        """The answer with so much of its body as ``content``."""
        return Response(
            status=self.status,
            headers=self.headers,
            content=content,
            url=self.url,
            redirects=self.redirects,
            elapsed=self.elapsed,
            attempts=self.attempts,
            notice=self.notice,
        )

    def __repr__(self) -> str:
        return f"ResponseStream({self.status})"
