from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grantline.connections.sealing import (
    Consent,
    FlowSecrets,
    open_client_secrets,
    open_consent,
    open_flow_secrets,
    open_tokens,
    seal_client_secrets,
    seal_consent,
    seal_flow_secrets,
    seal_tokens,
    token_columns,
    tokens_place,
)
from grantline.errors import SecretUnreadable
from grantline.messages import ClientCertificate
from grantline.oauth.app.settings import ClientSecrets
from grantline.oauth.token_set import TokenSet
from grantline.secret import Secret
from grantline.testing.clock import START
from grantline.vault.keys import KeyRing, MasterKey
from grantline.vault.vault import Vault
from tests.records import a_connection, a_pending, an_app

VAULT = Vault(KeyRing(MasterKey.generate()))
TEXT = st.text(min_size=1, max_size=12)
SECRETS = TEXT.map(Secret)
INSTANTS = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXT,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXT, inner, max_size=2),
    max_leaves=4,
)


def _token_sets(secondary: st.SearchStrategy[TokenSet | None]) -> st.SearchStrategy[TokenSet]:
    return st.builds(
        TokenSet,
        access_token=SECRETS,
        token_type=st.sampled_from(["Bearer", "DPoP"]),
        refresh_token=st.none() | SECRETS,
        id_token=st.none() | SECRETS,
        expires_at=st.none() | INSTANTS,
        refresh_expires_at=st.none() | INSTANTS,
        scope=st.none() | st.lists(TEXT, max_size=3).map(tuple),
        extra=st.dictionaries(TEXT, JSON, max_size=2),
        secondary=secondary,
        warnings=st.just(()),
    )


@given(_token_sets(st.none() | _token_sets(st.none())), INSTANTS)
def test_tokens_come_back_as_they_went(tokens: TokenSet, obtained_at: datetime) -> None:
    place = tokens_place(a_connection())
    sealed = seal_tokens(VAULT, place, tokens, obtained_at)
    assert open_tokens(VAULT, place, sealed) == (tokens, obtained_at)


@given(
    st.builds(
        ClientSecrets,
        client_secret=st.none() | SECRETS,
        private_key=st.none() | SECRETS,
        certificate=st.none() | st.builds(ClientCertificate, TEXT, SECRETS),
    )
)
def test_client_secrets_come_back_as_they_went(secrets: ClientSecrets) -> None:
    app = an_app()
    sealed = seal_client_secrets(VAULT, app.workspace, app.id, secrets)
    assert open_client_secrets(VAULT, replace(app, sealed_secrets=sealed)) == secrets


@given(
    st.builds(
        FlowSecrets,
        username=st.text(max_size=5),
        password=st.none() | SECRETS,
        dpop_key=st.none() | SECRETS,
    )
)
def test_flow_secrets_come_back_as_they_went(secrets: FlowSecrets) -> None:
    row = a_connection()
    sealed = seal_flow_secrets(VAULT, row.workspace, row.id, secrets)
    assert open_flow_secrets(VAULT, replace(row, sealed_secrets=sealed)) == secrets


@given(st.builds(Consent, verifier=st.none() | SECRETS, nonce=TEXT))
def test_a_consent_comes_back_as_it_went(consent: Consent) -> None:
    row = a_pending()
    sealed = seal_consent(VAULT, row.workspace, row.state_hash, consent)
    assert open_consent(VAULT, replace(row, sealed_verifier=sealed)) == consent


def test_what_is_not_there_opens_as_nothing() -> None:
    assert open_client_secrets(VAULT, an_app(sealed_secrets=None)) == ClientSecrets()
    assert open_flow_secrets(VAULT, a_connection()) == FlowSecrets()


@pytest.mark.parametrize(
    ("seal", "open_elsewhere"),
    [
        (
            lambda: seal_tokens(
                VAULT, tokens_place(a_connection()), TokenSet(access_token=Secret("t")), START
            ),
            lambda sealed: open_tokens(VAULT, tokens_place(a_connection(id="con_2")), sealed),
        ),
        (
            lambda: seal_tokens(
                VAULT, tokens_place(a_connection()), TokenSet(access_token=Secret("t")), START
            ),
            lambda sealed: open_tokens(VAULT, tokens_place(a_connection(workspace="b")), sealed),
        ),
        (
            lambda: seal_flow_secrets(VAULT, "home", "con_1", FlowSecrets(username="u")),
            lambda sealed: open_tokens(VAULT, tokens_place(a_connection()), sealed),
        ),
        (
            lambda: seal_client_secrets(VAULT, "home", "app_1", ClientSecrets()),
            lambda sealed: open_client_secrets(VAULT, an_app(id="app_2", sealed_secrets=sealed)),
        ),
        (
            lambda: seal_consent(VAULT, "home", "00", Consent(verifier=None, nonce="n")),
            lambda sealed: open_consent(VAULT, a_pending(sealed_verifier=sealed)),
        ),
    ],
    ids=["another row", "another workspace", "another column", "another app", "another state"],
)
def test_a_value_copied_elsewhere_does_not_open(
    seal: Callable[[], str], open_elsewhere: Callable[[str], Any]
) -> None:
    with pytest.raises(SecretUnreadable):
        open_elsewhere(seal())


def test_the_columns_tell_what_may_be_known_without_a_key() -> None:
    tokens = TokenSet(
        access_token=Secret("access"),
        refresh_token=Secret("refresh"),
        scope=("a",),
        expires_at=START,
    )
    columns = token_columns(VAULT, a_connection(), tokens, START)
    assert (columns.expires_at, columns.refresh_expires_at) == (START, None)
    assert columns.has_refresh_token
    assert columns.granted_scopes == ("a",)
    assert "access" not in columns.sealed_tokens
