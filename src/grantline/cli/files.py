"""Files that a command reads and writes for a person."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from typing import Final

from grantline.errors import InvalidInput

STDIN: Final = "-"
_LARGEST: Final = 4_000_000


def read_text(name: str) -> str:
    """The text of a file; of ``-`` what comes on stdin.

    Raises:
        InvalidInput: It cannot be read, or is no text.
    """
    try:
        if name == STDIN:
            content = sys.stdin.buffer.read(_LARGEST)
        else:
            with Path(name).open("rb") as file:
                content = file.read(_LARGEST)
        if len(content) == _LARGEST:
            raise InvalidInput(
                f"The file {name} is larger than {_LARGEST // 1_000_000} MB.",
                field="FILE",
                hint="Give the file that was meant.",
            )
        return content.decode()
    except OSError as error:
        reason = error.strerror or "no reason given"
        hint = "Give the path of a file that you may read, or - for stdin."
        raise InvalidInput(
            f"The file {name} cannot be read: {reason}.", field="FILE", hint=hint
        ) from None
    except UnicodeDecodeError:
        raise InvalidInput(
            f"The file {name} is no UTF-8 text.", field="FILE", hint="Save it as UTF-8."
        ) from None


def save(content: bytes, path: Path) -> None:
    """Writes a file whole or not at all."""
    try:
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".grantline-", delete=False) as to:
            to.write(content)
        mode = 0o666 & ~_mask()
        Path(to.name).chmod(mode)
        Path(to.name).replace(path)
    except OSError as error:
        raise InvalidInput(
            f"The file {path} cannot be written: {error.strerror or 'no reason given'}.",
            field="--output",
            hint="Give a path in a folder that exists and that you may write to.",
        ) from None


def _mask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
