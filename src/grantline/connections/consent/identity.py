"""Whose account a connection reaches, when the service says so in a way that can be believed."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterable, Mapping
from typing import Any, Final

from grantline.calls.bodies.content import Content
from grantline.calls.request import RequestSpec, build_request
from grantline.connections.context import Context
from grantline.connections.exchange import exchange
from grantline.connections.renewal.holding import Holding
from grantline.connections.requests.caller import AsConnection, Proofs
from grantline.connections.transcript import Step
from grantline.errors import AccountChanged, GrantlineError
from grantline.messages import HttpRequest
from grantline.net.transport import METADATA_LIMITS
from grantline.oauth.answers.error_answer import printable
from grantline.oauth.app.template import finish
from grantline.oauth.token_set import TokenSet
from grantline.oauth.tokens.id_token import IdTokenRules, validate_id_token
from grantline.oauth.tokens.token_fields import look_up
from grantline.store.records.connections import Account

LABEL_CLAIMS: Final = ("email", "preferred_username", "name", "sub")
LONGEST_LABEL: Final = 200  # the list of connections keeps it in an index
_JSON: Final = "application/json"


async def account_of(
    context: Context, holding: Holding, tokens: TokenSet, *, nonce: str = ""
) -> Account:
    """The account that ``tokens`` reach; what the service does not tell is empty.

    The app's identity rules say where to look: an API request made with the token, or the token
    answer. Where neither tells, an ID token does, after every check of OpenID Connect Core
    3.1.3.7. The tokens are saved by then, so whatever goes wrong here only leaves it empty.
    """
    try:
        named = context.with_tokens(holding, tokens)
        told = await _answer(context, named) if named.settings.identity.url else tokens.extra
        account = _account(named, told)
        if account.id and account.label:
            return account
        claims = await _claims(context, named, tokens, nonce)
    except (GrantlineError, ValueError, RecursionError):
        return Account()
    label = account.label or _first_text(claims, LABEL_CLAIMS)
    identifier = account.id or _first_text(claims, ("sub",))
    return Account(id=identifier, label=label, captured=account.captured)


def refuse_other_account(holding: Holding, account: Account) -> None:
    """Refuses an authorization of another account than the connection's, as far as is known.

    Raises:
        AccountChanged: Nothing was replaced.
    """
    record = holding.record
    if record.account_id and account.id and record.account_id != account.id:
        raise AccountChanged(
            f"“{record.name}” belongs to {record.account_label or record.account_id}, and consent "
            f"was given for {account.label or account.id}. Nothing was replaced.",
            hint="Sign in to the service as the first one and authorize again. To replace it on "
            f"purpose: grantline connection reauthorize {shlex.quote(record.name)} --other-account",
        )


async def _answer(context: Context, holding: Holding) -> Any:
    rules = holding.settings.identity
    body = finish(rules.body, {}, field="Identity body")
    spec = RequestSpec(
        method=rules.method,
        url=rules.url,
        headers=() if _asks(holding) else (("Accept", _JSON),),
        content=Content(body.encode(), _JSON) if body else None,
    )
    request = build_request(spec, base_url=holding.settings.base_url)
    placed = AsConnection(holding, Proofs(context.moment)).placed(request)
    answer = await exchange(context, holding, Step.IDENTITY, placed, limits=METADATA_LIMITS)
    return json.loads(answer.body) if 200 <= answer.status < 300 else {}


def _asks(holding: Holding) -> bool:
    """Whether the service wants an Accept header of its own."""
    return any(name.lower() == "accept" for name, _ in holding.settings.api_headers)


def _account(holding: Holding, told: Any) -> Account:
    rules = holding.settings.identity
    captured = {name: look_up(told, path) for name, path in rules.captures}
    return Account(
        id=_first_text(told, (rules.id,)),
        label=_first_text(told, rules.label),
        captured={
            name: str(value) for name, value in captured.items() if isinstance(value, str | int)
        },
    )


async def _claims(
    context: Context, holding: Holding, tokens: TokenSet, nonce: str
) -> Mapping[str, Any]:
    settings = holding.settings
    if tokens.id_token is None or not settings.jwks_uri or not settings.issuer:
        return {}
    answer = await exchange(
        context,
        holding,
        Step.KEYS,
        HttpRequest("GET", settings.jwks_uri, (("Accept", _JSON),)),
        limits=METADATA_LIMITS,
    )
    identity = validate_id_token(
        tokens.id_token,
        rules=IdTokenRules(
            issuer=settings.issuer,
            client_id=settings.client_id,
            jwks=json.loads(answer.body),
        ),
        now=context.clock.now(),
        nonce=nonce,
        access_token=tokens.access_token,
    )
    return identity.claims


def _first_text(told: Any, paths: Iterable[str]) -> str:
    found = (look_up(told, path) for path in paths if path)
    usual = (str(value) for value in found if isinstance(value, str | int) and value != "")
    return printable(next(usual, ""))[:LONGEST_LABEL]
