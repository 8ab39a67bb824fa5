"""Every setting of an app as a field of the form: its kind, one line of help and an example.

Names are those of ``AppSettings``; a dot leads into ``assertion`` and ``response``. Labels come
from ``connections.labels``, which errors use too, so an error always finds its field.
"""

from __future__ import annotations

from typing import Final

from grantline.oauth.app.settings import FlowType, Pkce, TokenPlacement
from grantline.server.forms.choices import AS_ABOVE, FORMATS, HTTP_METHODS, METHODS
from grantline.server.forms.field import (
    ASKS_FOR_CONSENT,
    BACK_CHANNEL,
    BROWSER,
    CODE,
    FormField,
    Group,
    Kind,
    Options,
)
from grantline.server.forms.service_fields import SERVICE

F = FlowType

FLOW_OPTIONS: Final[Options] = (
    (F.AUTHORIZATION_CODE, "Authorization code"),
    (F.CLIENT_CREDENTIALS, "Client credentials"),
    (F.DEVICE, "Device code"),
    (F.JWT_BEARER, "JWT bearer (service account)"),
    (F.LOGIN, "Log in by one request (no OAuth)"),
    (F.IMPLICIT, "Implicit (legacy)"),
    (F.PASSWORD, "Password (legacy)"),
)
AUTHORIZE_URI: Final = FormField(
    name="authorize_uri",
    kind=Kind.URI,
    help="Where you are sent to allow access.",
    example="https://www.dropbox.com/oauth2/authorize",
    flows=BROWSER,
)
DEVICE_URI: Final = FormField(
    name="device_authorization_uri",
    kind=Kind.URI,
    help="Where the code to type on another device is asked for.",
    example="https://oauth2.googleapis.com/device/code",
    flows=(F.DEVICE,),
)
TOKEN_URI: Final = FormField(
    name="token_uri",
    kind=Kind.URI,
    help="Where codes and refresh tokens are exchanged for access tokens.",
    example="https://api.dropboxapi.com/oauth2/token",
    flows=BACK_CHANNEL,
)
CLIENT_ID: Final = FormField(
    name="client_id", help="The service's console shows it; also called app key.", example="8f3kd02"
)
STANDARD: Final = (AUTHORIZE_URI, DEVICE_URI, TOKEN_URI, CLIENT_ID)

