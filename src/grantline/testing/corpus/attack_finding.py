"""What an experiment with an attack row found, and what to read from a row before it starts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from grantline.calls.hosts import HostList
from grantline.net.guard import HOSTED, EgressPolicy
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
    """The operator's settings that the row describes: ``allow_hosts``, ``deny_networks``, ..."""
    setup = setup_of(row)
    allowed: list[str] = []
    plain: list[str] = []
    ports: list[str] = []
    denied: list[str] = []
    hosted = False
    for name, values in (setup.get("policy") or {}).items():
        if name.startswith("allow"):
            kind = plain if "plain" in name else ports if "port" in name else allowed
            kind += _texts(values)
        elif name.startswith(("deny", "denied", "block")):
            denied += _texts(values)
        elif values == HOSTED:
            hosted = True
    return EgressPolicy.parse(
        allow_hosts=allowed,
        allow_plain=plain,
        allow_ports=ports,
        denied_hosts=denied,
        own_addresses=_texts(setup.get("own_addresses")),
        hosted=hosted,
    )


def credential_hosts_of(row: Row) -> HostList | None:
    """The hosts that the row's connection is bound to; None when the row does not say."""
    policy = setup_of(row).get("policy") or {}
    hosts = policy.get("credential_hosts")
    return None if hosts is None else HostList.parse(hosts)


def _texts(values: Iterable[Any] | str | None) -> list[str]:
    return [values] if isinstance(values, str) else [str(value) for value in values or ()]
