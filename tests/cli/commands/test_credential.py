"""``grantline credential``: kept by every way in, shown without secrets, used by requests."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

from grantline.testing.authorization_server import FakeAuthorizationServer
from tests.canary import assert_no_canary
from tests.cli.conftest import CommandLine, Create
from tests.connections.credential_values import AUTHORITY_PEM, CANARY, CHAIN_PEM, KEY_PEM

KEY = ("create", "weather", "--kind", "key", "--key-name", "X-Weather", "--host", "127.0.0.1")
BASIC = ("create", "me", "--kind", "basic", "--username", "ada", "--host", "127.0.0.1")


@pytest.fixture
def echo(server: FakeAuthorizationServer) -> str:
    return server.api_url + "/echo"


@pytest.fixture
def files(tmp_path: Path) -> dict[str, str]:
    """A certificate, its key in the clear and encrypted, an authority, and a secret."""
    key = load_pem_private_key(KEY_PEM.encode(), password=None)
    hidden = BestAvailableEncryption(CANARY.encode())
    encrypted = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, hidden).decode()
    texts = {
        "chain": CHAIN_PEM,
        "key": KEY_PEM,
        "encrypted": encrypted,
        "authority": AUTHORITY_PEM,
        "secret": CANARY + "\n",
    }
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
    return {name: str(tmp_path / name) for name in texts}


def credential(cli: CommandLine, *words: str, stdin: str = "") -> Any:
    """What ``credential`` prints as JSON."""
    return json.loads(cli.ok("credential", *words, "--format", "json", stdin=stdin).out)


@pytest.mark.parametrize("way", ["file", "stdin", "environment", "prompt"])
def test_a_key_comes_by_every_way_but_the_arguments(
    cli: CommandLine, files: dict[str, str], way: str, server: FakeAuthorizationServer, echo: str
) -> None:
    match way:
        case "file":
            made = credential(cli, *KEY, "--secret-file", files["secret"])
        case "stdin":
            made = credential(cli, *KEY, "--secret-stdin", stdin=CANARY + "\n")
        case "environment":
            cli.monkeypatch.setenv("GRANTLINE_SECRET", CANARY)
            made = credential(cli, *KEY)
            cli.monkeypatch.delenv("GRANTLINE_SECRET")
        case _:
            cli.monkeypatch.setattr("grantline.cli.prompts.can_ask", lambda: True)
            cli.monkeypatch.setattr("grantline.cli.prompts.getpass", lambda *_, **__: CANARY)
            made = credential(cli, *KEY)
    assert (made["kind"], made["key_name"], made["hosts"]) == ("key", "X-Weather", ["127.0.0.1"])

    cli.run("request", "GET", echo, "--credential", "weather")

    (entry,) = server.journal.at("api")
    assert entry.incoming.header("X-Weather") == CANARY
    assert_no_canary([CANARY], *cli.said)


@pytest.mark.parametrize("option", ["--secret", "--value", "--password"])
def test_a_secret_is_no_argument(cli: CommandLine, option: str) -> None:
    ran = cli.run("credential", *KEY, option, CANARY)
    assert ran.status == 2
    assert "--secret-file" in ran.err
    assert_no_canary([CANARY], ran.out + ran.err)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (KEY, "There is no terminal to ask: API key"),
        ((*KEY, "--secret-stdin", "--secret-file", "x"), "name the same secret"),
        ((*KEY[:-2], "--secret-stdin"), "No host is listed."),
        ((*KEY, "--secret-stdin", "--username", "ada"), "User name is not a field of this kind"),
        ((*BASIC, "--no-password", "--secret-stdin"), "contradict"),
        (("create", "p", "--kind", "proxy"), "not of the form http://host:port"),
        (("create", "a", "--kind", "authority", "--secret-stdin"), "This kind has no secret"),
        (("create", "c", "--kind", "certificate", "--pkcs12-file", "/none"), "cannot be read"),
        (("create", "x", "--kind", "magic"), "magic"),
        (("edit", "weather"), "no credential named"),
    ],
)
def test_what_does_not_fit_is_refused(cli: CommandLine, words: tuple[str, ...], said: str) -> None:
    ran = cli.run("credential", *words, stdin="x\n")
    assert ran.status in {2, 4}
    assert said in ran.err


def test_a_certificate_and_an_authority_come_from_files(
    cli: CommandLine, files: dict[str, str]
) -> None:
    own = ("create", "bank", "--kind", "certificate", "--host", "bank.example")
    chain = ("--certificate-file", files["chain"])
    made = credential(cli, *own, *chain, "--private-key-file", files["key"])
    assert "CN=ada" in made["subject"]
    assert made["expires_at"].endswith("Z")
    authority = ("create", "ca", "--kind", "authority", "--certificate-file", files["authority"])
    assert (
        "Use it with: grantline request GET URL --authority ca"
        in cli.ok("credential", *authority).out
    )
    shown = cli.ok("credential", "show", "bank").out
    assert "Client certificate" in shown
    assert "Ends" in shown

    renewed = ("edit", "bank", *chain, "--private-key-file", files["encrypted"])
    assert "Give the passphrase by --secret-file" in cli.run("credential", *renewed).err
    assert credential(cli, *renewed, "--secret-stdin", stdin=CANARY)["version"] == 2
    cli.monkeypatch.setattr("grantline.cli.commands.credential.can_ask", lambda: True)
    cli.monkeypatch.setattr("grantline.cli.prompts.can_ask", lambda: True)
    cli.monkeypatch.setattr("grantline.cli.prompts.getpass", lambda *_, **__: CANARY)
    assert credential(cli, *renewed)["version"] == 3


def test_an_edit_changes_what_is_given(
    cli: CommandLine, server: FakeAuthorizationServer, echo: str
) -> None:
    cli.ok("credential", *BASIC, "--secret-stdin", stdin="first")
    hosts = ("--add-host", "*.example.com", "--new-name", "you")
    edited = credential(cli, "edit", "me", *hosts, "--secret-stdin", stdin=CANARY)
    assert edited["hosts"] == ["*.example.com", "127.0.0.1"]
    assert (edited["username"], edited["has_password"]) == ("ada", True)
    assert "Nothing was given to change" in cli.run("credential", "edit", "you").err
    assert (
        "is not among the hosts" in cli.run("credential", "edit", "you", "--remove-host", "x").err
    )
    cli.run("request", "GET", echo, "--credential", "you")
    (entry,) = server.journal.at("api")
    assert (entry.incoming.header("Authorization") or "").startswith("Basic ")
    bare = credential(cli, "edit", "you", "--no-password")
    assert (bare["username"], bare["has_password"]) == ("", False)


def test_what_is_kept_is_listed_copied_and_deleted(cli: CommandLine) -> None:
    assert "There are no credentials yet." in cli.ok("credential", "list").err
    cli.ok("credential", *KEY, "--secret-stdin", stdin=CANARY)
    proxy = ("create", "way", "--kind", "proxy", "--proxy-url", "http://proxy.example:3128")
    cli.ok("credential", *proxy)
    table = cli.ok("credential", "list").out
    assert "X-Weather" in table
    assert "http://proxy.example:3128" in table
    only = credential(cli, "list", "--kind", "proxy")
    assert [(each["name"], each["uses"]) for each in only] == [("way", 0)]
    assert credential(cli, "duplicate", "weather", "second")["key_name"] == "X-Weather"
    assert credential(cli, "show", "second")["uses"] == 0

    assert credential(cli, "delete", "second", "--yes") == {"deleted": "second", "uses": 0}
    assert cli.run("credential", "show", "second").status == 4
    cli.monkeypatch.setattr("grantline.cli.commands.credential.confirm", lambda *_, **__: False)
    assert cli.run("credential", "delete", "way").status == 1
    assert len(credential(cli, "list")) == 2
    assert_no_canary([CANARY], *cli.said)


def test_a_request_needs_neither_connection_nor_credential(
    cli: CommandLine, server: FakeAuthorizationServer, echo: str
) -> None:
    ran = cli.run("request", "GET", echo, "-i")
    assert "HTTP 401" in ran.out
    assert server.journal.count("api") == 1


def test_a_request_carries_one_secret_and_only_to_its_hosts(
    cli: CommandLine, server: FakeAuthorizationServer, create: Create, machine: None
) -> None:
    cli.ok("credential", *KEY, "--secret-stdin", stdin=CANARY)
    both = cli.run("request", "GET", "/me", "-c", "orders", "--credential", "weather")
    assert both.status == 2
    assert "not both" in both.err
    away = cli.run("request", "GET", "https://api.example/", "--credential", "weather")
    assert away.status == 8
    assert "grantline credential edit weather --add-host api.example" in away.err
    odd = cli.run("request", "GET", "/me", "--proxy", "weather")
    assert "is not what is wanted here" in odd.err
    assert server.journal.count("api") == 0
