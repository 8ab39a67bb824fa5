"""Answers as odd as the entry says: tokens in envelopes, at paths, with lifetimes of their own."""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta
from typing import Any, Final

from grantline.messages import HttpResponse
from grantline.oauth.app.response_rules import LifetimeUnit, ResponseRules
from grantline.oauth.app.settings import AppSettings

LIFETIME: Final = timedelta(hours=2)
_STEP: Final = re.compile(r"\[(\d+)\]|([^.\[\]]+)")
_SECONDS: Final = {
    LifetimeUnit.SECONDS: 1,
    LifetimeUnit.MILLISECONDS: 0.001,
    LifetimeUnit.MINUTES: 60,
    LifetimeUnit.HOURS: 3600,
    LifetimeUnit.DAYS: 86400,
}


def json_answer(told: Any, status: int = 200) -> HttpResponse:
    """``told`` as JSON."""
    return HttpResponse(status, (("content-type", "application/json"),), json.dumps(told).encode())


def token_answer(
    settings: AppSettings,
    *,
    access_token: str,
    refresh_token: str,
    scopes: tuple[str, ...],
    now: datetime,
    extra: dict[str, str],
) -> HttpResponse:
    """A token answer in the service's own shape."""
    rules = settings.response
    fields = _token_fields(settings, access_token, refresh_token, scopes, now)
    told: dict[str, Any] = {}
    put(told, rules.token_path, fields)
    if rules.secondary_path:
        second = {"access_token": f"second-{access_token}", "token_type": "user"}
        put(told, rules.secondary_path, second)
    if rules.success_field and rules.success_values:
        put(told, rules.success_field, _typed(rules.success_values[0]))
    for path, value in extra.items():
        put(told, path, value)
    return json_answer(told)


def refusal_answer(rules: ResponseRules, error: str) -> HttpResponse:
    """A refusal: in the service's envelope with status 200 where it has one."""
    if not rules.success_field:
        return json_answer({"error": error}, status=400)
    told: dict[str, Any] = {"error": error}
    good = rules.success_values[0]
    put(told, rules.success_field, not _typed(good) if good in {"true", "false"} else "999")
    if rules.message_field:
        put(told, rules.message_field, error)
    return json_answer(told)


def put(root: Any, path: str, value: Any) -> Any:
    """``root`` with ``value`` at ``path``; objects and lists on the way are made."""
    steps = [int(index) if index else name for index, name in _STEP.findall(path)]
    if not steps:
        root.update(value)
        return root
    here = root
    for step, following in zip(steps, [*steps[1:], None], strict=True):
        fresh: Any = value if following is None else [] if isinstance(following, int) else {}
        if isinstance(step, int):
            here.extend({} for _ in range(step + 1 - len(here)))
            if following is None or not here[step]:
                here[step] = fresh
        elif following is None and isinstance(value, dict) and isinstance(here.get(step), dict):
            here[step].update(value)
        elif following is None or not isinstance(here.get(step), dict | list):
            here[step] = fresh
        here = here[step]
    return root


def rooted(paths: tuple[str, ...]) -> Any:
    """An empty answer in which ``paths`` can be: a list when one of them begins with a place."""
    return [] if any(path.startswith("[") for path in paths) else {}


def _token_fields(
    settings: AppSettings,
    access_token: str,
    refresh_token: str,
    scopes: tuple[str, ...],
    now: datetime,
) -> dict[str, Any]:
    rules = settings.response
    fields: dict[str, Any] = {"token_type": "DPoP" if settings.use_dpop else "Bearer"}
    put(fields, rules.access_token or "access_token", access_token)
    if refresh_token:
        put(fields, rules.refresh_token or "refresh_token", refresh_token)
    if scopes:
        put(fields, rules.scope or "scope", settings.scope_separator.join(scopes))
    if rules.expires_at:
        put(fields, rules.expires_at, f"{now + LIFETIME:%Y-%m-%dT%H:%M:%SZ}")
    elif rules.default_lifetime is None:
        lifetime = LIFETIME.total_seconds() / _SECONDS[rules.lifetime_unit]
        put(fields, rules.expires_in or "expires_in", round(lifetime, 3))
    return fields


def _typed(text: str) -> Any:
    if text in {"true", "false"}:
        return text == "true"
    return int(text) if text.isdecimal() and text == str(int(text)) else text
