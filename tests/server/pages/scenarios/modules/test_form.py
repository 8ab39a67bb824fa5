"""The form of a module: opened and saved unchanged, it means the very same module."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from grantline.calls.attempts.retry import RetryPolicy
from grantline.calls.pagination import Pagination, PaginationType, ParameterPlace
from grantline.calls.query import ArrayStyle
from grantline.calls.request import RequestSpec
from grantline.connections.connection import Actor
from grantline.messages import AddressFamily, TlsVersion
from grantline.scenarios.definition.modules import (
    Action,
    Aggregate,
    Body,
    BodyKind,
    Branch,
    Collect,
    Does,
    DownloadFile,
    HttpCall,
    Iterate,
    MakeRequest,
    Module,
    OnError,
    Part,
    ResolveUrl,
    Respond,
    RetrieveHeaders,
    Router,
    SetVariables,
    Sleep,
)
from grantline.scenarios.definition.scenario import Scenario
from grantline.scenarios.kept import KeptScenario
from tests.server.conftest import NAME, Site
from tests.server.page_form import PageForm

ACTOR = Actor(user=NAME)
TRICKY = "\n <b>\"'&amp; {{ 1.data | default('}}') }}\n\n é "
RICH_SPEC = RequestSpec(
    method="PUT",
    url='https://api.example.com/{{ 1.data["a b"] }}?q=<x>&y="z"',
    headers=(("X-A", "{{ 1.id }}"), ("X-A", "two"), ("X-Empty", "")),
    query=(("id", "{{ 1.data.ids[0] }}"), ("id", "2"), ("lines", TRICKY)),
    array_style=ArrayStyle.COMMA,
    compress=True,
    accept_compressed=False,
    follow_redirects=False,
    timeout=timedelta(seconds=2.5),
    connect_timeout=timedelta(seconds=3),
    minimum_tls=TlsVersion.TLS_1_3,
    address_family=AddressFamily.IPV4,
    parse_response=False,
    fail_on=("404", "5xx"),
    retry=RetryPolicy(
        attempts=4,
        within=timedelta(seconds=90),
        methods=("POST",),
        statuses=("503",),
        first_wait=timedelta(seconds=0.25),
        longest_wait=timedelta(seconds=8),
    ),
    pagination=Pagination(
        type=PaginationType.TOKEN,
        items="data.items",
        parameter="after",
        place=ParameterPlace.QUERY,
        size=50,
        next="data.cursor",
        max_pages=9,
    ),
)
JSON = {
    "text": TRICKY,
    "alone": "{{ 1.n }}",
    "quotes": '{{ 1["a"] | default("}}") }}',
    "deep": [{"n": 1.5, "t": True, "none": None, "empty": {}, "list": []}],
    "{{ 1.key }}": "braces {{",
}
BODIES = [
    Body(),
    Body(kind=BodyKind.JSON, json=JSON),
    Body(kind=BodyKind.JSON, json="{{ 1.data }}"),
    Body(kind=BodyKind.JSON, json=[]),
    Body(kind=BodyKind.FORM, fields=(("a", "{{ 1.a }}"), ("a", ""), ("b", TRICKY))),
    Body(
        kind=BodyKind.MULTIPART,
        parts=(
            Part(name="note", value=TRICKY),
            Part(
                name="file", value="{{ 2.file }}", filename="{{ 1.n }}.csv", media_type="text/csv"
            ),
        ),
    ),
    Body(kind=BodyKind.RAW, text=TRICKY, media_type="text/xml"),
    Body(kind=BodyKind.RAW, text="no type"),
    Body(kind=BodyKind.FILE, text="{{ 2.file }}"),
    Body(kind=BodyKind.FILE, text="{{ 2.file }}", media_type="text/csv"),
]
VALUES: list[Any] = ["", "text", TRICKY, "{{ 1.n }}", 5, 1.25, True, None, [], {"a": ["{{ 1.n }}"]}]


def rich_call(body: Body = BODIES[1], **given: Any) -> HttpCall:
    return HttpCall(spec=RICH_SPEC, body=body, **given)


KINDS: dict[str, Does] = {
    **{
        f"a request with body {at}": MakeRequest(call=rich_call(body))
        for at, body in enumerate(BODIES)
    },
    "a plain request": MakeRequest(call=HttpCall(spec=RequestSpec(url=""))),
    "a request that shares cookies": MakeRequest(call=rich_call(share_cookies=True)),
    "a download": DownloadFile(
        call=rich_call(BODIES[0]), folder="x/{{ run.id }}", name="{{ 1.name }}", overwrite=True
    ),
    "headers": RetrieveHeaders(call=rich_call(BODIES[0])),
    "a URL": ResolveUrl(url="https://x.example/{{ 1.data.path }}"),
    "an iterator": Iterate(items="{{ 1.data.items }}"),
    "an array": Aggregate(source=1, value={"id": "{{ 1.value.id }}", "n": 2}),
    "nothing collected": Aggregate(source=1),
    "a text": Aggregate(
        source=1, collect=Collect.TEXT, value="{{ 1.value }}", separator="\n\t\\n, "
    ),
    "CSV": Aggregate(
        source=1,
        collect=Collect.CSV,
        columns=(("Name", "{{ 1.value.name }}"), ("Mail", TRICKY)),
        separator=";",
        header=False,
    ),
    "a router": Router(
        branches=(
            Branch(name="Paid", when="{{ 1.data.paid }}", modules=(Module(id=50, does=Sleep()),)),
            Branch(name="Other", is_fallback=True, modules=(Module(id=51, does=Sleep()),)),
            Branch(when="{{ 1.x }}"),
        )
    ),
    "variables": SetVariables(
        variables=tuple((f"v{at}", value) for at, value in enumerate(VALUES))
    ),
    "no variables": SetVariables(),
    "a sleep": Sleep(span="5 min"),
    **{
        f"an answer with body {at}": Respond(
            status="{{ 1.status }}", headers=(("X-A", "{{ 1.a }}"),), body=body
        )
        for at, body in enumerate(BODIES)
        if body.kind not in {BodyKind.FILE, BodyKind.MULTIPART}
    },
}  # fmt: skip
DRESSED: dict[str, Any] = {
    "name": "Naïve <name>",
    "note": "\nTwo\nlines",
    "when": "{{ 1.status == 200 }}",
    "is_enabled": False,
}


async def kept(site: Site, module: Module) -> KeptScenario:
    first = Module(id=1, does=Iterate(items="{{ input.list }}"))
    scenario = Scenario(name="Rich", modules=(first, module))
    return await site.scenarios.create(ACTOR, scenario)


async def saved_unchanged(site: Site, module: Module) -> tuple[Scenario, Scenario]:
    """The scenario before and after its module's form was opened and saved."""
    before = await kept(site, module)
    path = f"/scenarios/{before.id}/modules/{module.id}"
    form = PageForm((await site.get(path)).text, "module")
    assert form.action == path
    answer = await site.post(path, form.sent())
    assert answer.status_code == 303, answer.text
    after = await site.scenarios.find(ACTOR, before.id)
    assert after.version == before.version + 1
    return before.scenario, after.scenario


@pytest.mark.parametrize("kind", KINDS)
async def test_a_module_saved_unchanged_is_the_same(site: Site, kind: str) -> None:
    before, after = await saved_unchanged(site, Module(id=7, does=KINDS[kind], **DRESSED))
    assert after == before


@pytest.mark.parametrize(
    "on_error",
    [
        OnError(action=Action.IGNORE),
        OnError(action=Action.RETRY_LATER, after=timedelta(minutes=1, seconds=30), attempts=9),
        OnError(action=Action.FALLBACK, fallback={"data": ["{{ 1.x }}", None]}),
        OnError(action=Action.FALLBACK, fallback="text"),
    ],
)
async def test_so_is_what_happens_when_it_fails(site: Site, on_error: OnError) -> None:
    before, after = await saved_unchanged(site, Module(id=7, does=Sleep(), on_error=on_error))
    assert after == before
