"""Files that modules leave and take: below one folder, by safe names, never through a link."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from grantline.calls.answers.file_name import name_of
from grantline.calls.bodies.multipart import BINARY_TYPE
from grantline.connections.requests.files import FileSource
from grantline.errors import InvalidInput
from grantline.messages import Headers
from grantline.scenarios.modules.file_proofs import ON_MACHINES, FileProofs
from grantline.scenarios.modules.outcome import Bundle

# Names with a dot in front are our own, so that no folder of a person's can reach them.
OF_RUNS: Final = ".runs"
ARRIVING: Final = ".arriving"
LONGEST_NAME: Final = 200
LONGEST_ENDING: Final = 16
MOST_FOLDERS: Final = 20
_FORBIDDEN: Final = frozenset('\\:*?"<>|')


@dataclass(frozen=True, slots=True)
class OpenedFile:
    """A file of an earlier module, to be sent along."""

    source: FileSource
    name: str
    media_type: str


class Files:
    """The files of one workspace.

    Args:
        root: The folder for files of this installation.
        workspace: Whose files; each workspace has a folder of its own.
        entropy: For the key by which files are proved.
    """

    def __init__(
        self, root: Path, workspace: str, *, entropy: Callable[[int], bytes] = os.urandom
    ) -> None:
        self._home = root / safe_name(workspace, field="workspace")
        self._proofs = FileProofs(self._home, entropy)

    def target(self, folder: str, name: str, *, run_id: str, step: str) -> Path:
        """Where a file is to be put, in a folder that exists then.

        Args:
            folder: Below the files folder, parts separated by ``/``; empty for one of the step's
                own, which ends with the run.
            name: Of the file.
            run_id: Of the run.
            step: The path of the step.

        Raises:
            InvalidInput: It would be somewhere else, or its folder cannot be made; names the field.
        """
        parts = [OF_RUNS, run_id, _digest(step)]
        if folder.strip():
            parts = [safe_name(each, field="folder") for each in folder.strip().split("/")]
        if len(parts) > MOST_FOLDERS:
            raise InvalidInput(
                f"A folder is at most {MOST_FOLDERS} deep.",
                field="folder",
                hint="Write it with fewer slashes.",
            )
        return self._made(parts) / safe_name(name, field="name")

    def arriving(self, run_id: str, step: str) -> Path:
        """Where the download of a step is until it is whole.

        Raises:
            InvalidInput: The folder cannot be made.
        """
        return self._made([ARRIVING]) / f"{safe_name(run_id, field='run')}-{_digest(step)}"

    def bundle_of(self, path: Path, media_type: str, size: int) -> Bundle:
        """What later modules know of the file at ``path``.

        Raises:
            InvalidInput: The key by which it is proved cannot be made or read.
        """
        below = path.relative_to(self._home).as_posix()
        return {
            "name": path.name,
            "path": below,
            "media_type": media_type,
            "size": size,
            "proof": self._proofs.of(below),
        }

    def open(self, value: Any, *, field: str) -> OpenedFile:
        """The file that ``value``, the ``file`` of a bundle, names.

        Raises:
            InvalidInput: It is no such value, `bundle_of` did not make it, or the file is not on
                this machine.
        """
        if not isinstance(value, Mapping) or not isinstance(path := value.get("path"), str):
            raise InvalidInput(
                "This is not a file.",
                field=field,
                hint="Map the file of an earlier module, such as {{ 2.file }}.",
            )
        parts = path.split("/")
        own, below = parts[:1] == [OF_RUNS], parts
        if own:
            below = parts[1:]
        for each in below:
            safe_name(each, field=field)
        self._proofs.check(path, value.get("proof"), field=field)
        here = self._home
        for each in parts:
            here = here / each
            _check_no_link(here, field=field)
        name = str(value.get("name") or here.name)
        try:
            source = FileSource.open(here)
        except InvalidInput:
            raise InvalidInput(
                "The file is not on this machine.",
                field=field,
                hint=f"A file without a folder ends with its run. {ON_MACHINES}",
            ) from None
        return OpenedFile(source, name, str(value.get("media_type") or BINARY_TYPE))

    def remove_run(self, run_id: str) -> None:
        """Removes the files that were kept only as long as the run, and what had not arrived.

        To be called when a run has ended for good, and again when it is forgotten.
        """
        name = safe_name(run_id, field="run")
        shutil.rmtree(self._home / OF_RUNS / name, ignore_errors=True)
        for path in (self._home / ARRIVING).glob(f"{name}-*"):
            with suppress(OSError):
                path.unlink()

    def _made(self, parts: list[str]) -> Path:
        here = self._home
        try:
            here.mkdir(mode=0o700, parents=True, exist_ok=True)
            for each in parts:
                here = here / each
                _check_no_link(here, field="folder")
                here.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise InvalidInput(
                f"The folder {here} cannot be made: {error.strerror}.",
                field="folder",
                hint="GRANTLINE_FILES_DIR names the folder for files; this program must write it.",
            ) from None
        return here


def safe_name(name: str, *, field: str) -> str:
    """``name``, when it is the name of a file or folder on every system and nothing more.

    Raises:
        InvalidInput: It is empty, too long, begins with a dot, or has a character that means more.
    """
    wrong = ""
    if not name or name != name.strip() or name.endswith("."):
        wrong = "is empty, or begins or ends with a blank or a dot"
    elif name.startswith("."):
        wrong = "begins with a dot"
    elif "/" in name:
        wrong = "holds a slash"
    elif not name.isprintable() or _FORBIDDEN & set(name):
        wrong = "has a character that names of files do not have"
    elif len(os.fsencode(name)) > LONGEST_NAME:
        wrong = f"is longer than {LONGEST_NAME} bytes"
    if wrong:
        raise InvalidInput(
            f"The name {wrong}.",  # and not which: it may be of a bundle, and those are sealed
            field=field,
            hint=(
                "A folder is written as reports/2026, below the folder for files; "
                "a name is written without any folder."
            ),
        )
    return name


def arrived_name(url: str, headers: Headers) -> str:
    """What a file is called that comes as an answer, short enough for a file system."""
    name = name_of(url, headers)
    stem, dot, ending = name.rpartition(".")
    if not dot or len(ending) > LONGEST_ENDING:
        stem, dot, ending = name, "", ""
    while len(os.fsencode(f"{stem}{dot}{ending}")) > LONGEST_NAME:
        stem = stem[:-1]
    return f"{stem}{dot}{ending}".rstrip(". ")


def _digest(step: str) -> str:
    """A name for a step, whose path may have any characters."""
    return sha256(step.encode()).hexdigest()[:16]


def _check_no_link(path: Path, *, field: str) -> None:
    if path.is_symlink():
        raise InvalidInput(
            f"{path} is a link, and may lead out of the folder for files.",
            field=field,
            hint="Use a folder of its own, or set GRANTLINE_FILES_DIR to where the link leads.",
        )
