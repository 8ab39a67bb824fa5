"""Signatures of webhooks, against what services publish about them.

GitHub: "Validating webhook deliveries", testing the webhook payload validation. Standard Webhooks:
the vector that every reference library tests. Slack: "Verifying requests from Slack", its example.
Stripe and Shopify describe their schemes and publish no vector; theirs were made with
``openssl dgst -sha256 -hmac``.
"""

from __future__ import annotations

import base64
import hmac
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grantline.errors import InvalidInput
from grantline.messages import Headers
from grantline.scenarios.definition.triggers import Scheme, Signature, Webhook
from grantline.scenarios.triggers.delivery import delivery_id
from grantline.scenarios.triggers.webhook import (
    Refusal,
    check_webhook,
    refusal_of,
    standard_signature,
)
from grantline.secret import Secret

GITHUB = Signature(credential_id="crd_1")
SHOPIFY = replace(GITHUB, header="X-Shopify-Hmac-Sha256")
STRIPE = replace(GITHUB, scheme=Scheme.TIMESTAMPED)
SLACK = replace(GITHUB, scheme=Scheme.SLACK)
STANDARD = replace(GITHUB, scheme=Scheme.STANDARD)
GITLAB = replace(GITHUB, scheme=Scheme.TOKEN)
TELEGRAM = replace(GITLAB, header="X-Telegram-Bot-Api-Secret-Token")
BEARER = replace(GITLAB, header="Authorization", prefix="Bearer ")

GITHUB_SECRET = "It's a Secret to Everybody"
GITHUB_BODY = b"Hello, World!"
GITHUB_HEX = "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"

SHOPIFY_SECRET = "hush"
SHOPIFY_BODY = b'{"id":820982911946154508,"email":"jon@example.com"}'
SHOPIFY_BASE64 = "D0UMXmhjwBRi4y66TmhJrDlhQABD7zI2fm3p6/QLMo8="

STRIPE_SECRET = "whsec_test_secret"
STRIPE_BODY = b'{"id":"evt_1","object":"event"}'
STRIPE_AT = datetime.fromtimestamp(1492774577, UTC)
STRIPE_HEX = "654b43d3508ecadb3f8cefc4bc7d3d2bdc5ba9e03bf2c89b2d0657a8e24e4543"

SLACK_SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
SLACK_BODY = (
    b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow"
    b"&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner"
    b"&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands"
    b"%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN"
    b"&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
)
SLACK_AT = datetime.fromtimestamp(1531420618, UTC)
SLACK_HEX = "a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"

STANDARD_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
STANDARD_BODY = b'{"test": 2432232314}'
STANDARD_AT = datetime.fromtimestamp(1614265330, UTC)
STANDARD_SIGNATURE = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
STANDARD_HEADERS = (
    ("webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek"),
    ("webhook-timestamp", "1614265330"),
    ("webhook-signature", STANDARD_SIGNATURE),
)
OTHER = "v1,bm9ldUtwNWRYQ0ZCZ0dQOXBqRnBkWUtIcGZvUk1Y"


def stripe(*signatures: str, at: str = "t=1492774577") -> Headers:
    return (("Stripe-Signature", ",".join((at, *signatures))),)


def slack(*, at: str = "1531420618", signed: str = f"v0={SLACK_HEX}") -> Headers:
    return (("X-Slack-Request-Timestamp", at), ("X-Slack-Signature", signed))


def standard(**changed: str) -> Headers:
    given = dict(STANDARD_HEADERS) | {name.replace("_", "-"): v for name, v in changed.items()}
    return tuple((name, value) for name, value in given.items() if value)


