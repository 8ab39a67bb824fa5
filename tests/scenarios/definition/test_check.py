"""What is told about a scenario before it runs."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given

from grantline.errors import InvalidInput
from grantline.scenarios.definition.check import MOST_MODULES, check_scenario, warnings_of
from grantline.scenarios.definition.modules import Body, BodyKind, Module, Part, Respond
from grantline.scenarios.definition.plain import scenario_from_plain
from grantline.scenarios.definition.scenario import Scenario
from grantline.scenarios.definition.triggers import Schedule, Webhook
from grantline.scenarios.definition.yaml_file import examine, write_yaml
from grantline.scenarios.triggers.schedule import check_schedule
from tests.scenarios.definition.test_plain import SCENARIO
from tests.scenarios.definition.test_scope import NESTED
from tests.scenarios.scenarios import SCENARIOS

GET: dict[str, Any] = {"url": "https://a.example"}
FIRST = {"id": 1, "make_request": GET}


def scenario(*modules: dict[str, Any], **more: Any) -> Scenario:
    return scenario_from_plain({"name": "a", "modules": list(modules), **more})


def told(checked: Scenario) -> list[tuple[int | None, str, str]]:
    return [(each.module_id, each.field, str(each)) for each in check_scenario(checked)]


@pytest.mark.parametrize("checked", [SCENARIO, NESTED])
def test_nothing_is_said_about_a_scenario_that_can_run(checked: Scenario) -> None:
    assert check_scenario(checked) == ()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{{ 2.value }}", "Column 4: There is no module 2. Modules that can be used here: 1."),
        ("{{ 1.dat }}", "Column 4: Module 1, Make a request, gives nothing of the name dat. "),
        ("{{ 1.dat }}", "Did you mean data?"),
        ("a {{ 1.data.x }} {{ 9.a }}", "Column 21: There is no module 9."),
        ("a\n{{ 9.a }}", "Line 2, column 4 of the text: There is no module 9."),
        ("{{ 7.a }}", "Module 7 is this module itself."),
        ("{{ 8.a }}", "Module 8 comes after this one."),
        ("{{ 6.a }}", "Module 6 is off."),
        ("{{ 5.a }}", "Module 5 is a router, which gives nothing itself."),
        ("{{ 51.a }}", "Module 51 is in a branch that this module is not in."),
        ("{{ 3.value }}", "Module 3 is in a loop that module 4 has closed."),
        ("{{ input.foldr }}", "There is no input foldr. Did you mean folder?"),
        (
            "{{ vars.tokn }}",
            "No module before this one sets the variable tokn. Did you mean token?",
        ),
        ("{{ varz.token }}", "There is nothing named varz. Did you mean vars?"),
        ("{{ 1.data", "Column 1: The expression that begins here is not closed."),
        ("{% if a %}", "begins a statement"),
        ("{{ 1.data | numbers }}", "Did you mean number?"),
    ],
)
def test_what_an_expression_names_and_is_not_there_is_told_with_its_position(
    text: str, message: str
) -> None:
    checked = scenario(
        FIRST,
        {"id": 2, "enabled": False, "sleep": {}},
        {"id": 3, "iterator": {"items": "{{ 1.data }}"}},
        {"id": 4, "aggregator": {"source": 3, "value": "{{ 3.value }}"}},
        {
            "id": 5,
            "router": {"branches": [{"modules": [{"id": 51, "set_variables": {"token": 1}}]}]},
        },
        {"id": 6, "enabled": False, "sleep": {}},
        {"id": 7, "make_request": {**GET, "method": "POST", "json": {"deep": [text]}}},
        {"id": 8, "sleep": {}},
        inputs={"folder": {}},
    )
    if "module 2" in message:
        checked = scenario(FIRST, {"id": 7, "make_request": {**GET, "headers": {"X": text}}})
        assert told(checked)[0][1] == "make_request.headers.X"
    else:
        assert told(checked)[0][:2] == (7, "make_request.json.deep[1]")

    assert message in told(checked)[0][2]


@pytest.mark.parametrize(
    ("module", "field", "message"),
    [
        ({"make_request": {"url": " "}}, "make_request.url", "The URL is missing."),
        ({"make_request": {"url": "/me"}}, "make_request.url", "no connection that has a base URL"),
        ({"make_request": {"url": "ftp://a.example"}}, "make_request.url", ""),
        ({"make_request": {**GET, "method": "get"}}, "make_request.method", "upper-case"),
        ({"make_request": {**GET, "json": {}}}, "make_request.json", "A GET request has no body."),
        (
            {"make_request": {**GET, "connection": "con_1", "credential": "crd_1"}},
            "make_request.credential",
            "one of the two",
        ),
        ({"make_request": {**GET, "headers": {"Bad Name": "x"}}}, "make_request.headers", ""),
        ({"make_request": {**GET, "timeout": "0 s"}}, "make_request.timeout", "no time at all"),
        (
            {"make_request": {**GET, "retry": {"attempts": 0}}},
            "make_request.retry.attempts",
            "1 and",
        ),
        (
            {"make_request": {**GET, "pagination": {"type": "token"}}},
            "make_request.pagination.next",
            "next token is missing",
        ),
        ({"make_request": {**GET, "connection": "{{ 1.id }}"}}, "make_request.connection", "fixed"),
        (
            {"make_request": {**GET, "method": "POST", "multipart": [{"name": ""}]}},
            "make_request.multipart[1]",
            "no name",
        ),
        (
            {"make_request": {**GET, "method": "PUT", "file": "a.txt"}},
            "make_request.file",
            "{{ 1.file }}",
        ),
        (
            {"make_request": {**GET, "retry": {"within": 0}}},
            "make_request.retry.within",
            "no time at all",
        ),
        (
            {"make_request": {**GET, "fail_on": ["404"], "retry": {"statuses": ["x"]}}},
            "make_request.retry.statuses",
            "404",
        ),
        ({"router": {"branches": [{}] * 51}}, "router.branches", "more than 50 branches"),
        ({"iterator": {"items": "{{ 1.data"}}, "iterator.items", "not closed"),
        ({"resolve_url": {"url": ""}}, "resolve_url.url", "missing"),
        ({"iterator": {"items": ""}}, "iterator.items", "one expression"),
        ({"iterator": {"items": "1.data"}}, "iterator.items", "{{ 1.data.items }}"),
        ({"iterator": {"items": "{{ 1.data }}{{ 1.url }}"}}, "iterator.items", "one expression"),
        ({"aggregator": {"source": 1, "value": 1}}, "aggregator.source", "no iterator whose loop"),
        ({"router": {"branches": []}}, "router.branches", "no branches"),
        (
            {"router": {"branches": [{"fallback": True}, {"fallback": True}]}},
            "router.branches[2].fallback",
            "Branch 1 is the fallback already.",
        ),
        (
            {"router": {"branches": [{"fallback": True, "when": "{{ true }}"}]}},
            "router.branches[1].when",
            "no condition",
        ),
        ({"router": {"branches": [{"when": "x"}]}}, "router.branches[1].when", "one expression"),
        ({"set_variables": {"a b": 1}}, "set_variables.a b", "vars.NAME"),
        ({"sleep": {"span": "soon"}}, "sleep.span", "10 min"),
        ({"respond": {"status": 99}}, "respond.status", "200 to 599"),
        ({"when": "yes", "sleep": {}}, "when", "A condition is one expression"),
        (
            {"sleep": {}, "on_error": {"action": "retry_later", "attempts": 0}},
            "on_error.attempts",
            "1 and 100",
        ),
        (
            {"sleep": {}, "on_error": {"action": "retry_later", "after": 0}},
            "on_error.after",
            "no time at all",
        ),
        ({"sleep": {}, "on_error": {"action": "fallback"}}, "on_error.fallback", "missing"),
        (
            {"sleep": {}, "on_error": {"action": "fallback", "fallback": {"a": "{{ 8.a }}"}}},
            "on_error.fallback.a",
            "no module 8",
        ),
        ({"name": "x" * 101, "sleep": {}}, "name", "longer than 100"),
    ],
)
def test_what_a_module_lacks_is_told_by_its_field(
    module: dict[str, Any], field: str, message: str
) -> None:
    found = told(scenario(FIRST, {"id": 2, **module}))

    assert [each[:2] for each in found] == [(2, field)]
    assert message in found[0][2]


@pytest.mark.parametrize(
    ("collect", "field", "message"),
    [
        ({}, "aggregator.value", "{{ 2.value }}"),
        ({"collect": "text", "value": ""}, "aggregator.value", "adds is missing"),
        ({"collect": "csv"}, "aggregator.columns", "columns are missing"),
    ],
)
def test_an_aggregator_needs_what_it_collects(
    collect: dict[str, Any], field: str, message: str
) -> None:
    checked = scenario(
        FIRST,
        {"id": 2, "iterator": {"items": "{{ 1.data }}"}},
        {"id": 3, "aggregator": {"source": 2, **collect}},
    )

    assert told(checked)[0][:2] == (3, field)
    assert message in told(checked)[0][2]


def test_an_aggregator_in_a_branch_cannot_close_the_loop_around_the_router() -> None:
    inner = {"id": 4, "aggregator": {"source": 2, "value": 1}}
    checked = scenario(
        FIRST,
        {"id": 2, "iterator": {"items": "{{ 1.data }}"}},
        {"id": 3, "router": {"branches": [{"modules": [inner]}]}},
    )

    assert "behind the router" in told(checked)[0][2]


def test_an_answer_to_a_webhook_has_a_body_that_is_written_down() -> None:
    parts = Body(kind=BodyKind.MULTIPART, parts=(Part(name="a"),))
    checked = Scenario(
        name="a", trigger=Webhook(), modules=(Module(id=1, does=Respond(body=parts)),)
    )

    assert [each[:2] for each in told(checked)] == [(1, "respond.multipart")]


def test_an_iterator_that_is_off_opens_no_loop() -> None:
    checked = scenario(
        FIRST,
        {"id": 2, "enabled": False, "iterator": {"items": "{{ 1.data }}"}},
        {"id": 3, "aggregator": {"source": 2, "value": 1}},
    )

    assert [each[:2] for each in told(checked)] == [(3, "aggregator.source")]


def test_numbers_are_there_once() -> None:
    checked = scenario(FIRST, {"id": 1, "sleep": {}}, {"id": 0, "sleep": {}})

    assert [each.message for each in check_scenario(checked)] == [
        "Module 1, id: Another module has the number 1 already.",
        "Module 0, id: The number of a module is 1 or more.",
    ]
    assert check_scenario(checked)[0].hint.startswith("2 is free")


def test_a_module_that_is_off_may_be_unfinished() -> None:
    checked = scenario(FIRST, {"id": 2, "enabled": False, "make_request": {"url": ""}})

    assert told(checked) == []


def test_modules_in_a_router_that_is_off_may_be_unfinished() -> None:
    inner = {"id": 3, "make_request": {"url": "{{ 99 }}"}}
    router = {"branches": [{"modules": [inner]}]}

    assert told(scenario(FIRST, {"id": 2, "enabled": False, "router": router})) == []


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"bounds": {"at_once": 0}}, "bounds.at_once"),
        ({"bounds": {"steps": 10**9}}, "bounds.steps"),
        ({"bounds": {"within": 0}}, "bounds.within"),
        ({"inputs": {"a-b": {}}}, "inputs.a-b"),
        ({"inputs": {f"a{number}": {} for number in range(101)}}, "inputs"),
        ({"name": " "}, "name"),
    ],
)
def test_what_is_wrong_with_the_scenario_itself_is_told(more: dict[str, Any], field: str) -> None:
    assert [each[:2] for each in told(scenario(FIRST, **more))] == [(None, field)]


def test_a_scenario_needs_a_module_that_is_on() -> None:
    assert told(scenario())[0][:2] == (None, "modules")
    assert told(scenario({"id": 1, "enabled": False, "sleep": {}}))[0][:2] == (None, "modules")


def test_too_many_modules_and_levels_are_told() -> None:
    many = [{"id": number, "sleep": {}} for number in range(1, MOST_MODULES + 2)]
    modules: list[dict[str, Any]] = [{"id": 99, "sleep": {}}]
    for number in range(1, 11):
        modules = [{"id": number, "router": {"branches": [{"modules": modules}]}}]

    assert f"at most {MOST_MODULES}" in told(scenario(*many))[0][2]
    assert "more than 8 routers" in told(scenario(*modules))[0][2]


def test_the_trigger_is_looked_at_by_those_who_know_it() -> None:
    checked = scenario(FIRST, trigger={"schedule": "0 6 * *", "time_zone": "UTC"})

    def check(trigger: object) -> None:
        assert isinstance(trigger, Schedule)
        check_schedule(trigger)

    def refuse_zone(_: object) -> None:
        raise InvalidInput("No such zone.", field="time_zone")

    def refuse_header(_: object) -> None:
        raise InvalidInput("No such header.", field="credential_id")

    hooked = scenario(FIRST, trigger={"webhook": {}})
    assert check_scenario(checked, check_trigger=check)[0].field == "trigger.schedule"
    assert check_scenario(checked, check_trigger=refuse_zone)[0].field == "trigger.time_zone"
    assert (
        check_scenario(hooked, check_trigger=refuse_header)[0].field
        == "trigger.webhook.signature.credential"
    )


@pytest.mark.parametrize(
    ("checked", "message"),
    [
        (scenario(FIRST, {"id": 2, "respond": {}}), "no webhook starts the scenario"),
        (scenario(FIRST, {"id": 2, "router": {"branches": [{}]}}), "branch has no modules"),
        (scenario(FIRST, {"id": 2, "iterator": {"items": "{{ 1.data }}"}}), "with the items"),
        (scenario(FIRST, inputs={"a": {"required": True, "default": 1}}), "never used"),
        (
            scenario(FIRST, inputs={"a": {"required": True}}, trigger={"webhook": {}}),
            "gives no inputs",
        ),
    ],
)
def test_what_is_odd_is_said_and_stops_nobody(checked: Scenario, message: str) -> None:
    assert check_scenario(checked) == ()
    assert [message in str(each) for each in warnings_of(checked)] == [True]


def test_problems_of_a_file_have_the_line_of_their_field() -> None:
    text = write_yaml(
        scenario(FIRST, {"id": 2, "make_request": {**GET, "query": {"a": "{{ 7.x }}"}}})
    )
    file, _ = examine(text)

    problem = file.located(check_scenario(file.scenario))[0]

    assert problem.line is not None
    assert '"{{ 7.x }}"' in text.splitlines()[problem.line - 1]
    assert str(problem).startswith(
        f"Line {problem.line}: Module 2, make_request.query.a: Column 4:"
    )


@given(SCENARIOS)
def test_every_scenario_can_be_checked(checked: Scenario) -> None:
    for problem in (*check_scenario(checked), *warnings_of(checked)):
        assert problem.message
        assert problem.path or problem.field == ""
