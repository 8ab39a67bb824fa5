from __future__ import annotations

import socket
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from grantline.errors import EgressBlocked, MailRefused, TransportFailed
from grantline.net.guard import PUBLIC_INTERNET, EgressPolicy
from grantline.net.mail import Mail, Mailer
from grantline.net.mail_server import MailServer, Tls
from grantline.net.resolver import Resolver
from grantline.secret import Secret
from tests.mailbox import AUTHORITY, Mailbox, a_mailbox

CA = AUTHORITY.cert_pem.bytes().decode()
MAIL = Mail(
    sender="grantline@example.com",
    recipients=("ada@example.com", "bob@example.com"),
    subject="Scenario Föhn failed",
    text="It failed.\n.\nA line \u2013 with a dash.\n" + "x" * 2000 + "\n",
    message_id="ntc_1@grantline.example",
    at=datetime(2026, 11, 29, 12, tzinfo=UTC),
)


async def leads_home(_host: str) -> Sequence[str]:
    return ["127.0.0.1"]


def a_mailer(
    box: Mailbox | int,
    tls: Tls,
    *,
    host: str = "mail.example",
    login: tuple[str, str] = ("", ""),
    resolver: Resolver = leads_home,
    ca: str = CA,
    policy: EgressPolicy = PUBLIC_INTERNET,
    timeout: timedelta = timedelta(seconds=30),
) -> Mailer:
    port = box if isinstance(box, int) else box.port
    server = MailServer(host=host, port=port, tls=tls, username=login[0], password=Secret(login[1]))
    return Mailer(server, policy, extra_ca_pem=ca, resolver=resolver, timeout=timeout)


@pytest.mark.parametrize(
    ("encryption", "tls"), [("implicit", Tls.IMPLICIT), ("starttls", Tls.STARTTLS)]
)
async def test_a_mail_arrives_encrypted_from_whom_logged_in(encryption: str, tls: Tls) -> None:
    login = encryption == "starttls"
    async with a_mailbox(encryption=encryption, login=login) as box:
        given = ("ada", "s3cret") if login else ("", "")
        await a_mailer(box, tls, login=given).send(MAIL)

    (mail,) = box.mails
    assert box.was_encrypted == [True]
    assert box.logins == (["ada"] if login else [])
    assert box.recipients == [["ada@example.com", "bob@example.com"]]
    assert mail["From"] == "Grantline <grantline@example.com>"
    assert mail["To"] == "ada@example.com, bob@example.com"
    assert mail["Subject"] == "Scenario Föhn failed"
    assert mail["Message-ID"] == "<ntc_1@grantline.example>"
    assert mail["Date"] == "Sun, 29 Nov 2026 12:00:00 +0000"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail.get_content().replace("\r\n", "\n") == MAIL.text


async def test_a_server_on_this_machine_is_spoken_to_in_the_clear() -> None:
    async with a_mailbox() as box:
        await a_mailer(box, Tls.NONE, host="localhost").send(MAIL)

    assert box.was_encrypted == [False]


async def test_a_server_that_offers_no_encryption_is_told_nothing() -> None:
    async with a_mailbox() as box:
        with pytest.raises(TransportFailed) as caught:
            await a_mailer(box, Tls.STARTTLS, login=("ada", "s3cret")).send(MAIL)

    assert caught.value.check == "tls"
    assert "neither password nor message was sent" in caught.value.message
    assert not box.logins
    assert not box.mails


@pytest.mark.parametrize(
    ("encryption", "tls"), [("implicit", Tls.IMPLICIT), ("starttls", Tls.STARTTLS)]
)
@pytest.mark.parametrize(("host", "ca"), [("mail.example", ""), ("other.example", CA)])
async def test_a_server_that_does_not_prove_who_it_is_is_told_nothing(
    encryption: str, tls: Tls, host: str, ca: str
) -> None:
    async with a_mailbox(encryption=encryption) as box:
        with pytest.raises(TransportFailed) as caught:
            await a_mailer(box, tls, host=host, ca=ca).send(MAIL)

    assert caught.value.check == "tls"
    assert not box.mails


