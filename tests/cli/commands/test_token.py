"""``grantline token``: the token of a connection, or one that it is traded for."""

import pytest

from tests.cli.conftest import CommandLine


@pytest.mark.usefixtures("machine")
def test_a_token_is_traded_for_one_that_is_meant_for_another_service(cli: CommandLine) -> None:
    own = cli.ok("token", "orders").out

    traded = cli.ok("token", "orders", "--audience", "billing", "--scope", "orders").out

    assert len(traded.split()) == 1
    assert traded != own == cli.ok("token", "orders").out
