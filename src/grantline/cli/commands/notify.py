"""``grantline notify``: who is told when a run fails or a connection needs its person."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from grantline.cli.errors import UsageError
from grantline.cli.output import Format, FormatOption, note, say, say_fields, say_json, warn
from grantline.cli.running import with_scenarios

if TYPE_CHECKING:
    from typing import Any

    from grantline.scenarios.notices.notices import NoticeSettings, Tried
    from grantline.scenarios.service import Scenarios

commands = typer.Typer(no_args_is_help=True)

SecretOption = Annotated[
    bool, typer.Option("--secret", help="Show what the webhook's requests are signed with.")
]


@commands.command(epilog="Example: grantline notify show --secret")
def show(*, secret: SecretOption = False, form: FormatOption = Format.TEXT) -> None:
    """Shows who is told of failing runs and of connections that need their person."""
    from grantline.connections.engine import LOCAL

    _say(with_scenarios(lambda scenarios: scenarios.notices.settings(LOCAL)), form, secret=secret)


@commands.command("set", epilog="Example: grantline notify set --mail ada@example.com")
def edit(
    *,
    mail: Annotated[
        list[str] | None,
        typer.Option(metavar="ADDRESS", help="Who gets mail, in place of all; repeat it for more."),
    ] = None,
    no_mail: Annotated[bool, typer.Option("--no-mail", help="Nobody gets mail.")] = False,
    webhook: Annotated[
        str | None, typer.Option(metavar="URL", help="Where a program is told, by POST.")
    ] = None,
    no_webhook: Annotated[bool, typer.Option("--no-webhook", help="No program is told.")] = False,
    new_secret: Annotated[
        bool, typer.Option("--new-secret", help="Sign the webhook's requests with a fresh secret.")
    ] = False,
    form: FormatOption = Format.TEXT,
) -> None:
    """Changes who is told; what is not named stays."""
    from grantline.connections.engine import LOCAL
    from grantline.scenarios.notices.recipients import RecipientsEdit

    if (mail and no_mail) or (webhook and no_webhook):
        raise UsageError("An option and its opposite were given.", hint="Leave one of them out.")
    change = RecipientsEdit(
        mails=() if no_mail else tuple(mail) if mail else None,
        webhook_url="" if no_webhook else webhook,
        new_secret=new_secret,
    )
    if change == RecipientsEdit():
        raise UsageError(
            "Nothing was named that changes.", hint="Give --mail, --webhook, or see --help."
        )

    async def work(scenarios: Scenarios) -> tuple[bool, NoticeSettings]:
        before = await scenarios.notices.settings(LOCAL)
        after = await scenarios.notices.edit(LOCAL, change)
        old, new = before.recipients.webhook_secret, after.recipients.webhook_secret
        return new is not None and new != old, after

    is_fresh, after = with_scenarios(work)
    # A receiver has to be told it once, and nobody knows it but this.
    _say(after, form, secret=is_fresh)


@commands.command("test", epilog="Example: grantline notify test")
def send_test(*, form: FormatOption = Format.TEXT) -> None:
    """Sends a notification that says so, now, to everybody who is told."""
    from grantline.connections.engine import LOCAL

    tried = with_scenarios(lambda scenarios: scenarios.notices.send_test(LOCAL))
    if form is Format.JSON:
        say_json([_tried_view(each) for each in tried])
    elif not tried:
        note("Nobody is told of anything yet.")
        note("hint: Say who, with: grantline notify set --mail ADDRESS")
    for each in tried if form is Format.TEXT else ():
        if each.error is None:
            say(f"{each.channel.value}: sent")
        else:
            warn(f"{each.channel.value}: {each.error.message}")
            if each.error.hint:
                note(f"hint: {each.error.hint}")
        for address in each.refused:
            warn(f"mail: the server did not take it for {address}")
    failure = next((each.error for each in tried if each.error is not None), None)
    if failure is not None:
        raise typer.Exit(failure.exit_code)


def _say(settings: NoticeSettings, form: Format, *, secret: bool) -> None:
    recipients = settings.recipients
    shown = recipients.webhook_secret.reveal() if secret and recipients.webhook_secret else ""
    if form is Format.JSON:
        view: dict[str, Any] = {
            "mails": list(recipients.mails),
            "webhook_url": recipients.webhook_url,
            "can_mail": settings.can_mail,
            "mail_from": settings.mail_from,
            "version": settings.version,
        }
        say_json(view | {"webhook_secret": shown} if shown else view)
        return
    fields = [
        ("Mail to", ", ".join(recipients.mails) or "nobody"),
        ("Mail from", settings.mail_from or "not set"),
        ("Webhook", recipients.webhook_url or "none"),
    ]
    say_fields([*fields, ("Signed with", shown)] if shown else fields)
    if recipients.mails and not settings.can_mail:
        note("Mails wait for a mail server: set GRANTLINE_SMTP_URL where grantline serve runs.")


def _tried_view(tried: Tried) -> dict[str, Any]:
    view: dict[str, Any] = {"channel": tried.channel.value, "sent": tried.error is None}
    if tried.error is not None:
        view |= {"code": tried.error.code, "message": tried.error.message, "hint": tried.error.hint}
    return view | {"refused": list(tried.refused)} if tried.refused else view