ADVANCED: Final = (
    Group(
        "Authorize request",
        (
            FormField(
                name="scope_separator",
                kind=Kind.CHOICE,
                help="Joins the scopes. Space is the standard; a few services want commas.",
                example="read%20write or read,write",
                options=((" ", "Space"), (",", "Comma")),
            ),
            FormField(
                name="authorize_in_fragment",
                kind=Kind.SWITCH,
                help="The Authorize URI ends in a fragment (#/…), and the parameters follow it.",
                example="on for Apollo",
                flows=BROWSER,
            ),
            FormField(
                name="response_type",
                help="What is asked for, where it is not code.",
                example="code id_token",
                flows=BROWSER,
            ),
            FormField(
                name="authorize_parameters",
                kind=Kind.PAIRS,
                help="Extra ones of the authorize URL: some services give a refresh token for one.",
                example="access_type=offline&prompt=consent",
                flows=ASKS_FOR_CONSENT,
            ),
            FormField(
                name="pkce",
                kind=Kind.CHOICE,
                help="Proves that whoever began also finishes (RFC 7636). Services that do not "
                "know it ignore it.",
                example="S256",
                options=((Pkce.S256, "S256"), (Pkce.PLAIN, "plain"), (Pkce.OFF, "Off")),
                flows=CODE,
            ),
            FormField(
                name="redirect_uri",
                kind=Kind.URI,
                help="Only when the service wants another one than Grantline's own, shown above.",
                example="https://grantline.example.com/oauth/callback",
                flows=BROWSER,
            ),
            FormField(
                name="use_par",
                kind=Kind.SWITCH,
                help="Send the request ahead, so that the browser carries only a reference "
                "(RFC 9126).",
                example="on when the service requires PAR",
                flows=CODE,
            ),
            FormField(
                name="pushed_authorization_uri",
                kind=Kind.URI,
                help="Where pushed requests go.",
                example="https://auth.example.com/par",
                flows=CODE,
            ),
            FormField(
                name="expect_iss",
                kind=Kind.SWITCH,
                help="Refuse answers that do not name their server (RFC 9207).",
                example="on when the service's metadata promises it",
                flows=BROWSER,
            ),
            FormField(
                name="resources",
                kind=Kind.LINES,
                help="The APIs that the token is for (RFC 8707), one URI on each line.",
                example="https://api.example.com/",
            ),
        ),
    ),
    Group(
        "Access token setup",
        (
            FormField(
                name="client_authentication",
                kind=Kind.CHOICE,
                help="How the client proves itself at the token URI.",
                example="Basic header, when the service answers invalid_client",
                options=METHODS,
            ),
            FormField(
                name="refresh_authentication",
                kind=Kind.CHOICE,
                help="The same for refreshes, where the service wants another way there.",
                example="leave it as it is for almost every service",
                options=AS_ABOVE + METHODS,
            ),
            FormField(
                name="token_parameters",
                kind=Kind.PAIRS,
                help="Extra parameters of the access token request.",
                example="audience=https://api.example.com",
            ),
            FormField(
                name="refresh_parameters",
                kind=Kind.PAIRS,
                help="Extra parameters of the refresh request.",
                example="scope=offline_access User.Read",
            ),
            FormField(
                name="refresh_grace",
                kind=Kind.SECONDS,
                help="Seconds that a refresh token still works after it was replaced, where the "
                "service says so: then an answer that got lost can be asked for again.",
                example="60",
            ),
            FormField(
                name="custom_headers",
                kind=Kind.PAIRS,
                help="Extra headers of token and refresh requests; API requests do not get them.",
                example="X-Client: grantline",
            ),
            FormField(
                name="token_headers",
                kind=Kind.PAIRS,
                help="Extra headers of the access token request alone.",
                example="X-Api-Version: 2",
            ),
            FormField(
                name="refresh_headers",
                kind=Kind.PAIRS,
                help="Extra headers of the refresh request alone.",
                example="X-Api-Version: 2",
            ),
            FormField(
                name="token_request_format",
                kind=Kind.CHOICE,
                help="How the parameters travel. The standard is a form.",
                example="JSON for Notion",
                options=FORMATS,
            ),
            FormField(
                name="refresh_request_format",
                kind=Kind.CHOICE,
                help="The same for refreshes, where it is another one there.",
                example="leave it as it is for almost every service",
                options=AS_ABOVE + FORMATS,
            ),
            FormField(
                name="token_request_method",
                kind=Kind.CHOICE,
                help="The HTTP method. The standard is POST.",
                example="GET, for a few services that take the query",
                options=(("", "As usual"), *HTTP_METHODS),
            ),
            FormField(
                name="refresh_request_method",
                kind=Kind.CHOICE,
                help="The same for refreshes, where it is another one there.",
                example="leave it as it is for almost every service",
                options=AS_ABOVE + HTTP_METHODS,
            ),
            FormField(
                name="parameter_names",
                kind=Kind.PAIRS,
                help="Parameters that the service calls otherwise: the usual name, then its own; "
                "an empty one leaves it out. token. in front means: in that request alone.",
                example="client_id=client_key, token.redirect_uri=",
            ),
            FormField(
                name="use_dpop",
                kind=Kind.SWITCH,
                help="Bind the token to a key that never leaves here (RFC 9449).",
                example="on when the service supports DPoP",
            ),
        ),
        BACK_CHANNEL,
    ),
    Group(
        "API requests",
        (
            FormField(
                name="token_placement",
                kind=Kind.CHOICE,
                help="Where the access token goes in a request.",
                example="Authorization: Bearer …",
                options=(
                    (TokenPlacement.HEADER, "Header"),
                    (TokenPlacement.QUERY, "Query parameter"),
                    (TokenPlacement.BOTH, "Both"),
                ),
            ),
            FormField(
                name="header_name",
                help="The header that carries the token.",
                example="X-Shopify-Access-Token",
            ),
            FormField(
                name="token_name",
                help="The word in front of the token in the header.",
                example="Zoho-oauthtoken",
            ),
            FormField(
                name="query_name",
                help="The name of the query parameter that carries the token.",
                example="access_token",
            ),
            FormField(
                name="base_url",
                kind=Kind.URI,
                help="Requests with a relative URL start here.",
                example="https://api.example.com/v1",
            ),
            FormField(
                name="api_headers",
                kind=Kind.PAIRS,
                help="Headers of every API request that does not set them itself.",
                example="Notion-Version: 2022-06-28",
            ),
            FormField(
                name="api_parameters",
                kind=Kind.PAIRS,
                help="Query parameters of every API request that does not set them itself.",
                example="api-version=7.1",
            ),
            FormField(
                name="expired_statuses",
                kind=Kind.NUMBERS,
                help="Statuses besides 401 that mean the token has expired.",
                example="403, 498",
            ),
            FormField(
                name="expired_body_matches",
                kind=Kind.LINES,
                help="Texts in an answer that mean the same, one on each line.",
                example='"error":"token_expired"',
            ),
            FormField(
                name="rate_limit",
                help="Requests in a time; empty follows what the service says, off nothing.",
                example="100/60s",
            ),
            FormField(
                name="renewal_margin",
                kind=Kind.SECONDS,
                help="Seconds before its end at which a token is renewed; empty means as usual.",
                example="25, for a service that renews no earlier",
            ),
            FormField(
                name="refresh_idle_lifetime",
                kind=Kind.SECONDS,
                help="Seconds after which a refresh token dies when it is not used.",
                example="2592000, which is 30 days",
            ),
        ),
    ),
    Group(
        "Other addresses of the service",
        (
            FormField(
                name="issuer",
                kind=Kind.URI,
                help="The name of the authorization server; answers are checked against it.",
                example="https://accounts.google.com",
            ),
            FormField(
                name="refresh_uri",
                kind=Kind.URI,
                help="For refreshes, where that is not the token URI.",
                example="https://api.example.com/oauth/refresh",
                flows=BACK_CHANNEL,
            ),
            FormField(
                name="revocation_uri",
                kind=Kind.URI,
                help="Asked when the connection is deleted, so that the grant ends there too.",
                example="https://oauth2.googleapis.com/revoke",
            ),
            FormField(
                name="introspection_uri",
                kind=Kind.URI,
                help="Asked by Verify whether the token is active.",
                example="https://auth.example.com/introspect",
            ),
            FormField(
                name="jwks_uri",
                kind=Kind.URI,
                help="The keys that sign ID tokens, which tell the account's name.",
                example="https://www.googleapis.com/oauth2/v3/certs",
            ),
        ),
    ),
    *SERVICE,
    Group(
        "Signed assertions",
        (
            FormField(
                name="assertion.algorithm",
                help="How the JWT is signed.",
                example="RS256, PS256, ES256 or EdDSA",
            ),
            FormField(
                name="assertion.key_id", help="kid of the key, when it has one.", example="b1c2"
            ),
            FormField(
                name="assertion.issuer",
                help="iss; empty means the client ID.",
                example="robot@project.iam.gserviceaccount.com",
            ),
            FormField(
                name="assertion.subject",
                help="sub: the user to act for; empty means the issuer.",
                example="ada@example.com",
            ),
            FormField(
                name="assertion.audience",
                help="aud; empty means the issuer of the service, else its token URI.",
                example="https://oauth2.googleapis.com/token",
            ),
            FormField(
                name="assertion.lifetime",
                kind=Kind.SECONDS,
                help="Seconds from iat to exp, at most 3600.",
                example="300",
            ),
            FormField(
                name="assertion.scope_in_assertion",
                kind=Kind.SWITCH,
                help="Put the scopes into the JWT instead of the request.",
                example="on for Google",
            ),
        ),
        BACK_CHANNEL,
    ),
)

FIELDS: Final = (*STANDARD, *(each for group in ADVANCED for each in group.fields))
