"""The peers do what other tests count on. No code of ours is asked: standard library and Person."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import Message
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qsl, quote_plus, urlencode, urlsplit

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey

from tests.peers.browser import Person
from tests.peers.fixtures import StartPeer
from tests.peers.peer import Peer, PeerClient

pytestmark = [pytest.mark.peers, pytest.mark.processes]

CALLBACK = "http://127.0.0.1:1/callback"
DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: Message
    body: dict[str, Any]


@pytest.fixture(params=["oidc_provider", "django_toolkit"])
def peer(request: pytest.FixtureRequest) -> Peer:
    found: Peer = request.getfixturevalue(request.param)
    return found


def ask(
    url: str,
    form: dict[str, str] | None = None,
    *,
    client: PeerClient | None = None,
    headers: dict[str, str] | None = None,
) -> Answer:
    """One request: Basic for a client with a secret, ``client_id`` in the form for the others."""
    headers = dict(headers or {})
    form = None if form is None else dict(form)
    if client is not None and client.client_secret:
        pair = f"{quote_plus(client.client_id)}:{quote_plus(client.client_secret)}"
        headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
    elif client is not None and form is not None:
        form["client_id"] = client.client_id
    body = None if form is None else urlencode(form).encode()
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        response = direct.open(urllib.request.Request(url, body, headers), timeout=20)
    except urllib.error.HTTPError as error:
        response = error
    with response:
        text = response.read()
        return Answer(response.status, response.headers, json.loads(text) if text else {})


def call_api(peer: Peer, path: str, access_token: str) -> Answer:
    return ask(peer.api_url + path, headers={"Authorization": f"Bearer {access_token}"})


def challenge(verifier: str) -> str:
    digest = hashlib.sha256(verifier.encode("ascii")).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")


def authorization_parameters(peer: Peer, client: PeerClient, verifier: str) -> dict[str, str]:
    return {
        "response_type": "code",
        "client_id": client.client_id,
        "redirect_uri": client.redirect_uris[-1] if client.client_secret else CALLBACK,
        "scope": peer.scope,
        "state": "as sent",
        "code_challenge": challenge(verifier),
        "code_challenge_method": "S256",
        **peer.authorize_parameters,
    }


def obtain_tokens(peer: Peer, client: PeerClient, headers: dict[str, str] | None = None) -> Answer:
    """The token answer after a person's consent."""
    verifier = secrets.token_urlsafe(32)
    parameters = authorization_parameters(peer, client, verifier)
    redirected = Person().authorize(authorization_url(peer, parameters))
    assert redirected.startswith(parameters["redirect_uri"])
    callback = dict(parse_qsl(urlsplit(redirected).query))
    assert callback["state"] == "as sent"
    form = {
        "grant_type": "authorization_code",
        "code": callback["code"],
        "redirect_uri": parameters["redirect_uri"],
        "code_verifier": verifier,
    }
    return ask(peer.endpoints["token_endpoint"], form, client=client, headers=headers)


def authorization_url(peer: Peer, parameters: dict[str, str]) -> str:
    return f"{peer.endpoints['authorization_endpoint']}?{urlencode(parameters)}"


def refresh(peer: Peer, client: PeerClient, refresh_token: str) -> Answer:
    form = {"grant_type": "refresh_token", "refresh_token": refresh_token}
    return ask(peer.endpoints["token_endpoint"], form, client=client)


@pytest.mark.parametrize("client_id", ["native", "web"])
def test_a_code_becomes_a_token_that_the_api_takes(peer: Peer, client_id: str) -> None:
    tokens = obtain_tokens(peer, peer.clients[client_id])

    assert tokens.status == 200
    assert tokens.body["refresh_token"]
    assert call_api(peer, "/me", tokens.body["access_token"]).body["sub"] == "person"
    assert len(call_api(peer, "/orders?page=2", tokens.body["access_token"]).body["orders"]) == 2


def test_a_token_that_nobody_issued_is_answered_with_401(peer: Peer) -> None:
    answer = call_api(peer, "/me", "nobody-issued-this")

    assert answer.status == 401
    assert 'error="invalid_token"' in answer.headers["WWW-Authenticate"]


def test_a_person_who_refuses_comes_back_with_access_denied(peer: Peer) -> None:
    parameters = authorization_parameters(peer, peer.clients["native"], "v" * 43)

    redirected = Person().authorize(authorization_url(peer, parameters), deny=True)

    assert dict(parse_qsl(urlsplit(redirected).query))["error"] == "access_denied"


def test_a_redirect_is_delivered_to_whoever_listens(peer: Peer) -> None:
    with listener() as (url, paths):
        client = peer.register(redirect_uris=[url], client_name="registered by a test")
        parameters = authorization_parameters(peer, client, "v" * 43)
        redirected = Person().authorize(authorization_url(peer, parameters), deliver=True)

    assert [url.rpartition("/")[0] + path for path in paths] == [redirected]


