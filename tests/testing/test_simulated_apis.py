"""The APIs behind simulated services answer as the services' own documentation says."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from grantline.connections.apps.catalogue import settings_of
from grantline.errors import TransportFailed
from grantline.messages import HttpRequest, HttpResponse
from grantline.providers.catalogue import profile
from grantline.testing.clock import FakeClock
from grantline.testing.simulated_service import SimulatedService
from grantline.testing.simulated_service.apis import Api, BrokenOff
from grantline.testing.simulated_service.dropbox_api import DropboxApi
from grantline.testing.simulated_service.github_api import GithubApi
from grantline.testing.simulated_service.sheets_api import SheetsApi

DROPBOX = "https://api.dropboxapi.com/2/files/"
APPEND = "https://sheets.googleapis.com/v4/spreadsheets/s1/values/Files!A1:append"
FILES = {"/a/1.txt": b"one", "/a/2.txt": b"two", "/a/sub/": b"", "/a/sub/3.txt": b"", "/b/": b""}


def ask(api: Api, method: str, url: str, body: Any = None, **headers: str) -> HttpResponse:
    named = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    sent = b"" if body is None else json.dumps(body).encode()
    return api(HttpRequest(method, url, (*named, ("Content-Type", "application/json")), sent))


def told(answer: HttpResponse) -> Mapping[str, Any]:
    found: Mapping[str, Any] = json.loads(answer.body)
    return found


def test_dropbox_lists_a_folder_page_by_page() -> None:
    api = DropboxApi(files=dict(FILES))
    first = told(ask(api, "POST", DROPBOX + "list_folder", {"path": "/a", "limit": 2}))
    assert [each["name"] for each in first["entries"]] == ["1.txt", "2.txt"]
    assert first["has_more"] is True
    rest = told(ask(api, "POST", DROPBOX + "list_folder/continue", {"cursor": first["cursor"]}))
    assert [(each[".tag"], each["name"]) for each in rest["entries"]] == [("folder", "sub")]
    assert rest["has_more"] is False
    last = told(ask(api, "POST", DROPBOX + "list_folder/continue", {"cursor": rest["cursor"]}))
    assert (last["entries"], last["has_more"]) == ([], False)


@pytest.mark.parametrize(
    ("path", "body", "status", "says"),
    [
        ("list_folder", {"path": "/none"}, 409, "path/not_found"),
        ("list_folder", {"path": "/a", "cursor": "x"}, 400, "unknown field 'cursor'"),
        ("list_folder/continue", {"cursor": "x"}, 400, "Invalid 'cursor'"),
        ("get_metadata", {"path": "/none"}, 409, "path/not_found"),
        ("list_folder", [], 400, "could not decode"),
        ("elsewhere", {}, 404, ""),
    ],
)
def test_dropbox_refuses_in_its_own_words(path: str, body: Any, status: int, says: str) -> None:
    answer = ask(DropboxApi(files=dict(FILES)), "POST", DROPBOX + path, body)
    assert answer.status == status
    assert says in answer.body.decode()


def test_dropbox_gives_files_whole_in_part_and_broken() -> None:
    api = DropboxApi(files=dict(FILES), breaks=[2])
    found = told(ask(api, "POST", DROPBOX + "get_metadata", {"path": "/a/1.txt"}))
    url = "https://content.dropboxapi.com/2/files/download"
    named = json.dumps({"path": found["id"]})
    broken = ask(api, "GET", url, Dropbox_API_Arg=named)
    assert isinstance(broken, BrokenOff)
    assert broken.after == 2
    etag = broken.header("ETag") or ""
    rest = ask(api, "GET", url, Dropbox_API_Arg=named, Range="bytes=2-", If_Range=etag)
    assert (rest.status, rest.body) == (206, b"e")
    assert rest.header("Content-Range") == "bytes 2-2/3"
    other = ask(api, "GET", url, Dropbox_API_Arg=named, Range="bytes=2-", If_Range='"other"')
    assert (other.status, other.body) == (200, b"one")
    assert json.loads(other.header("Dropbox-API-Result") or "")["size"] == 3
    assert ask(api, "GET", url, Dropbox_API_Arg='{"path": "/none"}').status == 409
    assert api.ranges == ["", "bytes=2-", ""]


def test_sheets_appends_rows_and_says_where() -> None:
    api = SheetsApi({("s1", "Files"): []})
    url = f"{APPEND}?valueInputOption=RAW"
    first = told(ask(api, "POST", url, {"values": [["a", 1], ["b", 2]]}))
    assert first["updates"]["updatedRange"] == "Files!A1:B2"
    assert "tableRange" not in first
    second = told(ask(api, "POST", url, {"values": [["c"]]}))
    assert (second["tableRange"], second["updates"]["updatedRows"]) == ("Files!A1:B2", 1)
    assert api.sheets["s1", "Files"] == [["a", 1], ["b", 2], ["c"]]


@pytest.mark.parametrize(
    ("url", "body", "status"),
    [
        (APPEND, {"values": []}, "INVALID_ARGUMENT"),
        (f"{APPEND}?valueInputOption=RAW", {"values": "a"}, "INVALID_ARGUMENT"),
        (APPEND.replace("s1", "s2"), {"values": []}, "NOT_FOUND"),
    ],
)
def test_sheets_refuses_in_its_own_words(url: str, body: Any, status: str) -> None:
    api = SheetsApi({("s1", "Files"): []})
    assert told(ask(api, "POST", url, body))["error"]["status"] == status


def test_github_makes_issues_and_numbers_them() -> None:
    api = GithubApi({"ada/engine": []})
    url = "https://api.github.com/repos/ada/engine/issues"
    made = [ask(api, "POST", url, {"title": title}) for title in ("a", "b")]
    assert [(each.status, told(each)["number"]) for each in made] == [(201, 1), (201, 2)]
    assert ask(api, "POST", url, {}).status == 422
    assert ask(api, "POST", url.replace("ada", "bob"), {"title": "a"}).status == 404


async def test_a_stream_breaks_off_where_it_is_told_and_only_with_a_good_token() -> None:
    service = SimulatedService(
        settings=settings_of(profile("dropbox"), client_id="c"),
        client_secret="s",
        clock=FakeClock(),
        api=DropboxApi(files={"/a": bytes(100_000)}, breaks=[70_000]),
    )
    service.remember("access-2")
    pieces: list[bytes] = []

    async def read() -> None:
        async with service.stream(request) as answer:
            async for chunk in answer.chunks:
                pieces.append(chunk)  # noqa: PERF401 - what came before it broke counts

    headers = (("Authorization", "Bearer access-2"), ("Dropbox-API-Arg", '{"path": "/a"}'))
    request = HttpRequest("GET", "https://content.dropboxapi.com/2/files/download", headers)
    with pytest.raises(TransportFailed, match="before the answer was whole"):
        await read()
    assert sum(map(len, pieces)) == 70_000
    assert service.complaints == []
    refused = await service.send(HttpRequest("GET", request.url))
    assert refused.status == 401
    assert service.complaints != []
