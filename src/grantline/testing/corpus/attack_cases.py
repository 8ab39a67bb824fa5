"""Attack rows: each is tried against the real code, and what happened is compared with the verdict.

A row's ``surface`` says what the attacker controls; a surface has one experiment, which reads the
row's input and setup and never its id. What depends on a part of Grantline that the experiment
cannot reach is reported as not run, never as passed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Final

from grantline.errors import (
    ConfigurationError,
    EgressBlocked,
    GrantlineError,
    LimitExceeded,
    ProtocolError,
    TransportFailed,
)
from grantline.testing.corpus import (
    attack_answers,
    attack_connections,
    attack_discovery,
    attack_network,
    attack_redirect,
    attack_texts,
)
from grantline.testing.corpus.attack_finding import CaseNotRun, Finding
from grantline.testing.corpus.cases import Judgement, Row

Experiment = Callable[[Row], Awaitable[Finding]]

REQUIRED: Final = ("id", "surface", "input", "expect")
# An experiment that hangs is a defect of ours; none takes a tenth of this.
DEADLINE: Final = timedelta(seconds=30)

# A refusal is a safe way to strip a credential or to mend a value, and an error to whoever asked.
# What is not even looked at is as good as denied.
_ALSO_SATISFIED_BY: Final = {
    "strip": {"deny"},
    "sanitize": {"deny"},
    "error": {"deny"},
    "deny": {"ignore"},
}
_LIMIT_REASONS: Final = {
    "response_bytes": "response_too_large",
    "redirects": "too_many_redirects",
}

_EXPERIMENTS: Final[dict[str, Experiment]] = {
    "authorize_params": attack_texts.authorize_parameters,
    "authorize_uri": attack_texts.authorize_uri,
    "body_template": attack_texts.body_template,
    "callback": attack_connections.callback,
    "connect_link": attack_connections.connect_link,
    "connection_create": attack_connections.connection_create,
    "connection_edit": attack_connections.connection_edit,
    "connection_id": attack_connections.connection_id,
    "cookie": attack_texts.cookie_value,
    "discovery_doc": attack_discovery.discovery_document,
    "env": attack_network.environment,
    "header_name": attack_texts.header_name,
    "header_value": attack_texts.header_value,
    "method": attack_texts.method,
    "path_template": attack_texts.path_template,
    "multipart_filename": attack_texts.file_name,
    "policy": attack_texts.host_policy,
    "query_value": attack_texts.query_value,
    "redirect_location": attack_redirect.redirect_location,
    "request_url": attack_network.request_url,
    "response_header": attack_answers.response_header,
    "response_body": attack_answers.response_body,
    "return_to": attack_texts.return_to,
    "session": attack_network.session,
    "stored_token": attack_texts.stored_token,
    "tls": attack_network.tls,
    "token_uri": attack_network.token_uri,
}


# Other fields that hold a URL of the same kind.
_SAME_SURFACE: Final = {
    **dict.fromkeys(("base_url", "download_url", "next_url", "webhook_url"), "request_url"),
    **dict.fromkeys(
        (
            *("token_url", "refresh_uri", "refresh_url", "revocation_uri", "introspection_uri"),
            *("device_authorization_uri", "pushed_authorization_uri", "registration_uri"),
        ),
        "token_uri",
    ),
    **dict.fromkeys(("authorize_url", "authorization_uri", "authorization_url"), "authorize_uri"),
    **dict.fromkeys(("query", "query_param", "query_parameter"), "query_value"),
    **dict.fromkeys(("filename", "file_name"), "multipart_filename"),
    **dict.fromkeys(("cookie_value",), "cookie"),
    **dict.fromkeys(("issuer", "metadata"), "discovery_doc"),
}


def run_attack_cases(rows: Sequence[Row]) -> list[Judgement]:
    """The judgement of every row, one after the other."""

    async def run_all() -> list[Judgement]:
        return [await judge_attack(row) for row in rows]

    return asyncio.run(run_all())


async def judge_attack(row: Row) -> Judgement:
    """What the attack of ``row`` came to, or why it was not tried."""
    surface = str(row["surface"])
    experiment = _EXPERIMENTS.get(_SAME_SURFACE.get(surface, surface))
    if experiment is None:
        reason = f"nothing tries the surface {surface} yet"
        return Judgement(row["id"], not_run=reason)
    try:
        async with asyncio.timeout(DEADLINE.total_seconds()):
            found = await experiment(row)
    except CaseNotRun as not_run:
        return Judgement(row["id"], not_run=str(not_run))
    except GrantlineError as error:
        found = finding_of(error)
    except (TimeoutError, LookupError, TypeError, ValueError) as error:
        # A row that nobody foresaw is a finding about the runner, not the end of the run.
        return Judgement(row["id"], (f"the experiment broke: {type(error).__name__}",))
    expected, reason = row["expect"]["verdict"], row["expect"].get("reason", "")
    differences: tuple[str, ...] = ()
    if found.verdict != expected and found.verdict not in _ALSO_SATISFIED_BY.get(expected, ()):
        differences = (f"verdict: expected {expected}, got {found.verdict} ({found.reason})",)
    notes = () if found.reason == reason else (f"reason: expected {reason}, got {found.reason}",)
    return Judgement(row["id"], differences, notes)


def finding_of(error: GrantlineError) -> Finding:
    """What a refusal or failure of Grantline means as a verdict."""
    match error:
        case EgressBlocked():
            return Finding("deny", error.rule)
        case TransportFailed():
            return Finding("deny" if error.check == "tls" else "error", error.check)
        case LimitExceeded():
            return Finding("error", _LIMIT_REASONS.get(error.limit, error.limit))
        case ProtocolError():
            return Finding("deny", error.check)
        case ConfigurationError():
            return Finding("deny", error.code)  # a policy that opens what it must not
    return Finding("error", error.code)
