"""Who is told in a workspace: addresses, and a webhook with the secret that it is signed with."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field, replace
from typing import Final

from grantline.errors import EgressBlocked, InvalidInput
from grantline.net.mail_server import checked_mail_address
from grantline.scenarios.triggers.webhook import WHSEC
from grantline.secret import Secret
from grantline.store.records.notices import NoticeSettingsRecord
from grantline.url import parse_url
from grantline.vault.envelope import Place
from grantline.vault.vault import Vault

MOST_MAILS: Final = 20
# As Standard Webhooks has it: between 24 and 64 bytes.
SECRET_BYTES: Final = 32
MAILS: Final = "mails"
WEBHOOK_URL: Final = "webhook_url"
WEBHOOK_SECRET: Final = "webhook_secret"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipients:
    """Who is told.

    Attributes:
        mails: Addresses that get mail.
        webhook_url: Where a program is told; empty for none. It may hold a secret of its own.
        webhook_secret: What its requests are signed with; None until there is a webhook.
    """

    mails: tuple[str, ...] = ()
    webhook_url: str = field(default="", repr=False)
    webhook_secret: Secret | None = None


NOBODY: Final = Recipients()


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipientsEdit:
    """What a person changes; None leaves a thing as it is, and an empty one takes it away.

    Attributes:
        webhook_secret: One that the receiver gave; by itself a fresh one is made.
        new_secret: Whether a fresh one takes the place of the secret that is there.
    """

    mails: tuple[str, ...] | None = None
    webhook_url: str | None = field(default=None, repr=False)
    webhook_secret: Secret | None = None
    new_secret: bool = False


def edited(old: Recipients, edit: RecipientsEdit, entropy: bytes) -> Recipients:
    """``old`` after ``edit``.

    Args:
        old: Who was told before.
        edit: What is typed.
        entropy: ``SECRET_BYTES`` random ones, for a fresh secret.

    Raises:
        InvalidInput: An address, the URL or the secret cannot be used; names the field.
    """
    mails = old.mails if edit.mails is None else _mails(edit.mails)
    url = old.webhook_url if edit.webhook_url is None else _url(edit.webhook_url)
    secret = old.webhook_secret
    if edit.webhook_secret is not None:
        secret = _secret(edit.webhook_secret)
    elif url and (secret is None or edit.new_secret):
        secret = Secret(WHSEC + base64.b64encode(entropy[:SECRET_BYTES]).decode())
    return replace(old, mails=mails, webhook_url=url, webhook_secret=secret if url else None)


def seal(vault: Vault, workspace: str, recipients: Recipients) -> str:
    """``recipients``, sealed for the row of ``workspace``."""
    secret = recipients.webhook_secret
    plain = {
        MAILS: list(recipients.mails),
        WEBHOOK_URL: recipients.webhook_url,
        WEBHOOK_SECRET: secret.reveal() if secret else None,
    }
    return vault.seal(Secret(json.dumps(plain)), _place(workspace))


def opened(vault: Vault, record: NoticeSettingsRecord | None) -> Recipients:
    """The recipients in a row; nobody where there is none."""
    if record is None:
        return NOBODY
    sealed = record.sealed_recipients
    plain = json.loads(vault.open(sealed, _place(record.workspace)).reveal())
    secret = plain[WEBHOOK_SECRET]
    return Recipients(
        mails=tuple(plain[MAILS]),
        webhook_url=plain[WEBHOOK_URL],
        webhook_secret=Secret(secret) if secret else None,
    )


def _place(workspace: str) -> Place:
    return Place(workspace, "notice_settings", workspace, "recipients")


def _mails(typed: tuple[str, ...]) -> tuple[str, ...]:
    mails = tuple(
        dict.fromkeys(checked_mail_address(each, field=MAILS) for each in typed if each.strip())
    )
    if len(mails) > MOST_MAILS:
        raise InvalidInput(
            f"At most {MOST_MAILS} addresses get mail.",
            field=MAILS,
            hint="Give the address of a mailing list.",
        )
    return mails


def _url(typed: str) -> str:
    if not typed.strip():
        return ""
    try:
        return str(parse_url(typed.strip()))
    except EgressBlocked as error:
        raise InvalidInput(
            f"The webhook's URL cannot be used: {error.message}", field=WEBHOOK_URL, hint=error.hint
        ) from None


def _secret(typed: Secret) -> Secret:
    text = typed.reveal().strip()
    # A receiver by the standard decodes what follows the prefix; any other takes it as it is.
    size = 0
    if text.startswith(WHSEC):
        try:
            size = len(base64.b64decode(text.removeprefix(WHSEC), validate=True))
        except ValueError:
            size = -1
    if len(text) > 256 or not text.isprintable() or size < 0 or max(size, len(text)) < 16:
        raise InvalidInput(
            "The webhook's secret is too short, too long, or not base64 after whsec_.",
            field=WEBHOOK_SECRET,
            hint="Leave it empty, and a good one is made.",
        )
    return Secret(text)
