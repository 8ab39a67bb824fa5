from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grantline.errors import InvalidInput
from grantline.net.mail_server import MailServer, Tls, parse_mail_server
from grantline.secret import Secret


@pytest.mark.parametrize(
    ("text", "server"),
    [
        (
            "smtps://ada:s3cret@mail.example",
            MailServer(
                host="mail.example",
                port=465,
                tls=Tls.IMPLICIT,
                username="ada",
                password=Secret("s3cret"),
            ),
        ),
        (
            "smtp://ada%40mail.example:p%3A%2F%40@Mail.Example:2525",
            MailServer(
                host="mail.example",
                port=2525,
                tls=Tls.STARTTLS,
                username="ada@mail.example",
                password=Secret("p:/@"),
            ),
        ),
        ("smtp://mail.example", MailServer(host="mail.example", port=587, tls=Tls.STARTTLS)),
        ("smtp://relay:25?tls=none", MailServer(host="relay", port=25, tls=Tls.NONE)),
        ("smtp://127.0.0.1:1025", MailServer(host="127.0.0.1", port=1025, tls=Tls.NONE)),
        ("smtp://[::1]:1025/", MailServer(host="::1", port=1025, tls=Tls.NONE)),
        (
            "smtp://ada:s3cret@localhost:1025",
            MailServer(
                host="localhost",
                port=1025,
                tls=Tls.STARTTLS,
                username="ada",
                password=Secret("s3cret"),
            ),
        ),
    ],
)
def test_a_url_means_a_server(text: str, server: MailServer) -> None:
    assert parse_mail_server(text) == server
    assert "s3cret" not in repr(parse_mail_server(text))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "mail.example",
        "https://mail.example",
        "smtp://",
        "smtp://mail.example/path",
        "smtp://mail.example?tls=maybe",
        "smtp://mail.example:0",
        "smtp://mail.example:99999",
        "smtp://ada@mail.example",
        "smtp://:s3cret@mail.example",
        "smtp://a%0Ab:s3cret@mail.example",
        "smtp://mail\n.example",
        "smtps://mail.example?tls=none",
        "smtp://ada:s3cret@relay?tls=none",
        "smtp://2130706433",
    ],
)
def test_what_means_none_is_refused_without_its_password(text: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        parse_mail_server(text)

    assert caught.value.field == "GRANTLINE_SMTP_URL"
    assert caught.value.hint
    assert "s3cret" not in str(caught.value)


@given(text=st.text(max_size=60) | st.text(max_size=40).map(lambda each: f"smtp://{each}"))
def test_any_text_means_a_server_or_is_refused(text: str) -> None:
    try:
        server = parse_mail_server(text)
    except InvalidInput:
        return
    assert server.host
    assert 0 < server.port < 65536
