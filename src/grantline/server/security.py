"""What every request passes and every answer carries, whatever the route.

- ``Host`` must be a name of ours, or a page of somebody else's could have been rebound to us.
- What changes something must come from our own pages: ``Sec-Fetch-Site``, and ``Origin`` where a
  browser does not send that. No tokens in forms: these headers cannot be set by a page.
- No script, style or frame but our own files; nothing is cached but files under a digest.

``X-Forwarded-*`` is never read: ``GRANTLINE_PUBLIC_URL`` says what a proxy would have to.
"""

from __future__ import annotations

import json
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from grantline.errors import EgressBlocked
from grantline.server.assets import STATIC
from grantline.server.settings import PUBLIC_URL, ServerSettings
from grantline.url import is_loopback_host, parse_url

SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
# Services post their answers here from their own pages; it only bounces (``callback``).
POSTED_FROM_ELSEWHERE: Final = "/oauth/callback"
MOST_BODY_BYTES: Final = 32 * 1024 * 1024
# Files that go along with a request: to disk piece by piece, and not into memory.
MOST_UPLOAD_BYTES: Final = 8 * 1024**3
_TAKES_FILES: Final = "/requests/"
# Whoever knows the address of a webhook may use it, from wherever he is; no session counts there.
_HOOKS: Final = "/hooks/"

_HEADERS: Final = {
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin-allow-popups",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": (
        "camera=(), geolocation=(), microphone=(), payment=(), usb=(), browsing-topics=()"
    ),
    "Cache-Control": "no-store",
}
_HSTS: Final = "max-age=31536000"


class Security:
    """The outermost layer: refuses what cannot be ours, and puts headers on every answer."""

    def __init__(self, app: ASGIApp, *, settings: ServerSettings) -> None:
        self._app = app
        self._settings = settings
        self._headers = dict(_HEADERS)
        if settings.is_https:
            self._headers["Strict-Transport-Security"] = _HSTS

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
                headers.setdefault("Content-Security-Policy", _content_policy(scope))
            await send(message)

        left_bytes = _most_bytes(scope)

        async def receive_within() -> Message:
            nonlocal left_bytes
            message = await receive()
            left_bytes -= len(message.get("body", b""))
            if left_bytes < 0:  # it came in chunks, and nobody said how much it would be
                raise HTTPException(413)
            return message

        answer = self._objection(scope) or self._detour(scope)
        if answer is not None:
            await answer(scope, receive, send_with_headers)
        else:
            await self._app(scope, receive_within, send_with_headers)

    def _objection(self, scope: Scope) -> Response | None:
        headers = Headers(scope=scope)
        host = _host_of(headers)
        if not self._is_ours(host):
            return _refusal(
                scope,
                421,
                "wrong_host",
                "This address is not the one that Grantline was told it has.",
                f"Open {self._settings.public_url}, or set {PUBLIC_URL} to the address you use.",
            )
        length = headers.get("content-length", "0")
        if not length.isdecimal() or int(length[:20]) > _most_bytes(scope):
            return _refusal(
                scope, 413, "too_large", "This is more than the server takes at once.", ""
            )
        if not self._is_from_here(scope, headers):
            return _refusal(
                scope,
                403,
                "cross_site",
                "This action came from another site, so nothing was done.",
                f"Open {self._settings.public_url} and do it there.",
            )
        return None

    def _is_ours(self, host: str) -> bool:
        return host == self._settings.public_host or is_loopback_host(host)

    def _is_from_here(self, scope: Scope, headers: Headers) -> bool:
        if scope["method"] in SAFE_METHODS:
            return True
        path = scope["path"]
        if path == POSTED_FROM_ELSEWHERE or path.startswith(POSTED_FROM_ELSEWHERE + "/"):
            return True
        if path.startswith(_HOOKS):
            return True
        site = headers.get("sec-fetch-site")
        if site is not None:
            return site in {"same-origin", "none"}
        origin = headers.get("origin")
        if origin is None:
            # No browser of today: a program, which must bring its own key instead of a cookie.
            return "cookie" not in headers
        return origin in {self._settings.public_url, f"{scope['scheme']}://{headers['host']}"}

    def _detour(self, scope: Scope) -> Response | None:
        """Leads ``localhost`` to ``127.0.0.1`` (or the other way): a cookie knows only one."""
        public = self._settings
        host = _host_of(Headers(scope=scope))
        if (
            scope["method"] != "GET"
            or host == public.public_host
            or not is_loopback_host(public.public_host)
            or scope["path"].startswith(("/api/", "/healthz", _HOOKS))
        ):
            return None
        query = scope["query_string"].decode("latin-1")
        path = scope["raw_path"].decode("latin-1").partition("?")[0]
        return RedirectResponse(
            public.public_url + path + (f"?{query}" if query else ""), status_code=307
        )


def _content_policy(scope: Scope) -> str:
    """Scripts come from our own files alone: a webhook may answer whatever a scenario says.

    The policy cannot name a host that is an IPv6 address (CSP 3 section 2.3.1).
    """
    headers = Headers(scope=scope)
    host = headers.get("host", "")
    scripts = f"{host}{STATIC}" if _host_of(headers) and "[" not in host else "'self'"
    return (
        f"default-src 'none'; script-src {scripts}; style-src 'self'; img-src 'self' data:; "
        "font-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; "
        "base-uri 'none'"
    )


def _most_bytes(scope: Scope) -> int:
    return MOST_UPLOAD_BYTES if scope["path"].startswith(_TAKES_FILES) else MOST_BODY_BYTES


def _host_of(headers: Headers) -> str:
    if len(headers.getlist("host")) != 1:
        return ""
    try:
        return parse_url(f"http://{headers['host']}").host
    except EgressBlocked:
        return ""


def _refusal(scope: Scope, status: int, code: str, message: str, hint: str) -> Response:
    """Plain text, or problem+json for the API: nothing of ours is shown to who cannot be ours."""
    if scope["path"].startswith("/api/"):
        problem = {"type": f"urn:grantline:{code}", "title": message, "status": status}
        problem |= {"code": code, "hint": hint}
        return Response(json.dumps(problem), status, media_type="application/problem+json")
    return PlainTextResponse(f"{message}\n{hint}\n", status)
