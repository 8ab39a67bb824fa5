"""Token sets and secrets, sealed into the columns of a row and opened from them.

Each value is bound to its workspace, table, row and column, so a sealed value copied to another
row does not open. Inside a seal is JSON.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from grantline.messages import ClientCertificate
from grantline.oauth.app.settings import ClientSecrets
from grantline.oauth.token_set import TokenSet
from grantline.secret import Secret
from grantline.store.records.connections import (
    AppRecord,
    ConnectionRecord,
    PendingAuthorization,
    TokenColumns,
)
from grantline.store.records.credentials import CredentialRecord
from grantline.vault.envelope import Place
from grantline.vault.vault import Vault


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowSecrets:
    """What a connection's own flow needs and nobody may see.

    Attributes:
        username: Of the resource owner, for the password grant.
        password: The same.
        dpop_key: Private JWK to which the tokens are bound (RFC 9449).
    """

    username: str = ""
    password: Secret | None = None
    dpop_key: Secret | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """What a callback needs from the moment the consent was begun."""

    verifier: Secret | None
    nonce: str
    any_account: bool = False


def tokens_place(record: ConnectionRecord) -> Place:
    """Where the token set of a connection is sealed."""
    return Place(record.workspace, "connection", record.id, "tokens")


def answer_place(workspace: str, attempt_id: str) -> Place:
    """Where the raw answer to an attempt is sealed."""
    return Place(workspace, "refresh_attempt", attempt_id, "answer")


def token_columns(
    vault: Vault,
    record: ConnectionRecord,
    tokens: TokenSet,
    obtained_at: datetime,
    due_at: datetime | None = None,
) -> TokenColumns:
    """``tokens`` as the columns of the row of ``record``; ``due_at`` as there."""
    return TokenColumns(
        sealed_tokens=seal_tokens(vault, tokens_place(record), tokens, obtained_at),
        expires_at=tokens.expires_at,
        refresh_expires_at=tokens.refresh_expires_at,
        has_refresh_token=tokens.refresh_token is not None,
        granted_scopes=tokens.scope,
        due_at=due_at,
    )


def seal_tokens(vault: Vault, place: Place, tokens: TokenSet, obtained_at: datetime) -> str:
    """``tokens`` and the instant they were asked for, sealed for ``place``."""
    return _seal(vault, place, {"obtained_at": _stamp(obtained_at), **_tokens_to_plain(tokens)})


def open_tokens(vault: Vault, place: Place, sealed: str) -> tuple[TokenSet, datetime]:
    """The token set sealed for ``place`` and when it was obtained."""
    plain = _open(vault, place, sealed)
    return _tokens_from_plain(plain), _instant(plain["obtained_at"])


def seal_client_secrets(vault: Vault, workspace: str, app_id: str, secrets: ClientSecrets) -> str:
    """The secrets of an app, sealed for its row."""
    certificate = secrets.certificate
    return _seal(
        vault,
        Place(workspace, "app", app_id, "secrets"),
        {
            "client_secret": _reveal(secrets.client_secret),
            "private_key": _reveal(secrets.private_key),
            "certificate_pem": certificate.certificate_pem if certificate else None,
            "certificate_key": certificate.private_key_pem.reveal() if certificate else None,
            "secret_expires_at": _stamp(secrets.secret_expires_at),
            "registration_uri": secrets.registration_uri,
            "registration_token": _reveal(secrets.registration_token),
        },
    )


def open_client_secrets(vault: Vault, app: AppRecord) -> ClientSecrets:
    """The secrets of an app; empty when it has none."""
    if app.sealed_secrets is None:
        return ClientSecrets()
    plain = _open(vault, Place(app.workspace, "app", app.id, "secrets"), app.sealed_secrets)
    pem, key = plain["certificate_pem"], plain["certificate_key"]
    ends = plain.get("secret_expires_at")  # seals of before there were registrations have no such
    return ClientSecrets(
        client_secret=_secret(plain["client_secret"]),
        private_key=_secret(plain["private_key"]),
        certificate=ClientCertificate(pem, Secret(key)) if pem and key else None,
        secret_expires_at=_instant(ends) if ends else None,
        registration_uri=plain.get("registration_uri", ""),
        registration_token=_secret(plain.get("registration_token")),
    )


def seal_flow_secrets(vault: Vault, workspace: str, connection_id: str, held: FlowSecrets) -> str:
    """What the connection's own flow needs, sealed for its row."""
    return _seal(
        vault,
        Place(workspace, "connection", connection_id, "secrets"),
        {
            "username": held.username,
            "password": _reveal(held.password),
            "dpop_key": _reveal(held.dpop_key),
        },
    )


