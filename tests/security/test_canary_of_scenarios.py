"""Secrets go through runs, webhooks and notices; afterwards they are looked for in every place."""

from __future__ import annotations

import asyncio
import json
import logging
from pathlib import Path
from typing import Any

import pytest

from grantline.connections.credentials.credential import CredentialFields, Kind, NewCredential
from grantline.connections.engine import LOCAL
from grantline.connections.settings import Settings
from grantline.scenarios.definition.modules import (
    Body,
    BodyKind,
    Does,
    DownloadFile,
    HttpCall,
    MakeRequest,
    Module,
    Respond,
    Sleep,
    request_of,
)
from grantline.scenarios.definition.scenario import Scenario
from grantline.scenarios.definition.triggers import Scheme, Signature, Webhook
from grantline.scenarios.notices.recipients import RecipientsEdit
from grantline.scenarios.open import open_scenarios
from grantline.scenarios.runs.run import RunState
from grantline.scenarios.service import Scenarios
from grantline.scenarios.triggers.hook_request import HookRequest
from grantline.secret import Secret
from grantline.testing.authorization_server import Client, FakeAuthorizationServer
from tests.canary import assert_no_canary
from tests.connections.world import World, an_engine, environment
from tests.mailbox import a_mailbox
from tests.recorder import Arrived, answer, recorder

SENDER = "canary-sender-token-91c0d2e4"
TOLD = "whsec_Y2FuYXJ5LW5vdGljZS1zZWNyZXQtMDAwMQ=="
PLACE = "canary-webhook-place-77aa31"
BODY = "canary-body-0a1b2c3d4e"
WAITS = 60


async def echo(request: Arrived, writer: asyncio.StreamWriter) -> None:
    """All that was sent, given back as a service would that says too much."""
    said = json.dumps({"message": request.head, "sent": request.body.decode("latin-1")}).encode()
    status = 401 if request.target.startswith("/bad") else 200
    writer.write(answer(status, said, "Content-Type: application/json"))


def call(url: str, connection_id: str | None = None) -> HttpCall:
    body = Body(kind=BodyKind.JSON, json={"said": "{{ trigger.body.said }}"})
    return HttpCall(spec=request_of(url, method="POST"), body=body, connection_id=connection_id)


def files_but_the_key(folder: Path) -> dict[str, bytes]:
    """Every file of an installation, that of DBOS as well, by name."""
    files = (each for each in folder.rglob("*") if each.is_file() and each.name != "master.key")
    return {each.name: each.read_bytes() for each in files}


async def sent(scenarios: Scenarios, *does: Does, name: str, signature: Signature) -> Any:
    """What became of a signed delivery to a scenario of these modules."""
    trigger = Webhook(signature=signature)
    modules = tuple(Module(id=number, does=each) for number, each in enumerate(does, start=1))
    kept = await scenarios.create(LOCAL, Scenario(name=name, trigger=trigger, modules=modules))
    await scenarios.set_active(LOCAL, kept.id, is_active=True)
    headers = (("Content-Type", "application/json"), ("X-Sender", SENDER))
    request = HookRequest(
        method="POST", headers=headers, body=json.dumps({"said": BODY}).encode(), query="k=" + BODY
    )
    told = await scenarios.hooks.receive(kept.hook_secret.reveal(), request)
    wrong = await scenarios.hooks.receive(kept.hook_secret.reveal(), HookRequest(method="POST"))
    page = await scenarios.runs.page(LOCAL, scenario_id=kept.id)
    run = await asyncio.wait_for(scenarios.runs.wait(LOCAL, page.rows[0].id), WAITS)
    steps = await scenarios.runs.steps(LOCAL, run.id)
    seen: list[object] = [kept, trigger, run, told, wrong, request, *steps]
    seen += [await scenarios.runs.detail(LOCAL, run.id)]
    seen += [await scenarios.runs.step(LOCAL, run.id, each.path) for each in steps]
    return run, kept, seen


