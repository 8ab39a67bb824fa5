"""Dropbox's API as far as folders are listed and files are downloaded.

https://www.dropbox.com/developers/documentation/http/documentation
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Final

from grantline.calls.structures.json_values import dump_json
from grantline.messages import HttpRequest, HttpResponse
from grantline.testing.simulated_service.answers import json_answer
from grantline.testing.simulated_service.apis import Asked, BrokenOff, asked

MODIFIED: Final = "2026-11-28T02:15:00Z"
_FIELDS: Final = {
    "/2/files/list_folder": {"path", "limit", "recursive"},
    "/2/files/list_folder/continue": {"cursor"},
    "/2/files/get_metadata": {"path"},
}


@dataclass(slots=True, kw_only=True)
class DropboxApi:
    """One person's files.

    Attributes:
        files: By path, in the order of listings; a path that ends with ``/`` is a folder.
        most: How many entries one answer of a listing has at most.
        breaks: After how many bytes of its body each download breaks off, in turn; then none does.
        ranges: What was asked for of files: the values of Range, empty for the whole.
    """

    files: dict[str, bytes] = field(default_factory=dict)
    most: int = 2000
    breaks: list[int] = field(default_factory=list)
    ranges: list[str] = field(default_factory=list)
    _cursors: dict[str, tuple[str, int, int]] = field(default_factory=dict)

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """The answer."""
        call = asked(request)
        if call.path == "/2/files/download":
            return self._download(request)
        known = _FIELDS.get(call.path)
        if known is None or call.method != "POST":
            return HttpResponse(404)
        if not isinstance(call.json, dict):
            return _refused(call, "request body: could not decode input as JSON")
        for name in call.json.keys() - known:
            return _refused(call, f"request body: unknown field '{name}'")
        match call.path.rpartition("/files/")[2]:
            case "list_folder":
                return self._list(call)
            case "get_metadata":
                found = self._find(str(call.json.get("path")))
                return json_answer(self._entry(found)) if found else _not_found()
            case _:
                return self._continue(call, str(call.json.get("cursor")))

    def _list(self, call: Asked) -> HttpResponse:
        folder = str(call.json.get("path", "")).rstrip("/") + "/"
        if not any(path.startswith(folder) for path in self.files):
            return _not_found()
        return self._page(folder, 0, min(int(call.json.get("limit") or self.most), self.most))

    def _continue(self, call: Asked, cursor: str) -> HttpResponse:
        if cursor not in self._cursors:
            return _refused(call, "request body: cursor: Invalid 'cursor' parameter")
        return self._page(*self._cursors[cursor])

    def _page(self, folder: str, first: int, limit: int) -> HttpResponse:
        below = [path for path in self.files if self._is_directly_in(path, folder)]
        page = below[first : first + limit]
        cursor = f"AAH{sha256(f'{folder} {first + len(page)}'.encode()).hexdigest()[:40]}"
        self._cursors[cursor] = (folder, first + len(page), limit)
        return json_answer(
            {
                "entries": [self._entry(path) for path in page],
                "cursor": cursor,
                "has_more": first + len(page) < len(below),
            }
        )

    def _download(self, request: HttpRequest) -> HttpResponse:
        path = self._find(str(json.loads(request.header("Dropbox-API-Arg") or "{}").get("path")))
        if path is None or path.endswith("/"):
            return _not_found()
        data, wanted = self.files[path], request.header("Range") or ""
        etag = f'"{self._entry(path)["rev"]}"'
        if request.header("If-Range") not in {None, etag}:
            wanted = ""
        self.ranges.append(wanted)
        headers = [
            ("etag", etag),
            ("accept-ranges", "bytes"),
            ("content-type", "application/octet-stream"),
            ("content-disposition", f'attachment; filename="{path.rpartition("/")[2]}"'),
            ("dropbox-api-result", dump_json(self._entry(path))),
        ]
        status, body = 200, data
        if wanted:
            first = int(wanted.removeprefix("bytes=").partition("-")[0])
            status, body = 206, data[first:]
            headers.append(("content-range", f"bytes {first}-{len(data) - 1}/{len(data)}"))
        headers.append(("content-length", str(len(body))))
        if self.breaks:
            return BrokenOff(status, tuple(headers), body, after=self.breaks.pop(0))
        return HttpResponse(status, tuple(headers), body)

    def _find(self, path: str) -> str | None:
        """The path of what ``path``, or an id, names."""
        if path.startswith("id:"):
            return next((each for each in self.files if self._entry(each)["id"] == path), None)
        return next((each for each in (path, f"{path}/") if each in self.files), None)

    def _entry(self, path: str) -> Mapping[str, Any]:
        data, plain = self.files[path], path.rstrip("/")
        digest = sha256(path.encode()).hexdigest()
        entry = {
            ".tag": "folder" if path.endswith("/") else "file",
            "name": plain.rpartition("/")[2],
            "path_lower": plain.lower(),
            "path_display": plain,
            "id": f"id:{digest[:22]}",
        }
        if path.endswith("/"):
            return entry
        return {
            **entry,
            "client_modified": MODIFIED,
            "server_modified": MODIFIED,
            "rev": sha256(data).hexdigest()[:15],
            "size": len(data),
            "is_downloadable": True,
        }

    @staticmethod
    def _is_directly_in(path: str, folder: str) -> bool:
        rest = path.removeprefix(folder)
        return path.startswith(folder) and bool(rest) and "/" not in rest.rstrip("/")


def _refused(call: Asked, message: str) -> HttpResponse:
    text = f'Error in call to API function "{call.path.removeprefix("/2/")}": {message}'
    return HttpResponse(400, (("content-type", "text/plain; charset=utf-8"),), text.encode())


def _not_found() -> HttpResponse:
    error: dict[str, Any] = {".tag": "path", "path": {".tag": "not_found"}}
    return json_answer({"error_summary": "path/not_found/..", "error": error}, status=409)