@pytest.mark.parametrize(
    ("signature", "secret", "headers", "body", "now"),
    [
        pytest.param(
            GITHUB, GITHUB_SECRET, (("x-hub-signature-256", f"sha256={GITHUB_HEX}"),),
            GITHUB_BODY, STRIPE_AT, id="GitHub's published example",
        ),
        pytest.param(
            replace(GITHUB, header="X-Signature"), GITHUB_SECRET,
            (("X-Signature", GITHUB_HEX.upper()),), GITHUB_BODY, STRIPE_AT, id="hex alone",
        ),
        pytest.param(
            SHOPIFY, SHOPIFY_SECRET, (("X-Shopify-Hmac-Sha256", SHOPIFY_BASE64),),
            SHOPIFY_BODY, STRIPE_AT, id="Shopify: base64",
        ),
        pytest.param(
            STRIPE, STRIPE_SECRET, stripe(f"v1={STRIPE_HEX}", "v0=6ffbb5"), STRIPE_BODY, STRIPE_AT,
            id="Stripe, with an older scheme beside it",
        ),
        pytest.param(
            STRIPE, STRIPE_SECRET, stripe(f"v1={GITHUB_HEX}", f"v1={STRIPE_HEX}"), STRIPE_BODY,
            STRIPE_AT, id="Stripe, while its secret is changed",
        ),
        pytest.param(
            STRIPE, STRIPE_SECRET, stripe(f"v1={STRIPE_HEX}"), STRIPE_BODY,
            STRIPE_AT + timedelta(minutes=5), id="Stripe, five minutes later",
        ),
        pytest.param(
            SLACK, SLACK_SECRET, slack(), SLACK_BODY, SLACK_AT, id="Slack's published example",
        ),
        pytest.param(
            SLACK, SLACK_SECRET, slack(), SLACK_BODY, SLACK_AT + timedelta(minutes=5),
            id="Slack, five minutes later",
        ),
        pytest.param(
            STANDARD, STANDARD_SECRET, STANDARD_HEADERS, STANDARD_BODY, STANDARD_AT,
            id="the vector of Standard Webhooks",
        ),
        pytest.param(
            STANDARD, STANDARD_SECRET.removeprefix("whsec_"), STANDARD_HEADERS, STANDARD_BODY,
            STANDARD_AT, id="its secret without the prefix",
        ),
        pytest.param(
            STANDARD, STANDARD_SECRET,
            standard(webhook_signature=f"v1a,xyz= {OTHER} {STANDARD_SIGNATURE}"), STANDARD_BODY,
            STANDARD_AT, id="several signatures, of several versions",
        ),
        pytest.param(
            STANDARD, STANDARD_SECRET,
            tuple((name.replace("webhook", "svix"), value) for name, value in STANDARD_HEADERS),
            STANDARD_BODY, STANDARD_AT, id="under the names of Svix",
        ),
        pytest.param(GITLAB, "t0ken", (("X-Gitlab-Token", "t0ken"),), b"", STRIPE_AT, id="GitLab"),
        pytest.param(
            TELEGRAM, "t0ken", (("x-telegram-bot-api-secret-token", "t0ken"),), b"", STRIPE_AT,
            id="Telegram",
        ),
        pytest.param(
            BEARER, "t0ken", (("Authorization", "Bearer t0ken"),), b"", STRIPE_AT,
            id="a token behind a word",
        ),
    ],
)  # fmt: skip
def test_what_a_service_signed_is_taken(
    signature: Signature, secret: str, headers: Headers, body: bytes, now: datetime
) -> None:
    assert refusal_of(signature, Secret(secret), headers, body, now=now) is None
    assert refusal_of(signature, Secret("another"), headers, body, now=now) is Refusal.WRONG
    if signature.scheme is not Scheme.TOKEN:
        changed = body + b" "
        assert refusal_of(signature, Secret(secret), headers, changed, now=now) is Refusal.WRONG


