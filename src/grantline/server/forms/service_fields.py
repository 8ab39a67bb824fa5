"""The fields for what a service does in a way of its own: answers, identity, revocation."""

from __future__ import annotations

from typing import Final

from grantline.oauth.app.app_rules import RevokedToken
from grantline.oauth.app.response_rules import LifetimeUnit
from grantline.server.forms.choices import FORMATS, HTTP_METHODS, METHODS
from grantline.server.forms.field import CODE, FormField, Group, Kind

_UNITS: Final = (
    (LifetimeUnit.SECONDS, "Seconds"),
    (LifetimeUnit.MILLISECONDS, "Milliseconds"),
    (LifetimeUnit.MINUTES, "Minutes"),
    (LifetimeUnit.HOURS, "Hours"),
    (LifetimeUnit.DAYS, "Days"),
)

_ANSWERS: Final = Group(
    "Answers that leave the standard",
    (
        FormField(
            name="response.token_path",
            help="The object that holds the token fields, dotted.",
            example="data.token",
        ),
        FormField(
            name="response.access_token",
            help="Path of the access token in it.",
            example="accessToken",
        ),
        FormField(
            name="response.refresh_token",
            help="Path of the refresh token in it.",
            example="refreshToken",
        ),
        FormField(
            name="response.expires_in",
            help="Path of the lifetime in it.",
            example="access_token_expiration",
        ),
        FormField(
            name="response.expires_at",
            help="Path of an absolute expiry in it.",
            example="expireTime",
        ),
        FormField(
            name="response.refresh_expires_in",
            help="Path of the refresh token's lifetime in it.",
            example="refresh_token_expires_in",
        ),
        FormField(
            name="response.scope",
            help="Path of the granted scopes in it.",
            example="granted.scopes",
        ),
        FormField(
            name="response.lifetime_unit",
            kind=Kind.CHOICE,
            help="Unit of the lifetimes.",
            example="seconds, in the standard",
            options=_UNITS,
        ),
        FormField(
            name="response.default_lifetime",
            kind=Kind.SECONDS,
            help="Lifetime in seconds, for services that do not tell.",
            example="3600",
        ),
        FormField(
            name="response.default_refresh_lifetime",
            kind=Kind.SECONDS,
            help="The same of the refresh token.",
            example="7776000",
        ),
        FormField(
            name="response.success_field",
            help="Path of the field that says whether it went well, whatever the status.",
            example="ok",
        ),
        FormField(
            name="response.success_values",
            kind=Kind.WORDS,
            help="What that field says when it did.",
            example="true, 0, ok",
        ),
        FormField(
            name="response.message_field",
            help="Path of the words that explain a failure.",
            example="error.message",
        ),
        FormField(
            name="response.error_field",
            help="Path of a field that is there, and not empty, only when it went wrong.",
            example="fault",
        ),
        FormField(
            name="response.keeps_token",
            kind=Kind.SWITCH,
            help="A refresh may answer without a token: the old one then lives on.",
            example="on for Coros",
        ),
        FormField(
            name="response.secondary_path",
            help="A second token in the same answer.",
            example="authed_user",
        ),
        FormField(
            name="response.code_parameter",
            help="Name of the code in the callback.",
            example="auth_code",
            flows=CODE,
        ),
        FormField(
            name="response.captured_parameters",
            kind=Kind.WORDS,
            help="Fields of callback and answer that are kept; {realmId} in a URL is the value.",
            example="realmId",
        ),
        FormField(
            name="response.allowed_values",
            kind=Kind.NAMED_LISTS,
            help="What a kept field that builds a host may be; values with commas between.",
            example="api_domain = https://www.zohoapis.com, *.zohoapis.eu",
        ),
        FormField(
            name="response.refresh_with",
            kind=Kind.CHOICE,
            help="Which token is shown to renew.",
            example="the access token, for a few long-lived ones",
            options=(("refresh_token", "Refresh token"), ("access_token", "Access token")),
        ),
    ),
)
_IDENTITY: Final = Group(
    "Whose account it is",
    (
        FormField(
            name="identity.url",
            kind=Kind.API_URL,
            help="An API request that tells it; empty means the token answer.",
            example="/user",
        ),
        FormField(
            name="identity.method",
            kind=Kind.CHOICE,
            help="Its HTTP method.",
            example="POST for Dropbox",
            options=HTTP_METHODS,
        ),
        FormField(
            name="identity.body",
            help="Its body, as JSON.",
            example='{"query": "{ viewer { email } }"}',
        ),
        FormField(
            name="identity.label",
            kind=Kind.WORDS,
            help="Paths of what you call the account; the first that is there counts.",
            example="email, name",
        ),
        FormField(
            name="identity.id",
            help="Path of what never changes about the account.",
            example="data[0].id",
        ),
        FormField(
            name="identity.captures",
            kind=Kind.PAIRS,
            help="Values of the answer that are kept: a name, and the path of each.",
            example="cloud_id=[0].id",
        ),
    ),
)
_REVOCATION: Final = Group(
    "Revocation",
    (
        FormField(
            name="revocation.method",
            kind=Kind.CHOICE,
            help="The HTTP method.",
            example="POST, in the standard",
            options=HTTP_METHODS,
        ),
        FormField(
            name="revocation.format",
            kind=Kind.CHOICE,
            help="How the parameters travel there.",
            example="a form body, in the standard",
            options=FORMATS,
        ),
        FormField(
            name="revocation.authentication",
            kind=Kind.CHOICE,
            help="How the client proves itself there.",
            example="Basic header, for GitHub",
            options=(("", "As at the token URI"), *METHODS),
        ),
        FormField(
            name="revocation.as_api_request",
            kind=Kind.SWITCH,
            help="Send the access token in its usual place instead of proving the client.",
            example="on for Slack",
        ),
        FormField(
            name="revocation.token",
            kind=Kind.CHOICE,
            help="Which tokens are revoked.",
            example="both, in the standard",
            options=(
                (RevokedToken.BOTH, "Both"),
                (RevokedToken.REFRESH_TOKEN, "Refresh token"),
                (RevokedToken.ACCESS_TOKEN, "Access token"),
            ),
        ),
        FormField(
            name="revocation.parameters",
            kind=Kind.PAIRS,
            help="Extra parameters of the revocation.",
            example="client_id={client_id}",
        ),
    ),
)
_UPGRADE: Final = Group(
    "Exchange for a long-lived token",
    (
        FormField(
            name="upgrade.uri",
            kind=Kind.URI,
            help="Where the first token is traded for one that lives longer.",
            example="https://graph.facebook.com/oauth/access_token",
        ),
        FormField(
            name="upgrade.method",
            kind=Kind.CHOICE,
            help="The HTTP method of that exchange.",
            example="GET, for Facebook and Instagram",
            options=HTTP_METHODS,
        ),
        FormField(
            name="upgrade.format",
            kind=Kind.CHOICE,
            help="How the parameters of that exchange travel.",
            example="Query, for Facebook and Instagram",
            options=FORMATS,
        ),
        FormField(
            name="upgrade.parameters",
            kind=Kind.PAIRS,
            help="All parameters of that exchange.",
            example="fb_exchange_token={access_token}",
        ),
    ),
)

SERVICE: Final = (_ANSWERS, _IDENTITY, _REVOCATION, _UPGRADE)
