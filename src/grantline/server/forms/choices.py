"""What requests to an OAuth endpoint can be made of, as the options of fields."""

from __future__ import annotations

from typing import Final

from grantline.oauth.app.request_choices import (
    ClientAuthentication,
    RequestMethod,
    TokenRequestFormat,
)
from grantline.server.forms.field import Options

AS_ABOVE: Final[Options] = (("", "As above"),)
METHODS: Final[Options] = (
    (ClientAuthentication.CLIENT_SECRET_POST, "Secret in the body (client_secret_post)"),
    (ClientAuthentication.CLIENT_SECRET_BASIC, "Basic header (client_secret_basic)"),
    (ClientAuthentication.CLIENT_SECRET_BASIC_RAW, "Basic header, not form-encoded"),
    (ClientAuthentication.CLIENT_SECRET_BASIC_USER, "Basic header, the secret as user name"),
    (ClientAuthentication.NONE, "None: a public client"),
    (ClientAuthentication.CLIENT_SECRET_JWT, "JWT signed with the secret (client_secret_jwt)"),
    (ClientAuthentication.PRIVATE_KEY_JWT, "JWT signed with a key (private_key_jwt)"),
    (ClientAuthentication.TLS_CLIENT_AUTH, "Client certificate (tls_client_auth)"),
)
FORMATS: Final[Options] = (
    (TokenRequestFormat.FORM, "Form body"),
    (TokenRequestFormat.JSON, "JSON body"),
    (TokenRequestFormat.QUERY, "Query"),
    (TokenRequestFormat.MULTIPART, "Multipart body"),
)
HTTP_METHODS: Final[Options] = tuple((each, each.value) for each in RequestMethod)
