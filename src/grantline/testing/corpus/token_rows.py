"""What the row of a token case says, as the values that the client works with."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import fields
from datetime import timedelta
from typing import Any, Final

from grantline.oauth.app.response_rules import LifetimeUnit, ResponseRules
from grantline.oauth.app.settings import AppSettings
from grantline.oauth.authorization.callback import STATE_LIFETIME, Objection
from grantline.oauth.token_set import TokenSet
from grantline.secret import Secret
from grantline.testing.corpus.cases import Row
from grantline.testing.corpus.script_server import row_body

REQUIRED: Final = ("endpoint", "status", "headers", "body", "context")

ENDPOINTS: Final = frozenset({"token", "refresh", "authorize_callback", "device", "revoke"})
OUTCOMES: Final = frozenset({"token", "error", "retry"})
# Each kind of `gen` with the keys that it needs.
SCRIPTS: Final[Mapping[str, tuple[str, ...]]] = {
    "repeat": ("unit", "count"),
    "slow": ("chunk_bytes", "delay_ms"),
    "hang": (),
    "truncate": ("content_length",),
    "chunked_no_end": (),
    "connect_refused": (),
    "gzip_bomb": ("plain_bytes",),
    "interim": ("statuses",),
}
# Names of a row's profile that are not those of the app's fields.
_RENAMED: Final = {"code_param": "code_parameter", "save_params": "captured_parameters"}
_PLAIN_RULES: Final = frozenset(field.name for field in fields(ResponseRules)) - {
    *("lifetime_unit", "default_lifetime", "default_refresh_lifetime", "allowed_values"),
}
_UNITS: Final = {text: unit for unit in LifetimeUnit for text in (unit.value, unit.name.lower())}


def complaint_about(row: Row) -> str:
    """Why ``row`` cannot be played; empty when it can."""
    context, expect = row["context"], row["expect"]
    if row["endpoint"] not in ENDPOINTS:
        return "an endpoint that nobody knows"
    if not isinstance(expect, dict) or expect.get("outcome") not in OUTCOMES:
        return "an outcome that nobody knows"
    if not isinstance(context, dict) or not isinstance(context.get("now"), int | float):
        return "a context without an instant `now`"
    has_answer = row["endpoint"] != "authorize_callback" and not row.get("gen")
    if has_answer and not isinstance(row["status"], int):
        return "a status that is none"
    if not isinstance(row["headers"], dict | None):
        return "headers that are none"
    try:
        row_body(row)
    except (ValueError, TypeError, AttributeError):
        return "a body that cannot be decoded"
    return _script_complaint(row.get("gen") or {})


def _script_complaint(script: Any) -> str:
    if not isinstance(script, dict) or (script and script.get("kind") not in SCRIPTS):
        return "a kind of answer that nobody knows"
    missing = [key for key in SCRIPTS.get(script.get("kind", ""), ()) if key not in script]
    return f"an answer without {', '.join(missing)}" if missing else ""


def app_settings(context: Mapping[str, Any]) -> AppSettings:
    """The settings in force: the row's profile, under the names of the app's fields."""
    profile: Mapping[str, Any] = context.get("profile") or {}
    plain: dict[str, Any] = {
        _RENAMED.get(name, name): tuple(value) if isinstance(value, list) else value
        for name, value in profile.items()
        if _RENAMED.get(name, name) in _PLAIN_RULES
    }
    rules = ResponseRules(
        **plain,
        lifetime_unit=_UNITS[profile.get("expires_in_unit", "s")],
        allowed_values=tuple(
            (name, tuple(values)) for name, values in profile.get("allow", {}).items()
        ),
    )
    return AppSettings(
        client_id="client",
        scope_separator=profile.get("scope_separator", " "),
        use_dpop=bool(context.get("dpop")),
        response=rules,
    )


# How rows say that something is as it should be, or is not there.
_SAME: Final = frozenset({"same", "true", "ok"})
_ABSENT: Final = frozenset({"none", "missing", "absent", "lost", "expired", "deleted", "gone"})
_OTHER: Final = re.compile(r"other|wrong|different|mismatch|foreign")


def state_age(context: Mapping[str, Any]) -> timedelta:
    """How long ago the journey of a callback began."""
    if context.get("state_expired"):
        return STATE_LIFETIME + timedelta(seconds=1)
    return timedelta(seconds=context.get("state_age_s") or 0)


def objections(context: Mapping[str, Any]) -> tuple[Objection, ...]:
    """What the server around the callback would know against it, by any name a row gives that."""
    session = _word(context.get("session", "same"))
    connections = {_word(value) for name, value in context.items() if name == "connection"}
    facts = {
        Objection.STATE_USED: bool(context.get("state_used")),
        Objection.SESSION_MISSING: session in _ABSENT,
        Objection.SESSION_MISMATCH: session not in _ABSENT | _SAME,
        Objection.CONTEXT_MISMATCH: _is_other_context(context),
        Objection.CONNECTION_DELETED: bool(connections & _ABSENT)
        or any(value and "deleted" in name for name, value in context.items()),
    }
    return tuple(objection for objection, holds in facts.items() if holds)


def _is_other_context(context: Mapping[str, Any]) -> bool:
    """Whether the callback came in on another connection's path."""
    places = {name for name in context if "path" in name or "context" in name}
    stated = {_word(context[name]) for name in places | {"connection", "app"} if name in context}
    denied = any(context[name] is False for name in places)
    return denied or any(map(_OTHER.search, stated)) or len(stated - _SAME - _ABSENT) > 1


def _word(value: Any) -> str:
    return str(value or "none").lower()


def held_tokens(context: Mapping[str, Any]) -> TokenSet:
    """What is held while it is refreshed; a row says ``old_...`` of it."""
    refresh_token = context.get("old_refresh_token", "rt_old")
    scope = context.get("old_scope")
    return TokenSet(
        access_token=Secret(context.get("old_access_token") or "at_old"),
        refresh_token=Secret(refresh_token) if refresh_token else None,
        id_token=_held_id_token(context),
        scope=tuple(scope.split() if isinstance(scope, str) else scope) if scope else None,
    )


def _held_id_token(context: Mapping[str, Any]) -> Secret | None:
    """The ID token of the first answer, given whole or by its claims, under any name."""
    claims: dict[str, Any] = {}
    for name, value in context.items():
        if isinstance(value, str) and "id_token" in name and value.count(".") == 2:
            return Secret(value)
        if isinstance(value, Mapping) and ("id_token" in name or "claims" in name):
            claims.update(value)
        if name.rpartition("_")[2] in {"iss", "sub"} and isinstance(value, str):
            claims[name.rpartition("_")[2]] = value
    if not claims:
        return None
    payload = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()
    return Secret(f"e30.{payload}.s")
