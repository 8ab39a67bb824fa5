"""Scenarios that come from elsewhere find what has the same name here."""

from __future__ import annotations

import pytest

from grantline.calls.request import RequestSpec
from grantline.connections.credentials.credential import CredentialIds, Kind
from grantline.connections.engine import LOCAL
from grantline.errors import InvalidInput, MalformedFile
from grantline.scenarios.definition.modules import HttpCall, MakeRequest, Module
from grantline.scenarios.definition.scenario import Scenario
from grantline.scenarios.service import Scenarios
from tests.connections.credential_values import new_credential
from tests.connections.world import World


def scenario(connection: str, authority: str) -> Scenario:
    call = HttpCall(
        spec=RequestSpec(url="/me"),
        connection_id=connection,
        credentials=CredentialIds(authority_id=authority),
    )
    return Scenario(name="Copy", modules=(Module(id=1, does=MakeRequest(call=call)),))


async def test_a_file_comes_back_unchanged_and_tells_names(
    scenarios: Scenarios, world: World
) -> None:
    connection = await world.draft("My mail")
    authority = await world.engine.credentials.create(LOCAL, new_credential(Kind.AUTHORITY))
    given = scenario(connection.id, authority.id)

    text = await scenarios.write_file(LOCAL, given)

    assert f"{connection.id}: My mail" in text
    assert f"{authority.id}: {authority.name}" in text
    assert await scenarios.read_file(LOCAL, text) == given


async def test_an_id_of_elsewhere_gives_way_to_what_has_its_name_here(
    scenarios: Scenarios, world: World
) -> None:
    connection = await world.draft("My mail")
    authority = await world.engine.credentials.create(LOCAL, new_credential(Kind.AUTHORITY))
    text = await scenarios.write_file(LOCAL, scenario(connection.id, authority.id))
    elsewhere = text.replace(connection.id, "con_there").replace(authority.id, "crd_there")

    assert await scenarios.read_file(LOCAL, elsewhere) == scenario(connection.id, authority.id)

    unnamed = elsewhere.replace("My mail", "My post")
    kept = await scenarios.read_file(LOCAL, unnamed)
    assert kept == scenario("con_there", authority.id)
    (problem,) = (
        each for each in (await scenarios.examine_file(LOCAL, unnamed))[1] if "con_" in str(each)
    )
    assert problem.module_id == 1
    line = unnamed.splitlines()[(problem.line or 0) - 1]
    assert line.strip() == "connection: con_there"


async def test_an_id_that_is_known_here_stays_whatever_the_file_calls_it(
    scenarios: Scenarios, world: World
) -> None:
    one, _ = await world.draft("one"), await world.draft("two")
    authority = await world.engine.credentials.create(LOCAL, new_credential(Kind.AUTHORITY))
    text = await scenarios.write_file(LOCAL, scenario(one.id, authority.id))

    renamed = text.replace(f"{one.id}: one", f"{one.id}: two")

    assert await scenarios.read_file(LOCAL, renamed) == scenario(one.id, authority.id)


async def test_a_name_that_nothing_has_is_told_with_its_place(scenarios: Scenarios) -> None:
    text = (
        "grantline: 1\nname: x\nmodules:\n"
        "  - id: 7\n    make_request:\n      connection: nobody\n      url: /me\n"
    )
    with pytest.raises(InvalidInput, match=r"Module 7.*nobody"):
        await scenarios.read_file(LOCAL, text)
    found = [each for each in (await scenarios.examine_file(LOCAL, text))[1] if each.line == 6]
    assert [each.module_id for each in found] == [7]
    with pytest.raises(MalformedFile):
        await scenarios.read_file(LOCAL, "{")
    nothing, problems = await scenarios.examine_file(LOCAL, text.replace("url", "uri"))
    assert nothing is None
    assert problems
