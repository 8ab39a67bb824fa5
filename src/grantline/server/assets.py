"""The files of the pages: read once, served under a digest of them all, and cached for ever.

One digest for the whole folder keeps relative imports between modules and style sheets working
without a build step; a new release is a new digest.
"""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

FOLDER: Final = Path(__file__).parent / "static"
_KINDS: Final = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
_FOR_EVER: Final = "public, max-age=31536000, immutable"
STATIC: Final = "/static/"
_GZIP_FROM_BYTES: Final = 1024


@dataclass(frozen=True, slots=True)
class _Asset:
    kind: str
    plain: bytes
    packed: bytes | None


class Assets:
    """Every file under ``static``, in memory."""

    def __init__(self, folder: Path = FOLDER) -> None:
        files = sorted(path for path in folder.rglob("*") if path.suffix in _KINDS)
        digest = hashlib.sha256()
        self._found: dict[str, _Asset] = {}
        for path in files:
            plain, name = path.read_bytes(), path.relative_to(folder).as_posix()
            digest.update(f"{name}\n{len(plain)}\n".encode() + plain)
            packed = gzip.compress(plain, mtime=0) if len(plain) >= _GZIP_FROM_BYTES else None
            self._found[name] = _Asset(_KINDS[path.suffix], plain, packed)
        self.prefix = f"{STATIC}{digest.hexdigest()[:12]}"

    def url(self, name: str) -> str:
        """The address of the file ``name``; KeyError when there is none, so a typo shows."""
        self._found[name]
        return f"{self.prefix}/{name}"

    def route(self) -> Route:
        """What answers for the files."""
        return Route(STATIC + "{digest}/{name:path}", self._answer)

    async def _answer(self, request: Request) -> Response:
        asset = self._found.get(request.path_params["name"])
        if asset is None:
            return Response("There is no such file.", 404, media_type="text/plain")
        # A page of an older release may still ask under its digest: answered, but not kept.
        current = request.url.path.startswith(self.prefix + "/")
        headers = {"Cache-Control": _FOR_EVER if current else "no-store", "Vary": "Accept-Encoding"}
        accepts = request.headers.get("accept-encoding", "")
        if asset.packed is not None and "gzip" in accepts:
            headers["Content-Encoding"] = "gzip"
            return Response(asset.packed, headers=headers, media_type=asset.kind)
        return Response(asset.plain, headers=headers, media_type=asset.kind)


@cache
def bundled_assets() -> Assets:
    """The files of this release, read once in a process however many apps it makes."""
    return Assets()
