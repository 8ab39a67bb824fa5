"""What a request takes along on the wire: certificates, authorities and proxies that are kept."""

from __future__ import annotations

import asyncio
import ssl
from typing import Any

import pytest

from grantline.calls.request import RequestSpec
from grantline.connections.credentials.credential import CredentialIds, Kind
from grantline.connections.engine import LOCAL
from grantline.errors import EgressBlocked, TransportFailed
from tests.canary import assert_no_canary
from tests.connections.credential_values import AUTHORITY, CANARY, HOSTS, new_credential
from tests.connections.world import World
from tests.recorder import Arrived, answer, recorder


def asking_for_certificates(verify: ssl.VerifyMode) -> ssl.SSLContext:
    """A server of the private authority that wants to see who comes."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    AUTHORITY.issue_cert("127.0.0.1").configure_cert(context)
    AUTHORITY.configure_trust(context)
    context.verify_mode = verify
    return context


async def kept(world: World, *kinds: Kind, hosts: tuple[str, ...] = HOSTS) -> CredentialIds:
    places = {
        Kind.CERTIFICATE: "certificate_id",
        Kind.AUTHORITY: "authority_id",
        Kind.BASIC: "credential_id",
    }
    made = [
        await world.engine.credentials.create(
            LOCAL, new_credential(kind, hosts=hosts if kind.has_hosts else ())
        )
        for kind in kinds
    ]
    return CredentialIds(**{places[each.kind]: each.id for each in made})


async def test_a_certificate_is_shown_to_a_server_of_a_private_authority(world: World) -> None:
    tls = asking_for_certificates(ssl.CERT_REQUIRED)
    both = await kept(world, Kind.CERTIFICATE, Kind.AUTHORITY)
    async with recorder(tls=tls) as server:
        spec = RequestSpec(url=server.url(scheme="https"))
        made = await world.engine.make_request(LOCAL, spec, credentials=both)
        assert made.result().content == b"ok"
        async with world.engine.stream(LOCAL, None, spec, credentials=both) as streamed:
            assert streamed.status == 200
        for place in ("certificate_id", "authority_id"):
            one = CredentialIds(**{place: getattr(both, place)})
            refused = await world.engine.make_request(LOCAL, spec, credentials=one)
            assert isinstance(refused.error, TransportFailed)
        assert len(server.arrived) == 2


async def test_a_certificate_goes_with_a_connection_and_only_to_its_hosts(world: World) -> None:
    found = await world.authorized(new={"hosts": ("127.0.0.1",)})
    tls = asking_for_certificates(ssl.CERT_REQUIRED)
    ids = await kept(world, Kind.CERTIFICATE, Kind.AUTHORITY, hosts=("bank.example",))
    async with recorder(tls=tls) as server:
        spec = RequestSpec(url=server.url(scheme="https"))
        refused = await world.engine.make_request(
            LOCAL, spec, connection_id=found.id, credentials=ids
        )
        assert isinstance(refused.error, EgressBlocked)
        assert "“certificate” may not go to 127.0.0.1" in refused.error.message
        assert server.connections == 0
        await world.engine.credentials.delete(LOCAL, "certificate")
        wider = await kept(world, Kind.CERTIFICATE)
        ids = CredentialIds(certificate_id=wider.certificate_id, authority_id=ids.authority_id)
        made = await world.engine.make_request(LOCAL, spec, connection_id=found.id, credentials=ids)
        assert made.result().is_success
        assert server.arrived[0].header("Authorization").startswith("Bearer ")


async def test_on_another_origin_certificate_and_password_stay_behind(world: World) -> None:
    """Requirement E4: what crosses an origin is lost, and does not come back."""
    ids = await kept(world, Kind.CERTIFICATE, Kind.AUTHORITY, Kind.BASIC)
    seen: list[object] = []

    async def remember(arrived: Arrived, writer: asyncio.StreamWriter) -> None:
        seen.append(bool(writer.get_extra_info("peercert")))
        seen.append(arrived.header("Authorization"))
        writer.write(answer())

    tls = asking_for_certificates(ssl.CERT_OPTIONAL)
    async with recorder(remember, tls=tls) as other:
        away = answer(302, b"", f"Location: {other.url('/there', scheme='https')}")
        async with recorder(away, tls=tls) as server:
            spec = RequestSpec(url=server.url(scheme="https"))
            made = await world.engine.make_request(LOCAL, spec, credentials=ids)
            assert made.result().url == other.url("/there", scheme="https")
            assert server.arrived[0].header("Authorization").startswith("Basic ")
    assert seen == [False, ""]


@pytest.mark.parametrize("username", ["me", ""])
async def test_a_request_goes_through_the_proxy_that_is_kept(world: World, username: str) -> None:
    async with recorder() as proxy:
        known: dict[str, Any] = {} if username else {"username": None, "password": None}
        new = new_credential(Kind.PROXY, url=proxy.url(), **known)
        made = await world.engine.credentials.create(LOCAL, new)
        spec = RequestSpec(url="http://127.0.0.1:8089/somewhere")
        ids = CredentialIds(proxy_id=made.id)
        ran = await world.engine.make_request(LOCAL, spec, credentials=ids)
    assert ran.result().content == b"ok"
    (arrived,) = proxy.arrived
    assert arrived.target == "http://127.0.0.1:8089/somewhere"
    assert bool(arrived.header("Proxy-Authorization")) is bool(username)
    assert ran.run is not None
    detail = await world.engine.runs.find(LOCAL, ran.run.id)
    assert_no_canary([CANARY], repr(detail.request.headers), world.folder)
