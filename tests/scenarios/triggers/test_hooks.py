"""Webhooks on a real engine and a real database; ``server/test_hooks`` has them over HTTP."""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from grantline.connections.credentials.credential import CredentialFields, Kind, NewCredential
from grantline.connections.credentials.credential_rows import Carried
from grantline.connections.engine import LOCAL
from grantline.scenarios.definition.modules import Body, BodyKind, Module, Respond, SetVariables
from grantline.scenarios.definition.scenario import Scenario
from grantline.scenarios.definition.triggers import MANUAL, Scheme, Signature, Webhook
from grantline.scenarios.kept import KeptScenario
from grantline.scenarios.runs.run import Cause, RunState
from grantline.scenarios.service import Scenarios
from grantline.scenarios.triggers.firing import MADE_UP_FOR
from grantline.scenarios.triggers.hook_request import MOST_BODY_BYTES, HookRequest
from grantline.scenarios.triggers.hooks import (
    BURST,
    EACH_SECOND,
    KEY_TRUSTED_FOR,
    Buckets,
    HookAnswer,
)
from grantline.scenarios.triggers.webhook import TOLERANCE, standard_signature
from grantline.secret import Secret
from grantline.testing.clock import FakeClock

ECHO = Respond(
    status="{{ trigger.query.status | default(201) }}",
    headers=(("X-Seen", "{{ trigger.body.id }}"),),
    body=Body(kind=BodyKind.JSON, json={"seen": "{{ trigger.body }}"}),
)
QUIET = SetVariables(variables=(("seen", "{{ trigger.body.id }}"),))
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def post(
    body: Any, *headers: tuple[str, str], query: str = "", method: str = "POST"
) -> HookRequest:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    typed = ("Content-Type", "application/json")
    return HookRequest(method=method, query=query, headers=(typed, *headers), body=content)


async def hooked(
    scenarios: Scenarios, *does: Any, on: bool = True, name: str = "Hooked", **trigger: Any
) -> KeptScenario:
    """A scenario behind an address."""
    modules = tuple(Module(id=number, does=each) for number, each in enumerate(does, start=1))
    given = Scenario(name=name, trigger=Webhook(**trigger), modules=modules)
    kept = await scenarios.create(LOCAL, given)
    return await scenarios.set_active(LOCAL, kept.id, on)


async def signed_by(
    scenarios: Scenarios, scheme: Scheme, secret: str, *, name: str = "secret"
) -> Signature:
    new = NewCredential(
        name=name,
        kind=Kind.KEY,
        hosts=("hooks.example",),
        fields=CredentialFields(key_name="X-Any", value=Secret(secret)),
    )
    credential = await scenarios.engine.credentials.create(LOCAL, new)
    return Signature(credential_id=credential.id, scheme=scheme)


async def sent(scenarios: Scenarios, kept: KeptScenario, request: HookRequest) -> HookAnswer:
    return await scenarios.hooks.receive(kept.hook_secret.reveal(), request)


def numbered(clock: FakeClock, number: str, body: Any) -> HookRequest:
    content = json.dumps(body).encode()
    return post(
        content,
        ("webhook-id", number),
        ("webhook-timestamp", str(int(clock.now().timestamp()))),
        ("webhook-signature", standard_signature(Secret(SECRET), number, clock.now(), content)),
    )


def from_slack(clock: FakeClock, secret: str, body: Any) -> HookRequest:
    content, at = json.dumps(body).encode(), int(clock.now().timestamp())
    digest = hmac.new(secret.encode(), f"v0:{at}:".encode() + content, hashlib.sha256)
    signed = ("X-Slack-Signature", f"v0={digest.hexdigest()}")
    return post(content, ("X-Slack-Request-Timestamp", str(at)), signed)


async def test_a_request_starts_a_run_with_what_it_brings(scenarios: Scenarios) -> None:
    kept = await hooked(scenarios, QUIET)
    answer = await sent(scenarios, kept, post({"id": 7}, query="a=1"))

    assert answer.status == 202
    said = json.loads(answer.body)
    run = await scenarios.runs.wait(LOCAL, said["run"])
    assert (run.state, run.cause, run.scenario_id) == (RunState.SUCCEEDED, Cause.WEBHOOK, kept.id)
    detail = await scenarios.runs.detail(LOCAL, run.id)
    assert detail.trigger["body"] == {"id": 7}
    assert detail.trigger["query"] == {"a": "1"}


