"""What the fake authorization server grants and refuses, flow by flow."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import aiohttp
import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from grantline.testing.authorization_server import (
    DEMO_PASSWORD,
    DEMO_USERNAME,
    Client,
    Consent,
    ExpiresIn,
    FakeAuthorizationServer,
    Leniency,
    ServerOptions,
)
from grantline.testing.clock import FakeClock
from tests.testing.plain_client import (
    REDIRECT_URI,
    Answered,
    authorization_url,
    basic,
    bearer,
    callback_parameters,
    code_request,
    credentials,
    obtain_code,
    obtain_tokens,
    post_json,
    refresh,
    send,
)

Start = Callable[..., FakeAuthorizationServer]
MINUTE = timedelta(minutes=1)


def token_request(server: FakeAuthorizationServer, **form: str) -> Answered:
    return send("POST", server.token_uri, form={**credentials(server), **form})


def api(server: FakeAuthorizationServer, path: str, token: str) -> Answered:
    return send("GET", f"{server.api_url}{path}", headers=bearer(token))


@pytest.mark.anyio
async def test_the_whole_code_flow_on_the_running_event_loop() -> None:
    async with FakeAuthorizationServer() as server, aiohttp.ClientSession() as session:
        code = obtain_code(server)
        async with session.post(server.token_uri, data=code_request(server, code)) as answer:
            tokens = await answer.json()
        headers = bearer(tokens["access_token"])
        async with session.get(f"{server.api_url}/me", headers=headers) as answer:
            assert (await answer.json())["sub"] == "demo-user"
    server.journal.assert_clean()
    assert server.journal.count("token") == 1


@pytest.mark.parametrize(
    "path", ["/.well-known/oauth-authorization-server", "/.well-known/openid-configuration"]
)
def test_metadata_names_the_issuer_and_every_endpoint(
    server: FakeAuthorizationServer, path: str
) -> None:
    document = send("GET", server.issuer + path).json()
    assert document["issuer"] == server.issuer
    assert document["token_endpoint"] == server.token_uri
    assert document["authorization_endpoint"] == server.authorize_uri
    assert document["pushed_authorization_request_endpoint"] == server.pushed_authorization_uri
    assert document["authorization_response_iss_parameter_supported"] is True


def test_the_authorization_response_carries_state_and_issuer(
    server: FakeAuthorizationServer,
) -> None:
    parameters = callback_parameters(server.approve(authorization_url(server)))
    assert parameters["state"] == "a state"
    assert parameters["iss"] == server.issuer


def test_a_person_may_say_no(server: FakeAuthorizationServer) -> None:
    parameters = callback_parameters(server.deny(authorization_url(server)))
    assert parameters["error"] == "access_denied"
    assert "code" not in parameters


def test_the_consent_page_is_labelled_a_demo_and_answers_once(
    server: FakeAuthorizationServer,
) -> None:
    page = send("GET", authorization_url(server)).body.decode()
    assert "Demo authorization server" in page
    transaction = page.partition('name="transaction" value="')[2].partition('"')[0]
    decision = {"transaction": transaction, "decision": "approve"}
    answer = send("POST", server.authorize_uri, form=decision)
    assert answer.status == 303
    assert "code" in callback_parameters(answer.headers["Location"])
    assert send("POST", server.authorize_uri, form=decision).status == 400


@pytest.mark.parametrize(
    ("consent", "parameter"), [(Consent.APPROVE, "code"), (Consent.DENY, "error")]
)
def test_consent_can_be_decided_without_a_page(
    start: Start, consent: Consent, parameter: str
) -> None:
    answer = send("GET", authorization_url(start(ServerOptions(consent=consent))))
    assert answer.status == 303
    assert parameter in callback_parameters(answer.headers["Location"])


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"code_challenge": "", "code_challenge_method": ""}, "invalid_request"),
        ({"code_challenge_method": "S512"}, "invalid_request"),
        ({"response_type": "id_token"}, "unsupported_response_type"),
    ],
)
def test_a_wrong_authorization_request_is_told_to_the_client(
    server: FakeAuthorizationServer, changes: dict[str, str], error: str
) -> None:
    redirect = server.approve(authorization_url(server, **changes))
    assert callback_parameters(redirect)["error"] == error


@pytest.mark.parametrize(
    "changes",
    [
        {"client_id": "nobody"},
        {"redirect_uri": "https://evil.example/"},
        {"redirect_uri": "https://app.example/cb#fragment"},
        {"request_uri": "urn:ietf:params:oauth:request_uri:unknown"},
    ],
)
def test_with_a_doubtful_client_or_redirect_uri_nobody_is_redirected(
    start: Start, changes: dict[str, str]
) -> None:
    server = start(None, Client(redirect_uris=("https://app.example/cb",)))
    with pytest.raises(ValueError, match="did not redirect"):
        server.approve(authorization_url(server, **changes))


@pytest.mark.parametrize(
    "changes",
    [
        {"code_verifier": "w" * 43},
        {"redirect_uri": "http://127.0.0.1:9/other"},
        {"code": "code_unknown"},
    ],
)
def test_a_code_is_bound_to_its_authorization_request(
    server: FakeAuthorizationServer, changes: dict[str, str]
) -> None:
    request = code_request(server, obtain_code(server)) | changes
    assert send("POST", server.token_uri, form=request).error == "invalid_grant"


def test_a_plain_challenge_is_its_own_verifier(server: FakeAuthorizationServer) -> None:
    code = obtain_code(server, code_challenge="p" * 43, code_challenge_method="plain")
    request = code_request(server, code) | {"code_verifier": "p" * 43}
    assert send("POST", server.token_uri, form=request).status == 200


def test_a_code_expires(server: FakeAuthorizationServer, clock: FakeClock) -> None:
    code = obtain_code(server)
    clock.advance(MINUTE)
    assert send("POST", server.token_uri, form=code_request(server, code)).error == "invalid_grant"


def test_using_a_code_twice_revokes_what_it_issued(server: FakeAuthorizationServer) -> None:
    """RFC 6749 section 4.1.2."""
    request = code_request(server, obtain_code(server))
    tokens = send("POST", server.token_uri, form=request).json()
    assert send("POST", server.token_uri, form=request).error == "invalid_grant"
    assert api(server, "/me", tokens["access_token"]).status == 401


def test_the_implicit_flow_answers_in_the_fragment(server: FakeAuthorizationServer) -> None:
    redirect = server.approve(authorization_url(server, response_type="token"))
    assert "?" not in redirect
    token = callback_parameters(redirect)["access_token"]
    assert api(server, "/me", token).status == 200


def test_form_post_answers_with_a_page_that_posts(start: Start) -> None:
    server = start(ServerOptions(consent=Consent.APPROVE))
    answer = send("GET", authorization_url(server, response_mode="form_post"))
    assert answer.status == 200
    assert f'action="{REDIRECT_URI}"'.encode() in answer.body


def test_client_credentials_give_no_refresh_token(server: FakeAuthorizationServer) -> None:
    answer = token_request(server, grant_type="client_credentials", scope="orders").json()
    assert answer["scope"] == "orders"
    assert "refresh_token" not in answer


def test_the_password_grant_knows_one_person(server: FakeAuthorizationServer) -> None:
    right = {"grant_type": "password", "username": DEMO_USERNAME, "password": DEMO_PASSWORD}
    assert "refresh_token" in token_request(server, **right).json()
    assert token_request(server, **right | {"password": "wrong"}).error == "invalid_grant"


def test_token_exchange_gives_a_token_with_less_scope(server: FakeAuthorizationServer) -> None:
    tokens = obtain_tokens(server)
    request = {
        "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
        "subject_token": tokens["access_token"],
        "subject_token_type": "urn:ietf:params:oauth:token-type:access_token",
    }
    answer = token_request(server, **request, scope="orders").json()
    assert answer["scope"] == "orders"
    assert answer["issued_token_type"] == request["subject_token_type"]
    assert token_request(server, **request, scope="admin").error == "invalid_scope"


def test_a_device_polls_until_its_person_decides(
    server: FakeAuthorizationServer, clock: FakeClock
) -> None:
    """RFC 8628 section 3.5: slow_down adds five seconds for good."""
    started = send("POST", server.device_authorization_uri, form=credentials(server)).json()
    poll = {
        "grant_type": "urn:ietf:params:oauth:grant-type:device_code",
        "device_code": started["device_code"],
    }
    assert token_request(server, **poll).error == "authorization_pending"
    assert token_request(server, **poll).error == "slow_down"
    clock.advance(timedelta(seconds=started["interval"] + 4))
    assert token_request(server, **poll).error == "slow_down"
    clock.advance(timedelta(seconds=15))
    server.approve_device(started["user_code"].lower())
    assert "access_token" in token_request(server, **poll).json()
    clock.advance(MINUTE)
    assert token_request(server, **poll).error == "invalid_grant"


def test_a_device_hears_of_a_denial_and_of_its_end(
    server: FakeAuthorizationServer, clock: FakeClock
) -> None:
    grant_type = "urn:ietf:params:oauth:grant-type:device_code"
    denied = send("POST", server.device_authorization_uri, form=credentials(server)).json()
    form = {"user_code": denied["user_code"], "decision": "deny"}
    assert send("POST", denied["verification_uri"], form=form).status == 200
    code = denied["device_code"]
    answer = token_request(server, grant_type=grant_type, device_code=code)
    assert answer.error == "access_denied"
    late = send("POST", server.device_authorization_uri, form=credentials(server)).json()
    clock.advance(timedelta(seconds=late["expires_in"]))
    answer = token_request(server, grant_type=grant_type, device_code=late["device_code"])
    assert answer.error == "expired_token"
    with pytest.raises(LookupError):
        server.deny_device("NONE-SUCH")


def test_rotation_replaces_the_refresh_token(server: FakeAuthorizationServer) -> None:
    first = obtain_tokens(server)["refresh_token"]
    second = refresh(server, first).json()["refresh_token"]
    third = refresh(server, second).json()["refresh_token"]
    assert len({first, second, third}) == 3
    server.journal.assert_clean()


def test_reuse_without_grace_kills_the_whole_family(server: FakeAuthorizationServer) -> None:
    """RFC 9700 section 4.14.2."""
    first = obtain_tokens(server)["refresh_token"]
    second = refresh(server, first).json()
    assert refresh(server, first).error == "invalid_grant"
    assert refresh(server, second["refresh_token"]).error == "invalid_grant"
    assert api(server, "/me", second["access_token"]).status == 401


def test_reuse_within_the_grace_is_served_and_after_it_kills(
    start: Start, clock: FakeClock
) -> None:
    server = start(ServerOptions(grace=timedelta(seconds=30)))
    first = obtain_tokens(server)["refresh_token"]
    assert refresh(server, first).status == 200
    clock.advance(timedelta(seconds=29))
    again = refresh(server, first)
    assert again.status == 200
    server.journal.assert_clean()
    clock.advance(timedelta(seconds=1))
    assert refresh(server, first).error == "invalid_grant"
    assert refresh(server, again.json()["refresh_token"]).error == "invalid_grant"


def test_without_rotation_the_refresh_token_stays(start: Start) -> None:
    server = start(ServerOptions(rotate=False))
    kept = obtain_tokens(server)["refresh_token"]
    assert "refresh_token" not in refresh(server, kept).json()
    assert refresh(server, kept).status == 200
    server.journal.assert_clean()


def test_a_refresh_may_narrow_the_scope_but_not_widen_it(server: FakeAuthorizationServer) -> None:
    request = {
        "grant_type": "refresh_token",
        "refresh_token": obtain_tokens(server)["refresh_token"],
    }
    assert token_request(server, **request, scope="profile admin").error == "invalid_scope"
    assert token_request(server, **request, scope="profile").json()["scope"] == "profile"


@pytest.mark.parametrize(
    ("style", "expected"),
    [
        (ExpiresIn.INTEGER, 3600),
        (ExpiresIn.STRING, "3600"),
        (ExpiresIn.FLOAT_STRING, "3600.0"),
        (ExpiresIn.MILLISECONDS, 3_600_000),
        (ExpiresIn.ABSENT, None),
    ],
)
def test_lifetimes_are_written_as_asked(start: Start, style: ExpiresIn, expected: object) -> None:
    assert obtain_tokens(start(ServerOptions(expires_in=style))).get("expires_in") == expected


def test_a_token_answer_can_be_reshaped_and_scopes_left_out(start: Start) -> None:
    def nested(answer: dict[str, Any]) -> dict[str, Any]:
        return {"ok": True, "authed_user": answer}

    server = start(ServerOptions(token_answer=nested, scopes=("profile",), omit_refresh_token=True))
    answer = obtain_tokens(server)["authed_user"]
    assert answer["scope"] == "profile"
    assert "refresh_token" not in answer


def test_an_id_token_is_signed_and_repeats_the_nonce(server: FakeAuthorizationServer) -> None:
    tokens = obtain_tokens(server, scope="openid", nonce="a nonce")
    published = send("GET", server.jwks_uri).json()
    assert "d" not in published["keys"][0]
    keys = KeySet.import_key_set(published)
    claims = jwt.decode(tokens["id_token"], keys, algorithms=["ES256"]).claims
    assert claims["iss"] == server.issuer
    assert claims["aud"] == server.client.client_id
    assert claims["nonce"] == "a nonce"


def test_a_pushed_request_is_used_once_and_in_time(
    server: FakeAuthorizationServer, clock: FakeClock
) -> None:
    def push() -> str:
        pairs = callback_parameters(authorization_url(server)) | credentials(server)
        answer = send("POST", server.pushed_authorization_uri, form=pairs)
        assert answer.status == 201
        return authorization_url_of(server, answer.json()["request_uri"])

    url = push()
    assert "code" in callback_parameters(server.approve(url))
    with pytest.raises(ValueError, match="did not redirect"):
        server.approve(url)
    late = push()
    clock.advance(MINUTE)
    with pytest.raises(ValueError, match="did not redirect"):
        server.approve(late)
    server.journal.assert_clean()


def authorization_url_of(server: FakeAuthorizationServer, request_uri: str) -> str:
    return f"{server.authorize_uri}?client_id={server.client.client_id}&request_uri={request_uri}"


def test_a_server_that_requires_pushed_requests_refuses_others(start: Start) -> None:
    server = start(ServerOptions(require_par=True))
    redirect = server.approve(authorization_url(server))
    assert callback_parameters(redirect)["error"] == "invalid_request"


def test_revoking_a_refresh_token_ends_its_grant_and_unknown_tokens_are_fine(
    server: FakeAuthorizationServer,
) -> None:
    """RFC 7009 section 2.2."""
    tokens = obtain_tokens(server)
    for token in ("unknown", tokens["refresh_token"]):
        form = {**credentials(server), "token": token}
        assert send("POST", server.revocation_uri, form=form).status == 200
    assert api(server, "/me", tokens["access_token"]).status == 401
    assert refresh(server, tokens["refresh_token"]).error == "invalid_grant"


def test_introspection_tells_an_authenticated_client_what_is_alive(
    server: FakeAuthorizationServer,
) -> None:
    """RFC 7662 section 2.2."""
    tokens = obtain_tokens(server)

    def active(token: str) -> bool:
        form = {**credentials(server), "token": token}
        return bool(send("POST", server.introspection_uri, form=form).json()["active"])

    assert active(tokens["access_token"])
    assert active(tokens["refresh_token"])
    server.expire_access_tokens()
    assert not active(tokens["access_token"])
    server.revoke_grants()
    assert not active(tokens["refresh_token"])
    form = {"token": tokens["access_token"]}
    assert send("POST", server.introspection_uri, form=form).error == "invalid_client"


def test_a_client_can_register_itself(server: FakeAuthorizationServer) -> None:
    """RFC 7591 section 3."""
    wish = {"redirect_uris": [REDIRECT_URI], "token_endpoint_auth_method": "client_secret_basic"}
    client = post_json(server.registration_uri, wish).json()
    answer = send(
        "POST",
        server.token_uri,
        form={"grant_type": "client_credentials"},
        headers=basic(client["client_id"], client["client_secret"]),
    )
    assert answer.status == 200
    assert post_json(server.registration_uri, {"redirect_uris": "x"}).status == 400


@pytest.mark.parametrize(
    ("method", "headers"),
    [
        ("client_secret_basic", basic("a%3Ab", "s%C3%A9+%25")),
        ("client_secret_basic_raw", basic("a:b", "sé %")),
    ],
)
def test_basic_is_form_decoded_only_where_the_client_is_registered_so(
    start: Start, method: str, headers: dict[str, str]
) -> None:
    """RFC 6749 section 2.3.1."""
    client_id = "a:b" if method == "client_secret_basic" else "a"
    secret = "sé %" if method == "client_secret_basic" else "b:sé %"
    server = start(
        None,
        Client(client_id=client_id, client_secret=secret, authentication=frozenset({method})),
    )
    form = {"grant_type": "client_credentials"}
    assert send("POST", server.token_uri, form=form, headers=headers).status == 200


def test_a_wrong_secret_gets_401_with_a_challenge(server: FakeAuthorizationServer) -> None:
    """RFC 6749 section 5.2."""
    answer = token_request(server, grant_type="client_credentials", client_secret="wrong")
    assert (answer.status, answer.error) == (401, "invalid_client")
    assert answer.headers["WWW-Authenticate"].startswith("Basic")


def test_a_public_client_needs_no_secret_and_a_confidential_one_does(start: Start) -> None:
    server = start(None, Client(client_id="app", client_secret=""), Client())
    code = obtain_code(server)
    request = code_request(server, code)
    del request["client_secret"]
    assert send("POST", server.token_uri, form=request).status == 200
    form = {"grant_type": "client_credentials", "client_id": "demo-client"}
    assert send("POST", server.token_uri, form=form).error == "invalid_client"


def test_json_and_query_token_requests_need_leniency(start: Start) -> None:
    strict = start()
    lenient = start(
        ServerOptions(
            lenient=frozenset({Leniency.TOKEN_REQUEST_AS_JSON, Leniency.TOKEN_REQUEST_IN_QUERY})
        )
    )
    for server, status in ((strict, 400), (lenient, 200)):
        request = {"grant_type": "client_credentials", **credentials(server)}
        assert post_json(server.token_uri, request).status == status
        query = "&".join(f"{name}={value}" for name, value in request.items())
        assert send("GET", f"{server.token_uri}?{query}").status == status
    lenient.journal.assert_clean()


def test_the_api_pages_its_orders(server: FakeAuthorizationServer) -> None:
    token = obtain_tokens(server)["access_token"]
    first = api(server, "/orders", token)
    assert first.headers["Link"] == f'<{server.api_url}/orders?page=2>; rel="next"'
    last = api(server, "/orders?page=3", token)
    assert len(first.json()["items"]) == 10
    assert len(last.json()["items"]) == 4
    assert "Link" not in last.headers


def test_the_api_echoes_a_request_with_its_token_masked(server: FakeAuthorizationServer) -> None:
    token = obtain_tokens(server)["access_token"]
    masked = api(server, "/echo?a=1&a=2", token)
    assert token.encode() not in masked.body
    assert masked.json()["query"] == [["a", "1"], ["a", "2"]]
    assert token.encode() in api(server, "/echo?reveal=1", token).body


def test_the_api_challenges_as_rfc_6750_has_it(
    server: FakeAuthorizationServer, clock: FakeClock
) -> None:
    """RFC 6750 section 3.1."""
    without = send("GET", f"{server.api_url}/me")
    assert without.status == 401
    assert "error=" not in without.headers["WWW-Authenticate"]
    token = obtain_tokens(server)["access_token"]
    forbidden = api(server, "/admin", token)
    assert forbidden.status == 403
    assert 'error="insufficient_scope"' in forbidden.headers["WWW-Authenticate"]
    clock.advance(timedelta(hours=1))
    expired = api(server, "/me", token)
    assert expired.status == 401
    assert 'error="invalid_token"' in expired.headers["WWW-Authenticate"]


def test_the_api_takes_a_token_in_the_query_only_where_allowed(start: Start) -> None:
    for options, status in (
        (None, 400),
        (ServerOptions(lenient=frozenset({Leniency.ACCESS_TOKEN_IN_QUERY})), 200),
    ):
        server = start(options)
        token = obtain_tokens(server)["access_token"]
        assert send("GET", f"{server.api_url}/me?access_token={token}").status == status
        assert bool(server.journal.violations) == (status == 400)


def test_the_api_redirects_wherever_a_test_wants(server: FakeAuthorizationServer) -> None:
    token = obtain_tokens(server)["access_token"]
    answer = api(server, f"/redirect?status=307&to={server.second_origin}/x", token)
    assert answer.status == 307
    assert answer.headers["Location"] == f"{server.second_origin}/x"
    assert api(server, "/status/418", token).status == 418
    assert api(server, "/status/999", token).status == 400
    assert api(server, "/status/204", token).body == b""
    assert api(server, "/nowhere", token).status == 404


@pytest.mark.parametrize("method", ["HEAD", "PUT", "DELETE"])
def test_the_api_takes_any_method_and_bodies_of_any_size(
    server: FakeAuthorizationServer, method: str
) -> None:
    headers = bearer(obtain_tokens(server)["access_token"])
    body = b"" if method == "HEAD" else b"x" * 3_000_000
    answer = send(method, f"{server.api_url}/echo", body=body, headers=headers)
    assert answer.status == 200
    assert (answer.body == b"") == (method == "HEAD")


@pytest.mark.parametrize("jwks", [{"keys": [{"kty": "EC"}]}, {"keys": 3}, "keys", {"keys": [7]}])
def test_a_registration_with_keys_that_cannot_be_read_is_refused(
    server: FakeAuthorizationServer, jwks: object
) -> None:
    answer = post_json(server.registration_uri, {"jwks": jwks})
    assert answer.error == "invalid_client_metadata"


def test_a_token_request_that_is_no_form_is_refused(server: FakeAuthorizationServer) -> None:
    body = b"grant_type=client_credentials&client_id=demo-client"
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    answer = send("POST", server.token_uri, body=body, headers=headers)
    assert answer.status == 400


def test_wrong_methods_and_paths_are_told(server: FakeAuthorizationServer) -> None:
    assert send("GET", server.revocation_uri).headers["Allow"] == "POST"
    assert send("GET", f"{server.issuer}/nothing").status == 404
    assert token_request(server, grant_type="magic").error == "unsupported_grant_type"
