"""``grantline notify``: said, changed, and tried against peers that listen."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller

from grantline.testing.authorization_server import FakeAuthorizationServer
from tests.canary import assert_no_canary
from tests.cli.conftest import CommandLine
from tests.mailbox import Mailbox


def notify(cli: CommandLine, *words: str) -> Any:
    """What ``notify`` prints as JSON."""
    return json.loads(cli.ok("notify", *words, "--format", "json").out)


def test_who_is_told_is_said_changed_and_sealed(cli: CommandLine, tmp_path: Path) -> None:
    assert notify(cli, "show") == {
        "mails": [],
        "webhook_url": "",
        "can_mail": False,
        "mail_from": "",
        "version": 0,
    }
    made = notify(
        cli, "set", "--mail", "ada@example.com", "--webhook", "https://h.example/path-4711"
    )
    assert (made["mails"], made["webhook_url"]) == (
        ["ada@example.com"],
        "https://h.example/path-4711",
    )
    secret = made["webhook_secret"]
    assert secret.startswith("whsec_")
    assert "webhook_secret" not in notify(cli, "set", "--mail", "bob@example.com")
    assert "webhook_secret" not in notify(cli, "show")
    assert notify(cli, "show", "--secret")["webhook_secret"] == secret
    assert notify(cli, "set", "--new-secret")["webhook_secret"] != secret

    text = cli.ok("notify", "show").out
    assert "bob@example.com" in text
    assert "ada@example.com" not in text
    assert notify(cli, "set", "--no-mail", "--no-webhook")["mails"] == []
    assert "nobody" in cli.ok("notify", "show").out
    assert_no_canary(["bob@example.com", "path-4711-nowhere", secret], tmp_path)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("set",), "Nothing was named"),
        (("set", "--mail", "a@example.com", "--no-mail"), "its opposite"),
        (("set", "--mail", "nobody"), "nobody is no mail address"),
        (("set", "--webhook", "ftp://x"), "cannot be used"),
    ],
)
def test_what_cannot_be_is_refused(cli: CommandLine, words: tuple[str, ...], said: str) -> None:
    refused = cli.run("notify", *words)

    assert refused.status == 2
    assert said in refused.err


def test_trying_says_what_became_of_each_channel(
    cli: CommandLine, server: FakeAuthorizationServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "Nobody is told" in cli.ok("notify", "test").err
    box = Mailbox()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        monkeypatch.setenv("GRANTLINE_SMTP_URL", f"smtp://127.0.0.1:{port}")
        monkeypatch.setenv("GRANTLINE_MAIL_FROM", "grantline@example.com")
        notify(cli, "set", "--mail", "ada@example.com")
        assert "mail: sent" in cli.ok("notify", "test").out
        notify(cli, "set", "--webhook", server.api_url + "/nothing-here")
        half = cli.run("notify", "test")
    finally:
        controller.stop()

    assert half.status == 9
    assert "mail: sent" in half.out
    assert "webhook: The webhook at 127.0.0.1 answered with status 401." in half.err
    assert len(box.mails) == 2
    tried = json.loads(cli.run("notify", "test", "--format", "json").out)
    assert [(each["channel"], each["sent"]) for each in tried] == [
        ("mail", False),
        ("webhook", False),
    ]
    assert tried[0]["code"] == "transport_failed"
