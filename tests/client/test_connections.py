"""Opening, creating, finding, editing and deleting connections."""

import os
import signal
import subprocess
import sys
import threading
import warnings
from pathlib import Path
from typing import Any, TypedDict

import pytest

from grantline.client.async_connections import AsyncConnections
from grantline.client.connection import Connection
from grantline.client.connections import Connections
from grantline.connections.edit import Cost
from grantline.connections.settings import Settings
from grantline.connections.state import State
from grantline.errors import (
    ConfigurationError,
    ConnectionNotFound,
    InvalidInput,
    NotAuthorized,
)
from grantline.oauth.app.assertion_settings import AssertionSettings
from grantline.oauth.app.request_choices import ClientAuthentication
from grantline.oauth.app.settings import FlowType, Pkce
from grantline.secret import Secret
from grantline.testing.authorization_server import Endpoint, FakeAuthorizationServer
from tests.client.installation import app_of


class Registered(TypedDict):
    client_id: str
    token_uri: str


HERE: Registered = {"client_id": "x", "token_uri": "https://as.example/token"}


def test_the_first_opening_makes_a_key_and_says_so(settings: Settings) -> None:
    with Connections.open(settings=settings) as connections:
        assert any("key" in notice for notice in connections.notices)
        assert connections.list() == []


def test_a_url_names_the_database(tmp_path: Path, settings: Settings) -> None:
    with Connections.open(f"sqlite:///{tmp_path}/elsewhere.db", settings=settings):
        assert (tmp_path / "elsewhere.db").exists()


def test_a_database_that_cannot_be_opened_is_one_clear_error_and_no_thread(
    settings: Settings,
) -> None:
    before = threading.active_count()

    with pytest.raises(ConfigurationError):
        Connections.open("mysql://127.0.0.1/x", settings=settings)

    assert threading.active_count() == before


def test_a_connection_that_is_not_there_says_how_to_connect(connections: Connections) -> None:
    with pytest.raises(ConnectionNotFound) as missing:
        connections.get("github/ann")

    assert "connections.create('github/ann'" in missing.value.hint
    assert "Did you mean" not in missing.value.hint


def test_created_connections_are_found_by_name_and_by_id(connections: Connections) -> None:
    created = connections.create("b", **HERE, flow="client-credentials", client_secret="s")
    connections.create("a", app="b", flow="client-credentials")

    assert [each.name for each in connections.list()] == ["a", "b"]
    assert connections.get(created.id).name == "b"
    assert created.status.state is State.DRAFT


def test_fields_take_what_python_has_at_hand(connections: Connections) -> None:
    created = connections.create(
        "m2m",
        **HERE,
        flow="client-credentials",
        client_secret=Secret("s"),
        client_authentication="client_secret_basic",
        pkce="off",
        token_parameters={"audience": "https://api.example"},
        resources=["https://api.example"],
        expired_statuses=range(498, 500),
        assertion=AssertionSettings(key_id="1"),
        response={"token_path": "data", "success_values": ["ok"]},
        identity={"url": "/me", "captures": {"cloud": "[0].id"}},
        scopes="read write",
        hosts={"api.example"},
    )

    app = created.status.app.settings
    assert created.status.flow is FlowType.CLIENT_CREDENTIALS
    assert created.status.scopes == ("read", "write")
    assert created.status.hosts == ("api.example",)
    assert app.client_authentication is ClientAuthentication.CLIENT_SECRET_BASIC
    assert app.pkce is Pkce.OFF
    assert app.token_parameters == (("audience", "https://api.example"),)
    assert app.expired_statuses == (498, 499)
    assert app.assertion.key_id == "1"
    assert (app.response.token_path, app.response.success_values) == ("data", ("ok",))
    assert app.identity.captures == (("cloud", "[0].id"),)


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"flow": "magic"}, "Flow type"),
        ({"pkce": "S512"}, "pkce"),
        ({"token_url": "https://as.example/token"}, "token_url"),
        ({"use_par": "yes"}, "use_par"),
        ({"client_id": ""}, "Client ID"),
    ],
)
def test_a_field_that_will_not_do_is_named(
    connections: Connections, fields: dict[str, Any], field: str
) -> None:
    given: Any = {**HERE, "flow": "client-credentials", **fields}

    with pytest.raises(InvalidInput) as refused:
        connections.create("x", **given)

    assert refused.value.field == field
    assert connections.list() == []