async def test_a_respond_module_answers_the_sender(scenarios: Scenarios) -> None:
    kept = await hooked(scenarios, ECHO, QUIET)
    answer = await sent(scenarios, kept, post({"id": 7}))

    assert answer.status == 201
    assert ("X-Seen", "7") in answer.headers
    assert json.loads(answer.body) == {"seen": {"id": 7}}


async def test_a_challenge_is_answered_by_the_scenario_itself(scenarios: Scenarios) -> None:
    challenge = Respond(body=Body(kind=BodyKind.RAW, text="{{ trigger.query['hub.challenge'] }}"))
    kept = await hooked(scenarios, challenge)
    request = HookRequest(method="GET", query="hub.mode=subscribe&hub.challenge=1158201444")
    answer = await sent(scenarios, kept, request)

    assert (answer.status, answer.body) == (200, b"1158201444")


async def test_a_run_that_fails_before_its_answer_says_so_and_nothing_more(
    scenarios: Scenarios,
) -> None:
    kept = await hooked(scenarios, ECHO)
    answer = await sent(scenarios, kept, post({"other": "s3cret"}))

    assert answer.status == 500
    assert b"s3cret" not in answer.body


async def test_who_answers_too_late_leaves_a_reference(scenarios: Scenarios) -> None:
    kept = await hooked(scenarios, ECHO, answer_within=timedelta())
    answer = await sent(scenarios, kept, post({"id": 7}))

    assert answer.status == 202
    run = await scenarios.runs.wait(LOCAL, json.loads(answer.body)["run"])
    assert run.state is RunState.SUCCEEDED


async def test_a_stranger_learns_nothing(scenarios: Scenarios) -> None:
    off = await hooked(scenarios, QUIET, on=False)
    manual = await hooked(scenarios, QUIET, name="Manual")
    await scenarios.edit(LOCAL, manual.id, replace(manual.scenario, trigger=MANUAL))
    answers = [
        await sent(scenarios, off, post({})),
        await sent(scenarios, manual, post({})),
        await sent(scenarios, off, post({}, method="HEAD")),
        await scenarios.hooks.receive("a" * 32, post({})),
        await scenarios.hooks.receive("", post({})),
    ]

    assert {(each.status, each.headers, each.body) for each in answers} == {
        (404, answers[0].headers, answers[0].body)
    }
    assert (await scenarios.runs.page(LOCAL)).total == 0


async def test_an_address_that_was_replaced_is_unknown(scenarios: Scenarios) -> None:
    old = await hooked(scenarios, QUIET)
    new = await scenarios.rotate_hook(LOCAL, old.id)

    assert (await sent(scenarios, old, post({"id": 1}))).status == 404
    assert (await sent(scenarios, new, post({"id": 1}))).status == 202


async def test_who_only_looks_starts_nothing(scenarios: Scenarios) -> None:
    kept = await hooked(scenarios, QUIET)

    assert (await sent(scenarios, kept, post({}, method="HEAD"))).status == 200
    assert (await scenarios.runs.page(LOCAL)).total == 0


async def test_a_sender_that_does_not_prove_himself_starts_nothing(scenarios: Scenarios) -> None:
    signature = await signed_by(scenarios, Scheme.HMAC_SHA256, "hush")
    kept = await hooked(scenarios, QUIET, signature=signature)
    body = json.dumps({"id": 7}).encode()
    right = hmac.new(b"hush", body, hashlib.sha256).hexdigest()

    unsigned = await sent(scenarios, kept, post(body))
    wrong = await sent(scenarios, kept, post(body, ("X-Hub-Signature-256", f"sha256={'0' * 64}")))
    assert (unsigned.status, wrong.status) == (401, 401)
    assert json.loads(unsigned.body)["status"] == "signature_missing"
    assert json.loads(wrong.body)["status"] == "signature_wrong"
    assert (await scenarios.runs.page(LOCAL)).total == 0

    taken = await sent(scenarios, kept, post(body, ("X-Hub-Signature-256", f"sha256={right}")))
    assert taken.status == 202


