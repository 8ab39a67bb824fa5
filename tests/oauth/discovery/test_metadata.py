import json
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grantline.errors import DiscoveryFailed, GrantlineError, InvalidInput
from grantline.messages import ClientCertificate, HttpRequest, HttpResponse
from grantline.oauth.app.request_choices import ClientAuthentication
from grantline.oauth.app.settings import AppSettings, ClientSecrets, Pkce
from grantline.oauth.discovery.metadata import (
    MAX_DOCUMENT_BYTES,
    apply_metadata,
    changed_endpoints,
    metadata_flow,
    metadata_urls,
    parse_metadata_response,
    pick_authentication,
)
from grantline.oauth.flow import drive
from grantline.secret import Secret

ISSUER = "https://as.example"
DOCUMENT: dict[str, Any] = {
    "issuer": ISSUER,
    "authorization_endpoint": "https://as.example/authorize",
    "token_endpoint": "https://as.example/token",
    "revocation_endpoint": "https://as.example/revoke",
    "jwks_uri": "https://keys.example/jwks",
    "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt"],
    "mtls_endpoint_aliases": {"token_endpoint": "https://mtls.as.example/token", "x": "y"},
    "authorization_response_iss_parameter_supported": True,
    "require_pushed_authorization_requests": True,
    "unheard_of": {"any": "thing"},
}
SECRET = ClientSecrets(client_secret=Secret("s"))
CERTIFICATE = ClientSecrets(certificate=ClientCertificate("c", Secret("k")))
Method = ClientAuthentication


def answer(document: object, status: int = 200) -> HttpResponse:
    return HttpResponse(status, (), json.dumps(document).encode())


def parse(**changes: object) -> Any:
    return parse_metadata_response(answer(DOCUMENT | changes), issuer=ISSUER)


OAUTH, OPENID = ".well-known/oauth-authorization-server", ".well-known/openid-configuration"


@pytest.mark.parametrize(
    ("issuer", "urls"),
    [
        (
            "https://example.com",
            (f"https://example.com/{OAUTH}", f"https://example.com/{OPENID}"),
        ),
        (
            "https://example.com/",
            (f"https://example.com/{OAUTH}", f"https://example.com/{OPENID}"),
        ),
        (
            # RFC 8414 section 3.1
            "https://example.com/issuer1",
            (
                f"https://example.com/{OAUTH}/issuer1",
                f"https://example.com/{OPENID}/issuer1",
                f"https://example.com/issuer1/{OPENID}",
            ),
        ),
        (
            "https://example.com:8443/a/b/",
            (
                f"https://example.com:8443/{OAUTH}/a/b",
                f"https://example.com:8443/{OPENID}/a/b",
                f"https://example.com:8443/a/b/{OPENID}",
            ),
        ),
    ],
)
def test_a_document_is_looked_for_where_the_standards_put_it(
    issuer: str, urls: tuple[str, ...]
) -> None:
    assert metadata_urls(issuer) == urls


@pytest.mark.parametrize(
    "issuer",
    ["", "as.example", "http://as.example", "https://as.example?x=1", "https://as.example#x"],
)
def test_an_issuer_is_an_https_url_without_query_and_fragment(issuer: str) -> None:
    """RFC 8414 section 2."""
    with pytest.raises(InvalidInput) as caught:
        metadata_urls(issuer)
    assert caught.value.field == "Issuer"


def test_absent_lists_have_the_defaults_of_the_rfc() -> None:
    """RFC 8414 section 2."""
    metadata = parse(token_endpoint_auth_methods_supported=None)
    assert metadata.token_endpoint_auth_methods_supported == ("client_secret_basic",)
    assert metadata.grant_types_supported == ("authorization_code", "implicit")


@pytest.mark.parametrize(
    "issuer", ["https://as.example/", "https://AS.example", "https://evil.example", "", None, 1]
)
def test_a_document_of_another_issuer_is_not_believed(issuer: object) -> None:
    """RFC 8414 section 3.3; the corpus' disc-issuer-mismatch."""
    with pytest.raises(DiscoveryFailed) as caught:
        parse(issuer=issuer)
    assert caught.value.check == "issuer_mismatch"


@pytest.mark.parametrize(
    ("name", "uri"),
    [
        ("authorization_endpoint", "javascript:alert(1)"),
        ("token_endpoint", "http://as.example/token"),
        ("token_endpoint", 5),
        ("token_endpoint", ""),
        ("token_endpoint", True),
        ("jwks_uri", "file:///etc/passwd"),
        ("registration_endpoint", "https://a\\@b/"),
        ("revocation_endpoint", "https://as.example/#x"),
    ],
)
def test_an_endpoint_that_may_not_be_one_spoils_the_document(name: str, uri: object) -> None:
    with pytest.raises(DiscoveryFailed) as caught:
        parse(**{name: uri})
    assert caught.value.check == name


