"""Consent on another screen (RFC 8628): the code to show, and the waiting for it."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from grantline.connections.connection import Actor
from grantline.connections.consent.authorize import Authorizer
from grantline.connections.context import Context
from grantline.connections.exchange import exchange
from grantline.connections.masking import masking
from grantline.connections.transcript import Step
from grantline.errors import GrantlineError, InvalidGrant, InvalidInput, RequestError
from grantline.oauth.answers.failure import failure_from_transport, failure_of
from grantline.oauth.app.settings import FlowType
from grantline.oauth.authorization.device import (
    DeviceAuthorization,
    device_authorization_request,
    device_token_flow,
    next_interval,
    parse_device_authorization_response,
)
from grantline.oauth.flow import adrive
from grantline.oauth.grant import GrantType

DEFAULT_LIFE: Final = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class DeviceStart:
    """What to show the person, and what to poll with.

    Attributes:
        authorization: User code, verification URI, interval.
        expires_at: After this nobody polls any more.
    """

    connection_id: str
    authorization: DeviceAuthorization
    expires_at: datetime


class DeviceAuthorizer:
    """Begins device authorizations and waits for them."""

    def __init__(self, context: Context, authorizer: Authorizer) -> None:
        self._context = context
        self._authorizer = authorizer

    async def begin(self, actor: Actor, connection_id: str) -> DeviceStart:
        """A user code and where to type it.

        Raises:
            InvalidInput: The connection's flow is another one.
            GrantlineError: The service gave no code.
        """
        context = self._context
        holding = await context.hold(actor, connection_id)
        if holding.flow is not FlowType.DEVICE:
            raise InvalidInput(
                f"The flow of “{holding.record.name}” is {holding.flow}.",
                field="Flow type",
                hint="Change it with: grantline connection edit "
                f"{shlex.quote(holding.record.name)} --flow device",
            )
        request = device_authorization_request(
            settings=holding.settings,
            secrets=holding.secrets,
            scopes=holding.record.scopes,
            moment=context.moment(),
        )
        now = context.clock.now()
        answer = await exchange(context, holding, Step.DEVICE, request)
        with masking(holding):
            authorization = parse_device_authorization_response(answer, now=now)
        return DeviceStart(
            connection_id, authorization, authorization.expires_at or now + DEFAULT_LIFE
        )

    async def finish(self, actor: Actor, start: DeviceStart) -> None:
        """Waits until the person has consented and the tokens are saved.

        Raises:
            InvalidGrant: The code expired first.
            AuthorizationDenied: The person said no.
            GrantlineError: The service failed in another way.
        """
        interval = start.authorization.interval
        while True:
            await self._context.clock.sleep(interval)
            waiting = await self.poll(actor, start, interval)
            if waiting is None:
                return
            interval = waiting

    async def poll(self, actor: Actor, start: DeviceStart, interval: timedelta) -> timedelta | None:
        """Asks once; None when the tokens are saved, else how long to wait before asking again.

        Raises as ``finish``.
        """
        clock = self._context.clock
        if clock.now() >= start.expires_at:
            raise InvalidGrant(
                "Nobody entered the code in time.",
                error="expired_token",
                hint="Start again and enter the new code.",
            )
        try:
            await self._poll(actor, start)
        except GrantlineError as error:
            failure = failure_of(error)
            if failure is None or not failure.may_retry:
                raise
            return next_interval(failure, interval, now=clock.now())
        return None

    async def _poll(self, actor: Actor, start: DeviceStart) -> None:
        context = self._context
        holding = await context.hold(actor, start.connection_id)
        asked_at = context.clock.now()
        code = start.authorization.device_code
        flow = device_token_flow(
            settings=holding.settings,
            secrets=holding.secrets,
            device_code=code,
            moment=context.moment(),
            dpop=holding.dpop,
        )
        with masking(holding, code):
            try:
                answer = await adrive(flow, partial(exchange, context, holding, Step.DEVICE_TOKEN))
            except RequestError as error:
                failure = failure_from_transport(error, grant=GrantType.DEVICE_CODE)
                raise failure.as_error() from error
            await self._authorizer.save_device_tokens(actor, holding, answer, asked_at)
