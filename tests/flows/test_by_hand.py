"""The main job as a new user does it: the commands of the README, each a process of its own."""

from __future__ import annotations

import json
import os
import re
import shlex
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.flows.journeys import CALLBACK
from tests.peers.browser import Person
from tests.peers.peer import Peer
from tests.ports import free_ports
from tests.processes.forking import Command, Ran

pytestmark = [pytest.mark.peers, pytest.mark.processes]

ROOT = Path(__file__).parents[2]
# The addresses of oidc-provider when a person starts it by hand, as the README says.
ISSUER, API = "http://127.0.0.1:9400", "http://127.0.0.1:9401/api"


@dataclass(frozen=True, slots=True)
class Shell:
    """A terminal of a user who has just installed Grantline."""

    environment: dict[str, str]

    def run(self, *arguments: str, **variables: str) -> Ran:
        return self.started(*arguments, **variables).end()

    def ok(self, *arguments: str, **variables: str) -> Ran:
        ran = self.run(*arguments, **variables)
        assert ran.status == 0, ran
        return ran

    def started(self, *arguments: str, **variables: str) -> Command:
        return Command.start({**self.environment, **variables}, *arguments)


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    surroundings = {
        name: value for name, value in os.environ.items() if not name.startswith("GRANTLINE_")
    }
    return Shell(
        {
            **surroundings,
            "GRANTLINE_DATA_DIR": str(tmp_path / "data"),
            "GRANTLINE_ALLOW_HOSTS": "127.0.0.1",
            "BROWSER": f"{shlex.quote(sys.executable)} -m tests.flows.played_browser %s",
            "NO_COLOR": "1",
        }
    )


@pytest.fixture
def free_port() -> int:
    return free_ports(1)[0]


def commands_of_readme(peer: Peer, port: int) -> Iterator[list[str]]:
    """The arguments of each ``grantline`` command there, with the addresses of this run."""
    text = (ROOT / "README.md").read_text()
    section = text.partition("## Connect something real")[2].partition("\n## ")[0]
    block = section.partition("```sh\n")[2].partition("```")[0].replace("\\\n", " ")
    for line in block.splitlines():
        if line.startswith("grantline "):
            here = line.replace(API, peer.api_url).replace(ISSUER, peer.issuer)
            yield shlex.split(here.replace(":8765/", f":{port}/"), comments=True)[1:]


def test_the_readme_leads_from_a_client_id_to_data_and_back(
    shell: Shell, oidc_provider: Peer, free_port: int
) -> None:
    ran = {
        " ".join(arguments[:2]): shell.ok(*arguments, *confirmed(arguments))
        for arguments in commands_of_readme(oidc_provider, free_port)
    }

    assert list(ran) == [
        "connection create",
        "connection authorize",
        "request GET",
        "connection verify",
        "connection edit",
        "connection delete",
    ]
    assert "Connected “orders”." in ran["connection authorize"].out
    assert json.loads(ran["request GET"].out)["sub"] == "person"
    assert "works" in ran["connection verify"].out
    assert "reauthorize orders" in ran["connection edit"].out + ran["connection edit"].err
    assert "revoked" in ran["connection delete"].out
    assert json.loads(shell.ok("connection", "list", "--format", "json").out) == []


def confirmed(arguments: list[str]) -> list[str]:
    """What a person answers at the terminal, given beforehand where there is none."""
    return ["--yes"] if "delete" in arguments else []


Create = Callable[..., None]


@pytest.fixture
def create(shell: Shell, oidc_provider: Peer) -> Create:
    """Creates the connection “orders” at oidc-provider, with more options if given."""

    def create(client_id: str, *more: str, **variables: str) -> None:
        service = ["--issuer", oidc_provider.issuer, "--base-url", oidc_provider.api_url]
        client = ["--client-id", client_id, "--authorize-parameter", "prompt=consent"]
        shell.ok("connection", "create", "orders", *service, *client, *more, **variables)

    return create


def scopes(*names: str) -> list[str]:
    return [part for name in names for part in ("--scope", name)]


def test_an_answer_may_be_pasted_where_no_browser_is(
    shell: Shell, create: Create, oidc_provider: Peer
) -> None:
    secret = oidc_provider.clients["web"].client_secret
    assert secret is not None
    granted = scopes("openid", "offline_access")
    create("web", *granted, "--redirect-uri", CALLBACK, GRANTLINE_CLIENT_SECRET=secret)
    command = shell.started("connection", "authorize", "orders", "--paste")
    redirected = Person().authorize(address_shown(command))
    ran = command.end(f"{redirected}\n")

    assert ran.status == 0, ran.err
    assert "Connected “orders”." in ran.out
    assert json.loads(shell.ok("request", "GET", "/me", "-c", "orders").out)["client_id"] == "web"


def address_shown(command: Command) -> str:
    """The address that a command asks the person to open; its standard error is read to there."""
    for line in command.err:
        if found := re.fullmatch(r"\s+(http\S+)\n", line):
            return found[1]
    raise AssertionError("no address was shown")


def test_a_person_who_refuses_leaves_a_draft_and_a_sentence(shell: Shell, create: Create) -> None:
    create("native", *scopes("openid"), "--redirect-uri", CALLBACK)
    command = shell.started("connection", "authorize", "orders", "--paste")
    redirected = Person().authorize(address_shown(command), deny=True)
    ran = command.end(f"{redirected}\n")

    assert ran.status == 5
    assert "The person did not allow access." in ran.err
    shown = shell.ok("connection", "show", "orders", "--format", "json").out
    assert json.loads(shown)["state"] == "draft"


def test_a_machine_is_connected_at_once_or_told_why_not(
    shell: Shell, create: Create, oidc_provider: Peer
) -> None:
    secret = oidc_provider.clients["machine"].client_secret
    assert secret is not None
    create(
        "machine",
        "--flow",
        "client-credentials",
        "--scope",
        "orders",
        GRANTLINE_CLIENT_SECRET=secret,
    )
    orders = shell.ok("request", "GET", "/orders?page=3", "-c", "orders").out
    wrong = shell.run(
        *("connection", "create", "wrong", "--flow", "client-credentials"),
        *("--issuer", oidc_provider.issuer, "--client-id", "machine"),
        GRANTLINE_CLIENT_SECRET="not the secret",
    )

    assert json.loads(orders)["page"] == 3
    assert wrong.status == 7
    assert "Client secret" in wrong.err
    assert "Traceback" not in wrong.err
