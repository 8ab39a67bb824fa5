"""Files of modules: below one folder whatever is asked for, and nothing of others."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grantline.errors import GrantlineError, InvalidInput
from grantline.scenarios.modules.file_proofs import KEY_FILE, FileProofs
from grantline.scenarios.modules.files import LONGEST_NAME, Files, arrived_name, safe_name

OUTSIDE = (
    *("..", ".", "../..", "/etc", "a/../../b", "a//b", "/", ".runs/srn_1", "a/.hidden"),
    *("a\\b", "C:", "a\0b", "a\nb", "~", "x" * 300, " a", "a/b ", "a.", "a|b", "a/" * 30 + "a"),
)


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path / "files", "local")


def target(files: Files, folder: str, name: str = "a.txt") -> Path:
    return files.target(folder, name, run_id="srn_1", step="3/1")


@pytest.mark.parametrize("folder", [each for each in OUTSIDE if each not in {"~", " a", "a/b "}])
def test_no_folder_leads_out(files: Files, folder: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        target(files, folder)
    assert caught.value.field == "folder"
    assert caught.value.hint


@pytest.mark.parametrize("name", [each for each in OUTSIDE if each != "~"] + [""])
def test_no_name_leads_out(files: Files, name: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        target(files, "a", name)
    assert caught.value.field == "name"


@given(folder=st.text(max_size=40), name=st.text(max_size=40))
def test_whatever_is_written_stays_below(folder: str, name: str) -> None:
    root = Path("/nowhere")  # nothing can be made there, so only the names are judged
    try:
        parts = [safe_name(each, field="folder") for each in folder.strip().split("/")]
        whole = root.joinpath(*parts, safe_name(name, field="name"))
    except InvalidInput:
        return
    assert Path(os.path.normpath(whole)).is_relative_to(root)
    assert whole == Path(os.path.normpath(whole))


def test_a_link_is_not_followed(files: Files, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "a.txt").write_text("secret")
    home = target(files, "a").parents[1]
    (home / "link").symlink_to(outside)
    with pytest.raises(InvalidInput, match="is a link"):
        target(files, "link")
    (home / "a" / "file").symlink_to(outside / "a.txt")
    for path in ("link/a.txt", "a/file"):
        with pytest.raises(InvalidInput, match="is a link"):
            files.open(files.bundle_of(home / path, "", 1), field="body")


@pytest.mark.parametrize(
    "path",
    [
        *("../local/a.txt", "/etc/passwd", ".arriving/x", "..", "", ".runs/../a", ".runs", "a/.b"),
        *(
            KEY_FILE,
            f".runs/{KEY_FILE}",
            f".runs/../{KEY_FILE}",
            f"a/../{KEY_FILE}",
            f"./{KEY_FILE}",
        ),
    ],
)
def test_no_value_opens_what_is_outside(files: Files, path: str) -> None:
    home = target(files, "a").parents[1]
    proof = FileProofs(home, os.urandom).of(path)  # whoever had it would get no further
    with pytest.raises(InvalidInput) as caught:
        files.open({"path": path, "name": "a", "proof": proof}, field="body")
    assert "proof" not in caught.value.message


@pytest.mark.parametrize("value", [None, "a.txt", 7, {"name": "a"}, {"path": 7}, ["a"]])
def test_what_is_no_file_is_said_to_be_none(files: Files, value: object) -> None:
    with pytest.raises(InvalidInput, match="not a file"):
        files.open(value, field="body.text")


def test_a_file_that_is_not_here_is_said_with_what_to_do(files: Files) -> None:
    path = target(files, "reports")
    path.write_bytes(b"12")
    bundle = files.bundle_of(path, "text/plain", 2)
    assert bundle == {
        "name": "a.txt",
        "path": "reports/a.txt",
        "media_type": "text/plain",
        "size": 2,
        "proof": bundle["proof"],
    }
    assert files.open(bundle, field="body").source.size == 2
    path.unlink()
    with pytest.raises(InvalidInput, match="not on this machine") as caught:
        files.open(bundle, field="body")
    assert "GRANTLINE_FILES_DIR" in caught.value.hint


def test_files_of_another_workspace_are_not_to_be_had(tmp_path: Path) -> None:
    ours, theirs = (Files(tmp_path / "files", each) for each in ("ours", "theirs"))
    path = target(theirs, "a")
    path.write_bytes(b"1")
    target(ours, "a").write_bytes(b"1")
    with pytest.raises(InvalidInput, match="proof is wrong"):
        ours.open(theirs.bundle_of(path, "", 1), field="body")


def test_files_of_a_run_end_with_it_and_no_others(files: Files) -> None:
    own, kept = target(files, ""), target(files, "kept")
    other = files.target("", "a.txt", run_id="srn_2", step="3/1")
    part = files.arriving("srn_1", "4")
    for each in (own, kept, other, part):
        each.write_bytes(b"1")
    files.remove_run("srn_1")
    files.remove_run("srn_1")
    assert [each.exists() for each in (own, kept, other, part)] == [False, True, True, False]


def test_each_step_has_a_folder_of_its_own(files: Files) -> None:
    paths = {files.target("", "a", run_id="srn_1", step=step) for step in ("1", "2/1", "2/2")}
    assert len(paths) == 3


def test_folders_are_their_owners_alone(files: Files) -> None:
    folder = target(files, "a/b").parent
    assert folder.stat().st_mode & 0o077 == 0


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "files").write_text("in the way")
    with pytest.raises(GrantlineError, match="cannot be made"):
        target(Files(tmp_path / "files", "local"), "a")


@given(st.text(max_size=300))
def test_a_name_that_a_service_gives_is_safe(name: str) -> None:
    header = name.replace("\r", "").replace("\n", "").replace('"', "")
    disposition = f'attachment; filename="{header}"'
    found = arrived_name("https://a.example/x", (("content-disposition", disposition),))
    assert safe_name(found, field="name") == found
    assert len(os.fsencode(found)) <= LONGEST_NAME


def test_a_long_name_keeps_its_ending() -> None:
    url = f"https://a.example/{'%E2%82%AC' * 40}.pdf"
    assert arrived_name(url, ()) == "€" * 40 + ".pdf"