@pytest.mark.parametrize(
    "response",
    [
        answer(DOCUMENT, 404),
        answer(DOCUMENT, 302),
        HttpResponse(200, (), b"<!doctype html><title>Welcome</title>"),
        HttpResponse(200, (), b""),
        answer([DOCUMENT]),
    ],
)
def test_what_is_no_document_is_passed_over(response: HttpResponse) -> None:
    assert parse_metadata_response(response, issuer=ISSUER) is None


def test_a_huge_document_is_refused() -> None:
    response = HttpResponse(200, (), b" " * (MAX_DOCUMENT_BYTES + 1))
    with pytest.raises(DiscoveryFailed) as caught:
        parse_metadata_response(response, issuer=ISSUER)
    assert caught.value.check == "response_too_large"


def test_discovery_goes_on_to_the_next_place() -> None:
    asked: list[str] = []

    def send(request: HttpRequest) -> HttpResponse:
        asked.append(request.url)
        return answer(DOCUMENT) if request.url.endswith(OPENID) else HttpResponse(404)

    assert drive(metadata_flow(ISSUER), send).issuer == ISSUER
    assert asked == list(metadata_urls(ISSUER))


def test_an_issuer_that_publishes_nothing_is_said_so() -> None:
    with pytest.raises(DiscoveryFailed) as caught:
        drive(metadata_flow(ISSUER), lambda _: HttpResponse(404))
    assert caught.value.check == "no_document"


def test_metadata_fills_the_settings() -> None:
    settings = apply_metadata(AppSettings(client_id="app"), parse(), secrets=SECRET)
    assert settings == AppSettings(
        client_id="app",
        issuer=ISSUER,
        authorize_uri="https://as.example/authorize",
        token_uri="https://as.example/token",
        revocation_uri="https://as.example/revoke",
        jwks_uri="https://keys.example/jwks",
        client_authentication=Method.CLIENT_SECRET_POST,
        expect_iss=True,
        use_par=True,
    )


def test_mutual_tls_uses_the_aliases() -> None:
    """RFC 8705 section 5."""
    metadata = parse(token_endpoint_auth_methods_supported=["tls_client_auth"])
    settings = apply_metadata(AppSettings(client_id="app"), metadata, secrets=CERTIFICATE)
    assert settings.token_uri == "https://mtls.as.example/token"
    assert settings.authorize_uri == "https://as.example/authorize"
    assert changed_endpoints(settings, metadata) == ()


def test_pkce_is_never_stepped_down_to_what_a_server_lists() -> None:
    metadata = parse(code_challenge_methods_supported=["plain"])
    settings = apply_metadata(AppSettings(client_id="app"), metadata, secrets=SECRET)
    assert settings.pkce is Pkce.S256


def test_a_swapped_endpoint_shows() -> None:
    settings = apply_metadata(AppSettings(client_id="app"), parse(), secrets=SECRET)
    assert changed_endpoints(settings, parse()) == ()
    swapped = parse(token_endpoint="https://evil.example/token")
    assert changed_endpoints(settings, swapped) == ("token_uri",)
    assert changed_endpoints(replace(settings, issuer="x"), parse()) == ("issuer",)


BASIC, POST = "client_secret_basic", "client_secret_post"


@pytest.mark.parametrize(
    ("supported", "secrets", "expected"),
    [
        ((POST, BASIC), SECRET, Method.CLIENT_SECRET_BASIC),
        ((POST, "unknown"), SECRET, Method.CLIENT_SECRET_POST),
        (("client_secret_jwt",), SECRET, Method.CLIENT_SECRET_JWT),
        ((BASIC,), ClientSecrets(), Method.NONE),
        (
            (BASIC, "private_key_jwt"),
            replace(SECRET, private_key=Secret("k")),
            Method.PRIVATE_KEY_JWT,
        ),
        ((BASIC,), replace(SECRET, private_key=Secret("k")), Method.CLIENT_SECRET_BASIC),
        (("tls_client_auth",), CERTIFICATE, Method.TLS_CLIENT_AUTH),
    ],
)
def test_the_strongest_method_that_both_sides_can_do_is_picked(
    supported: tuple[str, ...], secrets: ClientSecrets, expected: Method
) -> None:
    assert pick_authentication(supported, secrets=secrets) is expected


def test_no_common_method_is_said_so() -> None:
    with pytest.raises(InvalidInput) as caught:
        pick_authentication(("private_key_jwt",), secrets=SECRET)
    assert caught.value.field == "Client authentication"


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3),
    max_leaves=4,
)


@given(st.dictionaries(st.sampled_from(sorted(DOCUMENT)), JSON))
def test_no_document_fails_outside_our_errors(changes: dict[str, Any]) -> None:
    with suppress(GrantlineError):
        parse(**changes)
