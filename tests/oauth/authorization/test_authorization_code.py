from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given, reject
from hypothesis import strategies as st

from grantline.errors import InvalidInput
from grantline.messages import HttpRequest, HttpResponse
from grantline.oauth.app.request_choices import Pairs
from grantline.oauth.app.settings import NO_PKCE, AppSettings, ClientSecrets, FlowType, Pkce
from grantline.oauth.authorization.authorization_code import (
    AuthorizationRequest,
    authorization_url,
    code_exchange_flow,
    code_exchange_request,
)
from grantline.oauth.authorization.pkce import code_challenge, code_verifier
from grantline.oauth.flow import drive
from grantline.oauth.moment import Moment
from grantline.secret import Secret

MOMENT = Moment(now=datetime(2026, 11, 23, 12, 0, tzinfo=UTC), seed=b"0" * 32)
VERIFIER = code_verifier(b"v" * 32)
SETTINGS = AppSettings(
    client_id="app",
    authorize_uri="https://as.example/authorize",
    token_uri="https://as.example/token",
)
JOURNEY = AuthorizationRequest(
    redirect_uri="https://me.example/oauth/callback/1?x=%20",
    state=Secret("st"),
    scopes=("read", "write"),
    verifier=VERIFIER,
)


def query(settings: AppSettings = SETTINGS, journey: AuthorizationRequest = JOURNEY) -> Pairs:
    url = authorization_url(settings=settings, request=journey)
    return tuple(parse_qsl(urlsplit(url).query, keep_blank_values=True))


def exchange(
    settings: AppSettings = SETTINGS, journey: AuthorizationRequest = JOURNEY
) -> dict[str, str]:
    request: HttpRequest = code_exchange_request(
        settings=settings,
        secrets=ClientSecrets(client_secret=Secret("s")),
        request=journey,
        code=Secret("c/1"),
        moment=MOMENT,
    )
    return dict(parse_qsl(request.data.decode(), strict_parsing=True))


def test_the_authorization_url_has_what_the_rfcs_ask_for() -> None:
    """RFC 6749 section 4.1.1, RFC 7636 section 4.3."""
    assert query() == (
        ("response_type", "code"),
        ("client_id", "app"),
        ("redirect_uri", JOURNEY.redirect_uri),
        ("state", "st"),
        ("scope", "read write"),
        ("code_challenge", code_challenge(VERIFIER)),
        ("code_challenge_method", "S256"),
    )


def test_scopes_are_joined_the_way_the_service_wants_and_left_out_when_there_are_none() -> None:
    assert dict(query(replace(SETTINGS, scope_separator=",")))["scope"] == "read,write"
    assert "scope" not in dict(query(journey=replace(JOURNEY, scopes=())))


def test_implicit_asks_for_a_token_and_has_no_pkce() -> None:
    """RFC 6749 section 4.2.1."""
    sent = dict(query(journey=replace(JOURNEY, flow=FlowType.IMPLICIT, verifier=None)))
    assert sent["response_type"] == "token"
    assert "code_challenge" not in sent


@pytest.mark.parametrize(("scopes", "expected"), [(("openid", "email"), True), (("email",), False)])
def test_a_nonce_goes_with_openid_only(scopes: tuple[str, ...], *, expected: bool) -> None:
    sent = dict(query(journey=replace(JOURNEY, scopes=scopes, nonce="n")))
    assert ("nonce" in sent) is expected


def test_plain_and_no_pkce_are_choices_that_show() -> None:
    assert dict(query(replace(SETTINGS, pkce=Pkce.PLAIN)))["code_challenge_method"] == "plain"
    assert "code_challenge" not in dict(query(replace(SETTINGS, pkce=NO_PKCE)))


def test_what_no_browser_flow_can_do_is_refused() -> None:
    with pytest.raises(InvalidInput):
        query(journey=replace(JOURNEY, state=Secret("")))
    with pytest.raises(InvalidInput):
        query(journey=replace(JOURNEY, flow=FlowType.DEVICE))


def test_a_code_may_be_bound_to_a_key() -> None:
    """RFC 9449 section 10."""
    assert dict(query(journey=replace(JOURNEY, dpop_thumbprint="t")))["dpop_jkt"] == "t"


def test_pkce_without_a_verifier_does_not_start() -> None:
    with pytest.raises(InvalidInput) as caught:
        query(journey=replace(JOURNEY, verifier=None))
    assert caught.value.field == "PKCE"


def test_the_uris_own_query_is_kept() -> None:
    sent = query(replace(SETTINGS, authorize_uri="https://as.example/authorize?tenant=7&x"))
    assert sent[:2] == (("tenant", "7"), ("x", ""))
    assert len(sent) == 9


OWNED = ["state", "client_id", "redirect_uri", "response_type", "nonce", "iss", "code_challenge"]


@pytest.mark.parametrize("name", [*OWNED, "code_challenge_method", "request_uri", "State"])
def test_what_we_send_is_not_smuggled_in_by_the_uri_or_the_parameters(name: str) -> None:
    """The corpus' authz-params-smuggled."""
    in_uri = replace(SETTINGS, authorize_uri=f"https://as.example/authorize?{name}=evil")
    with pytest.raises(InvalidInput) as caught:
        query(in_uri)
    assert caught.value.field == "Authorize URI"
    with pytest.raises(InvalidInput) as caught:
        query(replace(SETTINGS, authorize_parameters=((name, "evil"),)))
    assert caught.value.field == "Authorize parameters"


