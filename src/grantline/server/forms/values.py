"""What a connection form holds: as a browser sends it, as a page shows it, and as settings.

What was typed is kept as it was typed, wrong or not, so that a page can show it again unchanged;
only reading it as settings trims and judges it. Secrets are no part of it: they go one way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, Final

from starlette.datastructures import FormData

from grantline.codec import from_plain, to_plain
from grantline.connections.connection import Connection
from grantline.connections.labels import label_of
from grantline.connections.rules import check_at_once, check_hosts, check_name, check_scopes
from grantline.errors import InvalidInput
from grantline.messages import ClientCertificate
from grantline.oauth.app.inputs import checked_inputs, resolved, sample_values
from grantline.oauth.app.request_choices import Pairs
from grantline.oauth.app.settings import HEADER_SETTINGS, AppSettings, ClientSecrets, FlowType
from grantline.oauth.requests.endpoint import endpoint_url
from grantline.secret import REDACTED, Secret
from grantline.server.forms.field import FormField, Kind
from grantline.server.forms.fields import ADVANCED, FIELDS, STANDARD

Value = str | bool | Pairs
Errors = dict[str, InvalidInput]

INPUT_PREFIX: Final = "input."
DEFAULTS: Final = AppSettings(client_id="")
# Registered at the service as it is, whatever that took for one.
_UNCHECKED: Final = "redirect_uri"


@dataclass(frozen=True, slots=True, kw_only=True)
class Values:
    """Everything in the form but the secrets.

    Attributes:
        provider: The catalogue entry it was begun with; empty for none.
        fields: By the name of the setting.
        inputs: By the name of the input.
        at_once: How many modules of scenarios may use it at once; empty for any number.
    """

    name: str = ""
    flow: FlowType = FlowType.AUTHORIZATION_CODE
    scopes: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    username: str = ""
    provider: str = ""
    fields: Mapping[str, Value] = field(default_factory=dict)
    inputs: Mapping[str, str] = field(default_factory=dict)
    at_once: str = ""

    def with_settings(self, settings: AppSettings) -> Values:
        """The same with every field showing ``settings``."""
        return replace(self, fields=shown_settings(settings))

    @property
    def changed(self) -> int:
        """How many of the advanced settings differ from what an honest server needs."""
        usual = shown_settings(DEFAULTS)
        return bool(self.at_once) + sum(
            self.fields[each.name] != usual[each.name]
            for group in ADVANCED
            for each in group.fields
        )


def blank() -> Values:
    """A form with the defaults, shown as values."""
    return Values().with_settings(DEFAULTS)


def values_of(connection: Connection) -> Values:
    """The form of a connection that is there."""
    return Values(
        name=connection.name,
        flow=connection.flow,
        scopes=connection.scopes,
        hosts=connection.hosts,
        provider=connection.app.provider,
        inputs=connection.inputs,
        at_once=str(connection.at_once or ""),
    ).with_settings(masked(connection.app.settings))


def masked(settings: AppSettings) -> AppSettings:
    """``settings`` as pages show them: values of headers may be secret."""
    hidden: dict[str, Any] = {
        name: tuple((header, REDACTED) for header, _ in getattr(settings, name))
        for name in HEADER_SETTINGS
    }
    return replace(settings, **hidden)


def typed(form: FormData) -> Values:
    """What a browser sent."""
    flow = _text(form, "flow")
    return Values(
        name=_text(form, "name"),
        flow=FlowType(flow) if flow in set(FlowType) else FlowType.AUTHORIZATION_CODE,
        scopes=_chips(form, "scopes"),
        hosts=_chips(form, "hosts"),
        username=_text(form, "username"),
        provider=_text(form, "provider"),
        fields={each.name: _typed_value(form, each) for each in FIELDS},
        inputs={
            name.removeprefix(INPUT_PREFIX): _text(form, name).strip()
            for name in form
            if name.startswith(INPUT_PREFIX)
        },
        at_once=_text(form, "at_once").strip(),
    )


def typed_secrets(form: FormData) -> tuple[ClientSecrets, Secret | None]:
    """The app's secrets and the person's password, those that were typed.

    Raises:
        InvalidInput: A certificate came without its key, or a key without its certificate.
    """
    certificate, key = _secret(form, "certificate"), _secret(form, "certificate_key")
    if bool(certificate) != bool(key):
        raise InvalidInput(
            "A client certificate is a chain and its private key.",
            field=label_of("certificate"),
            hint="Paste both.",
        )
    return ClientSecrets(
        client_secret=_secret(form, "client_secret"),
        private_key=_secret(form, "private_key"),
        certificate=(ClientCertificate(certificate.reveal(), key) if certificate and key else None),
    ), _secret(form, "password", strip=False)


def settings_of(values: Values, old: AppSettings = DEFAULTS) -> tuple[AppSettings, Errors]:
    """The settings that ``values`` describe, and what is wrong with each field.

    A field that is wrong has its value from ``old``, and so have headers that are masked.
    """
    errors: Errors = {}
    before = to_plain(old, whole=True)
    # What has no field of its own stays as it is.
    plain: dict[str, Any] = deepcopy(before)
    for each in FIELDS:
        where, _, name = each.name.rpartition(".")
        target = plain[where] if where else plain
        try:
            target[name] = _as_plain(each, values.fields[each.name])
        except InvalidInput as error:
            errors[error.field] = error
            target[name] = (before[where] if where else before)[name]
    for name in HEADER_SETTINGS:
        kept = dict(getattr(old, name))
        plain[name] = [
            [header, kept.get(header, value) if value == REDACTED else value]
            for header, value in plain[name]
        ]
    try:
        return from_plain(AppSettings, plain), errors
    except InvalidInput as error:
        wrong = with_label(error)
        return old, {**errors, wrong.field: wrong}


def check_values(values: Values, settings: AppSettings) -> Errors:
    """What is wrong with each field by itself; empty when all may go on to the engine."""
    errors: Errors = {}

    def check(rule: Callable[..., object], *args: Any, **kwargs: Any) -> None:
        try:
            rule(*args, **kwargs)
        except InvalidInput as error:
            errors.setdefault(error.field, error)

    check(check_name, values.name, field=label_of("name"))
    check(checked_inputs, settings.inputs, values.inputs)
    settings = resolved(settings, sample_values(settings))
    for each in FIELDS:
        if each.kind is Kind.URI and each.name != _UNCHECKED:
            uri = _setting(settings, each.name)
            if uri or (each in STANDARD and values.flow in each.flows):
                check(endpoint_url, uri, field=each.label)
    if not settings.client_id:
        check(_require_client_id)
    check(check_scopes, values.scopes)
    check(check_hosts, values.hosts, base_url="")
    check(at_once_of, values)
    return errors


def at_once_of(values: Values) -> int:
    """How many modules may use it at once; 0 for any number. Raises ``InvalidInput``."""
    text = values.at_once or "0"
    if not (text.isascii() and text.isdecimal() and len(text) <= 9):
        raise InvalidInput(
            f"“{text[:20]}” is no number of modules.",
            field=label_of("at_once"),
            hint="Such as 2; leave it empty for any number.",
        )
    return check_at_once(int(text))


def with_label(error: InvalidInput) -> InvalidInput:
    """``error`` under the form's label, where the engine named the setting itself."""
    if error.field[:1].isupper():
        return error
    return InvalidInput(error.message, field=label_of(error.field), hint=error.hint)


