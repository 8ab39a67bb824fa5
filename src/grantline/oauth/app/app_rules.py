"""What a service does in a way of its own beside tokens: inputs, identity, revocation, upgrades."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from grantline.oauth.app.request_choices import (
    ClientAuthentication,
    Pairs,
    RequestMethod,
    TokenRequestFormat,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """A value that each connection gives: the subdomain of a shop, a tenant, a region.

    ``{name}`` in a URL, a parameter, a header or a host stands for it.

    Attributes:
        name: Lower-case letters, digits and underscores.
        label: As the form calls it.
        help: One line: where a person finds the value.
        example: What a value looks like.
        pattern: A regular expression that the whole value must match; empty for any value.
        choices: The values there are; empty for any.
        default: Taken when nothing is given; without one a value is required.
    """

    name: str
    label: str
    help: str = ""
    example: str = ""
    pattern: str = ""
    choices: tuple[str, ...] = ()
    default: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityRules:
    """How to learn whose account a token reaches.

    Attributes:
        url: An API request that tells it, sent with the token; relative to the base URL or
            absolute. Empty: the paths lead into the token answer, then into the ID token.
        method: Of that request.
        body: Of that request, as JSON text; empty for none.
        label: Paths of what people call the account; the first that is there counts.
        id: Path of what never changes about the account, to notice another one.
        captures: Values kept on the connection, as captured parameters are: a name and the path
            of each.
    """

    url: str = ""
    method: RequestMethod = RequestMethod.GET
    body: str = ""
    label: tuple[str, ...] = ()
    id: str = ""
    captures: Pairs = ()


class RevokedToken(StrEnum):
    """Which tokens are revoked when a connection is deleted."""

    BOTH = "both"
    REFRESH_TOKEN = "refresh_token"
    ACCESS_TOKEN = "access_token"


@dataclass(frozen=True, slots=True, kw_only=True)
class RevocationRules:
    """What a revocation looks like where it is not RFC 7009.

    Attributes:
        method: Of the request.
        format: How its parameters travel.
        authentication: Client authentication; None means that of token requests.
        as_api_request: Sent as an API request, with the access token in its usual place and
            without client authentication.
        token: Which tokens are revoked.
        parameters: Extra parameters.
    """

    method: RequestMethod = RequestMethod.POST
    format: TokenRequestFormat = TokenRequestFormat.FORM
    authentication: ClientAuthentication | None = None
    as_api_request: bool = False
    token: RevokedToken = RevokedToken.BOTH
    parameters: Pairs = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class UpgradeRules:
    """A second exchange after the first: of a short-lived token for one that lives long.

    Attributes:
        uri: Where the first token is traded; empty for services that do no such thing.
        method: Of the request.
        format: How its parameters travel.
        parameters: All of them; ``{access_token}``, ``{client_id}`` and ``{client_secret}`` stand
            for what their names say.
    """

    uri: str = ""
    method: RequestMethod = RequestMethod.GET
    format: TokenRequestFormat = TokenRequestFormat.QUERY
    parameters: Pairs = ()
