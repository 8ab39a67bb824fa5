"""The attack corpora against the real code, and the runner against code that was made weaker."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from grantline.calls import redirect
from grantline.net import pools, resolver, transport
from grantline.net.address import parse_address
from grantline.testing.corpus.attack_cases import judge_attack
from grantline.testing.corpus.cases import Row, load_rows

pytestmark = pytest.mark.anyio

DATA = Path(__file__).parents[1] / "data" / "corpus"
ROWS = [
    row
    for name in ("attack_urls.jsonl", "own_attack_urls.jsonl")
    for row in load_rows(DATA / name, ("id", "surface", "expect"))
]
# Nothing shares connections between people yet, and there is no gateway.
NOT_HERE_YET = {"connection_share", "proxy"}


def row_named(case_id: str) -> Row:
    return next(row for row in ROWS if row["id"] == case_id)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: str(row["id"]))
async def test_the_attack_comes_to_the_expected_verdict(row: Row) -> None:
    judgement = await judge_attack(row)
    assert judgement.differences == ()
    if row["surface"] not in NOT_HERE_YET:
        assert judgement.not_run == ""


async def test_a_row_that_nobody_foresaw_is_not_counted_as_passed() -> None:
    expect = {"verdict": "deny", "reason": "x"}
    unknown = await judge_attack({"id": "1", "surface": "moon", "input": "", "expect": expect})
    assert "moon" in unknown.not_run
    odd = await judge_attack({"id": "2", "surface": "env", "input": "odd", "expect": expect})
    assert odd.not_run
    broken = await judge_attack({"id": "3", "surface": "method", "input": 7, "expect": expect})
    assert broken.differences


def accept_all_answers(_host: str, answers: list[str], _policy: object) -> list[Any]:
    return [parse_address(answer) for answer in answers]


def do_nothing(*_arguments: object, **_options: object) -> None:
    return None


@pytest.mark.parametrize(
    ("case_id", "module", "name", "weaker"),
    [
        ("dns-mixed-v6", resolver, "check_answers", accept_all_answers),
        ("name-localhost", transport, "check_url", do_nothing),
        ("redir-custom-header", redirect, "harmless_headers", lambda headers: headers),
        ("env-cookie-jar", aiohttp, "DummyCookieJar", aiohttp.CookieJar),
    ],
)
async def test_a_weaker_guard_is_noticed(
    monkeypatch: pytest.MonkeyPatch,
    case_id: str,
    module: object,
    name: str,
    weaker: Callable[..., Any],
) -> None:
    monkeypatch.setattr(module, name, weaker)
    assert (await judge_attack(row_named(case_id))).differences


async def test_without_both_walls_a_rebinding_name_gets_through(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(resolver, "check_answers", accept_all_answers)
    assert not (await judge_attack(row_named("dns-rebind"))).differences
    monkeypatch.setattr(pools, "check_address", do_nothing)
    assert (await judge_attack(row_named("dns-rebind"))).differences