def open_flow_secrets(vault: Vault, record: ConnectionRecord) -> FlowSecrets:
    """What the connection's own flow needs; empty when that is nothing."""
    if record.sealed_secrets is None:
        return FlowSecrets()
    place = Place(record.workspace, "connection", record.id, "secrets")
    plain = _open(vault, place, record.sealed_secrets)
    return FlowSecrets(
        username=plain["username"],
        password=_secret(plain["password"]),
        dpop_key=_secret(plain["dpop_key"]),
    )


def seal_credential(
    vault: Vault, workspace: str, credential_id: str, plain: Mapping[str, Any]
) -> str:
    """What is in a credential, sealed for its row."""
    return _seal(vault, Place(workspace, "credential", credential_id, "secrets"), plain)


def open_credential(vault: Vault, record: CredentialRecord) -> dict[str, Any]:
    """What is in a credential."""
    place = Place(record.workspace, "credential", record.id, "secrets")
    return _open(vault, place, record.sealed_secrets)


def seal_consent(vault: Vault, workspace: str, state_hash: str, consent: Consent) -> str:
    """The PKCE verifier and nonce of a consent that was begun."""
    place = Place(workspace, "pending_authorization", state_hash, "consent")
    plain = {
        "verifier": _reveal(consent.verifier),
        "nonce": consent.nonce,
        "any_account": consent.any_account,
    }
    return _seal(vault, place, plain)


def open_consent(vault: Vault, pending: PendingAuthorization) -> Consent:
    """The same, opened when the callback comes."""
    place = Place(pending.workspace, "pending_authorization", pending.state_hash, "consent")
    plain = _open(vault, place, pending.sealed_verifier)
    return Consent(
        verifier=_secret(plain["verifier"]),
        nonce=plain["nonce"],
        any_account=plain.get("any_account", False),
    )


def _tokens_to_plain(tokens: TokenSet) -> dict[str, Any]:
    return {
        "access_token": tokens.access_token.reveal(),
        "token_type": tokens.token_type,
        "refresh_token": _reveal(tokens.refresh_token),
        "id_token": _reveal(tokens.id_token),
        "expires_at": _stamp(tokens.expires_at),
        "refresh_expires_at": _stamp(tokens.refresh_expires_at),
        "scope": tokens.scope,
        "extra": dict(tokens.extra),
        "secondary": _tokens_to_plain(tokens.secondary) if tokens.secondary else None,
    }


def _tokens_from_plain(plain: Mapping[str, Any]) -> TokenSet:
    return TokenSet(
        access_token=Secret(plain["access_token"]),
        token_type=plain["token_type"],
        refresh_token=_secret(plain["refresh_token"]),
        id_token=_secret(plain["id_token"]),
        expires_at=_instant(plain["expires_at"]) if plain["expires_at"] else None,
        refresh_expires_at=(
            _instant(plain["refresh_expires_at"]) if plain["refresh_expires_at"] else None
        ),
        scope=None if plain["scope"] is None else tuple(plain["scope"]),
        extra=plain["extra"],
        secondary=_tokens_from_plain(plain["secondary"]) if plain["secondary"] else None,
    )


def _seal(vault: Vault, place: Place, plain: Mapping[str, Any]) -> str:
    return vault.seal(Secret(json.dumps(plain, ensure_ascii=False)), place)


def _open(vault: Vault, place: Place, sealed: str) -> dict[str, Any]:
    opened: dict[str, Any] = json.loads(vault.open(sealed, place).reveal())
    return opened


def _reveal(secret: Secret | None) -> str | None:
    return secret.reveal() if secret else None


def _secret(value: str | None) -> Secret | None:
    return Secret(value) if value else None


def _stamp(instant: datetime | None) -> str | None:
    return instant.astimezone(UTC).isoformat() if instant else None


def _instant(stamp: str) -> datetime:
    return datetime.fromisoformat(stamp)