async def test_a_delivery_that_comes_again_starts_no_second_run_and_is_answered_alike(
    scenarios: Scenarios, clock: FakeClock
) -> None:
    signature = await signed_by(scenarios, Scheme.STANDARD, SECRET)
    kept = await hooked(scenarios, ECHO, signature=signature)
    other = await hooked(scenarios, ECHO, signature=signature, name="Other")
    first = await sent(scenarios, kept, numbered(clock, "msg_1", {"id": 7}))
    clock.advance(timedelta(minutes=4))
    again = await sent(scenarios, kept, numbered(clock, "msg_1", {"id": 7}))

    assert (again.status, again.headers, again.body) == (first.status, first.headers, first.body)
    assert (await scenarios.runs.page(LOCAL)).total == 1
    await sent(scenarios, kept, numbered(clock, "msg_2", {"id": 7}))
    await sent(scenarios, other, numbered(clock, "msg_1", {"id": 7}))
    assert (await scenarios.runs.page(LOCAL)).total == 3


async def test_what_slack_tries_again_starts_no_second_run(
    scenarios: Scenarios, clock: FakeClock
) -> None:
    signature = await signed_by(scenarios, Scheme.SLACK, "8f742231")
    kept = await hooked(scenarios, ECHO, signature=signature)
    event = {"type": "event_callback", "event_id": "Ev08MFMKH6", "id": 7}
    first = await sent(scenarios, kept, from_slack(clock, "8f742231", event))
    clock.advance(timedelta(minutes=1))
    again = await sent(scenarios, kept, from_slack(clock, "8f742231", event))

    assert (again.status, again.body) == (first.status, first.body)
    assert (await scenarios.runs.page(LOCAL)).total == 1


async def test_a_recorded_delivery_is_not_played_again_later(
    scenarios: Scenarios, clock: FakeClock
) -> None:
    signature = await signed_by(scenarios, Scheme.STANDARD, SECRET)
    kept = await hooked(scenarios, QUIET, signature=signature)
    recorded = numbered(clock, "msg_1", {"id": 7})
    clock.advance(timedelta(minutes=6))
    answer = await sent(scenarios, kept, recorded)

    assert (answer.status, json.loads(answer.body)["status"]) == (401, "signature_too_old")


async def test_without_its_secret_a_webhook_takes_nothing_and_asks_to_come_back(
    scenarios: Scenarios,
) -> None:
    signature = await signed_by(scenarios, Scheme.TOKEN, "t0ken")
    kept = await hooked(scenarios, QUIET, signature=signature)
    await scenarios.engine.credentials.delete(LOCAL, signature.credential_id)
    answer = await sent(scenarios, kept, post({"id": 7}, ("X-Gitlab-Token", "t0ken")))

    assert answer.status == 503
    assert dict(answer.headers)["Retry-After"] == "30"
    assert (await scenarios.runs.page(LOCAL)).total == 0


async def test_a_body_that_is_too_large_is_refused(scenarios: Scenarios) -> None:
    kept = await hooked(scenarios, QUIET)
    answer = await sent(scenarios, kept, post(b" " * (MOST_BODY_BYTES + 1)))

    assert answer.status == 413


async def test_a_flood_is_slowed_down_and_others_are_not(
    scenarios: Scenarios, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scenarios.hooks, "_buckets", Buckets(burst=2))
    kept, other = await hooked(scenarios, QUIET), await hooked(scenarios, QUIET, name="Other")
    answers = [await sent(scenarios, kept, post({})) for _ in range(3)]

    assert [each.status for each in answers] == [202, 202, 429]
    assert dict(answers[2].headers)["Retry-After"] == "1"
    assert (await sent(scenarios, other, post({"id": 1}))).status == 202
    clock.advance(timedelta(seconds=1))
    assert (await sent(scenarios, kept, post({}))).status == 202


