"""What a service answered, as a person reads it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Self

from grantline.calls.answers.service_message import service_message
from grantline.calls.structures.charset import charset_of, decode
from grantline.calls.structures.parsing import is_text, parse_data
from grantline.errors import GrantlineError, UpstreamError
from grantline.messages import Headers, first_value


class NotJson(GrantlineError):
    """The answer is not JSON, whatever its Content-Type says."""

    code = "not_json"


# As `HttpResponse`, not frozen.
@dataclass(slots=True, kw_only=True, repr=False)
class Response:
    """An answer held in memory, its content coding undone.

    Attributes:
        status: The HTTP status code.
        headers: Pairs in the order received; names in lower case.
        content: The body.
        url: What answered, after redirects; never with a token in its query.
        redirects: The URLs that led there, in order.
        elapsed: From the first byte sent to the last received, redirects, replay and retries
            with the waits between them included.
        attempts: How often the request was sent: 2 when its token was renewed in between.
        notice: What has to be said about how the answer came to be; empty for nothing.
        parse_response: Whether ``data`` is read or is the text as it came.
    """

    status: int
    headers: Headers
    content: bytes
    url: str
    redirects: tuple[str, ...] = ()
    elapsed: timedelta = timedelta(0)
    attempts: int = 1
    notice: str = ""
    parse_response: bool = True

    @property
    def is_success(self) -> bool:
        """Whether the status is 2xx."""
        return 200 <= self.status < 300

    @property
    def encoding(self) -> str:
        """The charset of the body: by its byte order mark, header, or what it declares itself."""
        return charset_of(self.content, self.header("content-type") or "")

    @property
    def text(self) -> str:
        """The body as text; bytes that do not fit the charset become U+FFFD."""
        return decode(self.content, self.header("content-type") or "")

    @property
    def data(self) -> Any:
        """What the answer says, as `grantline.calls.structures.parsing.parse_data` reads it.

        Only text or bytes for a request that wants it raw.
        """
        kind = self.header("content-type") or ""
        if self.parse_response:
            return parse_data(self.content, kind)
        return self.text if is_text(self.content, kind) else self.content

    @property
    def cookies(self) -> dict[str, str]:
        """The cookies that the answer sets: their values by name."""
        pairs = (value.partition(";")[0] for name, value in self.headers if name == "set-cookie")
        split = (pair.partition("=") for pair in pairs)
        return {name.strip(): value.strip() for name, equals, value in split if equals}

    @property
    def headers_by_name(self) -> dict[str, str | list[str]]:
        """The headers by lower-case name, repeated ones joined by commas (RFC 9110 section 5.3).

        Those that cannot be joined, ``set-cookie``, are a list.
        """
        found: dict[str, str | list[str]] = {}
        for name, value in self.headers:
            lower = name.lower()
            if lower == "set-cookie":
                found.setdefault(lower, []).append(value)  # type: ignore[union-attr]
            else:
                found[lower] = f"{found[lower]}, {value}" if lower in found else value
        return found

    @property
    def size_bytes(self) -> int:
        """The length of the body, its content coding undone."""
        return len(self.content)

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
            raise self.failure()
        return self

    def failure(self) -> UpstreamError:
        """The error that this answer is, for who counts its status as one."""
        return UpstreamError(
            f"The service answered with status {self.status}.",
            response=self,
            service_message=service_message(self.content, self.header("content-type") or ""),
            hint="The body of the answer usually says why.",
        )

    def __repr__(self) -> str:
        return f"Response({self.status}, {len(self.content)} B)"
