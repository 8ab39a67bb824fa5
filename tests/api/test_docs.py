"""The page about the API says what there is, and nothing else."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from grantline import errors as tree
from grantline.server.api import auth
from grantline.server.api.address import API_PREFIX
from tests.api.conftest import Api
from tests.api.routes import DOCUMENT, OPERATIONS

PAGE = (Path(__file__).parents[2] / "docs" / "api.md").read_text(encoding="utf-8")
ASK = {"id": 1, "make_request": {"connection": "orders", "url": "/me"}}
CURLS = re.findall(r"^curl .*?(?=^curl |^```)", PAGE, re.MULTILINE | re.DOTALL)


def rows() -> Iterator[str]:
    """The table of routes as it has to be."""
    for each in OPERATIONS:
        told = DOCUMENT["paths"][each.path][each.method.lower()]
        sentence = told["description"].partition("\n")[0]
        scope = each.scopes[0] if each.scopes else "none"
        yield f"| `{each.method} {each.path}` | {scope} | {sentence} |"


def codes(root: type[tree.GrantlineError] = tree.GrantlineError) -> Iterator[type[Any]]:
    yield root
    for each in root.__subclasses__():
        if each.__module__ in {tree.__name__, auth.__name__}:
            yield from codes(each)


def test_the_table_of_routes_is_complete() -> None:
    table = PAGE.partition("## Routes\n")[2].partition("\n## ")[0]
    assert [line for line in table.splitlines() if line.startswith("| `")] == [*rows()]


@pytest.mark.parametrize("kind", [*codes()], ids=lambda each: each.code)
def test_every_code_is_documented_with_its_status(kind: type[tree.GrantlineError]) -> None:
    assert re.search(rf"^\| {kind.http_status} \|[^|]*`{kind.code}`", PAGE, re.MULTILINE)


def test_every_operation_tells_what_it_gives() -> None:
    known = {each["name"] for each in DOCUMENT["tags"]}
    for path, methods in DOCUMENT["paths"].items():
        for told in methods.values():
            assert set(told["tags"]) <= known, path
            assert len(told["tags"]) == 1
            assert told["description"].endswith("."), path
            assert "422" not in told["responses"]
            assert "default" in told["responses"]
    assert len({each.id for each in OPERATIONS}) == len(OPERATIONS)


@pytest.mark.parametrize("command", CURLS)
async def test_the_examples_do_what_they_say(api: Api, command: str) -> None:
    await api.world.authorized("orders")
    await api.post(
        "/saved-requests", {"name": "report", "url": "/me", "connection": "orders"}, status=201
    )
    await api.post("/scenarios", {"name": "nightly", "modules": [ASK]}, status=201)
    command = command.replace("\\\n", " ")
    method = (re.findall(r"-X (\w+)", command) or ["POST" if " -d " in command else "GET"])[0]
    (path,) = re.findall(rf"{API_PREFIX}(\S*?)['\"\s]", command + " ")
    bodies = [json.loads(each) for each in re.findall(r"-d '(.*?)'", command, re.DOTALL)]
    headers = dict(re.findall(r"-H '([^:']+): ([^']*)'", command))

    answer = await api.call(method, path, *bodies, headers=headers)

    assert answer.status_code < 300, answer.text