def ends_of(peer: str, works: str, dead: str) -> dict[str, tuple[Does, ...]]:
    """Modules by how a run of them ends; each is given what the webhook brought."""
    spoken = "{{ trigger.body.said }}"
    answered = Body(kind=BodyKind.JSON, json={"is": "{{ 1.data }}"})
    return {
        "good": (
            MakeRequest(call=call(f"{peer}/a?x={spoken}", connection_id=works)),
            Respond(body=answered),
        ),
        "refused": (MakeRequest(call=call(f"{peer}/bad", connection_id=works)),),
        "parked": (MakeRequest(call=call(f"{peer}/c", connection_id=dead)),),
        "no span": (Sleep(span=spoken),),
        "no name": (DownloadFile(call=call(f"{peer}/d"), name=f"{spoken}/x", folder="f"),),
    }


async def test_runs_webhooks_and_notices_leave_no_secret(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    seen: list[object] = []
    secrets = {SENDER, TOLD, TOLD.removeprefix("whsec_"), PLACE, BODY}
    async with a_mailbox() as box, recorder(echo) as peer, an_engine(tmp_path) as engine:
        more = {
            "GRANTLINE_SMTP_URL": f"smtp://127.0.0.1:{box.port}",
            "GRANTLINE_MAIL_FROM": "grantline@example.com",
        }
        settings = Settings.from_environment(environment(tmp_path, **more))
        clock: Any = engine.context.clock
        async with (
            FakeAuthorizationServer(clients=(Client(),), clock=clock) as server,
            open_scenarios(engine, settings, workers=True) as scenarios,
        ):
            world = World(engine, server, clock, tmp_path)
            durable = scenarios.runs.durable
            assert durable is not None
            assert await durable.open()
            works = await world.authorized()
            secrets |= {await world.token(works), await world.refresh_token(works)}
            dead = await world.draft("never authorized")
            key = await engine.credentials.create(
                LOCAL,
                NewCredential(
                    name="key",
                    kind=Kind.KEY,
                    hosts=("127.0.0.1",),
                    fields=CredentialFields(key_name="X-Sender", value=Secret(SENDER)),
                ),
            )
            signature = Signature(credential_id=key.id, scheme=Scheme.TOKEN, header="X-Sender")
            states = {}
            for name, does in ends_of(peer.url(""), works.id, dead.id).items():
                run, kept, said = await sent(scenarios, *does, name=name, signature=signature)
                states[name] = run.state
                secrets.add(kept.hook_secret.reveal())
                seen += said
            assert states == {
                "good": RunState.SUCCEEDED,
                "refused": RunState.FAILED,
                "parked": RunState.PARKED,
                "no span": RunState.FAILED,
                "no name": RunState.FAILED,
            }
            for place in (f"/{PLACE}", f"/bad/{PLACE}"):
                edit = RecipientsEdit(
                    mails=("ada@example.com",),
                    webhook_url=peer.url(place),
                    webhook_secret=Secret(TOLD),
                )
                seen += [edit, await scenarios.notices.edit(LOCAL, edit)]
                seen += await scenarios.notices.send_test(LOCAL)
                await scenarios.notices.telling.look()
                await scenarios.notices.telling.send_due()
            seen += [scenarios, scenarios.runs, scenarios.hooks, scenarios.notices, settings]
            events = await engine.history(LOCAL)
            seen += [json.dumps(dict(each.data), default=str) for each in events]
            files = files_but_the_key(tmp_path)
            assert {"grantline.db", "runs.db"} <= files.keys()
            assert_no_canary(secrets, *files.values())
        assert box.mails
        assert_no_canary(secrets, *(each.as_string() for each in box.mails))
        told = [each for each in peer.arrived if PLACE in each.target]
        assert told
        assert_no_canary(secrets - {PLACE}, *(each.head + each.body.decode() for each in told))
    assert_no_canary(secrets, *files_but_the_key(tmp_path).values())
    assert_no_canary(secrets, *map(repr, seen), *map(str, seen), caplog.text, *capfd.readouterr())
