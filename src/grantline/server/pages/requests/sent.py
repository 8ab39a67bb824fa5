"""What a form would send, before it is sent: the exact request with secrets masked, and as code."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from grantline.calls.credential import ApiKey, Basic, Bearer, Credential
from grantline.calls.curl.export import Masking, to_curl
from grantline.calls.request import RequestSpec, build_request
from grantline.calls.snippets import to_cli, to_python
from grantline.connections.connection import Connection
from grantline.connections.credentials.authentication import (
    BasicCredential,
    KeyPlacement,
    RequestCredential,
    check_credential_host,
    put_on,
)
from grantline.connections.requests.redaction import Redactor
from grantline.messages import Headers, HttpRequest
from grantline.oauth.app.settings import AppSettings, TokenPlacement
from grantline.oauth.token_set import TokenSet
from grantline.oauth.tokens.placement import credential_of, place
from grantline.secret import REDACTED, Secret

# Stands where the token goes, in characters that a token may have.
STAND_IN: Final = Secret("GRANTLINE-TOKEN-GOES-HERE")
MOST_CHARACTERS: Final = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """The request as it would leave.

    Attributes:
        parts: A line for each part of a multipart body, in place of its bytes.
        is_bound: Whether a proof of possession is added that cannot be shown beforehand.
    """

    method: str
    url: str
    headers: Headers
    text: str
    parts: tuple[str, ...]
    size: int
    is_cut: bool
    is_bound: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """The request as a command or program."""

    label: str
    text: str
    files: tuple[str, ...] = ()


def preview_of(
    spec: RequestSpec,
    connection: Connection | None,
    credential: RequestCredential | None,
    *,
    parts: tuple[str, ...] = (),
) -> Preview:
    """The request that ``spec`` becomes; raises what would keep it from being sent.

    Args:
        spec: The request, with stand-ins for its files.
        connection: Whose token it carries.
        credential: What it carries instead.
        parts: A line for each part of a multipart body, and for a file.
    """
    settings = connection.app.settings if connection else None
    request = build_request(spec, base_url=settings.base_url if settings else "")
    redactor = Redactor((STAND_IN,))
    if credential is not None:
        if credential.kept_as:
            check_credential_host(request, credential)
        request = _with_credential(request, credential)
        redactor = Redactor((STAND_IN, credential.secret))
    is_bound = False
    if settings is not None:
        request, is_bound = _with_token(request, settings)
    # Before it is compressed, where it is.
    body = spec.content.data if spec.content else b""
    text = "" if parts else body.decode("utf-8", "replace")
    return Preview(
        method=request.method,
        url=redactor.url(request.url),
        headers=redactor.headers(request.headers),
        text=redactor.text(text[:MOST_CHARACTERS]),
        parts=parts,
        size=len(body),
        is_cut=len(text) > MOST_CHARACTERS,
        is_bound=is_bound,
    )


def codes_of(
    spec: RequestSpec,
    connection: Connection | None,
    credential: RequestCredential | None,
    token: Secret | None,
) -> tuple[Code, ...]:
    """The request as cURL, and with what is kept here as Python and for our command line.

    Args:
        spec: The request; its own credentials show when ``token`` does.
        connection: Whose token it carries.
        credential: What it carries instead.
        token: The token, or for want of a connection anything, to show secrets; None masks them.
    """
    codes = []
    auth: Credential | None = None
    sent, base_url = spec, ""
    if connection is not None:
        settings = connection.app.settings
        base_url = settings.base_url
        sent, auth = _token_in(spec, settings, token or Secret(REDACTED))
    elif credential is not None:
        sent, auth = _credential_in(spec, credential, is_shown=token is not None)
    masking = Masking.MASKED if token is None else Masking.REVEALED
    command = to_curl(sent, base_url=base_url, auth=auth, masking=masking)
    codes.append(Code(label="cURL", text=command.text, files=tuple(command.files)))
    kept_as = credential.kept_as if credential else ""
    if connection is not None or kept_as:
        name = connection.name if connection else ""
        codes.append(Code(label="Python", text=to_python(spec, name, credential_name=kept_as)))
        cli = to_cli(spec, name, credential_name=kept_as)
        codes.append(Code(label="Command line", text=cli.text, files=tuple(cli.files)))
    return tuple(codes)


def _with_credential(request: HttpRequest, credential: RequestCredential) -> HttpRequest:
    """``request`` with ``credential``; a secret that is not typed yet is masked all the same."""
    if not credential.secret:
        if isinstance(credential, BasicCredential):
            credential = replace(credential, password=STAND_IN)
        else:
            credential = replace(credential, value=STAND_IN)
    return put_on(request, credential)


def _with_token(request: HttpRequest, settings: AppSettings) -> tuple[HttpRequest, bool]:
    kind = "DPoP" if settings.use_dpop else "Bearer"
    credential = credential_of(settings, TokenSet(access_token=STAND_IN, token_type=kind))
    return place(request, credential), credential.bound is not None


def _token_in(
    spec: RequestSpec, settings: AppSettings, token: Secret
) -> tuple[RequestSpec, Credential | None]:
    """``spec`` and the credential that carry ``token`` as the connection would."""
    if settings.token_placement is not TokenPlacement.HEADER:
        spec = replace(spec, query=(*spec.query, (settings.query_name, token.reveal())))
    if settings.token_placement is TokenPlacement.QUERY:
        return spec, None
    if settings.token_name == "Bearer":
        return spec, Bearer(token)
    return spec, ApiKey("Authorization", Secret(f"{settings.token_name} {token.reveal()}".lstrip()))


def _credential_in(
    spec: RequestSpec, credential: RequestCredential, *, is_shown: bool
) -> tuple[RequestSpec, Credential | None]:
    is_shown = is_shown and not credential.kept_as  # what is kept is given to nobody
    secret = credential.secret if is_shown and credential.secret else Secret(REDACTED)
    if isinstance(credential, BasicCredential):
        return spec, Basic(credential.username, secret)
    if credential.placement is KeyPlacement.HEADER:
        return spec, ApiKey(credential.name, replace(credential, value=secret).sent)
    return replace(spec, query=(*spec.query, (credential.name, secret.reveal()))), None
