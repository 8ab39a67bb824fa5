"""The exact requests that a form's settings make, with everything secret masked.

They are built by the code that will build the real ones, from stand-ins; so a preview cannot drift
from the truth. What is masked is named, not guessed: the parameters that carry secrets or chance.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

from grantline.errors import GrantlineError, InvalidInput
from grantline.messages import Headers, HttpRequest
from grantline.oauth.app.request_choices import ClientAuthentication
from grantline.oauth.app.settings import HEADER_SETTINGS, AppSettings, ClientSecrets, FlowType, Pkce
from grantline.oauth.authorization.authorization_code import (
    AuthorizationRequest,
    authorization_url,
    code_exchange_request,
)
from grantline.oauth.authorization.device import device_authorization_request, device_token_request
from grantline.oauth.authorization.pkce import code_verifier
from grantline.oauth.grant import GrantType
from grantline.oauth.grants.client_credentials import client_credentials_request
from grantline.oauth.grants.login import login_request
from grantline.oauth.grants.password import password_request
from grantline.oauth.grants.refresh import refresh_request
from grantline.oauth.moment import Moment
from grantline.oauth.requests.endpoint import endpoint_url
from grantline.oauth.requests.token_request import (
    MULTIPART_TYPE,
    Grant,
    scope_parameters,
    token_grant,
    token_request,
)
from grantline.oauth.token_set import TokenSet
from grantline.oauth.tokens.placement import credential_of, place
from grantline.secret import REDACTED, Secret

STAND_IN: Final = Secret("stand-in")
TOKENS: Final = TokenSet(access_token=STAND_IN, refresh_token=STAND_IN)
MOMENT: Final = Moment(now=datetime(2026, 1, 1, tzinfo=UTC), seed=bytes(32))

_MASKED: Final = frozenset(
    {"state", "nonce", "code_challenge", "dpop_jkt", "code", "code_verifier", "device_code"}
    | {"client_secret", "client_assertion", "assertion", "refresh_token", "access_token"}
    | {"password"}
)
_SIGNED: Final = frozenset(
    {ClientAuthentication.CLIENT_SECRET_JWT, ClientAuthentication.PRIVATE_KEY_JWT}
)
_KEYED: Final = _SIGNED | {ClientAuthentication.TLS_CLIENT_AUTH}
_PART: Final = re.compile(r"name=\"([^\"]*)\"\r\n\r\n(.*?)\r\n--", re.DOTALL)
_EVERYDAY: Final = frozenset({"user-agent", "accept", "dpop"})
_RENEWED: Final = frozenset({FlowType.AUTHORIZATION_CODE, FlowType.DEVICE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """One request to be.

    Attributes:
        title: What it is for.
        address: Method and URL without its query; empty while something is missing.
        query: The parameters of the URL, encoded and masked, one each.
        headers: Those that matter, masked.
        body: The lines of the body, masked.
        missing: What has to be filled in or put right first; empty when nothing.
        note: What cannot be seen in the request itself.
    """

    title: str
    address: str = ""
    query: tuple[str, ...] = ()
    headers: Headers = ()
    body: tuple[str, ...] = ()
    missing: str = ""
    note: str = ""


def is_redirect_uri_known(settings: AppSettings, flow: FlowType) -> bool:
    """Whether all that the redirect URI depends on has been filled in."""
    if not flow.needs_browser:
        return False
    try:
        endpoint_url(settings.authorize_uri, field="")
        if flow is FlowType.AUTHORIZATION_CODE:
            endpoint_url(settings.token_uri, field="")
    except InvalidInput:
        return False
    return True


def previews(
    settings: AppSettings,
    flow: FlowType,
    scopes: tuple[str, ...],
    *,
    redirect_uri: str,
    has_secret: bool,
    username: str = "",
    hosts: tuple[str, ...] = (),
) -> tuple[Preview, ...]:
    """What will be sent, in order: to get consent, to get tokens, to renew, and to the API."""
    maker = _Maker(settings, flow, scopes, redirect_uri, username=username, has_secret=has_secret)
    found = [maker.consent()] if flow.needs_browser or flow is FlowType.DEVICE else []
    if flow is not FlowType.IMPLICIT:
        found.append(maker.tokens())
    if flow in _RENEWED:
        found.append(maker.refresh())
    return (*found, maker.api(hosts))


class _Maker:
    def __init__(
        self,
        settings: AppSettings,
        flow: FlowType,
        scopes: tuple[str, ...],
        redirect_uri: str,
        *,
        username: str,
        has_secret: bool,
    ) -> None:
        self._flow = flow
        self._scopes = scopes
        self._redirect_uri = redirect_uri
        self._username = username
        names = dict(settings.parameter_names)
        self._masked = _MASKED | {names.get(name, name) for name in _MASKED}
        self._shows = settings
        # A signature needs a key that fits, and a certificate cannot be seen: a note tells of them.
        method, again = settings.client_authentication, settings.refresh_authentication
        self._settings = replace(
            settings,
            client_authentication=ClientAuthentication.NONE if method in _KEYED else method,
            refresh_authentication=ClientAuthentication.NONE if again in _KEYED else again,
        )
        needs = settings.client_authentication is not ClientAuthentication.CLIENT_SECRET_POST
        self._secrets = ClientSecrets(client_secret=STAND_IN if has_secret or needs else None)

    def consent(self) -> Preview:
        if self._flow is FlowType.DEVICE:
            return self._made(
                "Device request",
                lambda: device_authorization_request(
                    settings=self._settings,
                    secrets=self._secrets,
                    scopes=self._scopes,
                    moment=MOMENT,
                ),
            )
        note = ""
        if self._shows.use_par:
            note = (
                "These parameters are sent to the pushed authorization URI; the browser carries "
                "only client_id and request_uri."
            )
        return self._made(
            "Authorize URL",
            lambda: HttpRequest(
                "", authorization_url(settings=self._settings, request=self._authorization())
            ),
            note=note,
        )

    def tokens(self) -> Preview:
        return self._made("Token request", self._token_request, note=self._proof_note())

    def refresh(self) -> Preview:
        return self._made(
            "Refresh request",
            lambda: refresh_request(
                settings=self._settings, secrets=self._secrets, tokens=TOKENS, moment=MOMENT
            ),
        )

    def api(self, hosts: tuple[str, ...]) -> Preview:
        host = next((each for each in hosts if not each.startswith("*.")), "api.example.com")
        url = self._settings.base_url or f"https://{host}/"
        token_type = "DPoP" if self._settings.use_dpop else "Bearer"
        note = "Each request carries a proof made with the connection's key."
        return self._made(
            "API request",
            lambda: place(
                HttpRequest("GET", str(endpoint_url(url, field="Base URL"))),
                credential_of(self._settings, replace(TOKENS, token_type=token_type)),
            ),
            note=note if self._settings.use_dpop else "",
            masked=frozenset({self._settings.query_name, self._settings.header_name}),
        )

    def _token_request(self) -> HttpRequest:
        settings, secrets, scopes = self._settings, self._secrets, self._scopes
        match self._flow:
            case FlowType.CLIENT_CREDENTIALS:
                return client_credentials_request(
                    settings=settings, secrets=secrets, scopes=scopes, moment=MOMENT
                )
            case FlowType.PASSWORD:
                return password_request(
                    settings=settings,
                    secrets=secrets,
                    username=self._username,
                    password=STAND_IN,
                    scopes=scopes,
                    moment=MOMENT,
                )
            case FlowType.DEVICE:
                return device_token_request(
                    settings=settings, secrets=secrets, device_code=STAND_IN, moment=MOMENT
                )
            case FlowType.LOGIN:
                return login_request(
                    settings=settings,
                    secrets=secrets,
                    username=self._username,
                    password=STAND_IN,
                    moment=MOMENT,
                )
            case FlowType.JWT_BEARER:
                return token_request(
                    self._assertion_grant(), settings=settings, secrets=secrets, moment=MOMENT
                )
            case _:
                return code_exchange_request(
                    settings=settings,
                    secrets=secrets,
                    request=self._authorization(),
                    code=STAND_IN,
                    moment=MOMENT,
                )

    def _assertion_grant(self) -> Grant:
        scopes = () if self._settings.assertion.scope_in_assertion else self._scopes
        parameters = (
            ("grant_type", GrantType.JWT_BEARER),
            ("assertion", STAND_IN.reveal()),
            *scope_parameters(self._settings, scopes),
        )
        return token_grant(self._settings, parameters)

    def _authorization(self) -> AuthorizationRequest:
        is_off = self._settings.pkce is Pkce.OFF
        return AuthorizationRequest(
            redirect_uri=self._redirect_uri,
            state=STAND_IN,
            scopes=self._scopes,
            verifier=None if is_off else code_verifier(bytes(32)),
            nonce=STAND_IN.reveal(),
            flow=self._flow,
            dpop_thumbprint=STAND_IN.reveal() if self._settings.use_dpop else "",
            values=MOMENT.values,
        )

    def _proof_note(self) -> str:
        method = self._shows.client_authentication
        said = []
        if method in _SIGNED:
            said.append("client_assertion, a JWT signed for this very request, goes along.")
        if method is ClientAuthentication.TLS_CLIENT_AUTH:
            said.append("The client certificate is shown when the connection is opened.")
        if self._shows.use_dpop:
            said.append("A DPoP proof goes along as a header.")
        return " ".join(said)

    def _made(
        self,
        title: str,
        make: Callable[[], HttpRequest],
        *,
        note: str = "",
        masked: frozenset[str] = frozenset(),
    ) -> Preview:
        try:
            request = make()
        except GrantlineError as error:
            return Preview(title=title, missing=error.message)
        # People write keys into headers, and the kept ones are not theirs to see again.
        hidden = {
            header.lower()
            for name in HEADER_SETTINGS
            for header, _ in getattr(self._settings, name)
        }
        return _preview_of(title, request, note, self._masked | masked, hidden)


def _preview_of(
    title: str, request: HttpRequest, note: str, masked: frozenset[str], hidden: set[str]
) -> Preview:
    address, _, query = request.url.partition("?")
    return Preview(
        title=title,
        address=f"{request.method} {address}".strip(),
        query=tuple(_masked_pair(each, masked) for each in query.split("&") if each),
        headers=tuple(
            (name, REDACTED if name.lower() in hidden else _masked_header(name, value, masked))
            for name, value in request.headers
            if name.lower() not in _EVERYDAY
        ),
        body=_body(request, masked),
        note=note,
    )


def _masked_pair(pair: str, masked: frozenset[str]) -> str:
    name, _, _ = pair.partition("=")
    return f"{name}={REDACTED}" if name in masked else pair


def _masked_header(name: str, value: str, masked: frozenset[str]) -> str:
    if name.lower() != "authorization" and name not in masked:
        return value
    scheme, blank, _ = value.partition(" ")
    return f"{scheme} {REDACTED}" if blank else REDACTED


def _body(request: HttpRequest, masked: frozenset[str]) -> tuple[str, ...]:
    text = request.data.decode()
    if (request.header("Content-Type") or "").startswith(MULTIPART_TYPE):
        return tuple(_masked_pair(each, masked) for each in _parts(text))
    if not text.startswith("{"):
        return tuple(_masked_pair(each, masked) for each in text.split("&") if each)
    values = {
        name: REDACTED if name in masked else value for name, value in json.loads(text).items()
    }
    return tuple(json.dumps(values, indent=2, ensure_ascii=False).splitlines())


def _parts(text: str) -> list[str]:
    """The parts of a multipart body as ``name=value``."""
    return [f"{name}={value}" for name, value in _PART.findall(text)]
