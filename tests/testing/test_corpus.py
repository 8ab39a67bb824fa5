import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from grantline.net.transport import EgressTransport
from grantline.testing.corpus.__main__ import main
from grantline.testing.corpus.cases import Row, judge_token_case, load_rows
from grantline.testing.corpus.token_cases import (
    loopback_transport,
    run_in_memory,
    run_over_sockets,
)

CORPUS = Path(__file__).parents[1] / "data" / "corpus"
ROWS = [row for path in sorted(CORPUS.glob("*token_cases.jsonl")) for row in load_rows(path)]
ANSWERED = [row for row in ROWS if row["status"] is not None]


def by_id(row: Row) -> str:
    return str(row["id"])


@pytest.mark.parametrize("row", ROWS, ids=by_id)
def test_an_answer_in_memory_comes_out_as_its_case_expects(row: Row) -> None:
    assert run_in_memory(row).differences == ()


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    """One event loop for all cases, because they share a transport."""
    return "asyncio"


@pytest.fixture(scope="module")
async def transport() -> AsyncIterator[EgressTransport]:
    async with loopback_transport() as shared:
        yield shared


@pytest.mark.anyio
@pytest.mark.parametrize("row", ANSWERED, ids=by_id)
async def test_an_answer_over_a_socket_comes_out_as_its_case_expects(
    row: Row, transport: EgressTransport
) -> None:
    judgement = await run_over_sockets(row, transport)
    assert judgement.differences == ()


def test_every_case_has_an_id_of_its_own() -> None:
    assert len({row["id"] for row in ROWS}) == len(ROWS)


OK_MINIMAL = next(row for row in ROWS if row["id"] == "ok-minimal")


def expecting(**fields: object) -> Row:
    return {**OK_MINIMAL, "expect": {"outcome": "token", "fields": fields}}


def write(path: Path, *rows: Row) -> str:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return str(path)


def test_the_last_line_counts_and_the_status_is_zero_when_all_passed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([write(tmp_path / "cases.jsonl", OK_MINIMAL, OK_MINIMAL)]) == 0
    assert capsys.readouterr().out == "2 passed, 0 failed\n"


def test_a_failing_case_is_one_line_with_what_was_expected_and_what_came(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = expecting(access_token="at_2", warn=["non_utf8"])
    assert main([write(tmp_path / "cases.jsonl", OK_MINIMAL, wrong)]) == 1
    first, last = capsys.readouterr().out.splitlines()
    assert first.startswith('ok-minimal: access_token: expected "at_2", got "at_1"; warn: ')
    assert last == "1 passed, 1 failed"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("{", "cases.jsonl:1: not a JSON object"),
        ("[]", "cases.jsonl:1: a case without id, expect"),
        ('{"id": "a"}', "cases.jsonl:1: a case without expect"),
        ('{"id": "a", "expect": {}}', "cases.jsonl: a is of no known format"),
        ('{"id": "a", "expect": {}, "endpoint": "token"}', "cases.jsonl: a lacks status"),
    ],
)
def test_a_file_that_is_no_corpus_is_one_clear_line_and_status_two(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, complaint: str
) -> None:
    path = tmp_path / "cases.jsonl"
    path.write_text(text)
    assert main([str(path)]) == 2
    error = capsys.readouterr().err
    assert complaint in error
    assert error.count("\n") == 1


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"endpoint": "elsewhere"}, "an endpoint"),
        ({"expect": {}}, "an outcome"),
        ({"context": {}}, "a context without"),
        ({"status": None}, "a status"),
        ({"headers": []}, "headers"),
        ({"gen": {"kind": "melt"}}, "a kind of answer"),
        ({"gen": {"kind": "slow"}}, "an answer without chunk"),
        ({"body": "x", "body_encoding": "base64"}, "a body"),
    ],
)
def test_a_case_that_nobody_can_play_is_not_run_and_the_others_are(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], change: dict[str, object], complaint: str
) -> None:
    assert main([write(tmp_path / "cases.jsonl", {**OK_MINIMAL, **change}, OK_MINIMAL)]) == 0
    first, *rest = capsys.readouterr().out.splitlines()
    assert first.startswith(f"not run: ok-minimal: {complaint}")
    assert rest == ["1 not run", "1 passed, 0 failed"]


def test_a_case_that_breaks_the_runner_has_failed_and_the_others_are_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    context = {**OK_MINIMAL["context"], "profile": {"expires_in_unit": "fortnights"}}
    broken = {**OK_MINIMAL, "context": context}
    assert main([write(tmp_path / "cases.jsonl", broken, OK_MINIMAL)]) == 1
    assert capsys.readouterr().out.splitlines() == [
        "ok-minimal: the case broke: KeyError",
        "1 passed, 1 failed",
    ]


def test_a_missing_file_is_status_two(tmp_path: Path) -> None:
    assert main([str(tmp_path / "none.jsonl")]) == 2


@pytest.mark.parametrize(
    ("expected", "got", "passes"),
    [
        ({"extra": {"a": 1}}, {"extra": {"a": 1, "b": 2}}, True),
        ({"extra": {"team.id": "T"}}, {"extra": {"team": {"id": "T"}}}, True),
        ({"extra": {"a": 1}}, {"extra": {"a": 2}}, False),
        ({"class": "request_or_reauth"}, {"class": "request"}, True),
        ({"class": "request"}, {"class": "request_or_reauth"}, False),
        ({"auto_retry": False}, {"auto_retry": 0}, False),
        ({"scope": None}, {}, True),
        ({"hint": "anything"}, {"hint": "else"}, True),
        ({"warn": ["a"]}, {"warn": ["b", "a"]}, True),
    ],
)
def test_a_case_is_judged_by_the_keys_that_it_lists(
    expected: dict[str, object], got: dict[str, object], *, passes: bool
) -> None:
    judgement = judge_token_case(expecting(**expected), {"outcome": "token", **got})
    assert (judgement.differences == ()) is passes
