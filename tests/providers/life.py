"""A whole life of a connection at a simulated service, for the tests of entries and of dials."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from grantline.calls.request import RequestSpec
from grantline.connections.connection import Connection
from grantline.connections.consent.callback_path import callback_digest, callback_path
from grantline.connections.engine import LOCAL, Engine
from grantline.connections.manage import NewConnection
from grantline.connections.open import open_engine
from grantline.connections.settings import Settings
from grantline.connections.state import State
from grantline.net.transport import Transport
from grantline.oauth.app.inputs import captured_names, resolved, sample_values
from grantline.oauth.app.settings import AppSettings, ClientSecrets, FlowType
from grantline.oauth.jwt import new_ec_key
from grantline.secret import Secret
from grantline.testing.clock import FakeClock
from grantline.testing.simulated_service import SimulatedService
from grantline.testing.simulated_service.service import ACCOUNT_ID, LABEL

BINDING = "binding"
SECRET = "a secret: with? odd& letters"
CLIENT_ID = "an-id"


class Network:
    """What the engine takes for the network: whatever service the test plays."""

    service: SimulatedService

    def __getattr__(self, name: str) -> object:
        return getattr(self.service, name)


@dataclass(frozen=True)
class Stage:
    engine: Engine
    network: Network
    clock: FakeClock


@asynccontextmanager
async def a_stage(folder: Path) -> AsyncIterator[Stage]:
    """One installation for all services: each life has a connection of its own in it."""
    network, clock = Network(), FakeClock()
    settings = Settings.from_environment({"GRANTLINE_DATA_DIR": str(folder)})
    transport: Transport = network  # type: ignore[assignment]
    async with open_engine(settings, clock=clock, transport=transport) as engine:
        yield Stage(engine, network, clock)


def simulated(
    settings: AppSettings, flow: FlowType, scopes: tuple[str, ...], clock: FakeClock
) -> SimulatedService:
    """The service that ``settings`` describe."""
    samples = sample_values(settings)
    return SimulatedService(
        settings=resolved(settings, samples),
        flow=flow,
        scopes=scopes,
        client_secret=SECRET,
        clock=clock,
        captured={name: samples[name] for name in captured_names(settings)},
    )


async def live(
    stage: Stage,
    name: str,
    settings: AppSettings,
    service: SimulatedService,
    hosts: tuple[str, ...] = (),
) -> None:
    """Creates, consents, uses, renews and deletes; whether the service complained, it knows."""
    stage.network.service = service
    engine = stage.engine
    samples = sample_values(settings)
    made = await engine.manage.create(
        LOCAL,
        NewConnection(
            name=name,
            flow=service.flow,
            settings=settings,
            secrets=ClientSecrets(
                client_secret=Secret(SECRET),
                private_key=(
                    new_ec_key(bytes(48)) if service.flow is FlowType.JWT_BEARER else None
                ),
            ),
            scopes=service.scopes,
            hosts=hosts,
            inputs={each.name: samples[each.name] for each in settings.inputs},
            username="ada" if service.flow.takes_password else "",
            password=Secret("a password") if service.flow.takes_password else None,
        ),
    )
    await _connect(stage, service, made)
    connected = await engine.find(LOCAL, made.id)
    assert connected.state is State.AUTHORIZED
    if settings.identity.id:
        assert (connected.account_id, connected.account_label) == _account(settings, service)

    answer = await engine.request(LOCAL, made.id, RequestSpec(url=_url(service, connected)))
    assert answer.status == 200

    before = await engine.token(LOCAL, made.id)
    if (await engine.context.hold(LOCAL, made.id)).renewable:
        again = await engine.token(LOCAL, made.id, rejected=before)
        assert (again == before) is settings.response.keeps_token
        assert service.seen[-1] in {"refresh", "token"}

    gone = await engine.delete(LOCAL, made.id)
    assert gone.revocation.revoked is bool(settings.revocation_uri)


async def _connect(stage: Stage, service: SimulatedService, made: Connection) -> None:
    engine = stage.engine
    if made.flow is FlowType.DEVICE:
        start = await engine.devices.begin(LOCAL, made.id)
        assert await engine.devices.poll(LOCAL, start, start.authorization.interval) is None
    elif made.flow is FlowType.AUTHORIZATION_CODE:
        redirect_uri = "https://grantline.example" + callback_path(made.app.settings)
        begun = await engine.authorize.begin(
            LOCAL, made.id, redirect_uri=redirect_uri, binding=BINDING
        )
        await engine.authorize.complete(
            LOCAL,
            urlsplit(service.approve(begun.url)).query,
            binding=BINDING,
            context_digest=callback_digest(made.app.settings),
        )
    else:
        await engine.authorize.obtain(LOCAL, made.id)


def _account(settings: AppSettings, service: SimulatedService) -> tuple[str, str]:
    """Id and label of the account: in a token answer they may be among the captured values."""
    rules = settings.identity
    sent = {} if rules.url else service.captured
    identifier = sent.get(rules.id, ACCOUNT_ID)
    path = next(iter(rules.label), "")
    return identifier, identifier if path == rules.id else sent.get(path, LABEL)


def _url(service: SimulatedService, made: Connection) -> str:
    if service.settings.base_url:
        return "/simulated"
    host = next(host for host in made.hosts if not host.startswith("*."))
    return f"https://{host}/simulated"
