"""The three worked examples do what they say, at simulations of their services."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from grantline.connections.engine import LOCAL
from grantline.scenarios.definition.check import check_scenario
from grantline.scenarios.definition.yaml_file import read_yaml, write_yaml
from grantline.scenarios.runs.run import Cause, RunState
from grantline.scenarios.service import Scenarios
from tests.scenarios.examples.simulated import (
    ARCHIVE,
    FILES,
    INVOICES,
    ROOT,
    SPREADSHEET,
    Services,
    an_installation,
    example,
)


@pytest.fixture
def services() -> Services:
    return Services()


@pytest.fixture
async def scenarios(tmp_path: Path, services: Services) -> AsyncIterator[Scenarios]:
    async with an_installation(tmp_path, services) as opened:
        await services.connect_all(opened.engine)
        yield opened
    assert services.together.complaints == []


async def test_every_page_of_a_folder_becomes_rows_of_a_sheet(
    scenarios: Scenarios, services: Services
) -> None:
    scenario = example("folder-to-sheet")
    begun = await scenarios.runs.start_file(LOCAL, scenario, {"spreadsheet": SPREADSHEET})
    run = await scenarios.runs.wait(LOCAL, begun.id)

    assert run.error is None
    assert run.state is RunState.SUCCEEDED
    rows = services.sheets.sheets[SPREADSHEET, "Files"]
    assert [row[0] for row in rows] == list(INVOICES)
    assert [row[1] for row in rows] == [len(name) for name in INVOICES]
    assert services.sheets.appends == 1


async def test_a_nightly_download_goes_on_where_the_service_broke_off(
    tmp_path: Path, scenarios: Scenarios, services: Services
) -> None:
    services.dropbox.breaks = [1_000_000, 500_000]
    begun = await scenarios.runs.start_file(LOCAL, example("nightly-download"), {})
    run = await scenarios.runs.wait(LOCAL, begun.id)

    assert run.state is RunState.SUCCEEDED
    assert (tmp_path / "files/local/archives/books.tar").read_bytes() == ARCHIVE
    assert services.dropbox.ranges == ["", "bytes=1000000-", "bytes=1500000-"]
    last = await scenarios.runs.step(LOCAL, run.id, "2")
    assert last.output["resumes"] == 2


async def test_each_task_of_a_webhook_becomes_an_issue_and_the_sender_gets_their_numbers(
    scenarios: Scenarios, services: Services
) -> None:
    tasks = [{"title": "The wheel squeaks", "note": "Left one."}, {"title": "Oil it", "note": None}]
    kept = await scenarios.create(LOCAL, example("tasks-to-issues"))
    begun = await scenarios.runs.start(
        LOCAL, kept.id, cause=Cause.WEBHOOK, trigger={"body": {"tasks": tasks}}
    )
    run = await scenarios.runs.wait(LOCAL, begun.id)

    assert run.error is None
    answer = await scenarios.runs.answer(LOCAL, run.id)
    assert answer is not None
    assert answer.status == 201
    assert json.loads(answer.body) == {
        "created": 2,
        "issues": [
            {"number": number, "url": f"https://github.com/ada/engine/issues/{number}"}
            for number in (1, 2)
        ],
    }
    made = services.github.repositories["ada/engine"]
    assert [(each["title"], each["body"]) for each in made] == [
        ("The wheel squeaks", "Left one."),
        ("Oil it", None),
    ]


@pytest.mark.parametrize("name", ["folder-to-sheet", "tasks-to-issues", "nightly-download"])
def test_the_files_are_as_an_export_writes_them(name: str) -> None:
    """So what a page exports can be compared with them as text."""
    text = (FILES / f"{name}.yaml").read_text("utf-8")
    assert write_yaml(read_yaml(text)) == text
    assert check_scenario(read_yaml(text)) == ()


@pytest.mark.processes
async def test_a_nightly_download_goes_on_after_its_process_was_killed(tmp_path: Path) -> None:
    async with an_installation(tmp_path, first := Services()) as opened:
        await first.connect_all(opened.engine)
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.scenarios.examples.nightly_child", str(tmp_path)),
        cwd=ROOT,
        stdout=subprocess.PIPE,
    )
    said, _ = await child.communicate()
    assert child.returncode == -signal.SIGKILL
    whole = tmp_path / "files/local/archives/books.tar"
    assert not whole.exists()

    services = Services()
    services.remember()
    async with an_installation(tmp_path, services, workers=True) as scenarios:
        run = await scenarios.runs.wait(LOCAL, said.decode().strip())

    assert run.error is None
    assert run.state is RunState.SUCCEEDED
    assert whole.read_bytes() == ARCHIVE
    # What had arrived is not asked for again, and neither is what the step before had given.
    assert services.dropbox.ranges == ["bytes=2097152-"]
    assert services.services["dropbox"].seen == ["api"]
    assert services.together.complaints == []
