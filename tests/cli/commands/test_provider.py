"""``grantline provider``: the catalogue on the terminal."""

import json
from pathlib import Path

from tests.cli.conftest import CommandLine


def test_services_are_found_by_a_word(cli: CommandLine) -> None:
    table = cli.ok("provider", "list", "--search", "sheets").out
    assert "google-sheets" in table
    assert "dropbox" not in table


def test_an_entry_is_shown_in_words_and_as_json(cli: CommandLine) -> None:
    said = cli.ok("provider", "show", "google-sheets").out
    assert "https://www.googleapis.com/auth/spreadsheets (asked for)" in said
    plain = json.loads(cli.ok("provider", "show", "google-sheets", "--format", "json").out)
    assert plain["title"] == "Google Sheets"
    assert plain["checked"] == "2026-11-29"
    assert json.loads(cli.ok("provider", "list", "--search", "sheets", "--format", "json").out)


def test_a_file_with_a_mistake_gets_its_line_and_the_allowed_values(
    cli: CommandLine, tmp_path: Path
) -> None:
    file = tmp_path / "odd.toml"
    file.write_text('title = "Odd"\nflow = "none"\n')
    ran = cli.run("provider", "check", str(file))
    assert ran.status == 1
    assert f"{file}:2: flow:" in ran.out
    assert "authorization-code" in ran.out