def test_an_issuer_fills_in_the_endpoints_and_what_is_given_stays(
    connections: Connections, server: FakeAuthorizationServer
) -> None:
    created = connections.create(
        "demo",
        issuer=server.issuer,
        client_id=server.client.client_id,
        client_secret=server.client.client_secret,
        revocation_uri="https://elsewhere.example/revoke",
    )

    app = created.status.app.settings
    assert app.token_uri == server.token_uri
    assert app.authorize_uri == server.authorize_uri
    assert app.expect_iss
    assert app.revocation_uri == "https://elsewhere.example/revoke"


def test_an_edit_tells_its_price(demo: Connection, connections: Connections) -> None:
    renamed = connections.edit("demo", new_name="mine")
    widened = connections.edit("mine", scopes=["read", "write"], base_url="https://api.example")

    assert (renamed.connection.name, renamed.price.cost) == ("mine", Cost.NOTHING)
    assert widened.price.cost is Cost.CONSENT
    assert widened.connection.app.settings.base_url == "https://api.example"
    assert demo.refresh_status().name == demo.name == "mine"


def test_a_connection_is_verified_by_the_service_itself(
    demo: Connection, connections: Connections, server: FakeAuthorizationServer
) -> None:
    assert connections.verify("demo").works

    server.revoke_grants()

    assert not connections.verify("demo").works


def test_a_deleted_connection_is_revoked_and_gone(
    demo: Connection, connections: Connections, server: FakeAuthorizationServer
) -> None:
    deleted = connections.delete("demo")

    assert deleted.revocation.revoked
    assert server.journal.count(Endpoint.REVOKE) > 0
    with pytest.raises(ConnectionNotFound):
        demo.token()


def test_a_name_that_is_nearly_right_is_answered_with_the_right_one(
    demo: Connection, connections: Connections
) -> None:
    with pytest.raises(ConnectionNotFound, match="Did you mean “demo”"):
        connections.get("Demo")


def test_a_draft_has_no_token(connections: Connections, server: FakeAuthorizationServer) -> None:
    created = connections.create("demo", **app_of(server))

    with pytest.raises(NotAuthorized):
        created.token()


def test_closed_connections_say_so(settings: Settings) -> None:
    connections = Connections.open(settings=settings)
    connections.close()
    connections.close()

    with pytest.raises(ConfigurationError, match="closed"):
        connections.list()


async def test_connections_that_were_not_entered_say_so(settings: Settings) -> None:
    connections = AsyncConnections.open(settings=settings)

    with pytest.raises(ConfigurationError, match="not open"):
        await connections.list()


def test_a_fork_of_the_process_is_told_to_open_its_own(connections: Connections) -> None:
    with warnings.catch_warnings():
        # Newer Pythons warn of just what this test does: forking while threads run.
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child == 0:  # pragma: no cover - coverage does not follow the child
        signal.alarm(10)
        try:
            connections.list()
        except ConfigurationError as error:
            connections.close()
            os._exit(42 if "fork" in error.message else 1)
        os._exit(2)

    _, status = os.waitpid(child, 0)

    assert os.waitstatus_to_exitcode(status) == 42
    assert connections.list() == []


def test_connections_that_nobody_closes_close_with_the_interpreter(tmp_path: Path) -> None:
    script = (
        "import sys; from grantline import Connections\n"
        "connections = Connections.open(sys.argv[1])\n"
        "print(connections.list())\n"
    )

    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", script, f"sqlite:///{tmp_path}/grantline.db"],
        env={**os.environ, "GRANTLINE_DATA_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )

    assert (done.stdout, done.stderr) == ("[]\n", "")