async def test_what_is_not_signed_uses_up_nothing_of_the_sender_and_looks_for_no_secret_again(
    scenarios: Scenarios, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    signature = await signed_by(scenarios, Scheme.TOKEN, "t0ken")
    kept = await hooked(scenarios, QUIET, signature=signature)
    monkeypatch.setattr(scenarios.hooks, "_buckets", Buckets(burst=1))
    credentials, looks = scenarios.engine.credentials, []
    carried = credentials.carried

    async def counted(*given: Any) -> Carried:
        looks.append(given)
        return await carried(*given)

    monkeypatch.setattr(credentials, "carried", counted)
    signed = post({"id": 7}, ("X-Gitlab-Token", "t0ken"))
    junk = [await sent(scenarios, kept, post({})) for _ in range(5)]
    told = [await sent(scenarios, kept, signed) for _ in range(2)]

    assert [each.status for each in (*junk, *told)] == [401] * 5 + [202, 429]
    assert len(looks) == 1
    clock.advance(KEY_TRUSTED_FOR)
    await credentials.delete(LOCAL, signature.credential_id)
    assert (await sent(scenarios, kept, signed)).status == 503


def test_a_bucket_fills_again_and_is_bounded() -> None:
    buckets = Buckets(burst=2, each_second=10)
    start = timedelta(hours=1)
    taken = [buckets.take("a", start) for _ in range(3)]

    assert taken == [timedelta(), timedelta(), timedelta(milliseconds=100)]
    assert buckets.take("a", start + timedelta(milliseconds=100)) == timedelta()
    assert buckets.take("a", start + timedelta(hours=1)) == timedelta()
    assert buckets.take("a", start) == timedelta()
    assert buckets.take("a", start) > timedelta()
    for number in range(2000):
        buckets.take(str(number), start)
    assert buckets.take("a", start) == timedelta(), "forgotten, and so as new"


@pytest.mark.parametrize("body", [b"\xff\xfe\x00", b"{", b"[" * 100_000, b"\x00" * 1000])
async def test_whatever_comes_is_taken_and_kept(scenarios: Scenarios, body: bytes) -> None:
    kept = await hooked(scenarios, SetVariables(variables=(("x", 1),)))

    assert (await sent(scenarios, kept, post(body))).status == 202


async def test_the_page_has_a_scenario_that_answers_the_question_of_slack(
    scenarios: Scenarios, clock: FakeClock
) -> None:
    page = (Path(__file__).parents[3] / "docs" / "scenarios.md").read_text(encoding="utf-8")
    text = page[page.index("grantline: 1\nname: Slack events") :].partition("```")[0]
    await signed_by(scenarios, Scheme.SLACK, "8f742231", name="Slack signing secret")
    kept = await scenarios.create(LOCAL, await scenarios.read_file(LOCAL, text))
    await scenarios.set_active(LOCAL, kept.id, is_active=True)
    question = {"type": "url_verification", "challenge": "3eZbrw1a"}
    asked = await sent(scenarios, kept, from_slack(clock, "8f742231", question))
    told = await sent(scenarios, kept, from_slack(clock, "8f742231", {"type": "event_callback"}))
    strange = await sent(scenarios, kept, from_slack(clock, "another", question))

    assert (asked.status, asked.body) == (200, b"3eZbrw1a")
    assert (told.status, told.body) == (200, b"")
    assert strange.status == 401


def test_the_page_says_the_bounds_that_there_are() -> None:
    page = (Path(__file__).parents[3] / "docs" / "scenarios.md").read_text(encoding="utf-8")

    assert f"More than {MOST_BODY_BYTES // 1024**2} MB" in page
    assert f"More than {BURST} at once, and {EACH_SECOND} a second" in page
    assert timedelta(minutes=5) == TOLERANCE
    assert timedelta(days=1) == MADE_UP_FOR


async def test_a_token_is_not_in_what_its_request_brings(scenarios: Scenarios) -> None:
    signature = replace(await signed_by(scenarios, Scheme.TOKEN, SECRET), header="X-Sender")
    kept = await hooked(scenarios, QUIET, signature=signature)
    answer = await sent(scenarios, kept, post({"id": 7}, ("X-Sender", SECRET)))

    run = await scenarios.runs.wait(LOCAL, json.loads(answer.body)["run"])
    detail = await scenarios.runs.detail(LOCAL, run.id)
    assert SECRET not in json.dumps(detail.trigger)


async def test_half_a_character_comes_through_as_the_escape_that_it_was(
    scenarios: Scenarios,
) -> None:
    kept = await hooked(scenarios, QUIET)
    answer = await sent(scenarios, kept, post(b'{"id": "\\ud800"}'))

    assert answer.status == 202
    run = await scenarios.runs.wait(LOCAL, json.loads(answer.body)["run"])
    assert run.state is RunState.SUCCEEDED
    assert (await scenarios.runs.detail(LOCAL, run.id)).trigger["body"] == {"id": "\ud800"}
