"""What arrived, and which rules of a good client it broke."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from grantline.testing.authorization_server.exchange import Endpoint, Incoming, Pairs


class Rule(StrEnum):
    """What no good client does. Every request is held against every rule."""

    SECRET_IN_URL = "secret_in_url"
    CODE_REUSED = "code_reused"
    REFRESH_TOKEN_REUSED = "refresh_token_reused"
    SCOPE_WIDENED = "scope_widened"
    SEVERAL_CLIENT_AUTHENTICATIONS = "several_client_authentications"
    CODE_VERIFIER_MISSING = "code_verifier_missing"
    REDIRECT_URI_DIFFERS = "redirect_uri_differs"
    PARAMETER_DOUBLED = "parameter_doubled"
    PARAMETERS_BESIDE_REQUEST_URI = "parameters_beside_request_uri"
    CLIENT_ID_DIFFERS = "client_id_differs"
    CREDENTIAL_AT_WRONG_ORIGIN = "credential_at_wrong_origin"
    OAUTH_SECRET_AT_API = "oauth_secret_at_api"
    ACCESS_TOKEN_IN_TWO_PLACES = "access_token_in_two_places"
    DPOP_PROOF_REUSED = "dpop_proof_reused"
    ASSERTION_REUSED = "assertion_reused"


@dataclass(frozen=True, slots=True)
class Violation:
    """One rule broken by one request; the message names no secret."""

    rule: Rule
    number: int
    endpoint: Endpoint
    message: str

    def __str__(self) -> str:
        return f"request {self.number} at {self.endpoint}: {self.rule}: {self.message}"


class Outcome(StrEnum):
    """How far a request came."""

    OPEN = "open"
    ANSWERED = "answered"
    DROPPED = "dropped"
    TRUNCATED = "truncated"
    CLIENT_LEFT = "client_left"


@dataclass(slots=True, repr=False)
class Entry:
    """One request and what became of it.

    Attributes:
        number: From 1, in the order of arrival.
        incoming: The request with everything in it, for tests to look into.
        status: The status of the answer, once one was decided.
        committed: Whether the server's state may have changed by it.
        outcome: Whether the answer left.
    """

    number: int
    incoming: Incoming
    status: int | None = None
    committed: bool = False
    outcome: Outcome = Outcome.OPEN

    def redacted(self, secrets: Iterable[str] = ()) -> dict[str, Any]:
        """The request for people to read, with marks for ``secrets`` and what is named like one.

        Equal secrets have equal marks, so one can be followed through the journal.
        """
        incoming = self.incoming
        secrets = [secret for secret in secrets if secret]
        return {
            "number": self.number,
            "at": incoming.at.isoformat(),
            "endpoint": str(incoming.endpoint),
            "method": incoming.method,
            "url": _without(secrets, incoming.url),
            "query": _redacted_pairs(incoming.query, secrets),
            "headers": _redacted_pairs(incoming.headers, secrets),
            "form": _redacted_pairs(incoming.form, secrets),
            "status": self.status,
            "committed": self.committed,
            "outcome": str(self.outcome),
        }

    def __repr__(self) -> str:
        return f"Entry({self.number} at {self.incoming.endpoint}: {self.status} {self.outcome})"


class Journal:
    """Every request of one server in order of arrival, and every violation.

    Args:
        secrets: Tells what must not be shown.
    """

    def __init__(self, secrets: Callable[[], Iterable[tuple[str, Iterable[str]]]]) -> None:
        self._secrets = secrets
        self.entries: list[Entry] = []
        self.violations: list[Violation] = []
        self._allowed: set[Rule] = set()

    def record(self, incoming: Incoming) -> Entry:
        """A new entry for ``incoming``."""
        entry = Entry(len(self.entries) + 1, incoming)
        self.entries.append(entry)
        return entry

    def at(self, endpoint: Endpoint | str) -> list[Entry]:
        """The entries of one endpoint."""
        return [entry for entry in self.entries if entry.incoming.endpoint == Endpoint(endpoint)]

    def count(self, endpoint: Endpoint | str) -> int:
        """How many requests arrived at one endpoint."""
        return len(self.at(endpoint))

    def broken_rules(self) -> set[Rule]:
        """The rules that were broken at least once."""
        return {violation.rule for violation in self.violations}

    def allow(self, *rules: Rule | str) -> None:
        """Let ``assert_clean()`` pass over ``rules``, which a test breaks on purpose."""
        self._allowed.update(Rule(rule) for rule in rules)

    def assert_clean(self) -> None:
        """Fail with every violation that was not allowed.

        Raises:
            AssertionError: The client broke a rule.
        """
        found = [one for one in self.violations if one.rule not in self._allowed]
        if found:
            listing = "\n".join(f"  {violation}" for violation in found)
            raise AssertionError(f"the client broke {len(found)} rule(s):\n{listing}")

    def redacted(self) -> dict[str, Any]:
        """The whole journal for people and other processes to read."""
        secrets = [value for _, values in self._secrets() for value in values]
        return {
            "entries": [entry.redacted(secrets) for entry in self.entries],
            "counts": dict(Counter(str(entry.incoming.endpoint) for entry in self.entries)),
            "violations": [
                {
                    "rule": str(one.rule),
                    "number": one.number,
                    "endpoint": str(one.endpoint),
                    "message": one.message,
                    "allowed": one.rule in self._allowed,
                }
                for one in self.violations
            ],
        }


_SECRET_NAMES: Final = frozenset(
    {
        "access_token",
        "assertion",
        "authorization",
        "client_assertion",
        "client_secret",
        "code",
        "code_verifier",
        "cookie",
        "device_code",
        "dpop",
        "password",
        "proxy-authorization",
        "refresh_token",
        "subject_token",
        "token",
    }
)


def _redacted_pairs(pairs: Pairs, secrets: Iterable[str]) -> list[list[str]]:
    return [
        [
            _without(secrets, name),
            _mark(value) if name.lower() in _SECRET_NAMES else _without(secrets, value),
        ]
        for name, value in pairs
    ]


def _without(secrets: Iterable[str], text: str) -> str:
    for secret in secrets:
        text = text.replace(secret, _mark(secret))
    return text


def _mark(value: str) -> str:
    return f"•••{hashlib.sha256(value.encode()).hexdigest()[:8]}"
