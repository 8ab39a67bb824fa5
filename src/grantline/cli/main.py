"""The program ``grantline``: its commands, and what every failure becomes."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Sequence

from grantline.version import __version__


def run(arguments: Sequence[str] | None = None) -> None:
    """Runs the command line and ends the process with its exit status."""
    # All that is imported stays. Without this a tenth of the start goes by in looking through it.
    gc.set_threshold(300_000)
    given = sys.argv[1:] if arguments is None else list(arguments)
    sys.exit(status_of(given))


def status_of(arguments: Sequence[str]) -> int:
    """Runs one command; its exit status."""
    if list(arguments) == ["--version"]:
        # Before anything is imported: scripts ask this first, and often.
        print(f"grantline {__version__}")
        return 0
    import typer

    from grantline.cli import errors
    from grantline.cli.program import program
    from grantline.cli.usage import usage_error
    from grantline.errors import GrantlineError

    as_json = errors.wants_json(arguments)
    command = program(next(iter(arguments), ""))
    try:
        status = command.main(args=list(arguments), prog_name="grantline", standalone_mode=False)
        sys.stdout.flush()
    except GrantlineError as error:
        return errors.report(error, as_json=as_json)
    except typer.TyperException as error:
        if not error.format_message():
            # A group without a command: its help has been printed.
            return errors.USAGE
        return errors.report(usage_error(error, command, arguments), as_json=as_json)
    except (KeyboardInterrupt, typer.Abort):
        return errors.INTERRUPTED
    except (BrokenPipeError, SystemExit):
        # Whoever read us has seen enough; Typer turns the error into an exit. The stream leads
        # nowhere from here, or Python would try again at its end and complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return errors.PIPE_CLOSED
    except Exception as error:  # noqa: BLE001 - the last place that can turn it into a sentence
        return errors.report_fault(error, as_json=as_json)
    return status if isinstance(status, int) else errors.SUCCESS