def shown_settings(settings: AppSettings) -> dict[str, Value]:
    """Every setting as the form shows it, by name."""
    return {each.name: _shown(each, _setting(settings, each.name)) for each in FIELDS}


def _require_client_id() -> None:
    raise InvalidInput(
        "Client ID is empty.", field=label_of("client_id"), hint="The service's console shows it."
    )


def _setting(settings: AppSettings, name: str) -> Any:
    value: Any = settings
    for part in name.split("."):
        value = getattr(value, part)
    return value


def _shown(each: FormField, value: Any) -> Value:
    match each.kind:
        case Kind.SWITCH:
            return bool(value)
        case Kind.PAIRS:
            return tuple(value)
        case Kind.NAMED_LISTS:
            return tuple((name, ", ".join(allowed)) for name, allowed in value)
        case Kind.LINES:
            return "\n".join(value)
        case Kind.WORDS | Kind.NUMBERS:
            return ", ".join(map(str, value))
        case Kind.SECONDS:
            return "" if value is None else f"{value / timedelta(seconds=1):g}"
        case Kind.TEXT | Kind.URI | Kind.API_URL | Kind.CHOICE:
            return "" if value is None else str(value)


def _as_plain(each: FormField, value: Any) -> Any:
    match each.kind:
        case Kind.SWITCH:
            return value
        case Kind.PAIRS:
            return [[name.strip(), text.strip()] for name, text in value]
        case Kind.NAMED_LISTS:
            return [[name.strip(), _words(text, ",")] for name, text in value]
        case Kind.LINES | Kind.WORDS:
            return _words(value, "\n" if each.kind is Kind.LINES else ",")
        case Kind.NUMBERS:
            return [_status(word, each.label) for word in _words(value, ",")]
        case Kind.SECONDS:
            return _seconds(value.strip(), each)
        case Kind.CHOICE:
            return value or None
        case Kind.TEXT | Kind.URI | Kind.API_URL:
            return value.strip()


