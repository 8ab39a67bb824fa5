"""One connection, from code that waits."""

from grantline.client.connection import Connection


def test_a_request_carries_the_token(demo: Connection) -> None:
    answer = demo.get("/me")

    assert answer.json()["name"] == "Demo User"