@contextmanager
def listener() -> Iterator[tuple[str, list[str]]]:
    """A redirect URI on loopback, and the paths that were asked of it."""
    paths: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            paths.append(self.path)
            self.send_response(204)
            self.end_headers()

        def log_message(self, *args: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}).start()
        yield f"http://127.0.0.1:{server.server_port}/callback", paths
        server.shutdown()


@pytest.mark.parametrize("deny", [False, True])
def test_a_device_is_answered_as_the_person_decides(peer: Peer, *, deny: bool) -> None:
    client = peer.clients["device"]
    endpoint = peer.endpoints["device_authorization_endpoint"]
    device = ask(endpoint, {"scope": peer.scope}, client=client).body
    form = {"grant_type": DEVICE_GRANT, "device_code": device["device_code"]}
    waiting = ask(peer.endpoints["token_endpoint"], form, client=client)
    Person().enter_user_code(device["verification_uri"], device["user_code"], deny=deny)
    decided = ask(peer.endpoints["token_endpoint"], form, client=client)

    assert waiting.body["error"] == "authorization_pending"
    if deny:
        assert decided.body["error"] == "access_denied"
    else:
        assert call_api(peer, "/me", decided.body["access_token"]).body["sub"] == "person"


def test_a_machine_gets_a_token_of_its_own(peer: Peer) -> None:
    form = {"grant_type": "client_credentials", "scope": peer.scope.split()[-1]}
    tokens = ask(peer.endpoints["token_endpoint"], form, client=peer.clients["machine"])

    assert "refresh_token" not in tokens.body
    assert call_api(peer, "/orders", tokens.body["access_token"]).status == 200


def test_a_revoked_token_is_inactive_and_refused(peer: Peer) -> None:
    client = peer.clients["web"]
    tokens = obtain_tokens(peer, client).body
    introspect = peer.endpoints["introspection_endpoint"]
    revoke = peer.endpoints["revocation_endpoint"]
    before = ask(introspect, {"token": tokens["access_token"]}, client=client)
    revoked = ask(revoke, {"token": tokens["refresh_token"]}, client=client)
    after = ask(introspect, {"token": tokens["access_token"]}, client=client)

    assert revoked.status == 200
    assert [before.body["active"], after.body["active"]] == [True, False]
    assert call_api(peer, "/me", tokens["access_token"]).status == 401


def test_a_token_of_oidc_provider_ends_on_time(start_oidc_provider: StartPeer) -> None:
    peer = start_oidc_provider(ttl={"AccessToken": 1})
    tokens = obtain_tokens(peer, peer.clients["native"]).body

    assert tokens["expires_in"] == 1
    assert any(call_api(peer, "/me", tokens["access_token"]).status == 401 for _ in range(5000))


def test_oidc_provider_revokes_the_grant_when_a_refresh_token_is_used_twice(
    oidc_provider: Peer,
) -> None:
    client = oidc_provider.clients["native"]
    first = obtain_tokens(oidc_provider, client).body["refresh_token"]
    second = refresh(oidc_provider, client, first).body["refresh_token"]

    assert second != first
    assert refresh(oidc_provider, client, first).body["error"] == "invalid_grant"
    assert refresh(oidc_provider, client, second).body["error"] == "invalid_grant"


def test_django_toolkit_answers_a_refresh_token_again_within_its_grace(
    start_django_toolkit: StartPeer,
) -> None:
    peer = start_django_toolkit(
        settings={"REFRESH_TOKEN_GRACE_PERIOD_SECONDS": 60, "ACCESS_TOKEN_EXPIRE_SECONDS": 2},
    )
    client = peer.clients["native"]
    tokens = obtain_tokens(peer, client).body
    answers = [refresh(peer, client, tokens["refresh_token"]).body for _ in range(2)]

    assert tokens["expires_in"] == 2
    assert answers[0]["refresh_token"] == answers[1]["refresh_token"] != tokens["refresh_token"]


def test_oidc_provider_that_requires_pushed_requests_takes_nothing_else(
    start_oidc_provider: StartPeer,
) -> None:
    peer = start_oidc_provider(par="required")
    client = peer.clients["native"]
    parameters = authorization_parameters(peer, client, "v" * 43)
    pushed = ask(peer.endpoints["pushed_authorization_request_endpoint"], parameters).body
    by_reference = {"client_id": client.client_id, "request_uri": pushed["request_uri"]}
    redirected = Person().authorize(authorization_url(peer, by_reference))
    callback = dict(parse_qsl(urlsplit(redirected).query))

    assert callback["code"]
    assert callback["iss"] == peer.issuer
    # Without a pushed request the server refuses before it shows any page.
    refused = Person().authorize(authorization_url(peer, parameters))
    assert dict(parse_qsl(urlsplit(refused).query))["error"] == "invalid_request"


