"""What starts a scenario: its card in the editor, and its form."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo, available_timezones

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from grantline.connections.credentials.credential import Kind
from grantline.errors import ConnectionChanged, GrantlineError, InvalidInput
from grantline.scenarios.definition.spans import parse_span, span_words
from grantline.scenarios.definition.triggers import (
    MANUAL,
    Manual,
    Schedule,
    Scheme,
    Signature,
    Trigger,
    Webhook,
)
from grantline.scenarios.kept import KeptScenario, kind_of
from grantline.scenarios.triggers.hook_address import hook_path
from grantline.scenarios.triggers.schedule import check_schedule, next_times
from grantline.scenarios.triggers.schedule_words import in_words
from grantline.server.page import (
    actor_of,
    engine_of,
    now_of,
    page,
    scenarios_of,
    see_other,
    settings_of,
)

NEXT: Final = 5
LONGEST_WAIT: Final = timedelta(minutes=2)
MOST_KEYS: Final = 200
SCHEMES: Final = (
    (Scheme.HMAC_SHA256.value, "HMAC-SHA256 of the body: GitHub, Shopify and most others"),
    (Scheme.TIMESTAMPED.value, "HMAC with a time: Stripe"),
    (Scheme.SLACK.value, "HMAC with a time in a header of its own: Slack"),
    (Scheme.STANDARD.value, "Standard Webhooks"),
    (Scheme.TOKEN.value, "A fixed value in a header: GitLab, Telegram"),
)
USUAL: Final = (
    ("0 * * * *", "Every hour"),
    ("0 6 * * *", "Every day at 06:00"),
    ("0 6 * * 1-5", "On weekdays at 06:00"),
    ("0 6 * * 1", "Every Monday at 06:00"),
    ("0 6 1 * *", "Every month"),
)
_LABELS: Final = {"cron": "Cron", "time_zone": "Time zone"}


@dataclass(frozen=True, slots=True, kw_only=True)
class TriggerCard:
    """The trigger as the editor shows it."""

    icon: str
    title: str
    words: str
    error: str = ""
    next_times: tuple[datetime, ...] = ()
    url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TriggerForm:
    """The fields as they were typed."""

    version: int
    kind: str = "manual"
    cron: str = ""
    time_zone: str = "UTC"
    signature: str = ""
    credential: str = ""
    header: str = ""
    prefix: str = ""
    answer_within: str = span_words(Webhook().answer_within)

    @classmethod
    def of(cls, trigger: Trigger, version: int) -> TriggerForm:
        """The form of a trigger."""
        form = cls(version=version, kind=kind_of(trigger))
        if isinstance(trigger, Schedule):
            return replace(form, cron=trigger.cron, time_zone=trigger.time_zone)
        if isinstance(trigger, Webhook):
            form = replace(form, answer_within=span_words(trigger.answer_within))
            if (signed := trigger.signature) is not None:
                form = replace(
                    form,
                    signature=signed.scheme.value,
                    credential=signed.credential_id,
                    header=signed.header,
                    prefix=signed.prefix,
                )
        return form

    def trigger(self) -> Trigger:
        """The trigger that is meant.

        Raises:
            InvalidInput: A field is wrong; names its label.
        """
        match self.kind:
            case "schedule":
                schedule = Schedule(cron=self.cron.strip(), time_zone=self.time_zone.strip())
                try:
                    check_schedule(schedule)
                except InvalidInput as error:
                    label = _LABELS.get(error.field, error.field)
                    raise InvalidInput(error.message, field=label, hint=error.hint) from None
                return schedule
            case "webhook":
                within = parse_span(self.answer_within, field="Answer within")
                if not timedelta(0) < within <= LONGEST_WAIT:
                    raise InvalidInput(
                        f"{span_words(within)} is no time to wait.",
                        field="Answer within",
                        hint=f"Up to {span_words(LONGEST_WAIT)}; senders do not wait longer.",
                    )
                return Webhook(signature=self._signature(), answer_within=within)
            case _:
                return MANUAL

    def _signature(self) -> Signature | None:
        if not self.signature:
            return None
        if not self.credential:
            raise InvalidInput(
                "No shared secret is chosen.",
                field="Shared secret",
                hint="Choose the API key that is the secret, or no signature.",
            )
        return Signature(
            credential_id=self.credential,
            scheme=Scheme(self.signature),
            header=self.header.strip(),
            prefix=self.prefix,
        )


def trigger_card(request: Request, kept: KeptScenario) -> TriggerCard:
    """The trigger of ``kept`` as its editor shows it."""
    match kept.scenario.trigger:
        case Manual():
            return TriggerCard(icon="play", title="By hand", words="When somebody runs it.")
        case Schedule() as schedule:
            card = TriggerCard(icon="calendar", title="Schedule", words=schedule.cron)
            try:
                return replace(
                    card,
                    words=in_words(schedule),
                    next_times=next_times(schedule, now_of(request), 1),
                )
            except GrantlineError as error:
                return replace(card, error=f"{error.message} {error.hint}")
        case Webhook() as webhook:
            checked = "signed requests" if webhook.signature else "a request"
            return TriggerCard(
                icon="webhook",
                title="Webhook",
                words=f"When {checked} come{'' if webhook.signature else 's'} to its address.",
                url=hook_url(request, kept),
            )


def hook_url(request: Request, kept: KeptScenario) -> str:
    """The address of the webhook that ``kept`` has, or would have."""
    return settings_of(request).public_url + hook_path(kept.hook_secret).reveal()


def schedule_context(schedule: Schedule | None, now: datetime) -> dict[str, Any]:
    """What the preview of a schedule shows."""
    given: dict[str, Any] = {"schedule_error": None, "schedule_words": "", "next_times": ()}
    if schedule is None or not schedule.cron:
        return given
    try:
        zone = ZoneInfo(schedule.time_zone) if schedule.time_zone in available_timezones() else None
        words = in_words(schedule)
        times = next_times(schedule, now, NEXT)
    except GrantlineError as error:
        return {**given, "schedule_error": error}
    local = [(_local(each, zone), each) for each in times]
    return {**given, "schedule_words": words, "next_times": local}


async def edit(request: Request) -> Response:
    """The form of the trigger."""
    kept = await _kept(request)
    return await _show(request, kept, TriggerForm.of(kept.scenario.trigger, kept.version))


async def save(request: Request) -> Response:
    """Saves the trigger."""
    kept, data = await _kept(request), await request.form()

    def text(name: str) -> str:
        return str(data.get(name, ""))

    version = text("version")
    form = TriggerForm(
        version=int(version) if version.isdecimal() else 0,
        kind=text("trigger"),
        cron=text("cron"),
        time_zone=text("time_zone"),
        signature=next((s for s in Scheme if s == text("signature")), ""),
        credential=text("credential"),
        header=text("header"),
        prefix=text("prefix"),
        answer_within=text("answer_within"),
    )
    try:
        changed = replace(kept.scenario, trigger=form.trigger())
        await scenarios_of(request).edit(actor_of(request), kept.id, changed, version=form.version)
    except ConnectionChanged:
        newer = replace(form, version=kept.version)
        return await _show(request, kept, newer, status=409, conflict=kept)
    except InvalidInput as error:
        return await _show(request, kept, form, status=error.http_status, error=error)
    return see_other(request, f"/scenarios/{kept.id}", "The trigger is saved.")


async def preview(request: Request) -> Response:
    """A schedule in words and its next times, as it is typed."""
    asked = request.query_params
    schedule = Schedule(
        cron=asked.get("cron", "").strip()[:200], time_zone=asked.get("time_zone", "").strip()[:80]
    )
    return page(request, "scenarios/schedule.html", **schedule_context(schedule, now_of(request)))


async def _show(
    request: Request, kept: KeptScenario, form: TriggerForm, *, status: int = 200, **said: Any
) -> Response:
    found = await engine_of(request).credentials.page(
        actor_of(request), kinds=[Kind.KEY], limit=MOST_KEYS
    )
    keys: Sequence[Any] = [each.credential for each in found.rows]
    return page(
        request,
        "scenarios/trigger.html",
        status=status,
        **{"error": None, "problems": {}, "conflict": None, **said},
        scenario=kept.scenario,
        home=f"/scenarios/{kept.id}",
        form=form,
        keys=keys,
        schemes=SCHEMES,
        usual=USUAL,
        zones=sorted(available_timezones()),
        hook_url=hook_url(request, kept),
        is_hooked=kept.hook_url_path is not None,
        **schedule_context(
            Schedule(cron=form.cron, time_zone=form.time_zone) if form.cron else None,
            now_of(request),
        ),
    )


async def _kept(request: Request) -> KeptScenario:
    return await scenarios_of(request).find(actor_of(request), request.path_params["scenario_id"])


def _local(instant: datetime, zone: ZoneInfo | None) -> str:
    return instant.astimezone(zone).strftime("%a %-d %b %Y, %H:%M")


ROUTES: Final[list[BaseRoute]] = [
    Route("/scenarios/schedule", preview),
    Route("/scenarios/{scenario_id}/trigger", edit),
    Route("/scenarios/{scenario_id}/trigger", save, methods=["POST"]),
]
