"""Every integration, against the same service, by the same rules."""

from typing import Any, Protocol

import httpx
import httpx2
import pytest
import requests

from grantline.client.connection import Connection
from grantline.client.connections import Connections
from grantline.errors import EgressBlocked
from grantline.integrations import httpx as for_httpx
from grantline.integrations import httpx2 as for_httpx2
from grantline.integrations import requests as for_requests
from grantline.testing.authorization_server import (
    Answer,
    Endpoint,
    FakeAuthorizationServer,
    Leniency,
    Replace,
    Rule,
    ServerOptions,
)
from tests.client.installation import app_of


class Answered(Protocol):
    status_code: int

    def json(self) -> Any: ...


class Call(Protocol):
    """``call(connection, method, url, body)`` with one library."""

    def __call__(
        self, connection: Connection, method: str, url: str, body: Any = None
    ) -> Answered: ...


def with_httpx2(connection: Connection, method: str, url: str, body: Any = None) -> Answered:
    auth = for_httpx2.ConnectionAuth(connection)
    with httpx2.Client(auth=auth, follow_redirects=True) as client:
        return client.request(method, url, content=body)


def with_httpx(connection: Connection, method: str, url: str, body: Any = None) -> Answered:
    auth = for_httpx.ConnectionAuth(connection)
    with httpx.Client(auth=auth, follow_redirects=True) as client:
        return client.request(method, url, content=body)


def with_requests(connection: Connection, method: str, url: str, body: Any = None) -> Answered:
    auth = for_requests.ConnectionAuth(connection)
    with requests.Session() as session:
        return session.request(method, url, data=body, auth=auth)


@pytest.fixture
def server_options() -> ServerOptions:
    return ServerOptions(lenient=frozenset({Leniency.ACCESS_TOKEN_IN_QUERY}), dpop_nonce=True)


@pytest.fixture(params=[with_httpx2, with_httpx, with_requests])
def call(request: pytest.FixtureRequest) -> Call:
    function: Call = request.param
    return function


@pytest.fixture
def in_query(connections: Connections, server: FakeAuthorizationServer) -> Connection:
    """A connection whose service wants the token in the query."""
    connections.create("in-query", **app_of(server), token_placement="query")
    with connections.authorize("in-query") as pending:
        return pending.complete(server.approve(pending.url))


def renewals(server: FakeAuthorizationServer) -> int:
    return sum(
        dict(entry.incoming.form).get("grant_type") == "refresh_token"
        for entry in server.journal.at(Endpoint.TOKEN)
    )


def redirect_to(server: FakeAuthorizationServer, url: str) -> None:
    """The next answer of the API is a redirect."""
    server.script(Endpoint.API, Replace(Answer(302, b"", (("Location", url),))))


def test_requests_carry_the_token(
    demo: Connection, server: FakeAuthorizationServer, call: Call
) -> None:
    answer = call(demo, "GET", f"{server.api_url}/me")

    assert answer.json()["name"] == "Demo User"


def test_a_refused_token_is_renewed_and_the_request_sent_once_more(
    demo: Connection, server: FakeAuthorizationServer, call: Call
) -> None:
    server.expire_access_tokens()

    answer = call(demo, "POST", f"{server.api_url}/echo", b"all of it")

    assert answer.status_code == 200
    assert answer.json()["body"] == "all of it"
    assert renewals(server) == 1


def test_a_service_that_goes_on_refusing_is_asked_twice_and_believed(
    demo: Connection, server: FakeAuthorizationServer, call: Call
) -> None:
    answer = call(demo, "GET", f"{server.api_url}/status/401")

    assert answer.status_code == 401
    assert server.journal.count(Endpoint.API) == 2
    assert renewals(server) == 1


def test_a_streamed_body_is_not_sent_again(
    demo: Connection, server: FakeAuthorizationServer, call: Call
) -> None:
    server.expire_access_tokens()

    answer = call(demo, "POST", f"{server.api_url}/echo", iter([b"once"]))

    assert answer.status_code == 401
    assert renewals(server) == 0


def test_a_host_that_is_not_listed_is_asked_nothing(
    demo: Connection, server: FakeAuthorizationServer, call: Call
) -> None:
    elsewhere = server.api_url.replace("127.0.0.1", "localhost")

    with pytest.raises(EgressBlocked, match="localhost") as refused:
        call(demo, "GET", f"{elsewhere}/me")

    assert refused.value.rule == "host_not_allowed"
    assert server.journal.count(Endpoint.API) == 0


