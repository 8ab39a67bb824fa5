"""One connection, from code that waits."""

from datetime import timedelta

from grantline.client.connection import Connection
from grantline.client.connections import Connections
from grantline.testing.authorization_server import FakeAuthorizationServer
from grantline.testing.clock import FakeClock


def test_a_request_carries_the_token(demo: Connection) -> None:
    answer = demo.get("/me")

    assert answer.json()["name"] == "Demo User"
