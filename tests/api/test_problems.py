"""Failures: one shape, no internals, and no value that was sent."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import pytest

from grantline import errors as tree
from grantline.connections.listing import Listing
from grantline.server.api.problems import ProblemShown
from grantline.server.errors import Problem
from tests.api.conftest import Api, Inhabited

CANARY = "canary-value-9a8b7c6d5e4f"


def classes(root: type[tree.GrantlineError] = tree.GrantlineError) -> Iterator[type[Any]]:
    yield root
    for each in root.__subclasses__():
        if each.__module__ == tree.__name__:
            yield from classes(each)


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nowhere", 404, "not_found"),
        ("GET", "/connections/", 404, "not_found"),
        ("PUT", "/connections", 405, "method_not_allowed"),
    ],
)
async def test_what_is_not_there_is_a_problem_too(
    inhabited: Inhabited, method: str, path: str, status: int, code: str
) -> None:
    api = inhabited.api
    problem = await api.refused(method, path)
    assert (problem["status"], problem["code"]) == (status, code)


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"",
        b"[]",
        b'"x"',
        b"\xff",
        b"[" * 100_000,
        b'{"name": ' + b"1" * 5000 + b"}",
        f'{{"name": {{"x": "{CANARY}"}}, "{CANARY[:6]}": 1}}'.encode(),
    ],
)
async def test_a_body_that_makes_no_sense_is_refused_without_repeating_it(
    inhabited: Inhabited, body: bytes
) -> None:
    api = inhabited.api
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {api.manage}"}
    answer = await api.site.stranger.post("/api/v1/connections", content=body, headers=headers)
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["title"]
    assert CANARY not in answer.text


async def test_a_body_that_is_no_json_by_its_type_is_refused(api: Api) -> None:
    headers = {"Content-Type": "text/plain", "Authorization": f"Bearer {api.manage}"}
    answer = await api.site.stranger.post("/api/v1/connections", content=b"{}", headers=headers)
    assert answer.status_code == 400


async def test_everything_that_is_wrong_is_named_at_once(api: Api) -> None:
    body = {"flow": "magic", "secrets": {"client_secret": 1}, "extra": CANARY}
    problem = await api.refused("POST", "/connections", body)
    fields = {each["field"] for each in problem["errors"]}
    assert fields == {"name", "flow", "secrets.client_secret", "extra"}
    assert CANARY not in str(problem)


async def test_a_fault_of_ours_is_one_sentence(
    api: Api, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(*_: object, **__: object) -> None:
        raise RuntimeError(CANARY)

    monkeypatch.setattr(Listing, "page", broken)
    with caplog.at_level(logging.ERROR):
        problem = await api.refused("GET", "/connections")

    assert problem["status"] == 500
    assert problem["code"] == "internal"
    assert CANARY not in str(problem) + caplog.text
    assert problem["hint"].rpartition(" ")[2].rstrip(".") in caplog.text


@pytest.mark.parametrize("kind", [*classes()], ids=lambda each: each.code)
def test_every_error_of_ours_fits_the_schema(kind: type[tree.GrantlineError]) -> None:
    error = kind.__new__(kind)
    tree.GrantlineError.__init__(error, "It failed.", hint="Try again.")
    error.error = error.description = error.uri = "x"  # type: ignore[attr-defined]
    error.status = 400  # type: ignore[attr-defined]
    shown = Problem.of(error).as_json()
    assert ProblemShown.model_validate(shown).status == kind.http_status
    assert set(shown) <= set(ProblemShown.model_fields)


async def test_health_and_the_description_need_no_key(api: Api) -> None:
    assert await api.get("/health", key=None) == {"status": "ok"}
    document = await api.get("/openapi.json", key=None)
    assert document["openapi"].startswith("3.1")
    assert document["servers"] == [{"url": "/api/v1"}]
    for path in ("/docs", "/redoc"):
        assert (await api.call("GET", path)).status_code == 404