def test_oidc_provider_takes_a_signed_assertion(oidc_provider: Peer) -> None:
    client = oidc_provider.clients["jwt"]
    assert client.private_jwk is not None
    now = int(time.time())
    claims = {
        "iss": client.client_id,
        "sub": client.client_id,
        "aud": oidc_provider.issuer,
        "jti": secrets.token_urlsafe(),
        "iat": now,
        "exp": now + 60,
    }
    header = {"alg": "ES256", "kid": client.private_jwk["kid"]}
    form = {
        "grant_type": "client_credentials",
        "client_id": client.client_id,
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "client_assertion": jwt.encode(header, claims, ECKey.import_key(dict(client.private_jwk))),
    }

    assert ask(oidc_provider.endpoints["token_endpoint"], form).status == 200


def test_oidc_provider_binds_a_token_to_a_proof_with_its_nonce(
    start_oidc_provider: StartPeer,
) -> None:
    peer = start_oidc_provider(dpop_nonce_required=True)
    key = ECKey.generate_key("P-256")
    token_endpoint = peer.endpoints["token_endpoint"]
    asked = ask(
        token_endpoint,
        {"grant_type": "refresh_token", "refresh_token": "none yet"},
        client=peer.clients["dpop"],
        headers={"DPoP": proof(key, "POST", token_endpoint)},
    )
    bound = proof(key, "POST", token_endpoint, nonce=asked.headers["DPoP-Nonce"])
    tokens = obtain_tokens(peer, peer.clients["dpop"], {"DPoP": bound}).body
    me = f"{peer.api_url}/me"

    def call(nonce: str) -> Answer:
        ath = challenge(tokens["access_token"])
        headers = {
            "Authorization": f"DPoP {tokens['access_token']}",
            "DPoP": proof(key, "GET", me, ath=ath, nonce=nonce),
        }
        return ask(me, headers=headers)

    refused = call("not the API's")

    assert asked.body["error"] == "use_dpop_nonce"
    assert tokens["token_type"] == "DPoP"
    assert 'error="use_dpop_nonce"' in refused.headers["WWW-Authenticate"]
    assert call(refused.headers["DPoP-Nonce"]).body["token_type"] == "DPoP"
    assert call_api(peer, "/me", tokens["access_token"]).status == 401


def proof(key: ECKey, method: str, url: str, **claims: str) -> str:
    """A DPoP proof (RFC 9449 section 4.2)."""
    header = {"typ": "dpop+jwt", "alg": "ES256", "jwk": key.as_dict(private=False)}
    jti = secrets.token_urlsafe()
    return jwt.encode(
        header,
        {"htm": method, "htu": url, "jti": jti, "iat": int(time.time()), **claims},
        key,
    )


def test_oidc_provider_gives_an_opaque_token_for_a_resource(oidc_provider: Peer) -> None:
    client = oidc_provider.clients["machine"]
    form = {"grant_type": "client_credentials", "scope": "orders"}
    token_endpoint = oidc_provider.endpoints["token_endpoint"]
    tokens = ask(token_endpoint, {**form, "resource": oidc_provider.api_url}, client=client).body
    other = ask(token_endpoint, {**form, "resource": "https://api.example"}, client=client).body

    assert call_api(oidc_provider, "/orders", tokens["access_token"]).status == 200
    assert other["error"] == "invalid_target"


def test_django_toolkit_gives_a_token_for_a_password(django_toolkit: Peer) -> None:
    form = {
        "grant_type": "password",
        "username": "person",
        "password": "correct horse battery staple",
    }
    client = django_toolkit.clients["password"]
    tokens = ask(django_toolkit.endpoints["token_endpoint"], form, client=client).body

    assert call_api(django_toolkit, "/me", tokens["access_token"]).body["sub"] == "person"


def test_django_toolkit_gives_a_token_in_the_fragment(django_toolkit: Peer) -> None:
    parameters = {
        "response_type": "token",
        "client_id": "implicit",
        "redirect_uri": CALLBACK,
        "scope": "read",
        "state": "as sent",
    }
    redirected = Person().authorize(authorization_url(django_toolkit, parameters))
    fragment = dict(parse_qsl(urlsplit(redirected).fragment))

    assert fragment["state"] == "as sent"
    assert call_api(django_toolkit, "/me", fragment["access_token"]).body["sub"] == "person"


def test_django_toolkit_may_answer_a_bad_token_with_a_bare_403(django_toolkit: Peer) -> None:
    answer = call_api(django_toolkit, "/forbidding/me", "nobody-issued-this")

    assert answer.status == 403
    assert "WWW-Authenticate" not in answer.headers
