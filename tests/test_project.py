"""The rules of the project that no linter knows."""

import ast
import json
import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "src" / "grantline"
LONGEST_MODULE = 600
VAGUE_NAMES = frozenset({"base", "common", "helpers", "misc", "utils"})

# Patterns are put together from pieces, so that this file does not match itself.
MACHINE_TRACES = {
    "a home folder": re.compile(r"/(?:root|home/[\w.-]+|Users/[\w.-]+)" + "/"),
    "an index option": re.compile("--(?:extra-)?index" + "-url|--find" + "-links[= ]"),
    "a registry address": re.compile(
        r"https?://(?!(?:www\.)?(?:pypi\.org/project|npmjs\.com/package)/)"
        r"[\w.@:-]*(?:pypi|pythonhosted|npmjs|yarnpkg|artifactory|jfrog|nexus)"
    ),
}
# These speak of the option on purpose: the lock script asks for it to be left out.
MAY_NAME_INDEX_OPTIONS = frozenset({"scripts/lock"})


def tracked_files() -> list[Path]:
    listing = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    files = (ROOT / name for name in listing.stdout.split("\0") if name)
    return [file for file in files if file.is_file()]


def text_of(file: Path) -> str:
    """The text of a file, empty for a binary one."""
    try:
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return ""


def modules() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def name_of(file: Path) -> str:
    return file.relative_to(ROOT).as_posix()


def test_no_file_tells_whose_machine_it_came_from() -> None:
    found = [
        f"{name_of(file)}:{number}: {what}"
        for file in tracked_files()
        for number, line in enumerate(text_of(file).splitlines(), start=1)
        for what, trace in MACHINE_TRACES.items()
        if trace.search(line)
        and not (what == "an index option" and name_of(file) in MAY_NAME_INDEX_OPTIONS)
    ]

    assert found == []


def test_python_locks_hold_versions_and_hashes_only() -> None:
    line = re.compile(
        r"[a-z0-9][a-z0-9-]*==[^\s;@]+( ; [^@]+)? \\|    --hash=sha256:[0-9a-f]{64}( \\)?"
    )
    found = [
        f"{name_of(lock)}:{number}: {text}"
        for lock in sorted((ROOT / "requirements").glob("*.txt"))
        for number, text in enumerate(lock.read_text(encoding="utf-8").splitlines(), start=1)
        if not line.fullmatch(text)
    ]

    assert found == []


def test_the_two_smaller_locks_agree_with_the_large_one() -> None:
    def pins(name: str) -> set[str]:
        text = (ROOT / "requirements" / name).read_text(encoding="utf-8")
        return set(re.findall(r"^[a-z0-9][a-z0-9-]*==[^\s;]+", text, flags=re.MULTILINE))

    assert pins("runtime.txt") | pins("build.txt") <= pins("dev.txt")


def test_node_locks_hold_versions_and_hashes_only() -> None:
    for lock in (file for file in tracked_files() if file.name == "package-lock.json"):
        packages = json.loads(lock.read_text(encoding="utf-8"))["packages"]
        installed = {name: entry for name, entry in packages.items() if name}

        assert [name for name, entry in installed.items() if "resolved" in entry] == []
        assert [name for name, entry in installed.items() if "integrity" not in entry] == []


def test_modules_stay_short_enough_to_read() -> None:
    lengths = {
        name_of(file): len(file.read_text(encoding="utf-8").splitlines()) for file in modules()
    }

    assert {name: n for name, n in lengths.items() if n >= LONGEST_MODULE} == {}


def test_every_module_opens_with_a_sentence() -> None:
    """A package's docstring is its map; a module's says what the module gives."""
    silent = []
    for file in modules():
        docstring = ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) or ""
        first_line = docstring.partition("\n")[0]
        # "A sentence" is: several words, begun like one and ended like one.
        if len(first_line.split()) < 3 or not first_line.endswith((".", "?", ":")):
            silent.append(name_of(file))

    assert silent == []


def test_no_module_has_a_name_that_says_nothing() -> None:
    vague = [
        name_of(file)
        for file in modules()
        if file.relative_to(PACKAGE).parts[0] != "store"
        and VAGUE_NAMES & set(file.relative_to(PACKAGE).with_suffix("").parts)
    ]

    assert vague == []


def test_the_version_is_one_that_a_release_can_have() -> None:
    source = (PACKAGE / "version.py").read_text(encoding="utf-8")

    assert re.search(r'^__version__ = "\d+\.\d+\.\d+"$', source, flags=re.MULTILINE)
