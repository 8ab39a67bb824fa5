"""Loading the rows of a corpus, and judging what came against what a row expects."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

Row = Mapping[str, Any]

# Compared for token cases besides `outcome`, whenever a row lists them; every other key is advice.
COMPARED: Final = (
    *("access_token", "token_type", "refresh_token", "expires_at", "scope", "extra", "secondary"),
    *("refresh_expires_at", "error", "class", "auto_retry", "after_s", "interval", "code"),
    "idempotent_page",
)
SUBSETS: Final = frozenset({"extra", "secondary"})
EITHER: Final = {"request_or_reauth": frozenset({"request", "reauth", "request_or_reauth"})}


class CorpusUnreadable(Exception):
    """A file that is not a corpus; the text says where and why."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What one case came to.

    Attributes:
        case_id: The row's id.
        differences: What was expected and what came, one text each; none means passed.
        notes: The same for keys that are advice.
        not_run: Why the case was not tried at all; such a case has neither passed nor failed.
    """

    case_id: str
    differences: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    not_run: str = ""


def load_rows(path: Path, required: Iterable[str] = ("id", "expect")) -> list[Row]:
    """The rows of the file at ``path``.

    Raises:
        CorpusUnreadable: The file cannot be read, or a line is not a case.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8 text"
        raise CorpusUnreadable(f"{path}: {reason}") from None
    rows: list[Row] = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError:
            raise CorpusUnreadable(f"{path}:{number}: not a JSON object") from None
        missing = [key for key in required if not isinstance(row, dict) or key not in row]
        if missing:
            raise CorpusUnreadable(f"{path}:{number}: a case without {', '.join(missing)}")
        rows.append(row)
    return rows


def judge_token_case(row: Row, got: Mapping[str, Any]) -> Judgement:
    """The judgement of a token case whose run gave ``got``."""
    expected = {"outcome": row["expect"]["outcome"], **row["expect"].get("fields", {})}
    differences = list(_differences(expected, got, ("outcome", *COMPARED)))
    missing = [warn for warn in expected.get("warn", ()) if warn not in got.get("warn", ())]
    if missing:
        differences.append(f"warn: expected {missing} among {list(got.get('warn', ()))}")
    advice = [key for key in expected if key not in {"outcome", "warn", *COMPARED} and key in got]
    return Judgement(row["id"], tuple(differences), tuple(_differences(expected, got, advice)))


def _differences(
    expected: Mapping[str, Any], got: Mapping[str, Any], keys: Iterable[str]
) -> Iterator[str]:
    for key in keys:
        if key not in expected:
            continue
        if key in SUBSETS:
            yield from _missing(key, expected[key], got.get(key))
        elif not _is_same(expected[key], got.get(key)):
            yield f"{key}: expected {_short(expected[key])}, got {_short(got.get(key))}"


def _missing(key: str, expected: Any, got: Any) -> Iterator[str]:
    """What of ``expected`` is not in ``got``, which may hold more; names may be dotted paths."""
    if not isinstance(expected, Mapping) or not isinstance(got, Mapping):
        if expected != got:
            yield f"{key}: expected {_short(expected)}, got {_short(got)}"
        return
    for name, value in expected.items():
        found = _look_up(got, name)
        if not _is_same(value, found):
            yield f"{key}.{name}: expected {_short(value)}, got {_short(found)}"


def _look_up(fields: Mapping[str, Any], path: str) -> Any:
    if path in fields:
        return fields[path]
    value: Any = fields
    for name in path.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def _is_same(expected: Any, got: Any) -> bool:
    if isinstance(expected, str) and expected in EITHER:
        return got in EITHER[expected]
    # In JSON 1 and true differ, in Python they are equal.
    if isinstance(expected, bool) or isinstance(got, bool):
        return expected is got
    return bool(expected == got)


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=True, default=str)
    return text if len(text) <= 120 else f"{text[:100]}... ({len(text)} characters)"