@pytest.mark.parametrize(
    ("signature", "headers", "refusal"),
    [
        (GITHUB, (), Refusal.MISSING),
        (GITHUB, (("X-Hub-Signature-256", ""),), Refusal.MISSING),
        (GITHUB, (("X-Hub-Signature", f"sha1={GITHUB_HEX}"),), Refusal.MISSING),
        (GITHUB, (("X-Hub-Signature-256", GITHUB_HEX),), Refusal.UNREADABLE),
        (GITHUB, (("X-Hub-Signature-256", "sha256=zz"),), Refusal.UNREADABLE),
        (GITHUB, (("X-Hub-Signature-256", "sha256=" + "é" * 64),), Refusal.UNREADABLE),
        (GITHUB, (("X-Hub-Signature-256", f"sha256={GITHUB_HEX}"),) * 2, Refusal.UNREADABLE),
        (SHOPIFY, (("X-Shopify-Hmac-Sha256", "aGVsbG8="),), Refusal.UNREADABLE),
        (STRIPE, (("Stripe-Signature", f"v1={STRIPE_HEX}"),), Refusal.UNREADABLE),
        (STRIPE, stripe(), Refusal.UNREADABLE),
        (STRIPE, stripe(f"v1={STRIPE_HEX}", at="t=-1"), Refusal.UNREADABLE),
        (STRIPE, stripe(f"v1={STRIPE_HEX}", at="t=" + "9" * 40), Refusal.UNREADABLE),
        (STRIPE, stripe(f"v1={STRIPE_HEX}", at="t=1492774578"), Refusal.WRONG),
        (STRIPE, stripe(f"v0={STRIPE_HEX}"), Refusal.UNREADABLE),
        # No more of them are tried than a sender has any use for.
        (STRIPE, stripe(*[f"v1={GITHUB_HEX}"] * 20, f"v1={STRIPE_HEX}"), Refusal.WRONG),
        (SLACK, slack()[:1], Refusal.MISSING),
        (SLACK, slack()[1:], Refusal.MISSING),
        (SLACK, slack(at=""), Refusal.MISSING),
        (SLACK, slack(at="soon"), Refusal.UNREADABLE),
        (SLACK, (*slack(), slack()[0]), Refusal.UNREADABLE),
        (SLACK, slack(signed=SLACK_HEX), Refusal.UNREADABLE),
        (SLACK, slack(signed=f"v1={SLACK_HEX}"), Refusal.UNREADABLE),
        (SLACK, slack(signed="v0=zz"), Refusal.UNREADABLE),
        (SLACK, slack(at="1531420619"), Refusal.WRONG),
        (SLACK, slack(signed=f"v0={STRIPE_HEX}"), Refusal.WRONG),
        (STANDARD, standard(webhook_id=""), Refusal.MISSING),
        (STANDARD, standard(webhook_timestamp=""), Refusal.MISSING),
        (STANDARD, standard(webhook_signature=""), Refusal.MISSING),
        (STANDARD, standard(webhook_signature="v2,abc"), Refusal.UNREADABLE),
        (STANDARD, standard(webhook_timestamp="soon"), Refusal.UNREADABLE),
        (STANDARD, standard(webhook_signature=OTHER), Refusal.UNREADABLE),
        (STANDARD, standard(webhook_id="msg_2"), Refusal.WRONG),
        (GITLAB, (("X-Gitlab-Token", "t0kem"),), Refusal.WRONG),
        (BEARER, (("Authorization", "Basic t0ken"),), Refusal.UNREADABLE),
    ],
)
def test_anything_else_is_refused_for_a_reason(
    signature: Signature, headers: Headers, refusal: Refusal
) -> None:
    secret, body, now = {
        Scheme.TIMESTAMPED: (STRIPE_SECRET, STRIPE_BODY, STRIPE_AT),
        Scheme.SLACK: (SLACK_SECRET, SLACK_BODY, SLACK_AT),
        Scheme.STANDARD: (STANDARD_SECRET, STANDARD_BODY, STANDARD_AT),
    }.get(signature.scheme, ("t0ken", STRIPE_BODY, STRIPE_AT))

    assert refusal_of(signature, Secret(secret), headers, body, now=now) is refusal


@pytest.mark.parametrize("off", [timedelta(minutes=5, seconds=1), -timedelta(minutes=5, seconds=1)])
def test_what_was_signed_at_another_time_is_a_replay(off: timedelta) -> None:
    stripe_refusal = refusal_of(
        STRIPE, Secret(STRIPE_SECRET), stripe(f"v1={STRIPE_HEX}"), STRIPE_BODY, now=STRIPE_AT + off
    )
    slack_refusal = refusal_of(SLACK, Secret(SLACK_SECRET), slack(), SLACK_BODY, now=SLACK_AT + off)
    standard_refusal = refusal_of(
        STANDARD, Secret(STANDARD_SECRET), STANDARD_HEADERS, STANDARD_BODY, now=STANDARD_AT + off
    )

    assert stripe_refusal is slack_refusal is standard_refusal is Refusal.TOO_OLD


def test_what_we_send_is_signed_as_the_reference_libraries_sign() -> None:
    signed = standard_signature(
        Secret(STANDARD_SECRET), "msg_p5jXN8AQM9LWM0D4loKWxJek", STANDARD_AT, STANDARD_BODY
    )

    assert signed == STANDARD_SIGNATURE


@given(body=st.binary(), key=st.binary(min_size=1).map(base64.b64encode).map(bytes.decode))
def test_what_we_sign_is_taken_and_nothing_else(body: bytes, key: str) -> None:
    secret, at = Secret(f"whsec_{key}"), STANDARD_AT
    headers = (
        ("webhook-id", "msg_1"),
        ("webhook-timestamp", "1614265330"),
        ("webhook-signature", standard_signature(secret, "msg_1", at, body)),
    )

    assert refusal_of(STANDARD, secret, headers, body, now=at) is None
    assert refusal_of(STANDARD, secret, headers, body + b"\0", now=at) is Refusal.WRONG


