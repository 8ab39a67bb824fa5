"""The inside of a backup: lines of JSON, compressed.

The first line is the header. Then, for each table, an object with its name and columns, and a line
with an array for each row; the last line counts the rows, so that nothing is cut off unnoticed.
"""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, BinaryIO, Final, TypeGuard

from grantline.errors import ConfigurationError
from grantline.secret import Secret
from grantline.store.snapshot import TableRows
from grantline.vault.unlock import KnownKey

FORMAT: Final = "grantline backup 1"
_GZIP: Final = 31
_CHUNK_BYTES: Final = 64 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What a backup says of itself.

    Attributes:
        known: The master keys that may have sealed something in it.
        master_keys: Those keys themselves, as far as they are included.
    """

    schema: str
    instance: str
    created_at: datetime
    known: tuple[KnownKey, ...]
    master_keys: tuple[Secret, ...] = ()

    @property
    def primary(self) -> KnownKey | None:
        """The key that sealed last; None when nothing was ever sealed."""
        return next((each for each in self.known if each.primary), None)


def write(header: Header, tables: Iterable[TableRows]) -> Iterator[bytes]:
    """The backup, compressed, in chunks."""
    packing = zlib.compressobj(wbits=_GZIP)
    waiting = b""
    for line in _lines(header, tables):
        waiting += packing.compress(json.dumps(line, separators=(",", ":")).encode() + b"\n")
        if len(waiting) >= _CHUNK_BYTES:
            yield waiting
            waiting = b""
    yield waiting + packing.flush()


class Reader:
    """A backup that is read once, from its beginning to its end."""

    def __init__(self, source: BinaryIO) -> None:
        """Reads the header.

        Raises:
            ConfigurationError: This is no backup, or it was damaged; also from ``tables``.
        """
        self._lines = _read_lines(source)
        self._ahead: Any = None
        first = next(self._lines, None)
        if not isinstance(first, dict) or first.get("format") != FORMAT:
            raise ConfigurationError(
                "The file opens, but it is no backup of Grantline that this version reads.",
                hint="Restore it with the version that made it.",
            )
        try:
            self.header: Final = Header(
                schema=str(first["schema"]),
                instance=str(first["instance"]),
                created_at=datetime.fromisoformat(first["created_at"]),
                known=tuple(KnownKey(**each) for each in first["keys"]),
                master_keys=tuple(map(Secret, first["master_keys"])),
            )
        except (KeyError, TypeError, ValueError):
            # Whoever has a recipient's public key can write a file that opens.
            raise _damaged() from None

    def tables(self) -> Iterator[TableRows]:
        """The tables; the rows of each must be read before the next one is asked for."""
        counts: dict[str, int] = {}
        head = next(self._lines, None)
        while isinstance(head, dict) and "table" in head:
            name, columns = head["table"], head.get("columns")
            if not isinstance(name, str) or not _are_names(columns) or name in counts:
                raise _damaged()
            counts[name] = 0
            yield TableRows(name, tuple(columns), self._rows(name, len(columns), counts))
            head = self._ahead
        # Read to the very end: what is genuine is known only there.
        if head != {"end": counts} or next(self._lines, None) is not None:
            raise _damaged()

    def _rows(self, name: str, width: int, counts: dict[str, int]) -> Iterator[list[Any]]:
        for line in self._lines:
            if not isinstance(line, list):
                self._ahead = line
                return
            if len(line) != width:
                raise _damaged()
            counts[name] += 1
            yield line
        raise _damaged()


def _lines(header: Header, tables: Iterable[TableRows]) -> Iterator[Mapping[str, Any] | list[Any]]:
    yield {
        "format": FORMAT,
        "schema": header.schema,
        "instance": header.instance,
        "created_at": header.created_at.astimezone(UTC).isoformat(),
        "keys": [
            {
                "fingerprint": each.fingerprint,
                "check": each.check,
                "primary": each.primary,
                "wrapped": each.wrapped,
            }
            for each in header.known
        ],
        "master_keys": [each.reveal() for each in header.master_keys],
    }
    counts = {}
    for table in tables:
        yield {"table": table.name, "columns": table.columns}
        count = 0
        for row in table.rows:
            yield list(row)
            count += 1
        counts[table.name] = count
    yield {"end": counts}


def _read_lines(source: BinaryIO) -> Iterator[Any]:
    try:
        with gzip.GzipFile(fileobj=source) as plain:
            for line in plain:
                yield json.loads(line)
    except (OSError, EOFError, zlib.error, ValueError, RecursionError):
        raise _damaged() from None


def _are_names(columns: object) -> TypeGuard[list[str]]:
    return isinstance(columns, list) and all(isinstance(each, str) for each in columns)


def _damaged() -> ConfigurationError:
    return ConfigurationError(
        "The backup was cut short or damaged.", hint="Use another copy of it, or an older one."
    )
