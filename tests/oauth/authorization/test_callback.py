from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grantline.errors import (
    AuthorizationDenied,
    CallbackRejected,
    GrantlineError,
    TemporarilyUnavailable,
)
from grantline.oauth.answers.failure import Failure, FailureKind, failure_of
from grantline.oauth.app.response_rules import ResponseRules
from grantline.oauth.authorization.callback import (
    STATE_LIFETIME,
    CallbackExpectation,
    Objection,
    is_reload,
    parse_callback,
)
from grantline.secret import Secret

EXPECTED = CallbackExpectation(state=Secret("st_1"), issuer="https://as.example", expect_iss=True)
GOOD = "code=c1&state=st_1&iss=https%3A%2F%2Fas.example"


def failure(query: str, expected: CallbackExpectation = EXPECTED) -> Failure:
    with pytest.raises(GrantlineError) as caught:
        parse_callback(query, expected)
    found = failure_of(caught.value)
    assert found is not None
    assert not found.may_retry
    return found


@pytest.mark.parametrize("query", [GOOD, f"?{GOOD}", f"{GOOD}&session_state=x&error="])
def test_a_good_answer_gives_its_code(query: str) -> None:
    assert parse_callback(query, EXPECTED).code == Secret("c1")


@pytest.mark.parametrize("objection", Objection)
def test_whatever_the_caller_knows_against_it_stops_the_code(objection: Objection) -> None:
    found = failure(GOOD, replace(EXPECTED, objections=(objection,)))
    assert found.error == objection
    assert is_reload(found) is (objection is Objection.STATE_USED)


def test_a_wrong_state_is_told_before_anything_that_the_right_one_would_reveal() -> None:
    expected = replace(EXPECTED, objections=tuple(Objection))
    assert failure(GOOD.replace("st_1", "st_2"), expected).error == "state_mismatch"


def test_no_state_is_right_when_no_journey_is_pending() -> None:
    assert failure(GOOD, replace(EXPECTED, state=None)).error == "state_mismatch"
    assert failure("code=c1&state=", replace(EXPECTED, state=Secret(""))).error == "state_missing"


def test_a_journey_lasts_ten_minutes() -> None:
    assert parse_callback(GOOD, replace(EXPECTED, age=STATE_LIFETIME)).code
    late = failure(GOOD, replace(EXPECTED, age=STATE_LIFETIME + timedelta(seconds=1)))
    assert (late.kind, late.error) == (FailureKind.EXPIRED, "state_expired")


def test_an_issuer_that_nobody_knows_cannot_be_compared() -> None:
    plain = CallbackExpectation(state=Secret("st_1"))
    assert parse_callback(GOOD, plain).code == Secret("c1")


def test_an_error_of_the_server_is_raised_as_what_it_is() -> None:
    back = "state=st_1&iss=https%3A%2F%2Fas.example&error="
    with pytest.raises(AuthorizationDenied) as denied:
        parse_callback(f"{back}access_denied&error_description=no%0D%0A", EXPECTED)
    assert (denied.value.description, denied.value.status) == ("no", None)
    with pytest.raises(TemporarilyUnavailable):
        parse_callback(f"{back}server_error", EXPECTED)
    assert failure(f"{back}zebra").kind is FailureKind.REQUEST


def test_a_refusal_repeats_nothing_that_the_browser_brought() -> None:
    with pytest.raises(CallbackRejected) as caught:
        parse_callback("code=secret-code&state=secret-state", EXPECTED)
    assert "secret" not in f"{caught.value} {caught.value.detail}"


def test_a_renamed_code_and_captured_parameters_come_from_the_rules_of_the_app() -> None:
    rules = ResponseRules(
        code_parameter="spapi_oauth_code",
        captured_parameters=("location", "absent"),
        allowed_values=(("location", ("eu", "us")),),
    )
    expected = CallbackExpectation(state=Secret("s"), rules=rules)
    answer = parse_callback("spapi_oauth_code=c1&state=s&location=eu&other=1", expected)
    assert (answer.code, dict(answer.captured)) == (Secret("c1"), {"location": "eu"})
    assert failure("code=c1&state=s&location=evil", expected).error == "param_not_allowed"


def test_far_too_many_parameters_are_not_read() -> None:
    assert failure("a=1&" * 1000 + GOOD).kind is FailureKind.BAD_RESPONSE


@given(st.text() | st.text("code=st_1&error#?%", max_size=60))
def test_no_query_raises_anything_else(query: str) -> None:
    raised: list[GrantlineError] = []
    for text in (query, f"{GOOD}&{query}"):
        try:
            parse_callback(text, EXPECTED)
        except GrantlineError as error:
            raised.append(error)
    assert all(failure_of(error) for error in raised)


def test_half_a_surrogate_pair_is_survived() -> None:
    assert failure("code=\ud800&state=\udfff").error == "state_mismatch"