@pytest.mark.parametrize("token_name", ["Bearer", "token", ""])
def test_a_redirect_to_another_origin_does_not_carry_the_token(
    connections: Connections, server: FakeAuthorizationServer, call: Call, token_name: str
) -> None:
    connections.create("named", **app_of(server), token_name=token_name)
    with connections.authorize("named") as pending:
        named = pending.complete(server.approve(pending.url))
    secret = named.token().reveal()
    redirect_to(server, f"{server.second_origin}/there")

    call(named, "GET", f"{server.api_url}/me")

    (here,) = server.journal.at(Endpoint.API)
    assert here.incoming.header("Authorization") == f"{token_name} {secret}".strip()
    (entry,) = server.journal.at(Endpoint.SECOND_ORIGIN)
    assert not any(secret in text for _, text in (*entry.incoming.headers, *entry.incoming.query))


def test_a_token_in_the_query_reaches_the_service(
    in_query: Connection, server: FakeAuthorizationServer, call: Call
) -> None:
    answer = call(in_query, "GET", f"{server.api_url}/me?page=2")

    assert answer.json()["name"] == "Demo User"
    (entry,) = server.journal.at(Endpoint.API)
    assert [name for name, _ in entry.incoming.query] == ["page", "access_token"]
    assert not entry.incoming.header("Authorization")


def test_a_token_in_the_query_is_renewed_when_it_is_refused(
    in_query: Connection, server: FakeAuthorizationServer, call: Call
) -> None:
    server.expire_access_tokens()

    answer = call(in_query, "GET", f"{server.api_url}/me")

    assert answer.status_code == 200
    assert renewals(server) == 1


def test_a_redirect_at_home_gets_the_token_of_the_query_back(
    in_query: Connection, server: FakeAuthorizationServer, call: Call
) -> None:
    answer = call(in_query, "GET", f"{server.api_url}/redirect?to=/api/me")

    assert answer.json()["name"] == "Demo User"
    assert renewals(server) == 0


def test_a_redirect_that_repeats_the_query_elsewhere_is_refused(
    in_query: Connection, server: FakeAuthorizationServer, call: Call
) -> None:
    redirect_to(server, f"{server.second_origin}/there?again={in_query.token().reveal()}")

    with pytest.raises(EgressBlocked) as refused:
        call(in_query, "GET", f"{server.api_url}/me")

    assert refused.value.rule == "token_in_redirect"
    assert server.journal.count(Endpoint.SECOND_ORIGIN) == 0


def test_a_request_with_credentials_of_its_own_is_refused(demo: Connection) -> None:
    request = requests.Request("GET", "http://127.0.0.1/", headers={"Authorization": "Basic eA=="})

    with pytest.raises(EgressBlocked) as refused:
        for_requests.ConnectionAuth(demo)(request.prepare())

    assert refused.value.rule == "credential_conflict"


@pytest.fixture
def bound(connections: Connections, server: FakeAuthorizationServer) -> Connection:
    """A connection whose tokens work with proofs of possession only."""
    connections.create("bound", **app_of(server), use_dpop=True)
    with connections.authorize("bound") as pending:
        return pending.complete(server.approve(pending.url))


def test_a_bound_token_comes_with_a_proof_and_with_the_nonce_that_is_wanted(
    bound: Connection, server: FakeAuthorizationServer, call: Call
) -> None:
    for _ in range(2):
        answer = call(bound, "GET", f"{server.api_url}/me")

        assert answer.json()["name"] == "Demo User"
    # The first request learns the nonce; the second has it.
    assert server.journal.count(Endpoint.API) == 3
    assert renewals(server) == 0


def test_a_redirect_at_home_gets_a_proof_of_its_own(
    bound: Connection, server: FakeAuthorizationServer, call: Call
) -> None:
    call(bound, "GET", f"{server.api_url}/me")
    # The libraries repeat the proof of the first hop; it is refused, and the hop gets its own.
    server.journal.allow(Rule.DPOP_PROOF_REUSED)

    answer = call(bound, "GET", f"{server.api_url}/redirect?to=/api/me")

    assert answer.json()["name"] == "Demo User"
    assert renewals(server) == 0


def test_a_token_that_was_renewed_stays_at_home_as_well(
    in_query: Connection, server: FakeAuthorizationServer, call: Call
) -> None:
    """The service refuses the token, and then sends the new one elsewhere."""
    server.script(
        Endpoint.TOKEN, Replace(Answer.json({"access_token": "new-token", "token_type": "Bearer"}))
    )
    there = f"{server.second_origin}/there?again=new-token"
    server.script(
        Endpoint.API,
        Replace(Answer(401)),
        Replace(Answer(302, b"", (("Location", there),))),
    )

    with pytest.raises(EgressBlocked) as refused:
        call(in_query, "GET", f"{server.api_url}/me")

    assert refused.value.rule == "token_in_redirect"
    assert server.journal.count(Endpoint.SECOND_ORIGIN) == 0
