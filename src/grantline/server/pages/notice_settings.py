"""Notifications: who is told of failing runs and connections that want their person; a test."""

from __future__ import annotations

from typing import Any, Final

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from grantline.errors import ConnectionChanged, GrantlineError, InvalidInput
from grantline.scenarios.notices.notices import Tried
from grantline.scenarios.notices.recipients import (
    MAILS,
    WEBHOOK_SECRET,
    WEBHOOK_URL,
    RecipientsEdit,
)
from grantline.secret import Secret
from grantline.server.page import actor_of, is_part, page, scenarios_of, see_other

HERE: Final = "/settings/notifications"
LABELS: Final = {
    MAILS: "Mail to",
    WEBHOOK_URL: "Webhook URL",
    WEBHOOK_SECRET: "Webhook secret",
}


async def overview(request: Request) -> Response:
    """Who is told."""
    return await _page(request)


async def save(request: Request) -> Response:
    """Tells others from now on."""
    form = await request.form()
    version = str(form.get("version", ""))
    secret = str(form.get(WEBHOOK_SECRET, "")).strip()
    edit = RecipientsEdit(
        mails=_mails(form),
        webhook_url=str(form.get(WEBHOOK_URL, "")).strip(),
        webhook_secret=Secret(secret) if secret else None,
        new_secret=form.get("new_secret") == "on",
    )
    try:
        await scenarios_of(request).notices.edit(
            actor_of(request), edit, version=int(version) if version.isdecimal() else 0
        )
    except ConnectionChanged:
        return await _page(request, status=409, typed=form, is_late=True)
    except InvalidInput as wrong:
        label = LABELS.get(wrong.field, wrong.field)
        error = InvalidInput(wrong.message, field=label, hint=wrong.hint)
        return await _page(request, status=error.http_status, error=error, typed=form)
    return see_other(request, HERE, "Saved. Send a test to see that it arrives.")


async def send_test(request: Request) -> Response:
    """Sends a notice to all who are told, now, and says what became of it."""
    tried = await scenarios_of(request).notices.send_test(actor_of(request))
    if is_part(request):
        return page(request, "settings/notified.html", tried=tried)
    return await _page(request, tried=tried)


async def _page(
    request: Request,
    *,
    status: int = 200,
    error: GrantlineError | None = None,
    typed: FormData | None = None,
    tried: tuple[Tried, ...] | None = None,
    is_late: bool = False,
) -> Response:
    settings = await scenarios_of(request).notices.settings(actor_of(request))
    recipients = settings.recipients
    shown: dict[str, Any] = {
        "mails": recipients.mails,
        "webhook_url": recipients.webhook_url,
        "version": settings.version,
    }
    if typed is not None:
        url = str(typed.get(WEBHOOK_URL, ""))
        # Whoever saw what others saved meanwhile may save over it.
        version = settings.version if is_late else typed.get("version", "")
        shown = {"mails": _mails(typed), "webhook_url": url, "version": version}
    return page(
        request,
        "settings/notifications.html",
        status=status,
        notices=settings,
        is_told=bool(recipients.mails or recipients.webhook_url),
        secret=recipients.webhook_secret.reveal() if recipients.webhook_secret else "",
        error=error,
        tried=tried,
        theirs=(*recipients.mails, recipients.webhook_url) if is_late else (),
        **shown,
    )


def _mails(form: FormData) -> tuple[str, ...]:
    """The addresses, each in a chip of its own, or all in one line without scripts."""
    typed = (part for each in form.getlist(MAILS) for part in str(each).replace(",", " ").split())
    return tuple(typed)


ROUTES: Final[list[BaseRoute]] = [
    Route(HERE, overview),
    Route(HERE, save, methods=["POST"]),
    Route(f"{HERE}/test", send_test, methods=["POST"]),
]
