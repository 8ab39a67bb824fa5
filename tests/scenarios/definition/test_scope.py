"""Which modules' bundles a module can use."""

from __future__ import annotations

import pytest
from hypothesis import given

from grantline.scenarios.definition.modules import Module, SetVariables, Sleep
from grantline.scenarios.definition.plain import scenario_from_plain
from grantline.scenarios.definition.scenario import Scenario
from grantline.scenarios.definition.scope import gives, scenes, visible_modules
from tests.scenarios.scenarios import SCENARIOS

# 1 get, 2 iterate over it, 3 get, 4 iterate within, 5 collect the inner loop, 6 route
# (7 in one branch, 8 and the loop of 9 in the other), 10 collect the outer loop, 11 at the end.
NESTED = scenario_from_plain(
    {
        "name": "a",
        "modules": [
            {"id": 1, "make_request": {"url": "https://a.example"}},
            {"id": 2, "iterator": {"items": "{{ 1.data }}"}},
            {"id": 3, "set_variables": {"inner": 1}},
            {"id": 4, "iterator": {"items": "{{ 2.value }}"}},
            {"id": 5, "aggregator": {"source": 4, "value": "{{ 4.value }}"}},
            {
                "id": 6,
                "router": {
                    "branches": [
                        {"modules": [{"id": 7, "sleep": {}}, {"id": 12, "sleep": {}}]},
                        {
                            "modules": [
                                {"id": 8, "enabled": False, "sleep": {}},
                                {"id": 9, "iterator": {"items": "{{ 5.value }}"}},
                                {"id": 13, "sleep": {}},
                            ]
                        },
                    ]
                },
            },
            {"id": 10, "aggregator": {"source": 2, "value": "{{ 5.value }}"}},
            {"id": 11, "set_variables": {"late": 1}},
        ],
    }
)


@pytest.mark.parametrize(
    ("module", "visible", "loops"),
    [
        (1, (), ()),
        (2, (1,), ()),
        (3, (1, 2), (2,)),
        (4, (1, 2, 3), (2,)),
        (5, (1, 2, 3, 4), (2, 4)),
        (6, (1, 2, 3, 5), (2,)),
        (7, (1, 2, 3, 5), (2,)),
        (12, (1, 2, 3, 5, 7), (2,)),
        (9, (1, 2, 3, 5), (2,)),
        (13, (1, 2, 3, 5, 9), (2, 9)),
        (10, (1, 2, 3, 5), (2,)),
        (11, (1, 10), ()),
    ],
)
def test_a_module_sees_what_came_before_it_and_is_still_there(
    module: int, visible: tuple[int, ...], loops: tuple[int, ...]
) -> None:
    scene = next(each for each in scenes(NESTED) if each.module.id == module)

    assert tuple(each.id for each in visible_modules(NESTED, module)) == visible
    assert scene.loops == loops


@pytest.mark.parametrize("module", [8, 99])
def test_a_module_that_is_off_or_not_there_sees_nothing(module: int) -> None:
    assert visible_modules(NESTED, module) == ()


def test_a_variable_may_have_been_set_in_an_earlier_turn_of_the_loop() -> None:
    found = {each.module.id: each.variables for each in scenes(NESTED)}

    assert found[1] == frozenset()
    assert found[2] == frozenset()
    assert found[3] == {"inner"}
    assert found[11] == {"inner"}


def test_what_a_module_gives_is_known_where_it_can_be() -> None:
    assert gives(NESTED.modules[0]) == ("status", "headers", "data", "url")
    assert gives(Module(id=1, does=SetVariables(variables=(("a", 1),)))) == ("a",)
    assert gives(Module(id=1, does=Sleep())) is None


@given(SCENARIOS)
def test_every_module_has_its_place_in_the_plain_form(scenario: Scenario) -> None:
    found = list(scenes(scenario))

    assert [each.module for each in found] == list(scenario.each_module())
    assert len({each.path for each in found}) == len(found)
    for scene in found:
        seen = [each.module for each in found[: found.index(scene)]]
        assert all(each in seen and each.is_enabled for each in scene.visible)
