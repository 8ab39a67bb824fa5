"""Servers quote what they were sent: their words pass here before anybody reads them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from grantline.connections.renewal.holding import Holding
from grantline.errors import AuthorizationServerError, GrantlineError
from grantline.oauth.answers.failure import failure_of
from grantline.secret import Secret, mask


@contextmanager
def masking(holding: Holding, *more: Secret | None) -> Iterator[None]:
    """Takes the secrets of ``holding``, and ``more``, out of the server's text in any error."""
    try:
        yield
    except GrantlineError as error:
        _mask(error, _secrets(holding, more))
        raise


def _mask(error: GrantlineError, secrets: tuple[Secret, ...]) -> None:
    failure = failure_of(error)
    if failure is not None:
        error.failure = replace(
            failure,
            error=mask(failure.error, secrets),
            description=mask(failure.description, secrets),
            uri=mask(failure.uri, secrets),
        )
    if isinstance(error, AuthorizationServerError):
        error.error = mask(error.error, secrets)
        error.description = mask(error.description, secrets)
        error.uri = mask(error.uri, secrets)


def _secrets(holding: Holding, more: tuple[Secret | None, ...]) -> tuple[Secret, ...]:
    app, own, tokens = holding.secrets, holding.flow_secrets, holding.tokens
    known = [app.client_secret, app.private_key, own.password, own.dpop_key, *more]
    if tokens is not None:
        known += [tokens.access_token, tokens.refresh_token, tokens.id_token]
    return tuple(secret for secret in known if secret)
