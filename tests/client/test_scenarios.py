"""Scenarios from Python: run from a file and from the store, in both faces."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from grantline.client.async_connections import AsyncConnections
from grantline.client.connection import Connection
from grantline.client.connections import Connections
from grantline.connections.settings import Settings
from grantline.errors import (
    ConnectionChanged,
    InvalidInput,
    MalformedFile,
    NameTaken,
    NotFound,
    RunFailed,
    ScenarioNotReady,
)
from grantline.scenarios.definition.scenario import Scenario
from grantline.scenarios.runs.run import RunState

FILE = """\
grantline: 1
name: Who am I
inputs:
  greeting: {}
modules:
  - id: 1
    make_request:
      connection: demo
      url: /me
  - id: 2
    set_variables:
      status: "{{ 1.status }}"
      greeting: "{{ input.greeting }}"
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "who.yaml"
    path.write_text(FILE, encoding="utf-8")
    return path


def definition(url: str = "/me", **changes: Any) -> dict[str, Any]:
    ask = {"id": 1, "make_request": {"connection": "demo", "url": url}}
    return {"name": "Ask", "modules": [ask], **changes}


def test_a_file_is_run_with_inputs_and_gives_its_output(
    connections: Connections, demo: Connection, file: Path
) -> None:
    for what in (file, str(file)):
        result = connections.scenarios.run(what, greeting="hello")
        assert result.state is RunState.SUCCEEDED
        assert result.output == {"status": 200, "greeting": "hello"}
    assert connections.scenarios.list() == []
    assert [each.scenario_id for each in connections.scenarios.runs()] == [None, None]


async def test_both_faces_do_the_same(async_connections: AsyncConnections, tmp_path: Path) -> None:
    path = tmp_path / "variables.yaml"
    path.write_text(
        "grantline: 1\nname: x\nmodules:\n  - id: 1\n    set_variables:\n      one: 1\n",
        encoding="utf-8",
    )
    scenarios = async_connections.scenarios
    result = await scenarios.run(path)
    assert result.output == {"one": 1}
    kept = await scenarios.import_file(path)
    assert (await scenarios.run("x")).output == {"one": 1}
    assert [each.id for each in await scenarios.list()] == [kept.id]
    assert (await scenarios.delete("x")).id == kept.id


def test_scenarios_are_created_found_edited_and_deleted(
    connections: Connections, demo: Connection
) -> None:
    scenarios = connections.scenarios
    made = scenarios.create(definition())
    call = made.scenario.modules[0].call
    assert call is not None
    assert call.connection_id == demo.id
    assert scenarios.find("Ask") == made
    edited = scenarios.edit("Ask", definition(note="New."), version=1)
    assert (edited.scenario.note, edited.version) == ("New.", 2)
    with pytest.raises(ConnectionChanged):
        scenarios.edit("Ask", definition(), version=1)
    assert scenarios.enable("Ask").is_active
    assert [each.name for each in scenarios.list("as")] == ["Ask"]
    assert scenarios.list("other") == []
    assert not scenarios.disable("Ask").is_active
    assert scenarios.run("Ask").output["status"] == 200
    scenarios.delete("Ask")
    with pytest.raises(NotFound):
        scenarios.find("Ask")
    with pytest.raises(NotFound):
        scenarios.run("Ask")


def test_a_file_is_imported_and_exported_without_loss(
    connections: Connections, demo: Connection, file: Path, tmp_path: Path
) -> None:
    scenarios = connections.scenarios
    kept = scenarios.import_file(file)
    with pytest.raises(NameTaken):
        scenarios.import_file(file)
    exported = tmp_path / "exported.yaml"
    exported.write_text(scenarios.export("Who am I"), encoding="utf-8")

    again = scenarios.import_file(exported, replace=True)

    assert (again.id, again.version) == (kept.id, 2)
    assert isinstance(again.scenario, Scenario)
    assert again.scenario == kept.scenario
    scenarios.run("Who am I", greeting="x")
    (run,) = scenarios.runs("Who am I")
    assert run.scenario_id == kept.id


def test_a_run_that_fails_has_no_output_and_says_why(
    connections: Connections, demo: Connection
) -> None:
    connections.scenarios.create(definition("/status/404"))
    result = connections.scenarios.run("Ask")

    assert result.state is RunState.FAILED
    assert result.error is not None
    assert result.error.path == "1"
    with pytest.raises(RunFailed, match="404") as failed:
        _ = result.output
    assert (failed.value.run_id, failed.value.path) == (result.id, "1")
    assert failed.value.reason == "upstream_error"


def test_what_could_not_run_is_told_before_it_runs(
    connections: Connections, file: Path, tmp_path: Path
) -> None:
    scenarios = connections.scenarios
    with pytest.raises(InvalidInput, match="demo"):
        scenarios.run(file)
    scenarios.create(definition(modules=[{"id": 1, "set_variables": {"one": 1}}]))
    with pytest.raises(InvalidInput, match="no input strange"):
        scenarios.run("Ask", strange=1)
    broken = tmp_path / "broken.yml"
    broken.write_text("name: [", encoding="utf-8")
    with pytest.raises(MalformedFile):
        scenarios.run(broken)
    with pytest.raises(InvalidInput, match="cannot be read"):
        scenarios.run(tmp_path / "nowhere.yaml")
    broken.write_bytes(b"\xff")
    with pytest.raises(InvalidInput, match="UTF-8"):
        scenarios.import_file(broken)
    scenarios.edit("Ask", definition(modules=[]))
    with pytest.raises(ScenarioNotReady):
        scenarios.enable("Ask")


def test_scenarios_close_with_their_connections(settings: Settings) -> None:
    with Connections.open(settings=settings) as connections:
        scenarios = connections.scenarios
        assert scenarios.list() == []
    with pytest.raises(Exception, match="closed"):
        scenarios.list()