def test_a_parameter_stands_in_the_uri_or_in_the_list_but_not_in_both() -> None:
    settings = replace(
        SETTINGS,
        authorize_uri="https://as.example/authorize?prompt=none",
        authorize_parameters=(("prompt", "consent"),),
    )
    with pytest.raises(InvalidInput):
        query(settings)


def test_a_pasted_challenge_is_for_those_who_switched_pkce_off() -> None:
    pasted = (("code_challenge", "x"), ("code_challenge_method", "S256"))
    off = replace(SETTINGS, pkce=NO_PKCE, authorize_parameters=pasted)
    assert set(pasted) <= set(query(off))


@pytest.mark.parametrize("name", ["prompt", "access_type", "audience", "response_mode"])
def test_usual_extras_pass(name: str) -> None:
    assert dict(query(replace(SETTINGS, authorize_parameters=((name, "x"),))))[name] == "x"


def test_a_scope_parameter_passes_only_when_the_connection_has_no_scopes() -> None:
    settings = replace(SETTINGS, authorize_parameters=(("scope", "odd"),))
    assert dict(query(settings, replace(JOURNEY, scopes=())))["scope"] == "odd"
    with pytest.raises(InvalidInput):
        query(settings)


def test_a_renamed_parameter_is_ours_under_both_names() -> None:
    """Quirk: TikTok calls the client ID client_key."""
    settings = replace(SETTINGS, parameter_names=(("client_id", "client_key"),))
    assert dict(query(settings))["client_key"] == "app"
    for name in ("client_id", "client_key"):
        with pytest.raises(InvalidInput):
            query(replace(settings, authorize_parameters=((name, "x"),)))


@pytest.mark.parametrize(
    "uri",
    [
        "",
        "javascript:alert(1)",
        "data:text/html,x",
        "http://as.example/authorize",
        "https://as.example/authorize#x",
        "https://as.example/authorize#",
        "https://user@as.example/authorize",
        "https://127.0.0.1\\@evil.example/",
        "https://as.example/a b",
        "//as.example/authorize",
        "https:///authorize",
    ],
)
def test_a_uri_that_is_no_place_to_send_people_is_refused(uri: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        query(replace(SETTINGS, authorize_uri=uri))
    assert caught.value.field == "Authorize URI"


@pytest.mark.parametrize("host", ["127.0.0.1:9000", "localhost:9000", "[::1]:9000"])
def test_http_is_for_this_machine(host: str) -> None:
    assert query(replace(SETTINGS, authorize_uri=f"http://{host}/authorize"))


TEXT = st.text(st.characters(codec="utf-8"), max_size=12)


@given(
    state=TEXT.filter(bool),
    redirect_uri=TEXT,
    extra=st.lists(st.tuples(TEXT, TEXT), max_size=4).map(tuple),
)
def test_whatever_goes_into_the_url_comes_out_once(
    state: str, redirect_uri: str, extra: Pairs
) -> None:
    settings = replace(SETTINGS, authorize_parameters=extra)
    journey = replace(JOURNEY, state=Secret(state), redirect_uri=redirect_uri)
    try:
        sent = query(settings, journey)
    except InvalidInput:
        reject()
    assert dict(sent)["state"] == state
    assert dict(sent)["redirect_uri"] == redirect_uri
    assert sent[-len(extra) or len(sent) :] == extra


def test_the_exchange_repeats_the_redirect_uri_byte_for_byte() -> None:
    """RFC 6749 section 4.1.3."""
    assert exchange() == {
        "grant_type": "authorization_code",
        "code": "c/1",
        "redirect_uri": JOURNEY.redirect_uri,
        "code_verifier": VERIFIER.reveal(),
        "client_id": "app",
        "client_secret": "s",
    }


def test_access_token_parameters_go_into_the_exchange() -> None:
    assert exchange(replace(SETTINGS, token_parameters=(("audience", "x"),)))["audience"] == "x"


def test_a_pasted_verifier_is_for_those_who_switched_pkce_off() -> None:
    pasted = (("code_verifier", "x"),)
    sent = exchange(replace(SETTINGS, pkce=NO_PKCE, token_parameters=pasted))
    assert sent["code_verifier"] == "x"
    with pytest.raises(InvalidInput):
        exchange(replace(SETTINGS, token_parameters=pasted))


def test_the_exchange_flow_gives_the_answer_as_it_came() -> None:
    answer = HttpResponse(200)
    flow = code_exchange_flow(
        settings=SETTINGS,
        secrets=ClientSecrets(),
        request=JOURNEY,
        code=Secret("c"),
        moment=MOMENT,
    )
    assert drive(flow, lambda _: answer) is answer


def test_nothing_secret_shows_in_the_journeys_repr() -> None:
    assert VERIFIER.reveal() not in repr(JOURNEY)
    assert "st'" not in repr(JOURNEY)
