"""What the row of a token case says, as the values that the client works with."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any, Final

from grantline.oauth.app.response_rules import LifetimeUnit, ResponseRules
from grantline.oauth.app.settings import AppSettings
from grantline.oauth.authorization.callback import Objection
from grantline.secret import Secret
from grantline.testing.corpus.cases import CorpusUnreadable, Row
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
SETTING_NAMES: Final = {
    "token_path": "token_path",
    "access_token": "access_token",
    "refresh_token": "refresh_token",
    "expires_at": "expires_at",
    "scope": "scope",
    "secondary_path": "secondary_path",
    "code_param": "code_parameter",
    "refresh_with": "refresh_with",
}


def check_row(row: Row) -> None:
    """Refuse a row that is no token case.

    Raises:
        CorpusUnreadable: Names the row and what is wrong with it.
    """
    complaint = _complaint(row)
    if complaint:
        raise CorpusUnreadable(f"{row['id']}: {complaint}")


def _complaint(row: Row) -> str:
    context, expect = row["context"], row["expect"]
    if row["endpoint"] not in ENDPOINTS:
        return "an endpoint that nobody knows"
    if not isinstance(expect, dict) or expect.get("outcome") not in OUTCOMES:
        return "an outcome that nobody knows"
    if not isinstance(context, dict) or not isinstance(context.get("now"), int):
        return "a context without an instant `now`"
    is_callback = row["endpoint"] == "authorize_callback"
    if not isinstance(row["status"], type(None) if is_callback else int):
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
    named = {SETTING_NAMES[name]: value for name, value in profile.items() if name in SETTING_NAMES}
    rules = ResponseRules(
        **named,
        lifetime_unit=LifetimeUnit(profile.get("expires_in_unit", "s")),
        captured_parameters=tuple(profile.get("save_params", ())),
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


def objections(context: Mapping[str, Any]) -> tuple[Objection, ...]:
    """What the server around the callback would know against it."""
    session = context.get("session", "same") or "none"
    is_missing = session in {"none", "missing", "absent"}
    facts = {
        Objection.STATE_USED: bool(context.get("state_used")),
        Objection.SESSION_MISSING: is_missing,
        Objection.SESSION_MISMATCH: session != "same" and not is_missing,
        Objection.CONTEXT_MISMATCH: _is_other_context(context),
        Objection.CONNECTION_DELETED: context.get("connection") == "deleted",
    }
    return tuple(objection for objection, holds in facts.items() if holds)


def _is_other_context(context: Mapping[str, Any]) -> bool:
    """Whether the callback came in on another connection's path, by any name a row gives that."""
    if str(context.get("connection", "same")).startswith(("other", "wrong", "different")):
        return True
    paths = [str(value) for name, value in context.items() if "path" in name or "context" in name]
    said = any(path.startswith(("other", "wrong", "different", "mismatch")) for path in paths)
    return said or len(set(paths)) > 1


def held_id_token(context: Mapping[str, Any]) -> Secret | None:
    """The ID token of the first answer, given whole or by its claims."""
    held = next((value for name, value in context.items() if "id_token" in name), None)
    if isinstance(held, str) and held.count(".") == 2:
        return Secret(held)
    claims = dict(held) if isinstance(held, Mapping) else {}
    for name in ("iss", "sub"):
        for key in (f"old_{name}", f"id_token_{name}", f"old_id_token_{name}"):
            if key in context:
                claims[name] = context[key]
    if not claims:
        return None
    payload = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()
    return Secret(f"e30.{payload}.s")
