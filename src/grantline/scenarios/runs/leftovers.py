"""What runs left on the disk that do not go on any more: files, and downloads that never arrived.

A run removes its files as it ends. A process that is killed in that moment does not, and rows leave
the database by themselves when they are old; so whoever serves looks for what is left.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, Never

from grantline.connections.context import Context
from grantline.connections.keeping.housekeeping import TIDIED_EVERY
from grantline.errors import GrantlineError, InvalidInput
from grantline.scenarios.modules.files import ARRIVING, OF_RUNS, Files

# Nothing that a run has just begun is taken from it, whatever the database says just then.
LEFT_FOR: Final = timedelta(days=1)


async def sweep(context: Context, root: Path) -> int:
    """Removes what runs left that do not go on; gives of how many runs. In a copy, of none.

    The original of a copy may use the same folder, for runs that the copy does not know.

    Args:
        context: Of the engine.
        root: The folder for files of this installation.
    """
    if await context.quarantined() is not None:
        return 0
    left = await context.stored(_left, root, context.clock.now() - LEFT_FOR)
    going_on = await context.stored(context.store.unended_runs, {run_id for _, run_id in left})
    ended = [each for each in left if each[1] not in going_on]
    for workspace, run_id in ended:
        with suppress(InvalidInput):  # no run was ever called so
            await context.stored(Files(root, workspace).remove_run, run_id)
    return len(ended)


async def keep_swept(context: Context, root: Path) -> Never:
    """Sweeps now and every few hours; a store that refuses is asked again the next time."""
    while True:
        with suppress(GrantlineError):
            await sweep(context, root)
        await context.clock.sleep(TIDIED_EVERY)


def _left(root: Path, before: datetime) -> set[tuple[str, str]]:
    """Workspace and run of all that was last written to before then."""
    found: set[tuple[str, str]] = set()
    for home in _entries(root):
        of_runs = ((each, each.name) for each in _entries(home / OF_RUNS))
        arriving = ((each, each.name.rpartition("-")[0]) for each in _entries(home / ARRIVING))
        for path, run_id in (*of_runs, *arriving):
            with suppress(OSError):
                if path.lstat().st_mtime < before.timestamp():
                    found.add((home.name, run_id))
    return found


def _entries(folder: Path) -> Iterator[Path]:
    with suppress(OSError):
        if not folder.is_symlink():
            yield from folder.iterdir()