def _words(text: str, separator: str) -> list[str]:
    return [word.strip() for word in text.split(separator) if word.strip()]


def _status(word: str, label: str) -> int:
    if not (word.isascii() and word.isdecimal() and 100 <= int(word) <= 599):
        raise InvalidInput(
            f"“{word[:20]}” is not an HTTP status.", field=label, hint="Such as 403."
        )
    return int(word)


def _seconds(text: str, each: FormField) -> float | None:
    usual: timedelta | None = _setting(DEFAULTS, each.name)
    if not text:
        return None if usual is None else usual.total_seconds()
    if not (text.isascii() and text.isdecimal() and len(text) <= 9):
        raise InvalidInput(
            f"“{text[:20]}” is no number of seconds.",
            field=each.label,
            hint=f"Such as {each.example}.",
        )
    return float(text)


def _typed_value(form: FormData, each: FormField) -> Value:
    match each.kind:
        case Kind.SWITCH:
            return _text(form, each.name) != ""
        case Kind.PAIRS | Kind.NAMED_LISTS:
            return _rows(form.getlist(f"{each.name}_key"), form.getlist(f"{each.name}_value"))
        case Kind.LINES:
            return _text(form, each.name).replace("\r\n", "\n")
        case _ if each.name in form:
            return _text(form, each.name)
        case _:
            return _shown(each, _setting(DEFAULTS, each.name))


def _rows(names: Iterable[object], texts: Iterable[object]) -> Pairs:
    rows = zip(map(str, names), map(str, texts), strict=False)
    return tuple(row for row in rows if any(row))


def _chips(form: FormData, name: str) -> tuple[str, ...]:
    """The chips as they are, and the words of the input that follows them."""
    *chips, rest = [str(each) for each in form.getlist(name)] or [""]
    return tuple(dict.fromkeys([*filter(None, chips), *rest.replace(",", " ").split()]))


def _text(form: FormData, name: str) -> str:
    value = form.get(name, "")
    return value if isinstance(value, str) else ""


def _secret(form: FormData, name: str, *, strip: bool = True) -> Secret | None:
    text = _text(form, name)
    text = text.strip() if strip else text
    return Secret(text) if text else None
