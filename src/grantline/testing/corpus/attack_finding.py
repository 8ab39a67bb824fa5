"""What an experiment with an attack row found, and what to read from a row before it starts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from grantline.calls.hosts import HostList
from grantline.net.guard import EgressPolicy
from grantline.testing.corpus.cases import Row


@dataclass(frozen=True, slots=True)
class Finding:
    """The verdict that the real code came to, in the corpus' words, and why."""

    verdict: str
    reason: str = "ok"


class CaseNotRun(Exception):
    """The case cannot be tried; the text says what is missing."""


def setup_of(row: Row) -> dict[str, Any]:
    """The row's setup; empty when it has none."""
    return dict(row.get("setup") or {})


def policy_of(row: Row) -> EgressPolicy:
    """The operator's settings that the row describes."""
    setup = setup_of(row)
    policy = setup.get("policy") or {}
    return EgressPolicy.parse(
        allow_hosts=_texts(policy.get("allow_hosts")) + _texts(policy.get("allow_networks")),
        allow_plain=_texts(policy.get("allow_plaintext")),
        allow_ports=[str(port) for port in policy.get("allow_ports") or ()],
        denied_hosts=_texts(policy.get("deny_hosts")),
        own_addresses=_texts(setup.get("own_addresses")),
    )


def credential_hosts_of(row: Row) -> HostList | None:
    """The hosts that the row's connection is bound to; None when the row does not say."""
    policy = setup_of(row).get("policy") or {}
    hosts = policy.get("credential_hosts")
    return None if hosts is None else HostList.parse(hosts)


def _texts(values: Iterable[Any] | None) -> list[str]:
    return [str(value) for value in values or ()]
