"""The command line of the corpus runner."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from grantline.testing.corpus import attack_cases, token_cases, token_rows
from grantline.testing.corpus.cases import CorpusUnreadable, Judgement, Row, load_rows

ABOUT: Final = """\
Runs case corpora: files of one JSON object a line, each an input and what must come of it.

A token case whose row has an HTTP answer is played twice, in memory and over real sockets on
loopback, and counts once: it passes only when both come out as expected. Callback cases have no
answer to send and run in memory.

An attack case is tried against the real code, over sockets where the network matters.
"""
AFTERWORD: Final = """\
One line per case that failed or could not be run, "K not run" if there are any, and last "N passed,
M failed". A case that nobody can play is not run, and the others are. Exit status: 0 when none
failed, 1 when one did, 2 when a file cannot be read or holds something that is not a case.
"""

Runner = Callable[[Sequence[Row]], list[Judgement]]

# A row's format shows in the key that only it has; a runner takes all rows of its format at once.
FORMATS: Final[dict[str, tuple[tuple[str, ...], Runner]]] = {
    "endpoint": (token_rows.REQUIRED, token_cases.run_token_cases),
    "surface": (attack_cases.REQUIRED, attack_cases.run_attack_cases),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the files named on the command line; gives the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m grantline.testing.corpus",
        description=ABOUT,
        epilog=AFTERWORD,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    parser.add_argument("--notes", action="store_true", help="also print where advice differs")
    options = parser.parse_args(arguments)
    try:
        judgements = [judgement for path in options.files for judgement in run_file(path)]
    except CorpusUnreadable as error:
        print(f"error: {error}", file=sys.stderr)  # noqa: T201
        return 2
    return _report(judgements, notes=options.notes)


def run_file(path: Path) -> list[Judgement]:
    """The judgement of every row in the file at ``path``, in its order.

    Raises:
        CorpusUnreadable: The file, or a row of it, cannot be read.
    """
    rows = load_rows(path)
    judged: dict[int, Judgement] = {}
    for key, (required, run) in FORMATS.items():
        places = [place for place, row in enumerate(rows) if key in row]
        for place in places:
            missing = [name for name in required if name not in rows[place]]
            if missing:
                raise CorpusUnreadable(f"{path}: {rows[place]['id']} lacks {', '.join(missing)}")
        judged.update(zip(places, run([rows[place] for place in places]), strict=True))
    unknown = next((row["id"] for place, row in enumerate(rows) if place not in judged), None)
    if unknown is not None:
        raise CorpusUnreadable(f"{path}: {unknown} is of no known format")
    return [judged[place] for place in range(len(rows))]


def _report(judgements: Sequence[Judgement], *, notes: bool) -> int:
    failed = [judgement for judgement in judgements if judgement.differences]
    not_run = [judgement for judgement in judgements if judgement.not_run]
    for judgement in judgements:
        if judgement.differences:
            print(f"{judgement.case_id}: {'; '.join(judgement.differences)}")  # noqa: T201
        if judgement.not_run:
            print(f"not run: {judgement.case_id}: {judgement.not_run}")  # noqa: T201
        if notes and judgement.notes:
            print(f"note: {judgement.case_id}: {'; '.join(judgement.notes)}")  # noqa: T201
    passed = len(judgements) - len(failed) - len(not_run)
    if not_run:
        print(f"{len(not_run)} not run")  # noqa: T201
    print(f"{passed} passed, {len(failed)} failed")  # noqa: T201
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
