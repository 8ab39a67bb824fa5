"""What a notice says: names and states, our own sentences, and where to look. Pure.

Nothing that a service answered and nothing of a bundle is in it: a notice travels far.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from grantline.store.records.notices import Change, Subject

LONGEST_NAME: Final = 100
_CAUSES: Final = {
    "grant_dead": "The service does not accept its grant any more: it ended, was revoked, or was "
    "replaced by a newer one.",
    "rotation_answer_lost": "The service gave a new token, and its answer was lost on the way.",
    "no_refresh_token": "Its token ended, and the service gave none to renew it with.",
}
_TYPES: Final = {
    (Subject.CONNECTION, False): "connection.reauthorization_required",
    (Subject.CONNECTION, True): "connection.well",
    (Subject.SCENARIO, False): "scenario.failing",
    (Subject.SCENARIO, True): "scenario.well",
}
TEST: Final = "test"


def content_of(change: Change, *, at: datetime, public_url: str) -> dict[str, Any]:
    """What a program is told of ``change``, and what a mail is written from.

    Args:
        change: What happened.
        at: When it was found.
        public_url: Where people reach the web app; empty leaves the link out.
    """
    title, message = _sentences(change)
    data: dict[str, Any] = {
        "id": change.subject_id,
        "name": _shown(change.name),
        "workspace": change.workspace,
        "title": title,
        "message": message,
    }
    if change.cause:
        data["cause"] = change.cause
    if change.run_id:
        data["run_id"] = change.run_id
    if change.scenarios:
        data["scenarios"] = [_shown(each) for each in change.scenarios]
    if public_url:
        data["url"] = public_url + _path(change)
    return _dated(_TYPES[change.subject, change.is_well], at, data)


def test_content(*, workspace: str, at: datetime, public_url: str) -> dict[str, Any]:
    """What a program is told when somebody tries whether it hears."""
    data: dict[str, Any] = {
        "workspace": workspace,
        "title": "Notifications of Grantline arrive here",
        "message": "Somebody tried whether notifications arrive. They do.",
    }
    if public_url:
        data["url"] = public_url
    return _dated(TEST, at, data)


def mail_of(content: Mapping[str, Any]) -> tuple[str, str]:
    """Subject and text of the mail that says what ``content`` says."""
    data = content["data"]
    parts = [data["message"]]
    if url := data.get("url"):
        parts.append(str(url))
    parts.append(f"-- \nGrantline, {content['timestamp']}")
    return str(data["title"]), "\n\n".join(parts) + "\n"


def _sentences(change: Change) -> tuple[str, str]:
    name = f"\u201c{_shown(change.name)}\u201d"
    match change.subject, change.is_well:
        case Subject.CONNECTION, False:
            told = [f"The connection {name} cannot be used until somebody authorizes it again."]
            told += [_CAUSES[change.cause]] if change.cause in _CAUSES else []
            told += [_waiting(change.scenarios)] if change.scenarios else []
            return f"Connection {name} must be authorized again", " ".join(told)
        case Subject.CONNECTION, True:
            message = f"The connection {name} can be used again. Runs that waited for it go on."
            return f"Connection {name} works again", message
        case Subject.SCENARIO, False:
            message = f"A run of the scenario {name} failed"
            message += f" ({change.cause})." if change.cause else "."
            return f"Scenario {name} fails", (
                f"{message} The next notice about it comes when a run succeeds again."
            )
    return f"Scenario {name} works again", f"A run of the scenario {name} succeeded again."


def _waiting(scenarios: tuple[str, ...]) -> str:
    names = ", ".join(f"\u201c{_shown(each)}\u201d" for each in scenarios)
    return f"Runs of scenarios that use it wait until then: {names}."


def _path(change: Change) -> str:
    if change.subject is Subject.CONNECTION:
        return f"/connections/{change.subject_id}"
    if change.run_id:
        return f"/scenarios/runs/{change.run_id}"
    return f"/scenarios/{change.subject_id}"


def _shown(name: str) -> str:
    line = " ".join(name.split())
    return line if len(line) <= LONGEST_NAME else f"{line[: LONGEST_NAME - 1]}\u2026"


def _dated(kind: str, at: datetime, data: dict[str, Any]) -> dict[str, Any]:
    stamp = at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    return {"type": kind, "timestamp": stamp, "data": data}
