"""Whether a trigger can be kept to, whatever kind it is."""

from __future__ import annotations

from grantline.scenarios.definition.triggers import Schedule, Trigger, Webhook
from grantline.scenarios.triggers.schedule import check_schedule
from grantline.scenarios.triggers.webhook import check_webhook


def check_trigger(trigger: Trigger) -> None:
    """Nothing, when the trigger can start runs; raises ``InvalidInput``, which names the field."""
    match trigger:
        case Schedule():
            check_schedule(trigger)
        case Webhook():
            check_webhook(trigger)
        case _:
            pass