@given(
    signature=st.sampled_from((GITHUB, SHOPIFY, STRIPE, SLACK, STANDARD, GITLAB, BEARER)),
    secret=st.text(min_size=1),
    value=st.text(max_size=100),
    other=st.text(max_size=30),
    body=st.binary(max_size=50),
)
def test_whatever_a_stranger_sends_is_refused_and_breaks_nothing(
    signature: Signature, secret: str, value: str, other: str, body: bytes
) -> None:
    names = ("X-Hub-Signature-256", "X-Shopify-Hmac-Sha256", "Stripe-Signature", "X-Gitlab-Token",
             "X-Slack-Signature", "webhook-signature", "Authorization")  # fmt: skip
    headers = (
        *((name, value) for name in names),
        ("webhook-id", other),
        ("webhook-timestamp", other),
        ("X-Slack-Request-Timestamp", other),
    )
    refusal = refusal_of(signature, Secret(secret + "x"), headers, body, now=STRIPE_AT)

    assert refusal is not None or (signature.scheme is Scheme.TOKEN and secret + "x" in value)


def test_every_comparison_with_a_secret_is_in_constant_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    compared: list[tuple[int, int]] = []
    real = hmac.compare_digest

    def watched(one: bytes, other: bytes) -> bool:
        compared.append((len(one), len(other)))
        return real(one, other)

    monkeypatch.setattr(hmac, "compare_digest", watched)
    for signature, headers in (
        (GITHUB, (("X-Hub-Signature-256", f"sha256={GITHUB_HEX}"),)),
        (STRIPE, stripe(f"v1={STRIPE_HEX}", f"v1={GITHUB_HEX}")),
        (SLACK, slack()),
        (STANDARD, STANDARD_HEADERS),
        (GITLAB, (("X-Gitlab-Token", "short"),)),
    ):
        compared.clear()
        refusal_of(signature, Secret("other"), headers, b"", now=STRIPE_AT)

        # Values of one length each, and every one of them looked at.
        assert compared == [(32, 32)] * (2 if signature is STRIPE else 1)


GITLAB_ID = ("Idempotency-Key", "f5e5f430-f57b-4e6e-9fac-d9128cd7232f")
GITHUB_ID = ("X-GitHub-Delivery", "72d3162e-cc78-11e3-81ab-4c9367dc0958")
PAID = ("X-Shopify-Topic", "orders/paid")


@pytest.mark.parametrize(
    ("signature", "headers", "body", "name"),
    [
        (STANDARD, STANDARD_HEADERS, None, "msg_p5jXN8AQM9LWM0D4loKWxJek"),
        (GITHUB, (GITHUB_ID,), None, GITHUB_ID[1]),
        (SHOPIFY, (("X-Shopify-Event-Id", "98880550"), PAID), None, "98880550 orders/paid"),
        (GITLAB, (GITLAB_ID,), None, GITLAB_ID[1]),
        (SLACK, (("X-Slack-Retry-Num", "1"),), {"event_id": "Ev08MFMKH6"}, "Ev08MFMKH6"),
        (STRIPE, (), {"id": "evt_1NG8Du", "object": "event"}, "evt_1NG8Du"),
        (STRIPE, (), {"id": "ord_1"}, ""),
        (STRIPE, (), {"id": 7}, ""),
        (SLACK, (), "payload", ""),
        (SHOPIFY, (PAID,), None, ""),
        (GITHUB, (GITHUB_ID, GITHUB_ID), None, ""),
        (GITHUB, STANDARD_HEADERS, {"id": "evt_1", "event_id": "Ev1"}, ""),
        (None, (*STANDARD_HEADERS, GITHUB_ID), {"event_id": "Ev1"}, ""),
    ],
)
def test_senders_that_sign_name_their_deliveries_each_in_its_way(
    signature: Signature | None, headers: Headers, body: object, name: str
) -> None:
    assert delivery_id(signature, headers, body) == name


@pytest.mark.parametrize(
    ("webhook", "field"),
    [
        (Webhook(answer_within=timedelta(seconds=-1)), "answer_within"),
        (Webhook(answer_within=timedelta(minutes=6)), "answer_within"),
        (Webhook(signature=Signature(credential_id="")), "credential_id"),
        (Webhook(signature=replace(GITHUB, header="X Signature")), "header"),
        (Webhook(signature=replace(GITHUB, header="é")), "header"),
        (Webhook(signature=replace(GITHUB, prefix="a\nb")), "prefix"),
    ],
)
def test_a_webhook_that_cannot_be_kept_names_its_field(webhook: Webhook, field: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        check_webhook(webhook)

    assert caught.value.field == field
    assert caught.value.hint


def test_a_webhook_in_order_is_not_objected_to() -> None:
    check_webhook(Webhook())
    check_webhook(Webhook(signature=BEARER))
