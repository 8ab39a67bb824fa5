"""Consent for pages: one public address, failures as values, and something cheap to poll."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest

from grantline.connections.connection import Actor, Connection
from grantline.connections.consent.callback_path import callback_digest
from grantline.connections.consent.consents import Completed, redirect_uri
from grantline.connections.engine import LOCAL
from grantline.connections.state import State
from grantline.errors import AuthorizationDenied, CallbackRejected, ConnectionNotFound
from tests.connections.world import BINDING, World, app_settings

PUBLIC = "http://127.0.0.1:8400/"


async def consent(world: World, found: Connection, *, approve: bool = True) -> Completed:
    begun = await world.engine.consents.begin(LOCAL, found.id, public_url=PUBLIC, binding=BINDING)
    answer = world.server.approve if approve else world.server.deny
    return await world.engine.consents.complete(
        LOCAL,
        urlsplit(answer(begun.url)).query,
        binding=BINDING,
        context_digest=callback_digest(found.app.settings),
    )


async def test_the_redirect_uri_is_the_public_address_and_the_path_of_the_service(
    world: World,
) -> None:
    settings = app_settings(world.server)
    digest = callback_digest(settings)
    assert redirect_uri(settings, PUBLIC) == f"http://127.0.0.1:8400/oauth/callback/{digest}"
    fixed = app_settings(world.server, redirect_uri="https://own.example/cb")
    assert redirect_uri(fixed, PUBLIC) == "https://own.example/cb"


async def test_a_page_notices_that_consent_was_given(world: World) -> None:
    found = await world.draft()
    since = world.clock.now()
    assert await world.engine.connection_generation(LOCAL, found.id) == 0
    assert await consent(world, found) == Completed(connection_id=found.id)
    progress = await world.engine.consents.progress(LOCAL, found.id, since=since)
    assert (progress.generation, progress.state, progress.failure) == (1, State.AUTHORIZED, None)
    assert await world.engine.connection_generation(LOCAL, found.id) == 1


async def test_a_refusal_is_a_value_and_is_kept(world: World) -> None:
    found = await world.draft()
    since = world.clock.now()
    completed = await consent(world, found, approve=False)
    assert completed.connection_id == found.id
    assert isinstance(completed.error, AuthorizationDenied)
    progress = await world.engine.consents.progress(LOCAL, found.id, since=since)
    assert progress.failure is not None
    assert progress.failure["code"] == "authorization_denied"
    assert progress.state is State.DRAFT


async def test_an_answer_to_nothing_tells_of_no_connection(world: World) -> None:
    found = await world.draft()
    await world.engine.consents.begin(LOCAL, found.id, public_url=PUBLIC, binding=BINDING)
    for answer in ("state=unknown&code=x", "code=x", ""):
        completed = await world.engine.consents.complete(LOCAL, answer, binding=BINDING)
        assert completed.connection_id == ""
        assert isinstance(completed.error, CallbackRejected)


async def test_anothers_answer_tells_of_no_connection(world: World) -> None:
    found = await world.draft()
    begun = await world.engine.consents.begin(LOCAL, found.id, public_url=PUBLIC, binding=BINDING)
    answer = urlsplit(world.server.approve(begun.url)).query
    stranger = Actor(user="stranger")
    completed = await world.engine.consents.complete(stranger, answer, binding=BINDING)
    assert completed.connection_id == ""
    assert isinstance(completed.error, CallbackRejected)


async def test_consents_that_wait_are_listed(world: World) -> None:
    found = await world.draft()
    await world.engine.consents.begin(LOCAL, found.id, public_url=PUBLIC, binding=BINDING)
    (waiting,) = await world.engine.consents.pending(LOCAL)
    assert waiting.connection_id == found.id
    assert await world.engine.consents.pending(Actor(user="stranger")) == ()
    await consent(world, found)
    world.clock.advance(waiting.expires_at - world.clock.now())
    assert await world.engine.consents.pending(LOCAL) == ()


async def test_polling_for_anothers_connection_finds_nothing(world: World) -> None:
    found = await world.draft()
    stranger = Actor(workspace="away")
    for call in (
        world.engine.connection_generation(stranger, found.id),
        world.engine.consents.progress(stranger, found.id, since=world.clock.now()),
    ):
        with pytest.raises(ConnectionNotFound):
            await call
