from __future__ import annotations

import base64

import pytest

from grantline.errors import InvalidInput
from grantline.scenarios.notices.recipients import NOBODY, Recipients, RecipientsEdit, edited
from grantline.secret import Secret

ENTROPY = bytes(range(32))
MADE = Secret("whsec_" + base64.b64encode(ENTROPY).decode())
OLD = Recipients(
    mails=("ada@example.com",),
    webhook_url="https://hooks.example/a",
    webhook_secret=Secret("x" * 24),
)


@pytest.mark.parametrize(
    ("old", "edit", "new"),
    [
        (OLD, RecipientsEdit(), OLD),
        (
            NOBODY,
            RecipientsEdit(mails=(" Ada@EXAMPLE.com ", "", "Ada@example.com")),
            Recipients(mails=("Ada@example.com",)),
        ),
        (
            NOBODY,
            RecipientsEdit(webhook_url="https://hooks.example"),
            Recipients(webhook_url="https://hooks.example/", webhook_secret=MADE),
        ),
        (
            OLD,
            RecipientsEdit(webhook_url=""),
            Recipients(mails=("ada@example.com",)),
        ),
        (
            OLD,
            RecipientsEdit(mails=(), new_secret=True),
            Recipients(webhook_url="https://hooks.example/a", webhook_secret=MADE),
        ),
        (
            OLD,
            RecipientsEdit(webhook_secret=Secret(" whsec_AAAAAAAAAAAAAAAAAAAAAAAA\n")),
            Recipients(
                mails=("ada@example.com",),
                webhook_url="https://hooks.example/a",
                webhook_secret=Secret("whsec_AAAAAAAAAAAAAAAAAAAAAAAA"),
            ),
        ),
    ],
)
def test_an_edit_changes_what_it_names(
    old: Recipients, edit: RecipientsEdit, new: Recipients
) -> None:
    assert edited(old, edit, ENTROPY) == new


@pytest.mark.parametrize(
    ("edit", "field"),
    [
        (RecipientsEdit(mails=("ada",)), "mails"),
        (RecipientsEdit(mails=("a b@example.com",)), "mails"),
        (RecipientsEdit(mails=("a@b@example.com",)), "mails"),
        (RecipientsEdit(mails=("ada@example.com\nBcc: eve@example.com",)), "mails"),
        (RecipientsEdit(mails=("<ada@example.com>",)), "mails"),
        (RecipientsEdit(mails=("ada@",)), "mails"),
        (RecipientsEdit(mails=("ada@-.example",)), "mails"),
        (RecipientsEdit(mails=tuple(f"a{n}@example.com" for n in range(21))), "mails"),
        (RecipientsEdit(webhook_url="ftp://hooks.example"), "webhook_url"),
        (RecipientsEdit(webhook_url="hooks.example"), "webhook_url"),
        (RecipientsEdit(webhook_url="https://a@hooks.example"), "webhook_url"),
        (RecipientsEdit(webhook_secret=Secret("short")), "webhook_secret"),
        (RecipientsEdit(webhook_secret=Secret("whsec_" + "?" * 40)), "webhook_secret"),
        (RecipientsEdit(webhook_secret=Secret("x" * 300)), "webhook_secret"),
        (RecipientsEdit(webhook_secret=Secret("x" * 20 + "\n" + "x" * 20)), "webhook_secret"),
    ],
)
def test_what_cannot_be_used_is_refused_by_its_field(edit: RecipientsEdit, field: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        edited(OLD, edit, ENTROPY)

    assert caught.value.field == field


def test_nothing_secret_shows() -> None:
    shown = repr(OLD) + repr(RecipientsEdit(webhook_secret=Secret("y" * 24)))

    assert "x" * 24 not in shown
    assert "y" * 24 not in shown
    assert "hooks.example" not in repr(OLD)
