"""Changes of a scenario: nothing is lost by them, and a step down undoes a step up."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grantline.errors import InvalidInput, NotFound
from grantline.scenarios.definition.edits import (
    Place,
    module_of,
    modules_at,
    next_number,
    place_after,
    place_before,
    place_of,
    with_changed,
    with_copy,
    with_module,
    with_moved,
    without_module,
)
from grantline.scenarios.definition.modules import (
    Action,
    Aggregate,
    Branch,
    HttpCall,
    Iterate,
    MakeRequest,
    Module,
    OnError,
    Router,
    SetVariables,
    Sleep,
    request_of,
)
from grantline.scenarios.definition.scenario import Scenario


def sleep(number: int) -> Module:
    return Module(id=number, does=Sleep())


def router(number: int, *branches: tuple[Module, ...]) -> Module:
    return Module(id=number, does=Router(branches=tuple(Branch(modules=each) for each in branches)))


UNREADABLE = Sleep(span="{{ 3.a +")
NESTED = Scenario(
    name="Nested",
    modules=(
        sleep(1),
        router(2, (sleep(3), router(4, (sleep(5),), ())), (sleep(6),)),
        sleep(7),
    ),
)


def numbers(scenario: Scenario) -> list[int]:
    return [each.id for each in scenario.each_module()]


@st.composite
def scenarios(draw: st.DrawFn) -> Scenario:
    count = iter(range(1, 100))

    def modules(depth: int) -> tuple[Module, ...]:
        found = []
        for _ in range(draw(st.integers(0, 3))):
            number = next(count)
            if depth and draw(st.booleans()):
                branches = [modules(depth - 1) for _ in range(draw(st.integers(0, 3)))]
                found.append(router(number, *branches))
            else:
                found.append(sleep(number))
        return tuple(found)

    return Scenario(name="any", modules=modules(2))


def test_a_place_is_read_back_from_its_text() -> None:
    assert Place.parse(str(Place(4, 1, 2))) == Place(4, 1, 2)


@pytest.mark.parametrize("text", ["", "1", "1.2", "1.2.x", "-1.0.0", "1.2.3.4", "0.0.99999999"])
def test_what_is_no_place_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match="no place"):
        Place.parse(text)


def test_a_module_goes_where_it_is_put() -> None:
    changed = with_module(NESTED, sleep(8), Place(4, 1, 0))

    assert place_of(changed, 8) == Place(4, 1, 0)
    assert numbers(changed) == [1, 2, 3, 4, 5, 8, 6, 7]


def test_a_changed_module_stays_where_it_is() -> None:
    changed = with_changed(NESTED, Module(id=5, does=Sleep(span="9")))

    assert module_of(changed, 5).does == Sleep(span="9")
    assert numbers(changed) == numbers(NESTED)


def test_a_router_goes_with_all_that_is_in_it() -> None:
    assert numbers(without_module(NESTED, 2)) == [1, 7]


def test_a_copy_has_numbers_of_its_own_and_collects_from_its_own_iterator() -> None:
    loop = (
        Module(id=3, does=Iterate(items="{{ 1.data }}")),
        Module(id=4, does=Aggregate(source=3)),
        Module(id=5, does=Aggregate(source=1)),
    )
    copied, copy = with_copy(Scenario(name="x", modules=(router(2, loop),)), 2)

    assert [each.id for each in copied.each_module()] == [2, 3, 4, 5, 6, 7, 8, 9]
    assert copy.id == 6
    own, other = (module_of(copied, each).does for each in (8, 9))
    assert isinstance(own, Aggregate)
    assert isinstance(other, Aggregate)
    assert (own.source, other.source) == (7, 1)


def test_a_copy_speaks_of_the_modules_in_it_and_else_as_its_original() -> None:
    inner = Module(
        id=3,
        name="{{ 4.x }}",
        when="{{ 4.status == 3 and 1.ok }}",
        does=SetVariables(variables=(("a", {"b": ["{{ 4.data[3] }}, {{ 1.data }}", 4]}),)),
        on_error=OnError(action=Action.FALLBACK, fallback={"x": "{{ 4.x ~ '4.x' }}"}),
    )
    asks = MakeRequest(call=HttpCall(spec=request_of("https://a.example/{{ 3.a }}/{{ 14.b }}")))
    branches = (
        Branch(modules=(Module(id=4, does=Sleep(span="{{ 13 + 3.s }}")), inner)),
        Branch(when="{{ 3.a }}", modules=(Module(id=5, does=asks), Module(id=6, does=UNREADABLE))),
    )
    original = Module(id=2, when="{{ 1.ok }}", does=Router(branches=branches))
    copied, copy = with_copy(Scenario(name="x", modules=(sleep(1), original, sleep(14))), 2)

    assert module_of(copied, 2) == original
    assert copy.when == "{{ 1.ok }}"
    sleeps, variables, request, unread = (module_of(copied, each) for each in (16, 17, 18, 19))
    assert sleeps.does == Sleep(span="{{ 13 + 17.s }}")
    assert variables == Module(
        id=17,
        name="{{ 4.x }}",
        when="{{ 16.status == 3 and 1.ok }}",
        does=SetVariables(variables=(("a", {"b": ["{{ 16.data[3] }}, {{ 1.data }}", 4]}),)),
        on_error=OnError(action=Action.FALLBACK, fallback={"x": "{{ 16.x ~ '4.x' }}"}),
    )
    assert isinstance(request.does, MakeRequest)
    assert request.does.call.spec.url == "https://a.example/{{ 17.a }}/{{ 14.b }}"
    assert unread.does == UNREADABLE
    assert isinstance(copy.does, Router)
    assert [each.when for each in copy.does.branches] == ["", "{{ 17.a }}"]


def test_a_router_does_not_go_into_itself() -> None:
    with pytest.raises(InvalidInput, match="into one of its own branches"):
        with_moved(NESTED, 2, Place(4, 0, 0))


@pytest.mark.parametrize("place", [Place(1, 0, 0), Place(2, 2, 0), Place(99, 0, 0)])
def test_a_list_that_is_not_there_is_not_found(place: Place) -> None:
    with pytest.raises(NotFound):
        modules_at(NESTED, place)


def test_steps_down_lead_through_every_branch_to_the_end() -> None:
    scenario, seen = NESTED, [place_of(NESTED, 1)]
    while (to := place_after(scenario, 1)) is not None:
        scenario = with_moved(scenario, 1, to)
        seen.append(place_of(scenario, 1))

    assert [str(each) for each in seen] == [
        "0.0.0", "2.0.0", "2.0.1", "4.0.0", "4.0.1", "4.1.0", "2.0.2", "2.1.0", "2.1.1",
        "0.0.1", "0.0.2",
    ]  # fmt: skip


@given(scenarios(), st.data())
def test_a_step_up_undoes_a_step_down_and_nothing_is_lost(
    scenario: Scenario, data: st.DataObject
) -> None:
    all_numbers = numbers(scenario)
    if not all_numbers:
        return
    number = data.draw(st.sampled_from(all_numbers))
    to = place_after(scenario, number)
    if to is None:
        return
    moved = with_moved(scenario, number, to)
    back = place_before(moved, number)

    assert sorted(numbers(moved)) == sorted(all_numbers)
    assert back is not None
    assert with_moved(moved, number, back) == scenario


@given(scenarios())
def test_every_number_is_new_once(scenario: Scenario) -> None:
    assert next_number(scenario) not in numbers(scenario)
