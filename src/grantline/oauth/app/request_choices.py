"""How a request to an OAuth endpoint may be made: its method, its format, its authentication."""

from __future__ import annotations

from enum import StrEnum

Pairs = tuple[tuple[str, str], ...]


class RequestMethod(StrEnum):
    """Method of a request to an endpoint of the service; RFC 6749 section 3.2 knows only POST."""

    GET = "GET"
    POST = "POST"
    PUT = "PUT"
    PATCH = "PATCH"
    DELETE = "DELETE"


class ClientAuthentication(StrEnum):
    """How the client proves itself at the token endpoint (RFC 8414 registry names).

    ``CLIENT_SECRET_BASIC_RAW`` is Basic without the form-encoding of RFC 6749 section 2.3.1, for
    servers that decode only the base64. ``CLIENT_SECRET_BASIC_USER`` is Basic with the secret as
    the user name and no password.
    """

    CLIENT_SECRET_POST = "client_secret_post"
    CLIENT_SECRET_BASIC = "client_secret_basic"
    CLIENT_SECRET_BASIC_RAW = "client_secret_basic_raw"
    CLIENT_SECRET_BASIC_USER = "client_secret_basic_user"
    NONE = "none"
    CLIENT_SECRET_JWT = "client_secret_jwt"
    PRIVATE_KEY_JWT = "private_key_jwt"
    TLS_CLIENT_AUTH = "tls_client_auth"


class TokenRequestFormat(StrEnum):
    """How the parameters of a token request travel; RFC 6749 section 3.2 knows only ``form``.

    ``QUERY`` puts everything into the URL, the secret too: only for services that take nothing
    else.
    """

    FORM = "form"
    JSON = "json"
    QUERY = "query"
    MULTIPART = "multipart"
