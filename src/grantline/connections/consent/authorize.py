"""Consent: begun here, given in a browser or on another device, completed here.

What ties the two ends together is a state that is used once, lives ten minutes, is stored as a
hash, belongs to whoever began (the binding), and came back on the path of the very app it was
made for (the context). All of that is checked before the code is sent anywhere.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from grantline.connections.connection import Actor
from grantline.connections.consent.callback_path import callback_digest
from grantline.connections.consent.identity import account_of, refuse_other_account
from grantline.connections.consent.objections import objections
from grantline.connections.consent.upgrade import upgraded
from grantline.connections.context import Context, fingerprint
from grantline.connections.edit import Cost, price_of_settings
from grantline.connections.exchange import exchange, overheard
from grantline.connections.masking import masking
from grantline.connections.renewal.health import after_success
from grantline.connections.renewal.holding import Holding, background_turn
from grantline.connections.renewal.next_tokens import grant_for, read_answer
from grantline.connections.revoke import revoke_tokens
from grantline.connections.sealing import Consent, open_consent, seal_consent, token_columns
from grantline.connections.state import Happening
from grantline.connections.transcript import Step
from grantline.errors import (
    CallbackRejected,
    ConnectionChanged,
    ConnectionNotFound,
    InvalidGrant,
    InvalidInput,
    RequestError,
)
from grantline.messages import HttpResponse
from grantline.oauth.answers.failure import failure_from_transport
from grantline.oauth.app.response_rules import ResponseRules
from grantline.oauth.app.settings import FlowType, Pkce
from grantline.oauth.authorization.authorization_code import (
    AuthorizationRequest,
    authorization_url,
    code_exchange_flow,
)
from grantline.oauth.authorization.callback import (
    AuthorizationCode,
    CallbackExpectation,
    parse_callback,
    presented_state,
)
from grantline.oauth.authorization.implicit import parse_implicit_response
from grantline.oauth.authorization.par import (
    parse_pushed_authorization_response,
    pushed_authorization_request,
    pushed_authorization_url,
)
from grantline.oauth.authorization.pkce import code_verifier
from grantline.oauth.flow import Flow, adrive
from grantline.oauth.grant import GrantType
from grantline.oauth.moment import base64url
from grantline.oauth.token_set import TokenSet
from grantline.oauth.tokens.token_response import Asked
from grantline.secret import Secret
from grantline.store.records.connections import Account, PendingAuthorization

LIFE: Final = timedelta(minutes=10)
MOST_PENDING: Final = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """A consent that waits for a person.

    Attributes:
        url: To be opened in the person's browser; not in the repr, for the state is in it.
        redirect_uri: Where the service will send the browser back.
        expires_at: After this the callback is refused.
        state_hash: Fingerprint of the state that was sent.
    """

    connection_id: str
    url: str = field(repr=False)
    redirect_uri: str
    expires_at: datetime
    state_hash: str

    def is_answered_by(self, answer: str) -> bool:
        """Whether ``answer`` speaks of this consent; a listener waits on when it does not."""
        state = presented_state(answer)
        return state is not None and fingerprint(state.reveal()) == self.state_hash


class Authorizer:
    """Begins and completes consents, and obtains tokens for flows that need no person."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def begin(
        self,
        actor: Actor,
        connection_id: str,
        *,
        redirect_uri: str,
        binding: str,
        scopes: tuple[str, ...] | None = None,
        any_account: bool = False,
    ) -> Begun:
        """The URL at which a person consents.

        Args:
            actor: Who begins; only he can complete it.
            connection_id: The connection to authorize, again or for the first time.
            redirect_uri: As registered at the service; the code exchange repeats it.
            binding: A secret of the session or process that begins.
            scopes: What to ask for; None means the connection's scopes.
            any_account: Whether the account may be another one than before.
        """
        context = self._context
        holding = await context.hold(actor, connection_id)
        if not holding.flow.needs_browser:
            raise InvalidInput(
                f"The flow of “{holding.record.name}” does not use a browser.", field="Flow type"
            )
        state = Secret(base64url(context.entropy(32)))
        consent = Consent(
            verifier=code_verifier(context.entropy(32)),
            nonce=base64url(context.entropy(16)),
            any_account=any_account,
        )
        dpop = holding.dpop
        request = AuthorizationRequest(
            redirect_uri=redirect_uri,
            state=state,
            scopes=holding.record.scopes if scopes is None else scopes,
            verifier=None if holding.settings.pkce is Pkce.OFF else consent.verifier,
            nonce=consent.nonce,
            flow=holding.flow,
            dpop_thumbprint=dpop.thumbprint() if dpop else "",
            values=context.moment().values,
        )
        with masking(holding, consent.verifier):
            url = await self._authorization_url(holding, request)
        overheard(context, holding, Step.AUTHORIZE, url)
        now = context.clock.now()
        state_hash = fingerprint(state.reveal())
        pending = PendingAuthorization(
            state_hash=state_hash,
            workspace=actor.workspace,
            owner=actor.user,
            connection_id=connection_id,
            binding_hash=fingerprint(binding),
            redirect_uri=redirect_uri,
            context=callback_digest(holding.app_settings),
            sealed_verifier=seal_consent(context.vault, actor.workspace, state_hash, consent),
            scopes=request.scopes,
            created_at=now,
            expires_at=now + LIFE,
        )
        await context.stored(context.store.add_pending, pending, MOST_PENDING)
        return Begun(
            connection_id=connection_id,
            url=url,
            redirect_uri=redirect_uri,
            expires_at=pending.expires_at,
            state_hash=state_hash,
        )

    async def complete(
        self, actor: Actor, answer: str, *, binding: str, context_digest: str | None = None
    ) -> str:
        """The id of the connection that ``answer`` authorizes.

        Args:
            actor: Who came back.
            answer: The query of the callback, its form body, or for implicit its fragment.
            binding: The same secret as given to ``begin``.
            context_digest: The digest in the callback's path; None when the redirect URI is one
                that the app fixes.

        Raises:
            CallbackRejected: The answer may not be used; no token request was made.
            AuthorizationServerError: The person or the service said no.
            GrantlineError: The code exchange failed.
        """
        context = self._context
        state = presented_state(answer)
        pending = await self._take(state)
        if pending is None:
            parse_callback(answer, CallbackExpectation(state=None))
            raise CallbackRejected(
                "The answer that the browser brought back was refused.", check="state_mismatch"
            )
        holding = await self._holding_of(pending)
        expected = CallbackExpectation(
            state=state,
            issuer=holding.settings.issuer if holding else "",
            expect_iss=holding.settings.expect_iss if holding else False,
            age=context.clock.now() - pending.created_at,
            objections=objections(pending, holding, actor, binding, context_digest),
            rules=holding.settings.response if holding else ResponseRules(),
        )
        if holding is None:
            parse_callback(answer, expected)
            raise ConnectionNotFound("The connection was deleted meanwhile.")
        callback = f"{pending.redirect_uri.partition('?')[0]}?{answer.lstrip('?#')}"
        overheard(context, holding, Step.CALLBACK, callback)
        asked_at = context.clock.now()
        if holding.flow is FlowType.IMPLICIT:
            asked = Asked.of(holding.settings, GrantType.IMPLICIT, scope=pending.scopes)
            tokens = parse_implicit_response(answer, expected, asked, now=asked_at)
        else:
            code = parse_callback(answer, expected)
            tokens = await self._exchange(holding, pending, code, state or Secret(""), asked_at)
        await self._save(
            actor,
            holding,
            tokens,
            pending.scopes,
            asked_at,
            consent=open_consent(context.vault, pending),
        )
        return holding.record.id

    async def obtain(self, actor: Actor, connection_id: str) -> None:
        """Authorizes a connection whose flow needs no person.

        Raises:
            InvalidInput: Its flow does need one.
            GrantlineError: The token request failed.
        """
        context = self._context
        holding = await context.hold(actor, connection_id)
        grant = grant_for(holding)
        if grant is None:
            raise InvalidInput(
                f"The flow of “{holding.record.name}” needs a person.", field="Flow type"
            )
        asked_at = context.clock.now()
        try:
            with masking(holding):
                flow = grant.converse(context.moment())
                answer = await self._converse(holding, flow, grant.grant)
                tokens = read_answer(holding, answer, grant=grant.grant, asked_at=asked_at)
        except InvalidGrant as error:
            raise _not_accepted(error, holding.flow) from None
        await self._save(actor, holding, tokens, holding.record.scopes, asked_at)

    async def save_device_tokens(
        self, actor: Actor, holding: Holding, answer: HttpResponse, asked_at: datetime
    ) -> None:
        """Completes a device authorization with the answer that brought its tokens."""
        tokens = read_answer(holding, answer, grant=GrantType.DEVICE_CODE, asked_at=asked_at)
        await self._save(actor, holding, tokens, holding.record.scopes, asked_at)

    async def _authorization_url(self, holding: Holding, request: AuthorizationRequest) -> str:
        if not holding.settings.use_par:
            return authorization_url(settings=holding.settings, request=request)
        pushed = pushed_authorization_request(
            settings=holding.settings,
            secrets=holding.secrets,
            request=request,
            moment=self._context.moment(),
        )
        answer = await exchange(self._context, holding, Step.PUSH, pushed)
        accepted = parse_pushed_authorization_response(answer, now=self._context.clock.now())
        return pushed_authorization_url(
            settings=holding.settings, pushed=accepted, now=self._context.clock.now()
        )

    async def _take(self, state: Secret | None) -> PendingAuthorization | None:
        if state is None:
            return None
        context = self._context
        return await context.stored(
            context.store.take_pending, fingerprint(state.reveal()), context.clock.now()
        )

    async def _holding_of(self, pending: PendingAuthorization) -> Holding | None:
        owner = Actor(pending.workspace, pending.owner)
        try:
            return await self._context.hold(owner, pending.connection_id)
        except ConnectionNotFound:
            return None

    async def _exchange(
        self,
        holding: Holding,
        pending: PendingAuthorization,
        code: AuthorizationCode,
        state: Secret,
        asked_at: datetime,
    ) -> TokenSet:
        consent = open_consent(self._context.vault, pending)
        # What came with the code may be needed to exchange it: a host, a store.
        told = TokenSet(access_token=code.code, extra=code.captured)
        holding = replace(holding, settings=self._context.with_tokens(holding, told).settings)
        flow = code_exchange_flow(
            settings=holding.settings,
            secrets=holding.secrets,
            request=AuthorizationRequest(
                redirect_uri=pending.redirect_uri,
                state=state,
                scopes=pending.scopes,
                verifier=consent.verifier,
            ),
            code=code.code,
            moment=self._context.moment(),
            dpop=holding.dpop,
        )
        asking = replace(holding, record=replace(holding.record, scopes=pending.scopes))
        grant = GrantType.AUTHORIZATION_CODE
        with masking(holding, code.code, consent.verifier):
            answer = await self._converse(holding, flow, grant)
            tokens = read_answer(asking, answer, grant=grant, asked_at=asked_at)
            tokens = replace(tokens, extra={**tokens.extra, **code.captured})
            return await upgraded(self._context, asking, tokens, asked_at)

    async def _converse(
        self, holding: Holding, flow: Flow[HttpResponse], grant: GrantType
    ) -> HttpResponse:
        try:
            return await adrive(flow, partial(exchange, self._context, holding, Step.TOKEN))
        except RequestError as error:
            raise failure_from_transport(error, grant=grant).as_error() from error

    async def _save(
        self,
        actor: Actor,
        holding: Holding,
        tokens: TokenSet,
        scopes: tuple[str, ...],
        asked_at: datetime,
        *,
        consent: Consent | None = None,
    ) -> None:
        context, record = self._context, holding.record
        nonce = consent.nonce if consent and "openid" in scopes else ""
        account = None
        if consent and record.account_id and not consent.any_account:
            # The tokens that are there work on, so the new ones can wait for this answer.
            account = await account_of(context, holding, tokens, nonce=nonce)
            refuse_other_account(holding, account)
        try:
            while True:
                generation = await self._unedited_generation(actor, holding)
                if await self._store(
                    actor, holding, tokens, scopes=scopes, asked_at=asked_at, generation=generation
                ):
                    break
        except (ConnectionNotFound, ConnectionChanged):
            # What the server has just granted is of no use to anybody: it is taken back.
            await revoke_tokens(context, holding, tokens)
            raise
        account = account or await account_of(context, holding, tokens, nonce=nonce)
        if account != Account():
            await context.stored(context.store.save_account, record.id, account)
        await context.hold(actor, record.id)

    async def _unedited_generation(self, actor: Actor, holding: Holding) -> int:
        """The generation to save over; refuses when the app was pointed elsewhere meanwhile."""
        current = await self._context.hold(actor, holding.record.id)
        price = price_of_settings(holding.settings, current.settings)
        if price.cost is Cost.REAUTHORIZATION or current.flow is not holding.flow:
            raise ConnectionChanged(
                f"“{holding.record.name}” was edited while it was being authorized.",
                hint="Start the authorization again.",
            )
        return current.record.generation

    async def _store(
        self,
        actor: Actor,
        holding: Holding,
        tokens: TokenSet,
        *,
        scopes: tuple[str, ...],
        asked_at: datetime,
        generation: int,
    ) -> bool:
        context, record = self._context, holding.record
        health = after_success(
            record.health, Happening.AUTHORIZED, asked_at, tokens.refresh_expires_at
        )
        event = context.event(
            actor,
            "connection.authorized",
            record.id,
            {"scopes": list(tokens.scope or scopes), "warnings": list(tokens.warnings)},
        )
        due_at = background_turn(holding, tokens, asked_at, consented=True)
        columns = token_columns(context.vault, record, tokens, asked_at, due_at)
        return await context.persisted(
            context.store.save_authorized,
            record.id,
            generation,
            columns,
            health,
            scopes=scopes,
            event=event,
        )


def _not_accepted(error: InvalidGrant, flow: FlowType) -> InvalidGrant:
    """``error`` in the words of a first grant, which cannot have "ended"."""
    if flow is FlowType.PASSWORD:
        message = "The service does not accept the user name or the password."
        hint = "Give both again; a service that asks for a second factor has no use for this flow."
    else:
        message = "The service does not accept what was presented for a token."
        hint = "Check the key, and the issuer, subject and audience of the assertion."
    refused = InvalidGrant(
        message,
        error=error.error,
        description=error.description,
        uri=error.uri,
        status=error.status,
        hint=hint,
    )
    refused.failure = error.failure
    return refused