@pytest.mark.parametrize(
    ("answers", "rule"),
    [(["169.254.169.254"], "ip_link_local"), (["127.0.0.1", "fe80::1"], "ip_link_local")],
)
async def test_metadata_addresses_are_not_dialled_even_for_the_operators_own_server(
    answers: list[str], rule: str
) -> None:
    async def resolver(_host: str) -> Sequence[str]:
        return answers

    with pytest.raises(EgressBlocked) as caught:
        await a_mailer(25, Tls.NONE, resolver=resolver).send(MAIL)

    assert caught.value.rule == rule


async def test_the_next_address_is_dialled_when_one_does_not_answer() -> None:
    async def resolver(_host: str) -> Sequence[str]:
        return ["127.0.0.2", "127.0.0.1"]

    async with a_mailbox() as box:
        await a_mailer(box, Tls.NONE, resolver=resolver).send(MAIL)

    assert len(box.mails) == 1


async def test_a_server_that_is_not_there_is_named() -> None:
    async with a_mailbox() as box:
        pass
    with pytest.raises(TransportFailed) as caught:
        await a_mailer(box, Tls.NONE).send(MAIL)

    assert caught.value.check == "connect"
    assert "mail.example could not be reached" in caught.value.message


async def test_a_name_that_nobody_knows_is_named() -> None:
    async def resolver(_host: str) -> Sequence[str]:
        raise OSError

    with pytest.raises(TransportFailed) as caught:
        await a_mailer(25, Tls.NONE, resolver=resolver).send(MAIL)

    assert caught.value.check == "dns_failed"


@pytest.mark.parametrize(
    ("reply", "hint"),
    [("554 looks like spam", "Check the address"), ("451 try later", "it is tried again")],
)
async def test_a_refusal_is_told_by_its_code_and_not_by_its_text(reply: str, hint: str) -> None:
    async with a_mailbox() as box:
        box.replies.append(reply)
        with pytest.raises(MailRefused) as caught:
            await a_mailer(box, Tls.NONE).send(MAIL)

    assert caught.value.status == int(reply[:3])
    assert hint in caught.value.hint
    assert reply[4:] not in str(caught.value)


async def test_a_wrong_password_is_told_as_such() -> None:
    async with a_mailbox(encryption="starttls", login=True) as box:
        with pytest.raises(MailRefused) as caught:
            await a_mailer(box, Tls.STARTTLS, login=("ada", "wrong")).send(MAIL)

    assert caught.value.status == 535
    assert "GRANTLINE_SMTP_URL" in caught.value.hint


async def test_recipients_that_are_refused_are_named_when_others_are_taken() -> None:
    async with a_mailbox() as box:
        box.refused.add("bob@example.com")
        refused = await a_mailer(box, Tls.NONE).send(MAIL)

    assert refused == ("bob@example.com",)
    assert box.recipients == [["ada@example.com"]]


async def test_a_mail_for_nobody_is_refused() -> None:
    async with a_mailbox() as box:
        box.refused |= set(MAIL.recipients)
        with pytest.raises(MailRefused) as caught:
            await a_mailer(box, Tls.NONE).send(MAIL)

    assert caught.value.status == 550


async def test_a_server_that_falls_silent_is_left() -> None:
    # Whoever connects waits in line, and nobody ever takes him from there.
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        with pytest.raises(TransportFailed) as caught:
            await a_mailer(port, Tls.NONE, timeout=timedelta(milliseconds=50)).send(MAIL)

    assert caught.value.check == "timeout"


@pytest.mark.parametrize("name", ["a\nBcc: eve@example.com", "a\r\n\r\nbody", "\u2028x"])
async def test_a_name_in_the_subject_adds_no_header(name: str) -> None:
    async with a_mailbox() as box:
        await a_mailer(box, Tls.NONE).send(replace(MAIL, subject=f"Scenario {name} failed"))

    (mail,) = box.mails
    assert mail["Bcc"] is None
    assert mail["Subject"] == " ".join(f"Scenario {name} failed".split())
