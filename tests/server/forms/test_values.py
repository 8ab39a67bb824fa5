"""What is typed into the connection form, and what becomes of it."""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.datastructures import FormData

from grantline.errors import InvalidInput
from grantline.oauth.app.response_rules import ResponseRules
from grantline.oauth.app.settings import AppSettings, FlowType
from grantline.secret import REDACTED
from grantline.server.forms.field import FormField, Kind
from grantline.server.forms.fields import ADVANCED, FIELDS
from grantline.server.forms.values import (
    Value,
    Values,
    blank,
    check_values,
    settings_of,
    shown_settings,
    typed,
    typed_secrets,
)

ANY_TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\r"), max_size=20)
ROWS = st.lists(st.tuples(ANY_TEXT, ANY_TEXT).filter(any), max_size=3).map(tuple)
CHIPS = st.lists(
    st.text(st.characters(codec="ascii", exclude_characters=" \t\n\r\f\v"), min_size=1),
    unique=True,
    max_size=4,
).map(tuple)


def sent(values: Values) -> FormData:
    """What a browser sends of a form that shows ``values``."""
    pairs = [("name", values.name), ("flow", values.flow.value), ("username", values.username)]
    pairs.append(("at_once", values.at_once))
    for name in ("scopes", "hosts"):
        pairs += [(name, each) for each in (*getattr(values, name), "")]
    for each in FIELDS:
        value = values.fields[each.name]
        if isinstance(value, bool):
            pairs += [(each.name, "on")] if value else []
        elif isinstance(value, tuple):
            pairs += [(f"{each.name}_key", key) for key, _ in value]
            pairs += [(f"{each.name}_value", text) for _, text in value]
        else:
            pairs.append((each.name, value))
    return FormData([*pairs, ("provider", values.provider)])


@st.composite
def anything_typed(draw: st.DrawFn) -> Values:
    """A form with anything in it, sense or not."""
    shown: dict[str, Value] = {}
    for each in FIELDS:
        match each.kind:
            case Kind.SWITCH:
                shown[each.name] = draw(st.booleans())
            case Kind.PAIRS | Kind.NAMED_LISTS:
                shown[each.name] = draw(ROWS)
            case Kind.CHOICE:
                shown[each.name] = draw(st.sampled_from([value for value, _ in each.options]))
            case _:
                shown[each.name] = draw(ANY_TEXT)
    return Values(
        name=draw(ANY_TEXT),
        flow=draw(st.sampled_from(FlowType)),
        scopes=draw(CHIPS),
        hosts=draw(CHIPS),
        username=draw(ANY_TEXT),
        fields=shown,
    )


@given(anything_typed())
def test_whatever_is_typed_comes_back_unchanged(values: Values) -> None:
    assert typed(sent(values)) == values


@given(anything_typed())
def test_whatever_is_typed_becomes_settings_or_errors_with_a_field(values: Values) -> None:
    settings, errors = settings_of(values)
    for label, error in {**check_values(values, settings), **errors}.items():
        assert label == error.field
        assert label[0].isupper()


def test_every_setting_has_one_field() -> None:
    nested = {
        each.name: type(getattr(AppSettings(client_id=""), each.name))
        for each in fields(AppSettings)
        if is_dataclass(getattr(AppSettings(client_id=""), each.name))
    }
    # Inputs come with an entry of the catalogue; by hand one writes the value itself.
    whole = {*nested, "inputs"}
    wanted = [each.name for each in fields(AppSettings) if each.name not in whole]
    wanted += [f"{name}.{each.name}" for name, kind in nested.items() for each in fields(kind)]
    assert sorted(each.name for each in FIELDS) == sorted(wanted)


def test_no_two_fields_have_one_label() -> None:
    labels = [each.label for each in FIELDS]
    assert len(labels) == len(set(labels))


@pytest.mark.parametrize("each", FIELDS, ids=lambda each: each.name)
def test_every_field_says_what_it_is_for_and_gives_an_example(each: FormField) -> None:
    assert each.help.endswith(".")
    assert each.example


def test_settings_shown_and_sent_again_are_the_same() -> None:
    settings = AppSettings(
        client_id="id",
        authorize_uri="https://a.example/",
        scope_separator=",",
        authorize_parameters=(("access_type", "offline"),),
        custom_headers=(("Notion-Version", "2022-06-28"),),
        resources=("https://a.example/x,y",),
        expired_statuses=(403, 498),
        expired_body_matches=('"error": "token expired"', "gone, really"),
        use_par=True,
        response=ResponseRules(
            default_lifetime=timedelta(hours=1),
            captured_parameters=("realmId",),
            allowed_values=(("location", ("us", "eu")),),
        ),
    )
    again, errors = settings_of(typed(sent(blank().with_settings(settings))))
    assert errors == {}
    assert again == settings


def test_a_pasted_list_of_scopes_is_split_and_chips_are_not() -> None:
    form = FormData([("flow", "device"), ("scopes", "a,b"), ("scopes", "c d,e\nf c")])
    assert typed(form).scopes == ("a,b", "c", "d", "e", "f")


def test_a_masked_header_keeps_its_value() -> None:
    old = AppSettings(client_id="id", custom_headers=(("X-Key", "secret"), ("X-Old", "1")))
    rows = (("X-Key", REDACTED), ("X-New", "2"))
    values = blank().with_settings(replace(old, custom_headers=rows))
    settings, _ = settings_of(values, old)
    assert settings.custom_headers == (("X-Key", "secret"), ("X-New", "2"))


@pytest.mark.parametrize(
    ("name", "text", "label"),
    [
        ("expired_statuses", "403, 9x", "Expired statuses"),
        ("expired_statuses", "42", "Expired statuses"),
        ("response.default_lifetime", "1h", "Default lifetime"),
        ("assertion.lifetime", "-5", "Assertion lifetime"),
    ],
)
def test_a_number_that_is_none_is_refused_at_its_field(name: str, text: str, label: str) -> None:
    values = blank()
    _, errors = settings_of(replace(values, fields={**values.fields, name: text}))
    assert list(errors) == [label]


def test_every_field_that_is_missing_is_named_at_once() -> None:
    settings, _ = settings_of(blank())
    errors = check_values(blank(), settings)
    assert list(errors) == ["Connection name", "Authorize URI", "Token URI", "Client ID"]


def test_a_changed_setting_is_counted_and_a_standard_field_is_not() -> None:
    assert blank().changed == 0
    shown = shown_settings(
        AppSettings(client_id="x", token_uri="https://a.example", use_par=True, token_name="Z")
    )
    assert replace(blank(), fields=shown).changed == 2
    assert sum(len(group.fields) for group in ADVANCED) == len(FIELDS) - 4


def test_secrets_lose_the_blanks_that_copying_adds() -> None:
    form = FormData([("client_secret", " abc\n"), ("password", " kept as it is ")])
    secrets, password = typed_secrets(form)
    assert secrets.client_secret is not None
    assert secrets.client_secret.reveal() == "abc"
    assert password is not None
    assert password.reveal() == " kept as it is "


def test_a_certificate_without_its_key_is_refused() -> None:
    with pytest.raises(InvalidInput) as caught:
        typed_secrets(FormData([("certificate", "PEM")]))
    assert caught.value.field == "Client certificate"
