"""Lines of the history as sentences."""

from __future__ import annotations

from typing import Any, Final

from grantline.connections.labels import label_of
from grantline.store.records.audit import Event

_SENTENCES: Final = {
    "connection.created": "Created",
    "connection.edited": "Edited",
    "connection.hosts_edited": "Hosts edited",
    "connection.authorized": "Authorized",
    "connection.refreshed": "Token renewed",
    "connection.refresh_failed": "Renewing the token failed",
    "connection.authorization_failed": "Authorization failed",
    "connection.account_changed": "Authorized with another account",
    "connection.deleted": "Deleted",
}


def in_words(event: Event) -> tuple[str, tuple[str, ...]]:
    """What happened, and the details worth a line each."""
    sentence = _SENTENCES.get(event.kind)
    if sentence is None:
        sentence = event.kind.rpartition(".")[2].replace("_", " ").capitalize()
    lines = (_line(name, value) for name, value in event.data.items() if value)
    return sentence, tuple(line for line in lines if line)


def _line(name: str, value: Any) -> str:
    match name:
        case "name" | "code":
            return ""
        case "fields":
            return "Changed: " + ", ".join(label_of(str(each)) for each in value)
        case "scopes":
            return "Scopes: " + ", ".join(map(str, value))
        case "message" | "hint":
            return str(value)
        case "needs":
            return "" if value == "nothing" else f"Needs {str(value).replace('_', ' ')}"
        case _:
            words = ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
            return f"{name.replace('_', ' ').capitalize()}: {words.replace('_', ' ')}"
