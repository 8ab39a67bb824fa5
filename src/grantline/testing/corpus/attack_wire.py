"""The network and the surroundings that an attack row describes, however it writes them."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from grantline.net.resolver import DNS_TIMEOUT
from grantline.net.transport import EgressTransport
from grantline.testing.corpus.attack_finding import policy_of, setup_of
from grantline.testing.corpus.cases import Row
from grantline.testing.corpus.wire import Answer, Wire
from grantline.url import Url

# Where a request starts when the row does not say.
DEFAULT_FROM: Final = "https://api.example/"
# Long enough for a lookup in this process, short enough not to be noticed.
SHORT: Final = timedelta(milliseconds=50)
MOST_ALIASES: Final = 8

_ALIAS: Final = re.compile(r"cname[:\s]\s*", re.IGNORECASE)


def wire_of(row: Row, *urls: Url | None, answer: Any = None) -> Wire:
    """The internet of ``row``, with servers at the origins of ``urls``."""
    setup, places = setup_of(row), [url for url in urls if url is not None]
    nowhere: dict[str, list[list[str]]] = {}
    if setup.get("dns_error"):
        nowhere = {url.host: [[]] for url in places}
    return Wire(
        urls=places,
        answer=answer or (lambda _seen: Answer()),
        dns=nowhere | dns_turns(setup),
        # A delay as long as the real time limit, or longer, only has to outlast a short limit.
        dns_delay=timedelta(seconds=float(setup.get("dns_delay_s", 0))),
    )


def transport_of(row: Row, wire: Wire) -> EgressTransport:
    """A real transport on ``wire`` with the policy of ``row``."""
    slow = wire.dns_delay >= DNS_TIMEOUT
    return wire.transport(policy_of(row), dns_timeout=SHORT if slow else DNS_TIMEOUT)


def dns_turns(setup: Mapping[str, Any]) -> dict[str, list[list[str]]]:
    """For each name one list of addresses a lookup, the last for all that follow.

    Answers may be one address, a list, or lists by record type. CNAMEs are followed through the
    row's own names, as a resolver follows them; a word such as NXDOMAIN is no address.
    """
    table = setup.get("dns") or {}
    turns = {name: [_addresses(answers, table)] for name, answers in table.items()}
    for name, answers in (setup.get("dns_sequence") or {}).items():
        turns[name] = [_addresses(each, table) for each in answers]
    return turns


def _addresses(value: Any, table: Mapping[str, Any], aliases: int = MOST_ALIASES) -> list[str]:
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, list):
        return [address for item in value for address in _addresses(item, table, aliases)]
    text = _ALIAS.sub("", str(value or "")).rstrip(".")
    try:
        ip_address(text.partition("%")[0])
    except ValueError:
        return _addresses(table[text], table, aliases - 1) if aliases and text in table else []
    return [text]


@contextmanager
def surroundings(*, netrc: str | None = None, proxy: str | None = None) -> Iterator[None]:
    """A home folder with a .netrc file, and a proxy in the environment, as far as given."""
    with TemporaryDirectory() as home:
        variables: dict[str, str] = {}
        if netrc is not None:
            path = Path(home, ".netrc")
            path.write_text(f"{netrc}\n")
            path.chmod(0o600)
            variables |= {"HOME": home, "NETRC": str(path)}
        if proxy is not None:
            variables |= {"HTTPS_PROXY": proxy, "HTTP_PROXY": proxy, "ALL_PROXY": proxy}
        with environment_variables(variables):
            yield


@contextmanager
def environment_variables(variables: Mapping[str, str]) -> Iterator[None]:
    """The environment of the process with ``variables`` added, for as long as this lasts."""
    before = dict(os.environ)
    os.environ.update(variables)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
