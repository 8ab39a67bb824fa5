"""One spelling of a scenario for store, API and file."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given

from grantline.calls.attempts.retry import RetryPolicy
from grantline.calls.pagination import Pagination, PaginationType
from grantline.errors import InvalidInput
from grantline.scenarios.definition.modules import (
    Action,
    Body,
    BodyKind,
    Branch,
    HttpCall,
    Iterate,
    MakeRequest,
    Module,
    OnError,
    Respond,
    Router,
    SetVariables,
    Sleep,
    request_of,
)
from grantline.scenarios.definition.plain import (
    read_plain,
    scenario_from_plain,
    scenario_to_plain,
)
from grantline.scenarios.definition.scenario import Bounds, Input, Scenario
from grantline.scenarios.definition.triggers import Schedule, Webhook
from tests.scenarios.scenarios import SCENARIOS

LIST_FOLDER = "https://api.dropboxapi.com/2/files/list_folder"
SCENARIO = Scenario(
    name="Dropbox files into a sheet",
    trigger=Schedule(cron="0 6 * * *", time_zone="Europe/Amsterdam"),
    inputs=(Input(name="folder", default="/Make"),),
    bounds=Bounds(within=timedelta(minutes=90)),
    modules=(
        Module(
            id=1,
            name="List the folder",
            does=MakeRequest(
                call=HttpCall(
                    spec=request_of(
                        LIST_FOLDER,
                        method="POST",
                        query=(("id", "1"), ("id", "2")),
                        retry=RetryPolicy(),
                        pagination=Pagination(type=PaginationType.TOKEN, next="cursor"),
                    ),
                    body=Body(kind=BodyKind.JSON, json={"path": "{{ input.folder }}"}),
                    connection_id="con_dropbox",
                )
            ),
            on_error=OnError(action=Action.RETRY_LATER),
        ),
        Module(id=2, does=Iterate(items="{{ 1.data.entries }}")),
        Module(
            id=3,
            does=Router(
                branches=(
                    Branch(
                        name="Large",
                        when="{{ 2.value.size > 1000 }}",
                        modules=(
                            Module(id=4, is_enabled=False, does=Sleep(span="5 min")),
                            Module(id=5, does=SetVariables(variables=(("size", 7),))),
                        ),
                    ),
                    Branch(is_fallback=True),
                )
            ),
        ),
        Module(id=6, does=Respond(status="201")),
    ),
)
PLAIN: dict[str, Any] = {
    "grantline": 1,
    "name": "Dropbox files into a sheet",
    "trigger": {"schedule": "0 6 * * *", "time_zone": "Europe/Amsterdam"},
    "inputs": {"folder": {"default": "/Make"}},
    "bounds": {"within": "1 h 30 min"},
    "modules": [
        {
            "id": 1,
            "name": "List the folder",
            "make_request": {
                "connection": "con_dropbox",
                "method": "POST",
                "url": LIST_FOLDER,
                "query": [{"id": "1"}, {"id": "2"}],
                "json": {"path": "{{ input.folder }}"},
                "retry": {"attempts": 3},
                "pagination": {"type": "token", "next": "cursor"},
            },
            "on_error": {"action": "retry_later"},
        },
        {"id": 2, "iterator": {"items": "{{ 1.data.entries }}"}},
        {
            "id": 3,
            "router": {
                "branches": [
                    {
                        "name": "Large",
                        "when": "{{ 2.value.size > 1000 }}",
                        "modules": [
                            {"id": 4, "enabled": False, "sleep": {"span": "5 min"}},
                            {"id": 5, "set_variables": {"size": 7}},
                        ],
                    },
                    {"fallback": True, "modules": []},
                ]
            },
        },
        {"id": 6, "respond": {"status": 201}},
    ],
}


@given(SCENARIOS)
def test_every_scenario_comes_back_as_it_went(scenario: Scenario) -> None:
    assert scenario_from_plain(scenario_to_plain(scenario)) == scenario


@given(SCENARIOS)
def test_the_plain_form_is_json(scenario: Scenario) -> None:
    plain = scenario_to_plain(scenario)

    assert json.loads(json.dumps(plain)) == plain


def test_only_what_differs_from_the_default_is_written() -> None:
    assert scenario_to_plain(SCENARIO) == PLAIN
    assert scenario_from_plain(PLAIN) == SCENARIO


def test_the_order_is_that_in_which_people_read() -> None:
    plain = scenario_to_plain(SCENARIO)

    assert list(plain) == ["grantline", "name", "trigger", "inputs", "bounds", "modules"]
    assert list(plain["modules"][0]) == ["id", "name", "make_request", "on_error"]
    assert list(plain["modules"][0]["make_request"])[:4] == ["connection", "method", "url", "query"]


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ({}, ("4xx", "5xx")),
        ({"fail_on": []}, ()),
        ({"fail_on": [404, "5XX"]}, ("404", "5xx")),
    ],
)
def test_answers_of_4xx_and_5xx_are_errors_unless_the_file_says_otherwise(
    written: dict[str, Any], read: tuple[str, ...]
) -> None:
    scenario = _with({"make_request": {"url": "https://a.example", **written}})
    call = scenario.modules[0].call

    assert call is not None
    assert call.spec.fail_on == read


def test_numbers_and_lists_are_taken_where_texts_are_meant() -> None:
    scenario = _with(
        {"make_request": {"url": "/a", "query": {"limit": 100, "id": [1, "b"], "deep": True}}}
    )
    call = scenario.modules[0].call

    assert call is not None
    assert call.spec.query == (("limit", "100"), ("id", "1"), ("id", "b"), ("deep", "true"))


def test_a_webhook_that_has_no_settings_is_one_all_the_same() -> None:
    plain = scenario_to_plain(Scenario(name="a", trigger=Webhook()))

    assert plain["trigger"] == {"webhook": {}}
    assert scenario_from_plain(plain).trigger == Webhook()


REQUEST = {"url": "https://a.example"}


@pytest.mark.parametrize(
    ("module", "field", "message"),
    [
        ({"make_reqest": REQUEST}, "make_reqest", "Did you mean make_request?"),
        ({"sleep": {}, "enable": False}, "enable", "Did you mean enabled?"),
        ({"make_request": {**REQUEST, "header": {}}}, "make_request.header", "mean headers?"),
        ({"make_request": {}}, "make_request", "url is missing in make_request. Add url."),
        ({"make_request": REQUEST, "sleep": {}}, "sleep", "this is make_request and sleep"),
        ({}, "", "What the module does is missing."),
        ({"make_request": {**REQUEST, "timeout": "soon"}}, "make_request.timeout", "30 s"),
        ({"make_request": {**REQUEST, "timeout": []}}, "make_request.timeout", "is a list"),
        ({"make_request": {**REQUEST, "fail_on": ["x"]}}, "make_request.fail_on", "404"),
        ({"make_request": {**REQUEST, "form": {}, "json": 1}}, "make_request.form", "two bodies"),
        ({"make_request": {**REQUEST, "media_type": "a/b"}}, "make_request.media_type", "goes"),
        (
            {"make_request": {**REQUEST, "minimum_tls": 1.1}},
            "make_request.minimum_tls",
            "1.1 is no value of",
        ),
        ({"make_request": {"url": {"1.a": None}}}, "make_request.url", 'in quotes: "{{ ... }}"'),
        ({"make_request": {"url": 1.5}}, "make_request.url", 'Write it in quotes: "1.5"'),
        ({"make_request": "x"}, "make_request", "is a text, and should be a table"),
        ({"set_variables": {"a": {"b": "\0"}}}, "set_variables.a.b", "NUL"),
        ({"set_variables": {"a": "\ud800"}}, "set_variables.a", "half a character"),
        ({"set_variables": {"a": float("nan")}}, "set_variables.a", "no JSON value"),
        ({"set_variables": {"a": {1: 2}}}, "set_variables.a", "no JSON value"),
        ({"on_error": {"action": "retry"}, "sleep": {}}, "on_error.action", "mean retry_later?"),
        ({"aggregator": {"source": "2"}}, "aggregator.source", "should be a whole number"),
        ({"aggregator": {"source": True}}, "aggregator.source", "is true or false"),
        ({"router": {"branches": {}}}, "router.branches", "should be a list"),
        ({"router": {}}, "router", "branches is missing"),
        (
            {"download_file": {**REQUEST, "overwrite": 1}},
            "download_file.overwrite",
            "true or false",
        ),
        ({"respond": {"file": "x"}}, "respond.file", "not known here"),
    ],
)
def test_what_is_wrong_in_a_module_is_told_with_its_place(
    module: dict[str, Any], field: str, message: str
) -> None:
    plain = {"name": "a", "modules": [{"id": 7, "name": "Save", **module}]}

    _, problems = read_plain(plain)

    assert (problems[0].module_id, problems[0].field) == (7, field)
    assert message in str(problems[0])
    assert str(problems[0]).startswith("Module 7 “Save”")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"module": []}, "module"),
        ({"grantline": 2}, "grantline"),
        ({"trigger": {"webhook": {}, "schedule": "* * * * *"}}, "trigger.schedule"),
        ({"trigger": {"time_zone": "UTC"}}, "trigger.time_zone"),
        ({"trigger": {"cron": "* * * * *"}}, "trigger.cron"),
        ({"trigger": {"webhook": {"signature": {"scheme": "hmac"}}}}, "trigger.webhook.signature"),
        ({"inputs": {"a": {"defaults": 1}}}, "inputs.a.defaults"),
        ({"inputs": []}, "inputs"),
        ({"bounds": {"within": "1 fortnight"}}, "bounds.within"),
        ({"modules": {}}, "modules"),
        ({"modules": ["x"]}, "modules[1]"),
        ({"name": None}, "name"),
    ],
)
def test_what_is_wrong_in_a_scenario_is_told_with_its_place(
    changes: dict[str, Any], field: str
) -> None:
    with pytest.raises(InvalidInput) as caught:
        scenario_from_plain({"name": "a", "modules": [], **changes})

    assert caught.value.field == field


def test_all_that_is_wrong_is_told_at_once() -> None:
    plain = {"name": 1.5, "modules": [{"id": "x", "slep": {}}, {"id": 2, "sleep": {"spam": 1}}]}

    _, problems = read_plain(plain)

    assert [each.field for each in problems] == ["name", "slep", "id", "sleep.spam"]
    with pytest.raises(InvalidInput, match=r"There are 3 more problems\.$"):
        scenario_from_plain(plain)


@pytest.mark.parametrize("plain", [None, [], "x", {}])
def test_what_is_no_scenario_is_refused(plain: Any) -> None:
    _, problems = read_plain(plain)

    assert problems


def test_modules_nested_without_end_are_refused() -> None:
    modules: list[dict[str, Any]] = []
    for number in range(200):
        modules = [{"id": number, "router": {"branches": [{"modules": modules}]}}]

    with pytest.raises(InvalidInput, match="too deeply"):
        scenario_from_plain({"name": "a", "modules": modules})


def test_json_nested_without_end_is_refused() -> None:
    value: Any = 1
    for _ in range(5000):
        value = [value]

    with pytest.raises(InvalidInput, match="nested deeper than 60 levels"):
        _with({"set_variables": {"a": value}})


def test_two_inputs_of_one_name_cannot_be_written() -> None:
    twice = Scenario(name="a", inputs=(Input(name="x"), Input(name="x", default=1)))

    with pytest.raises(InvalidInput, match="the same name"):
        scenario_to_plain(twice)


def test_a_body_of_one_kind_has_nothing_of_another() -> None:
    with pytest.raises(InvalidInput, match="no fields"):
        Body(kind=BodyKind.JSON, fields=(("a", "b"),))
    with pytest.raises(InvalidInput, match="its own media type"):
        Body(kind=BodyKind.FORM, media_type="text/plain")


def _with(module: dict[str, Any]) -> Scenario:
    return scenario_from_plain({"name": "a", "modules": [{"id": 1, **module}]})
