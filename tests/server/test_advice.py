"""What the engine advises is done on a page there, and not in a terminal."""

from __future__ import annotations

import pytest

from grantline.server.advice import on_page


@pytest.mark.parametrize(
    ("advice", "there"),
    [
        ("Run: grantline connection authorize work mail", "Authorize the connection."),
        (
            "Add the scope offline_access. Then run: grantline connection reauthorize work mail",
            "Add the scope offline_access. Reauthorize the connection.",
        ),
        (
            (
                "Sign in as the first one. To replace it on purpose: "
                "grantline connection reauthorize work --other-account"
            ),
            (
                "Sign in as the first one. To replace it on purpose, choose “Use the other "
                "account” on the connection's page."
            ),
        ),
        (
            "It may have been deleted. See the names with: grantline credential list",
            "It may have been deleted. The list of credentials shows those that are there.",
        ),
        (
            (
                "If api.example.com belongs to the service, run: "
                "grantline connection edit work mail --add-host api.example.com"
            ),
            "If api.example.com belongs to the service, add it to the hosts of the connection.",
        ),
        (
            "Choose another name, or change that one: grantline connection edit 'work mail'",
            "Choose another name, or rename that one.",
        ),
        ("Check the path and its ids.", "Check the path and its ids."),
    ],
)
def test_commands_of_the_terminal_become_what_a_page_offers(advice: str, there: str) -> None:
    assert on_page(advice) == there
