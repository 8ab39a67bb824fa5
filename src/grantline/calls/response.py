"""What a service answered, as a person reads it."""

from __future__ import annotations

import codecs
import json
from dataclasses import dataclass
from datetime import timedelta
from email.message import Message
from typing import Any, Final, Self

from grantline.errors import GrantlineError, UpstreamError
from grantline.messages import Headers, first_value

# Codecs of Python that are no charsets; punycode's work grows with the square of the bytes.
_NO_CHARSETS: Final = frozenset(
    {"idna", "punycode", "raw-unicode-escape", "undefined", "unicode-escape"}
)


class NotJson(GrantlineError):
    """The answer is not JSON, whatever its Content-Type says."""

    code = "not_json"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Response:
    """An answer held in memory, its content coding undone.

    Attributes:
        status: The HTTP status code.
        headers: Pairs in the order received; names in lower case.
        content: The body.
        url: What answered, after redirects; never with a token in its query.
        redirects: The URLs that led there, in order.
        elapsed: From the first byte sent to the last received, redirects and replay included.
        attempts: How often the request was sent: 2 when its token was renewed in between.
        notice: What has to be said about how the answer came to be; empty for nothing.
    """

    status: int
    headers: Headers
    content: bytes
    url: str
    redirects: tuple[str, ...] = ()
    elapsed: timedelta = timedelta(0)
    attempts: int = 1
    notice: str = ""

    @property
    def is_success(self) -> bool:
        """Whether the status is 2xx."""
        return 200 <= self.status < 300

    @property
    def encoding(self) -> str:
        """The charset of the Content-Type; UTF-8 when it names none that texts are written in."""
        message = Message()
        message["Content-Type"] = self.header("content-type") or ""
        charset = message.get_content_charset("utf-8")
        try:
            known = codecs.lookup(charset).name
        except (LookupError, ValueError):
            return "utf-8"
        return "utf-8" if known in _NO_CHARSETS else charset

    @property
    def text(self) -> str:
        """The body as text; bytes that do not fit the charset become U+FFFD."""
        try:
            return self.content.decode(self.encoding, "replace")
        except LookupError:
            return self.content.decode("utf-8", "replace")

    def header(self, name: str) -> str | None:
        """The first value of a header, compared without case; None when absent."""
        return first_value(self.headers, name)

    def json(self) -> Any:
        """The body as JSON; integers of any size are exact.

        Raises:
            NotJson: It is not JSON.
        """
        try:
            return json.loads(self.content)
        except (ValueError, RecursionError):
            kind = self.header("content-type") or "no Content-Type"
            raise NotJson(
                f"The answer (status {self.status}) is not JSON but {kind}.",
                hint="Read .text or .content instead.",
            ) from None

    def raise_for_status(self) -> Self:
        """The response itself when its status is below 400.

        Raises:
            UpstreamError: It is 400 or above; ``.response`` is this response.
        """
        if self.status >= 400:
            raise UpstreamError(
                f"The service answered with status {self.status}.",
                response=self,
                hint="The body of the answer usually says why: see .response.text.",
            )
        return self

    def __repr__(self) -> str:
        return f"Response({self.status}, {len(self.content)} B)"
