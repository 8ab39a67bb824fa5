"""Does the public URL lead here? Asked from outside, and answered with what to change."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final

from grantline.connections.context import Context
from grantline.errors import EgressBlocked, GrantlineError, TransportFailed
from grantline.messages import HttpRequest, HttpResponse
from grantline.net.transport import METADATA_LIMITS
from grantline.server.flash import Tone
from grantline.server.settings import PUBLIC_URL, ServerSettings

PATH: Final = "/healthz"
_LONGEST_SHOWN: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What the self-test found."""

    tone: Tone
    title: str
    explanation: str
    next_step: str = ""


async def identity(context: Context) -> str:
    """What ``/healthz`` answers: the same in each process of one installation, and no secret."""
    instance = await context.stored(context.store.instance)
    return f"grantline {hashlib.sha256(f'healthz {instance.id}'.encode()).hexdigest()[:16]}"


async def check_public_url(context: Context, settings: ServerSettings) -> Finding:
    """Fetches the public URL through the guarded transport, and says what is wrong."""
    if settings.is_local:
        return Finding(
            tone=Tone.INFO,
            title="Only browsers on this machine get here.",
            explanation=(
                f"That is enough where services accept {settings.public_url} as a redirect URI: "
                "the browser is sent back, not the service. Many accept http only for "
                "this machine."
            ),
            next_step=f"For anything else, set {PUBLIC_URL} to an https address and restart.",
        )
    request = HttpRequest("GET", settings.public_url + PATH)
    try:
        answer = await context.transport.send(request, limits=METADATA_LIMITS)
    except GrantlineError as error:
        return _unreached(settings, error)
    return _judged(settings, answer, wanted=await identity(context))


def _unreached(settings: ServerSettings, error: GrantlineError) -> Finding:
    if isinstance(error, EgressBlocked) and error.rule == "plaintext":
        return Finding(
            tone=Tone.WARNING,
            title="The public URL is plain http.",
            explanation=(
                "Codes and cookies would cross the network readable, and nearly every service "
                "refuses such a redirect URI."
            ),
            next_step=f"Put a proxy with https in front, and set {PUBLIC_URL} to its address.",
        )
    if isinstance(error, EgressBlocked):
        return Finding(
            tone=Tone.INFO,
            title="The public URL is on a private network.",
            explanation=f"{error.message} Browsers there may well reach it.",
            next_step=error.hint,
        )
    cause = error.check if isinstance(error, TransportFailed) else error.code
    return Finding(
        tone=Tone.DANGER,
        title=f"{settings.public_host} was not reached.",
        explanation=f"{error.message} ({cause})",
        next_step=(
            "Check the name in DNS, the firewall, and that the proxy is running and has a "
            f"certificate for {settings.public_host}."
        ),
    )


def _judged(settings: ServerSettings, answer: HttpResponse, *, wanted: str) -> Finding:
    said = answer.body[:_LONGEST_SHOWN].decode("utf-8", "replace").strip()
    location = answer.header("Location") or ""
    if answer.status == 200 and said == wanted:
        return Finding(
            tone=Tone.OK,
            title="The public URL leads here.",
            explanation=f"{settings.public_url} was asked and this installation answered.",
        )
    if 300 <= answer.status < 400:
        return Finding(
            tone=Tone.DANGER,
            title="The public URL redirects elsewhere.",
            explanation=f"It answers {answer.status} and leads to {location[:_LONGEST_SHOWN]}.",
            next_step=f"Set {PUBLIC_URL} to the address it ends at, exactly.",
        )
    if answer.status == 421:
        return Finding(
            tone=Tone.DANGER,
            title="The proxy changes the Host header.",
            explanation=f"Requests for {settings.public_host} arrive here under another name.",
            next_step="Let the proxy pass the Host header on as it came (nginx: "
            "proxy_set_header Host $host).",
        )
    if said.startswith("grantline "):
        return Finding(
            tone=Tone.DANGER,
            title="Another Grantline answers there.",
            explanation=f"{settings.public_url} leads to an installation with another database.",
            next_step=f"Correct {PUBLIC_URL}, or where the name leads.",
        )
    return Finding(
        tone=Tone.DANGER,
        title="Something else answers there.",
        explanation=f"{settings.public_url}{PATH} answers {answer.status}, and not from here.",
        next_step="Check where the proxy sends requests, and that it passes on every path.",
    )
