"""Answers in an envelope: a field that says whether it went well, whatever the HTTP status."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from grantline.oauth.answers.error_sign import ErrorSign
from grantline.oauth.app.response_rules import ResponseRules
from grantline.oauth.tokens.token_fields import look_up


def envelope_sign(fields: Mapping[str, Any], rules: ResponseRules) -> ErrorSign | None:
    """The error that the app's ``rules`` see in ``fields``, or None."""
    place, verdict = rules.success_field, _verdict(fields, rules)
    failed = bool(verdict) and verdict not in map(str.lower, rules.success_values)
    if not failed and rules.error_field and look_up(fields, rules.error_field):
        place, failed = rules.error_field, True
    if not failed:
        return None
    value = look_up(fields, rules.error_field or place)
    message = look_up(fields, rules.message_field) if rules.message_field else None
    code = value if isinstance(value, str | int) and not isinstance(value, bool) else ""
    text = message if isinstance(message, str) else ""
    # A service that says only false puts the code where others put the words.
    return ErrorSign(str(code) or (text if " " not in text else ""), place, text)


def says_success(fields: Mapping[str, Any], rules: ResponseRules) -> bool:
    """Whether ``fields`` say, by the app's ``rules``, that it went well."""
    return _verdict(fields, rules) in map(str.lower, rules.success_values)


def _verdict(fields: Mapping[str, Any], rules: ResponseRules) -> str:
    value = look_up(fields, rules.success_field) if rules.success_field else None
    return "" if value is None else str(value).lower()
