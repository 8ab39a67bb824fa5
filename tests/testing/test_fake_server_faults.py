"""Scripted faults, exact stops, and the remote control that other processes use."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from http.client import HTTPException, IncompleteRead, RemoteDisconnected
from socket import create_connection
from textwrap import dedent
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest

from grantline.testing.authorization_server import (
    Answer,
    AnswerTwice,
    Delay,
    Drip,
    Drop,
    FakeAuthorizationServer,
    Fault,
    Moment,
    Outcome,
    Point,
    Refuse,
    Replace,
    Rule,
    Truncate,
)
from grantline.testing.authorization_server.faults import fault_from_json
from grantline.testing.clock import START, FakeClock
from tests.testing.plain_client import (
    Answered,
    authorization_url,
    callback_parameters,
    credentials,
    obtain_tokens,
    post_json,
    refresh,
    send,
)

Server = FakeAuthorizationServer


def test_a_refusal_commits_nothing_and_says_when_to_come_back(server: Server) -> None:
    kept = obtain_tokens(server)["refresh_token"]
    server.script("token", Refuse(429, "7"), Refuse(503), None)
    assert refresh(server, kept).headers["Retry-After"] == "7"
    assert refresh(server, kept).status == 503
    assert refresh(server, kept).status == 200
    server.journal.assert_clean()


@pytest.mark.parametrize(
    ("moment", "then"), [(Moment.BEFORE_COMMIT, 200), (Moment.AFTER_COMMIT, 400)]
)
def test_a_dropped_connection_loses_the_answer_and_perhaps_the_token(
    server: Server, moment: Moment, then: int
) -> None:
    kept = obtain_tokens(server)["refresh_token"]
    server.script("token", Drop(moment))
    with pytest.raises((RemoteDisconnected, ConnectionResetError)):
        refresh(server, kept)
    dropped = server.journal.at("token")[-1]
    assert dropped.outcome is Outcome.DROPPED
    assert dropped.committed == (moment is Moment.AFTER_COMMIT)
    assert refresh(server, kept).status == then


def test_a_truncated_answer_was_committed(server: Server) -> None:
    kept = obtain_tokens(server)["refresh_token"]
    server.script("token", Truncate(keep=5))
    with pytest.raises(IncompleteRead) as caught:
        refresh(server, kept)
    assert len(caught.value.partial) == 5
    assert server.journal.at("token")[-1].outcome is Outcome.TRUNCATED
    assert refresh(server, kept).error == "invalid_grant"


@pytest.mark.parametrize(
    "fault",
    [
        Delay(timedelta(milliseconds=1)),
        Delay(timedelta(milliseconds=1), Moment.AFTER_COMMIT),
        Drip(timedelta(), chunk_bytes=3),
    ],
    ids=str,
)
def test_a_slow_answer_arrives_whole(server: Server, fault: Fault) -> None:
    kept = obtain_tokens(server)["refresh_token"]
    server.script("token", fault)
    assert "access_token" in refresh(server, kept).json()


def test_an_answer_may_come_twice_on_one_connection(server: Server) -> None:
    server.script("jwks", AnswerTwice())
    with create_connection(("127.0.0.1", urlsplit(server.issuer).port or 0), timeout=10) as plain:
        plain.sendall(b"GET /jwks HTTP/1.1\r\nHost: x\r\n\r\n")
        received = b""
        while received.count(b'{"keys"') < 2:
            received += plain.recv(65536)
    assert received.count(b"HTTP/1.1 200 OK") == 2


def test_a_leak_in_half_a_request_is_noted(server: Server) -> None:
    secret = server.client.client_secret.encode()
    hold = server.hold("second_origin", Point.ANSWERED)
    port = urlsplit(server.second_origin).port or 0
    with create_connection(("127.0.0.1", port), timeout=10) as plain:
        plain.sendall(b"POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 999\r\n\r\n" + secret)
    entry = hold.wait()
    assert (entry.outcome, entry.committed) == (Outcome.CLIENT_LEFT, False)
    assert server.journal.broken_rules() == {Rule.CREDENTIAL_AT_WRONG_ORIGIN}


def test_any_answer_can_take_the_place_of_the_right_one(server: Server) -> None:
    kept = obtain_tokens(server)["refresh_token"]
    server.script("token", Replace(Answer(200, b"<html>", (("Content-Type", "text/html"),))))
    assert refresh(server, kept).body == b"<html>"
    assert refresh(server, kept).error == "invalid_grant"


@pytest.mark.parametrize("point", list(Point))
def test_an_exchange_stops_exactly_where_it_is_held(server: Server, point: Point) -> None:
    kept = obtain_tokens(server)["refresh_token"]
    with ThreadPoolExecutor(1) as others:
        with server.hold("token", point) as hold:
            answer = others.submit(refresh, server, kept)
            entry = hold.wait()
            assert entry.committed == (point is not Point.RECEIVED)
            assert (entry.outcome is Outcome.ANSWERED) == (point is Point.ANSWERED)
            if point is not Point.ANSWERED:
                assert not answer.done()
        assert answer.result(10).status == 200
    server.journal.assert_clean()


def test_only_one_exchange_is_held_and_others_pass(server: Server) -> None:
    with ThreadPoolExecutor(1) as others, server.hold("jwks", Point.RECEIVED) as hold:
        held = others.submit(send, "GET", server.jwks_uri)
        hold.wait()
        assert send("GET", server.jwks_uri).status == 200
        hold.release()
        assert held.result(10).status == 200


def test_two_uses_of_one_refresh_token_at_once_are_seen(server: Server) -> None:
    """The race this server exists for: both requests arrive before either is answered."""
    kept = obtain_tokens(server)["refresh_token"]
    with ThreadPoolExecutor(2) as others:
        holds = [server.hold("token", Point.RECEIVED) for _ in range(2)]
        answers = [others.submit(refresh, server, kept) for _ in range(2)]
        for hold in holds:
            hold.wait()
        for hold in holds:
            hold.release()
        assert sorted(answer.result(10).status for answer in answers) == [200, 400]
    with pytest.raises(AssertionError, match="refresh_token_reused"):
        server.journal.assert_clean()


def test_a_hold_that_nobody_reaches_says_so(server: Server) -> None:
    with pytest.raises(TimeoutError, match="no exchange at token reached committed"):
        server.hold("token", Point.COMMITTED).wait(timeout_s=0.01)


def test_the_server_stops_although_an_exchange_is_held() -> None:
    with ThreadPoolExecutor(1) as others:
        with FakeAuthorizationServer.in_thread() as server:
            hold = server.hold("jwks", Point.RECEIVED)
            held = others.submit(send, "GET", server.jwks_uri)
            hold.wait()
        assert held.exception(10) is None or isinstance(
            held.exception(), HTTPException | ConnectionError
        )


@pytest.mark.parametrize(
    ("value", "fault"),
    [
        (None, None),
        ({"fault": "delay", "span_s": 2}, Delay(timedelta(seconds=2))),
        ({"fault": "refuse", "status": 500}, Refuse(500)),
        ({"fault": "refuse", "retry_after": "9"}, Refuse(503, "9")),
        ({"fault": "drop"}, Drop()),
        ({"fault": "drop", "moment": "before_commit"}, Drop(Moment.BEFORE_COMMIT)),
        ({"fault": "truncate", "keep": 3}, Truncate(3)),
        ({"fault": "drip", "every_s": 1, "chunk_bytes": 2}, Drip(timedelta(seconds=1), 2)),
        ({"fault": "answer_twice"}, AnswerTwice()),
        (
            {"fault": "replace", "status": 200, "body": "{}"},
            Replace(Answer(200, b"{}", (("Content-Type", "application/json"),))),
        ),
    ],
)
def test_every_fault_can_be_written_as_json(value: dict[str, Any] | None, fault: Fault) -> None:
    assert fault_from_json(value) == fault


def command(server: Server, name: str, **given: object) -> Answered:
    return post_json(f"{server.second_origin}/control/{name}", given)


def view(server: Server, name: str) -> Any:
    return send("GET", f"{server.second_origin}/control/{name}").json()


def test_another_process_can_play_every_part(server: Server, clock: FakeClock) -> None:
    assert view(server, "server")["token_uri"] == server.token_uri
    url = authorization_url(server)
    redirect = command(server, "approve", url=url).json()["redirect"]
    assert "code" in callback_parameters(redirect)
    redirect = command(server, "deny", url=url).json()["redirect"]
    assert callback_parameters(redirect)["error"] == "access_denied"
    for decision in ("approve-device", "deny-device"):
        device = send("POST", server.device_authorization_uri, form=credentials(server)).json()
        assert command(server, decision, user_code=device["user_code"]).status == 200
    assert command(server, "clock", advance_s=60).status == 200
    assert clock.now() == START + timedelta(minutes=1)
    token = obtain_tokens(server)["access_token"]
    assert view(server, "journal")["counts"]["token"] == 1
    for name in ("expire-access-tokens", "revoke-grants", "rotate-dpop-nonce"):
        assert command(server, name).status == 200
    headers = {"Authorization": f"Bearer {token}"}
    assert send("GET", f"{server.api_url}/me", headers=headers).status == 401
    server.journal.assert_clean()


def test_another_process_can_script_hold_and_release(server: Server) -> None:
    script = [{"fault": "refuse", "status": 500}]
    assert command(server, "script", endpoint="jwks", faults=script).status == 200
    assert send("GET", server.jwks_uri).status == 500
    number = command(server, "hold", endpoint="jwks", point="committed").json()["hold"]
    assert view(server, f"hold/{number}") == {"reached": False}
    with ThreadPoolExecutor(1) as others:
        held = others.submit(send, "GET", server.jwks_uri)
        assert view(server, f"hold/{number}?timeout_s=10")["reached"] is True
        assert command(server, f"hold/{number}/release").status == 200
        assert held.result(10).status == 200


def test_another_process_sees_violations_and_may_allow_them(server: Server) -> None:
    query = urlencode(credentials(server))
    send("POST", f"{server.token_uri}?{query}", form={})
    seen = view(server, "journal")["violations"]
    assert {one["rule"] for one in seen} == {"secret_in_url"}
    assert command(server, "allow", rule="secret_in_url").status == 200
    assert all(one["allowed"] for one in view(server, "journal")["violations"])
    server.journal.assert_clean()


@pytest.mark.parametrize(
    ("name", "given", "status"),
    [
        ("nonsense", {}, 400),
        ("hold", {"endpoint": "token"}, 400),
        ("hold", {"endpoint": "moon", "point": "received"}, 400),
        ("hold/99/release", {}, 400),
        ("script", {"endpoint": "token", "faults": [{"fault": "earthquake"}]}, 400),
        ("approve", {"url": "http://elsewhere.example/authorize"}, 400),
        ("allow", {"rule": "everything"}, 400),
    ],
)
def test_a_command_without_sense_is_refused(
    server: Server, name: str, given: dict[str, Any], status: int
) -> None:
    answer = command(server, name, **given)
    assert (answer.status, bool(answer.error)) == (status, True)


def test_a_web_page_cannot_give_commands(server: Server) -> None:
    """A form posts across origins without asking; JSON does not."""
    url = f"{server.second_origin}/control/revoke-grants"
    assert send("POST", url, form={}).status == 415
    assert send("GET", f"{server.second_origin}/control/nothing").status == 404


def test_the_clock_of_a_server_on_real_time_stays() -> None:
    with FakeAuthorizationServer.in_thread() as server:
        assert "wall clock" in command(server, "clock", advance_s=1).error


@pytest.mark.processes
def test_a_process_that_is_killed_between_commit_and_answer_has_used_its_token(
    server: Server,
) -> None:
    """How a crash test is written: hold, start, wait, kill, judge by the journal."""
    kept = obtain_tokens(server)["refresh_token"]
    child = dedent("""
        import json, sys, urllib.parse, urllib.request
        url, form = json.load(sys.stdin)
        urllib.request.urlopen(url, urllib.parse.urlencode(form).encode())
    """)
    form = {"grant_type": "refresh_token", "refresh_token": kept, **credentials(server)}
    with (
        server.hold("token", Point.COMMITTED) as hold,
        subprocess.Popen([sys.executable, "-c", child], stdin=subprocess.PIPE) as process,
    ):
        assert process.stdin is not None
        process.stdin.write(json.dumps([server.token_uri, form]).encode())
        process.stdin.close()
        entry = hold.wait()
        process.kill()
        process.wait(10)
    assert entry.committed
    assert refresh(server, kept).error == "invalid_grant"
    server.journal.allow("refresh_token_reused")
    server.journal.assert_clean()


Call = Callable[[], object]


def test_people_and_clients_can_only_be_played_at_this_server(server: Server) -> None:
    calls: list[Call] = [
        lambda: server.approve("http://elsewhere.example/authorize"),
        lambda: server.hold("moon", Point.RECEIVED),
        lambda: server.script("moon", None),
    ]
    for call in calls:
        with pytest.raises(ValueError):  # noqa: PT011 - that each is refused is the point
            call()
