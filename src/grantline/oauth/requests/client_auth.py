"""Client authentication at the token endpoint (RFC 6749 section 2.3, 7521, 7523, 8705).

One method per request (RFC 6749 section 2.3). A method is set, never probed for: a server that
meets a live code with the wrong method burns the code.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, assert_never

from grantline.errors import InvalidInput
from grantline.messages import ClientCertificate, Headers, first_value
from grantline.oauth.app.request_choices import ClientAuthentication, Pairs
from grantline.oauth.app.settings import AppSettings, ClientSecrets
from grantline.oauth.jwt import SYMMETRIC, numeric_date, sign_jwt
from grantline.oauth.moment import Moment
from grantline.oauth.requests.headers import CUSTOM_HEADERS
from grantline.oauth.requests.parameters import form_encoded
from grantline.secret import Secret

ASSERTION_TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
# Methods that prove the client by a header alone.
BY_HEADER: Final = frozenset(
    {
        ClientAuthentication.CLIENT_SECRET_BASIC,
        ClientAuthentication.CLIENT_SECRET_BASIC_RAW,
        ClientAuthentication.CLIENT_SECRET_BASIC_USER,
    }
)
MAX_ASSERTION_LIFETIME: Final = timedelta(minutes=5)

CLIENT_ID: Final = "Client ID"
CLIENT_SECRET: Final = "Client secret"
PRIVATE_KEY: Final = "Private key"
CLIENT_CERTIFICATE: Final = "Client certificate"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ClientProof:
    """What a request carries so that the server knows the client.

    Attributes:
        parameters: For the body.
        headers: ``Authorization``, or nothing.
        certificate: For the TLS handshake.
    """

    parameters: Pairs = ()
    headers: Headers = ()
    certificate: ClientCertificate | None = None


def client_proof(
    *,
    method: ClientAuthentication,
    settings: AppSettings,
    secrets: ClientSecrets,
    endpoint: str,
    moment: Moment,
    headers: Headers = (),
) -> ClientProof:
    """The proof that ``method`` asks for at ``endpoint``, beside the ``headers`` people set.

    A Basic header that people wrote by hand under Custom headers is a client authentication
    already: the secret then stays out of the body.

    Raises:
        InvalidInput: The method needs something that is not set, or two methods would be sent.
    """
    if not settings.client_id:
        raise InvalidInput("The client ID is empty.", field=CLIENT_ID)
    identified: Pairs = (("client_id", settings.client_id),)
    certificate = secrets.certificate
    match method:
        case ClientAuthentication.NONE:
            return ClientProof(parameters=identified, certificate=certificate)
        case ClientAuthentication.CLIENT_SECRET_POST:
            secret = secrets.client_secret
            # An empty secret is left out (RFC 6749 section 2.3.1).
            if secret and not _has_handmade_basic(headers):
                identified = (*identified, ("client_secret", secret.reveal()))
            return ClientProof(parameters=identified, certificate=certificate)
        case (
            ClientAuthentication.CLIENT_SECRET_BASIC
            | ClientAuthentication.CLIENT_SECRET_BASIC_RAW
            | ClientAuthentication.CLIENT_SECRET_BASIC_USER
        ):
            if first_value(headers, "Authorization") is not None:
                raise _second_authorization()
            header = _basic(method, settings, _required(secrets.client_secret, CLIENT_SECRET))
            return ClientProof(headers=(header,), certificate=certificate)
        case ClientAuthentication.CLIENT_SECRET_JWT | ClientAuthentication.PRIVATE_KEY_JWT:
            assertion = _assertion(method, settings, secrets, endpoint, moment)
            proof = (("client_assertion_type", ASSERTION_TYPE), ("client_assertion", assertion))
            return ClientProof(parameters=(*identified, *proof), certificate=certificate)
        case ClientAuthentication.TLS_CLIENT_AUTH:
            if certificate is None:
                raise InvalidInput(
                    "Mutual TLS needs a client certificate.", field=CLIENT_CERTIFICATE
                )
            return ClientProof(parameters=identified, certificate=certificate)
        case _:
            assert_never(method)


def basic_credentials(client_id: str, secret: Secret, *, raw: bool = False) -> str:
    """The value of a Basic ``Authorization`` header (RFC 6749 section 2.3.1, RFC 7617).

    Both halves are form-encoded first, unless ``raw``: then the ID must be free of colons.
    """
    if raw:
        if ":" in client_id:
            raise InvalidInput(
                "A client ID with a colon cannot be sent as raw Basic credentials.",
                field=CLIENT_ID,
                hint="Use client_secret_basic, which encodes it.",
            )
        pair = f"{client_id}:{secret.reveal()}"
    else:
        pair = f"{form_encoded(client_id)}:{form_encoded(secret.reveal())}"
    return f"Basic {base64.b64encode(pair.encode()).decode()}"


def _basic(method: ClientAuthentication, settings: AppSettings, secret: Secret) -> tuple[str, str]:
    if method is ClientAuthentication.CLIENT_SECRET_BASIC_USER:
        pair = f"{secret.reveal()}:".encode()
        return ("Authorization", f"Basic {base64.b64encode(pair).decode()}")
    raw = method is ClientAuthentication.CLIENT_SECRET_BASIC_RAW
    return ("Authorization", basic_credentials(settings.client_id, secret, raw=raw))


def _assertion(
    method: ClientAuthentication,
    settings: AppSettings,
    secrets: ClientSecrets,
    endpoint: str,
    moment: Moment,
) -> str:
    """A JWT about the client, by the client, for this server alone (RFC 7523 section 3)."""
    rules = settings.assertion
    # The issuer as one string: an endpoint as audience lets a hostile server that names an
    # honest server's endpoint as its own collect assertions that work there ("Audience
    # Injection", draft-ietf-oauth-security-topics-update).
    claims = {
        "iss": settings.client_id,
        "sub": settings.client_id,
        "aud": rules.audience or settings.issuer or endpoint,
        "iat": numeric_date(moment.now),
        "exp": numeric_date(moment.now + min(rules.lifetime, MAX_ASSERTION_LIFETIME)),
        "jti": moment.identifier("client_assertion"),
    }
    header = {"kid": rules.key_id} if rules.key_id else {}
    if method is ClientAuthentication.CLIENT_SECRET_JWT:
        secret = _required(secrets.client_secret, CLIENT_SECRET)
        algorithm = rules.algorithm if rules.algorithm in SYMMETRIC else "HS256"
        return sign_jwt(claims, key=secret, algorithm=algorithm, field=CLIENT_SECRET)
    key = _required(secrets.private_key, PRIVATE_KEY)
    if rules.algorithm in SYMMETRIC:
        raise InvalidInput(
            f"{rules.algorithm} signs with a shared secret, not with a private key.",
            field="Algorithm",
        )
    return sign_jwt(claims, key=key, algorithm=rules.algorithm, header=header, field=PRIVATE_KEY)


def _second_authorization() -> InvalidInput:
    return InvalidInput(
        "Custom headers sets “Authorization”, and so does the Basic client authentication.",
        field=CUSTOM_HEADERS,
        hint="Remove the header: Grantline builds it from the client ID and secret.",
    )


def _has_handmade_basic(custom: Headers) -> bool:
    value = first_value(custom, "Authorization") or ""
    return value.partition(" ")[0].lower() == "basic"


def _required(secret: Secret | None, field: str) -> Secret:
    if not secret:
        raise InvalidInput(
            f"{field} is empty, and this client authentication needs it.", field=field
        )
    return secret
