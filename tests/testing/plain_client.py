"""The simplest client there is, so that the judge is not tested by what it judges."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http.client import HTTPConnection
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from grantline.testing.authorization_server import FakeAuthorizationServer

REDIRECT_URI = "http://127.0.0.1:9/callback"
VERIFIER = "v" * 43
CHALLENGE = (
    base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")
)

Form = Mapping[str, str] | Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Answered:
    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def error(self) -> str:
        return str(self.json()["error"])


def send(
    method: str,
    url: str,
    *,
    form: Form | None = None,
    body: bytes = b"",
    headers: Mapping[str, str] | None = None,
) -> Answered:
    """One request on a connection of its own; redirects are not followed."""
    parts = urlsplit(url)
    assert parts.hostname is not None
    sent = dict(headers or {})
    if form is not None:
        body = urlencode(form).encode()
        sent.setdefault("Content-Type", "application/x-www-form-urlencoded")
    connection = HTTPConnection(parts.hostname, parts.port, timeout=10)
    try:
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        connection.request(method, target, body or None, sent)
        response = connection.getresponse()
        return Answered(response.status, dict(response.getheaders()), response.read())
    finally:
        connection.close()


def post_json(url: str, value: Mapping[str, Any]) -> Answered:
    headers = {"Content-Type": "application/json"}
    return send("POST", url, body=json.dumps(value).encode(), headers=headers)


def basic(user: str, password: str) -> dict[str, str]:
    encoded = base64.b64encode(f"{user}:{password}".encode()).decode()
    return {"Authorization": f"Basic {encoded}"}


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def authorization_url(server: FakeAuthorizationServer, **changes: str) -> str:
    parameters = {
        "response_type": "code",
        "client_id": server.client.client_id,
        "redirect_uri": REDIRECT_URI,
        "scope": "profile orders",
        "state": "a state",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
    } | changes
    return f"{server.authorize_uri}?{urlencode({k: v for k, v in parameters.items() if v})}"


def callback_parameters(redirect: str) -> dict[str, str]:
    parts = urlsplit(redirect)
    return {name: values[0] for name, values in parse_qs(parts.query or parts.fragment).items()}


def obtain_code(server: FakeAuthorizationServer, **changes: str) -> str:
    return callback_parameters(server.approve(authorization_url(server, **changes)))["code"]


def credentials(server: FakeAuthorizationServer) -> dict[str, str]:
    return {"client_id": server.client.client_id, "client_secret": server.client.client_secret}


def code_request(server: FakeAuthorizationServer, code: str) -> dict[str, str]:
    return {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": REDIRECT_URI,
        "code_verifier": VERIFIER,
        **credentials(server),
    }


def refresh_request(server: FakeAuthorizationServer, refresh_token: str) -> dict[str, str]:
    return {
        "grant_type": "refresh_token",
        "refresh_token": refresh_token,
        **credentials(server),
    }


def obtain_tokens(server: FakeAuthorizationServer, **changes: str) -> dict[str, Any]:
    code = obtain_code(server, **changes)
    answer = send("POST", server.token_uri, form=code_request(server, code))
    assert answer.status == 200, answer.body
    return dict(answer.json())


def refresh(server: FakeAuthorizationServer, refresh_token: str) -> Answered:
    return send("POST", server.token_uri, form=refresh_request(server, refresh_token))
