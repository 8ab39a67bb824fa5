"""How a request is sent, and what counts as its failure, as options."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from grantline.cli.errors import UsageError
from grantline.cli.values import header_pairs, pairs
from grantline.cli.words import parse_span

if TYPE_CHECKING:
    from datetime import timedelta

    from grantline.calls.statuses import Statuses
    from grantline.messages import AddressFamily

SENDING: Final = "Sending"
NOTHING: Final = "none"


@dataclass(frozen=True, kw_only=True)
class SendingOptions:
    """How the request goes out."""

    header: Annotated[
        list[str] | None,
        typer.Option("-H", "--header", metavar="'K: V'", help="A header; repeat it for more."),
    ] = None
    query: Annotated[
        list[str] | None,
        typer.Option("-q", "--query", metavar="K=V", help="A query parameter."),
    ] = None
    array_style: Annotated[
        str,
        typer.Option(
            metavar="STYLE",
            help="For a repeated query parameter: repeat, brackets, indexed, comma.",
            rich_help_panel=SENDING,
        ),
    ] = "repeat"
    cookie: Annotated[
        list[str] | None,
        typer.Option(metavar="K=V", help="A cookie; repeat it for more.", rich_help_panel=SENDING),
    ] = None
    uncompressed: Annotated[
        bool,
        typer.Option(
            "--uncompressed",
            help="Ask for an answer without content coding.",
            rich_help_panel=SENDING,
        ),
    ] = False
    no_redirects: Annotated[
        bool,
        typer.Option("--no-redirects", help="Show the 3xx answer itself.", rich_help_panel=SENDING),
    ] = False
    timeout: Annotated[
        str | None,
        typer.Option(
            metavar="TIME", help="For the whole exchange: 30s, 2m.", rich_help_panel=SENDING
        ),
    ] = None
    connect_timeout: Annotated[
        str | None,
        typer.Option(metavar="TIME", help="For reaching the service.", rich_help_panel=SENDING),
    ] = None
    minimum_tls: Annotated[
        str,
        typer.Option("--min-tls", metavar="VERSION", help="1.2 or 1.3.", rich_help_panel=SENDING),
    ] = "1.2"
    ipv4: Annotated[
        bool, typer.Option("--ipv4", "-4", help="IPv4 only.", rich_help_panel=SENDING)
    ] = False
    ipv6: Annotated[
        bool, typer.Option("--ipv6", "-6", help="IPv6 only.", rich_help_panel=SENDING)
    ] = False
    retry: Annotated[
        int,
        typer.Option(
            metavar="N",
            min=0,
            max=20,
            help="Send it again up to so often, after 429, 5xx and broken connections.",
            rich_help_panel=SENDING,
        ),
    ] = 0
    retry_method: Annotated[
        list[str] | None,
        typer.Option(
            metavar="METHOD",
            help="A method that may be sent again besides GET, HEAD, OPTIONS, PUT and DELETE.",
            rich_help_panel=SENDING,
        ),
    ] = None
    fail_on: Annotated[
        str,
        typer.Option(
            metavar="STATUSES",
            help="Exit with 9 on these: 404, 5xx, 500-504, by commas; none for never.",
            rich_help_panel=SENDING,
        ),
    ] = "4xx,5xx"


def sending_fields(options: SendingOptions) -> dict[str, Any]:
    """The fields of ``RequestSpec`` that the options give."""
    from grantline.calls.attempts.retry import IDEMPOTENT, RetryPolicy
    from grantline.calls.query import ArrayStyle
    from grantline.cli.values import choice
    from grantline.messages import TlsVersion

    headers = header_pairs(options.header or (), option="--header")
    if options.cookie:
        cookies = pairs(options.cookie, option="--cookie")
        headers = (*headers, ("Cookie", "; ".join(f"{name}={value}" for name, value in cookies)))
    retry = None
    if options.retry:
        more = (method.upper() for method in options.retry_method or ())
        retry = RetryPolicy(attempts=options.retry + 1, methods=(*IDEMPOTENT, *more))
    spans = {"timeout": options.timeout, "connect_timeout": options.connect_timeout}
    return {
        "headers": headers,
        "query": pairs(options.query or (), option="--query"),
        "array_style": choice(ArrayStyle, options.array_style, option="--array-style"),
        "accept_compressed": not options.uncompressed,
        "minimum_tls": choice(TlsVersion, options.minimum_tls, option="--min-tls"),
        "address_family": _address_family(options),
        "follow_redirects": not options.no_redirects,
        "retry": retry,
        "fail_on": failing_statuses(options.fail_on),
        **{
            name: _wait(text, f"--{name.replace('_', '-')}") if text else None
            for name, text in spans.items()
        },
    }


def _wait(text: str, option: str) -> timedelta:
    if span := parse_span(text, field=option):
        return span
    raise UsageError(f"{option} leaves no time at all.", hint="Give it some: 30s or 5m.")


def _address_family(options: SendingOptions) -> AddressFamily:
    from grantline.messages import AddressFamily

    if options.ipv4 == options.ipv6:
        return AddressFamily.ANY
    return AddressFamily.IPV4 if options.ipv4 else AddressFamily.IPV6


def failing_statuses(text: str) -> Statuses:
    """The statuses that ``--fail-on`` names."""
    from grantline.calls.statuses import parse_statuses

    return () if text == NOTHING else parse_statuses(text.split(","), field="--fail-on")
