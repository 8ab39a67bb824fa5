"""What the server says of itself (RFC 8414, OpenID Connect Discovery) and its public key."""

from __future__ import annotations

from grantline.testing.authorization_server.exchange import Answer, Incoming
from grantline.testing.authorization_server.grants import GRANT_TYPES
from grantline.testing.authorization_server.jose import ASYMMETRIC, SYMMETRIC
from grantline.testing.authorization_server.options import DpopPolicy
from grantline.testing.authorization_server.state import ServerState


def metadata(state: ServerState, _incoming: Incoming) -> Answer:
    """The metadata document."""
    issuer = state.issuer
    options = state.options
    document = {
        "issuer": issuer,
        "authorization_endpoint": f"{issuer}/authorize",
        "token_endpoint": state.token_uri,
        "device_authorization_endpoint": f"{issuer}/device_authorization",
        "revocation_endpoint": f"{issuer}/revoke",
        "introspection_endpoint": f"{issuer}/introspect",
        "pushed_authorization_request_endpoint": f"{issuer}/par",
        "registration_endpoint": f"{issuer}/register",
        "jwks_uri": f"{issuer}/jwks",
        "userinfo_endpoint": f"{issuer}/api/me",
        "response_types_supported": ["code", "token"],
        "response_modes_supported": ["query", "fragment", "form_post"],
        "grant_types_supported": ["implicit", *GRANT_TYPES],
        "code_challenge_methods_supported": ["S256", "plain"],
        "token_endpoint_auth_methods_supported": [
            "client_secret_basic",
            "client_secret_post",
            "client_secret_jwt",
            "private_key_jwt",
            "none",
        ],
        "token_endpoint_auth_signing_alg_values_supported": [*ASYMMETRIC, *SYMMETRIC],
        "authorization_response_iss_parameter_supported": options.issue_iss,
        "require_pushed_authorization_requests": options.require_par,
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["ES256"],
    }
    if options.scopes:
        document["scopes_supported"] = list(options.scopes)
    if options.dpop is not DpopPolicy.IGNORE:
        document["dpop_signing_alg_values_supported"] = list(ASYMMETRIC)
    said = {**document, **options.metadata}
    return Answer.json({name: value for name, value in said.items() if value is not None})


def jwks(state: ServerState, _incoming: Incoming) -> Answer:
    """The public key of ID tokens (RFC 7517 section 5)."""
    return Answer.json({"keys": [state.signing_key.as_dict(private=False)]})
