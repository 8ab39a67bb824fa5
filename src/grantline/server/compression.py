"""Text leaves gzipped, but not to whoever could choose what stands in it.

The length of a compressed page tells whether what was asked for also stands elsewhere in it (the
BREACH attack), and pages repeat searches beside names and accounts. So the rule is not about
pages: only our own pages, the address bar and programs with a key of their own get compressed
answers. What another site asks for is answered at its full length.
"""

from __future__ import annotations

from typing import Final

from starlette.datastructures import Headers
from starlette.middleware.gzip import DEFAULT_EXCLUDED_CONTENT_TYPES, GZipMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

FROM_BYTES: Final = 1024
# One more level costs the same time again and saves a hundredth.
_LEVEL: Final = 6
_NO_TEXT: Final = ("application/octet-stream", "image/*")


class Compression:
    """Compresses the answers to requests that nobody else can have made."""

    def __init__(self, app: ASGIApp) -> None:
        self._plain = app
        self._packed = GZipMiddleware(
            app,
            minimum_size=FROM_BYTES,
            compresslevel=_LEVEL,
            exclude_content_types=(*DEFAULT_EXCLUDED_CONTENT_TYPES, *_NO_TEXT),
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request."""
        is_ours = scope["type"] == "http" and _is_ours(Headers(scope=scope))
        await (self._packed if is_ours else self._plain)(scope, receive, send)


def _is_ours(headers: Headers) -> bool:
    site = headers.get("sec-fetch-site")
    # A browser that does not say where a request comes from sends cookies with it all the same.
    return "cookie" not in headers if site is None else site in {"same-origin", "none"}
