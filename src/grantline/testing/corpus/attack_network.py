"""Experiments over the wire: what an attacker's URL, redirect, answer or surroundings lead to."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from grantline.calls.redirect import Hop, next_hop
from grantline.errors import EgressBlocked, GrantlineError, TransportFailed
from grantline.messages import Headers, HttpRequest, HttpResponse
from grantline.net.guard import PUBLIC_INTERNET, check_url
from grantline.net.resolver import DNS_TIMEOUT
from grantline.net.transport import (
    API_LIMITS,
    OAUTH_LIMITS,
    EgressTransport,
    Limits,
)
from grantline.oauth.app.settings import AppSettings, ClientSecrets
from grantline.oauth.flow import adrive
from grantline.oauth.grant import GrantType
from grantline.oauth.grants.refresh import refresh_flow
from grantline.oauth.moment import Moment
from grantline.oauth.token_set import TokenSet
from grantline.oauth.tokens.token_response import Asked, parse_token_response
from grantline.secret import Secret
from grantline.testing.corpus.attack_finding import (
    CaseNotRun,
    Finding,
    credential_hosts_of,
    policy_of,
    setup_of,
)
from grantline.testing.corpus.attack_history import echo
from grantline.testing.corpus.cases import Row
from grantline.testing.corpus.wire import PUBLIC_ADDRESS, Answer, Seen, Wire
from grantline.url import Url, parse_endpoint, parse_url, resolve_reference

TOKEN: Final = "canary-access-token"
BODY: Final = b"client_secret=canary-body"
NOW: Final = datetime(2026, 1, 1, tzinfo=UTC)
# Long enough for a lookup in this process, short enough not to be noticed.
SHORT: Final = timedelta(milliseconds=50)
DEFAULT_FROM: Final = "https://api.example/"


async def request_url(row: Row) -> Finding:
    """A request of a connection to this URL."""
    url = parse_url(row["input"])
    bound = credential_hosts_of(row)
    if bound is not None:
        bound.check(url)
    setup = setup_of(row)
    if "dns_sequence" in setup or (row.get("category") == "dns" and not _says_dns(setup)):
        return await _rebinding(row, url)
    async with _wire(row, url) as wire, _transport(row, wire) as transport:
        await transport.send(HttpRequest("GET", str(url)))
    return Finding("allow", "allowlisted" if setup.get("policy") else "ok")


async def token_uri(row: Row) -> Finding:
    """A refresh at this Token URI; with a status, at one that answers with this Location."""
    setup = setup_of(row)
    redirects = "status" in setup
    uri = setup.get("from", "https://as.example/token") if redirects else row["input"]
    endpoint = parse_endpoint(uri)
    check_url(endpoint, policy_of(row))

    def answer(_seen: Seen) -> Answer:
        if redirects:
            return Answer(setup["status"], (("Location", row["input"]),))
        return Answer(body=b'{"access_token": "new", "token_type": "Bearer"}')

    settings = AppSettings(client_id="client", token_uri=str(endpoint))
    secrets = ClientSecrets(client_secret=Secret("canary-secret"))
    tokens = TokenSet(access_token=Secret("old"), refresh_token=Secret("canary-refresh"))
    flow = refresh_flow(
        settings=settings,
        secrets=secrets,
        tokens=tokens,
        moment=Moment(now=NOW, seed=bytes(16)),
    )
    async with _wire(row, endpoint, answer=answer) as wire, _transport(row, wire) as transport:
        response = await adrive(flow, lambda request: transport.send(request, limits=OAUTH_LIMITS))
        asked = Asked(grant=GrantType.REFRESH_TOKEN, held=tokens)
        if redirects:
            return _refused_redirect(wire, response, asked)
        parse_token_response(response, asked, now=NOW)
    return Finding("allow", "allowlisted" if setup.get("policy") else "ok")


def _refused_redirect(wire: Wire, response: HttpResponse, asked: Asked) -> Finding:
    try:
        parse_token_response(response, asked, now=NOW)
    except GrantlineError:
        if len(wire.seen) == 1:
            return Finding("deny", "redirect_refused")
    return Finding("allow", "redirect_followed")


async def redirect_location(row: Row) -> Finding:
    """A request of a connection, answered by a redirect to this location."""
    setup = setup_of(row)
    if "dns_sequence" in setup:
        return await _rebinding(row, parse_url(row["input"]))
    start = parse_url(setup.get("from", DEFAULT_FROM))
    chain = _Chain(start, row["input"], setup.get("status", 302), setup.get("hops", 1))
    headers = tuple((setup.get("headers") or {"Authorization": f"Bearer {TOKEN}"}).items())
    verb = setup.get("method", "GET")
    request = HttpRequest(verb, str(start), headers, b"" if verb in {"GET", "HEAD"} else BODY)
    with _surroundings(netrc=setup.get("netrc"), proxy=setup.get("proxy")):
        async with (
            _wire(row, start, chain.end, answer=chain.answer) as wire,
            _transport(row, wire) as transport,
        ):
            await _follow(transport, request, limit=setup.get("max", 5))
    return _arrived(wire, start, headers, setup)


def _arrived(wire: Wire, start: Url, headers: Headers, setup: dict[str, Any]) -> Finding:
    """What of the credentials came to an origin that they are not for."""
    strangers = [seen for seen in wire.seen if seen.origin != start.origin]
    if any(seen.carries(value) for seen in strangers for _, value in headers):
        return Finding("allow", "credential_leaked")
    if any(seen.carries(BODY.decode()) for seen in strangers):
        return Finding("allow", "body_leaked")
    if any("proxy-authorization" in seen.headers for seen in wire.seen):
        return Finding("allow", "proxy_authorization_leaked")
    if "netrc" in setup:
        found = any("authorization" in seen.headers for seen in strangers)
        return Finding("allow", "netrc_read") if found else Finding("deny", "trust_env_off")
    if "proxy" in setup:
        return Finding("strip", "proxy_authorization")
    if not strangers:
        return Finding("allow")
    usual = all(name.lower() == "authorization" for name, _ in headers)
    return Finding("strip", f"{'authorization' if usual else 'all_credentials'}_cross_origin")


async def response_body(row: Row) -> Finding:
    """An answer with this body; or one that comes a byte at a time, or says the request back."""
    if "echo" in row["input"]:
        return await echo()
    start = parse_url(DEFAULT_FROM)
    drip = re.search(r"byte every (\d+)", row["input"])
    if drip is None and "<" not in row["input"]:
        raise CaseNotRun("what is kept of an answer is decided above the network")
    body = Answer(body=b"slow" * 8, pause_s=0.02) if drip else _html(row["input"])
    limits = Limits(total=SHORT, connect=SHORT) if drip else API_LIMITS
    async with (
        _wire(row, start, answer=lambda _seen: body) as wire,
        _transport(row, wire) as transport,
    ):
        try:
            await _follow(transport, HttpRequest("GET", str(start)), limits=limits)
        except TransportFailed as error:
            if error.check == "timeout":
                return Finding("error", "deadline")
            raise
    followed = len(wire.seen) > 1 or len(wire.dialled) > 1
    return Finding("allow", "followed") if followed else Finding("ignore", "not_followed")


async def environment(row: Row) -> Finding:
    """Surroundings of the process: ``NAME=VALUE with URL``, or a .netrc file."""
    text = row["input"]
    if "netrc" in text:
        url = parse_url(DEFAULT_FROM)
        with _surroundings(netrc="default login u password p"):
            async with _wire(row, url) as wire, _transport(row, wire) as transport:
                await transport.send(HttpRequest("GET", str(url)))
        read = any("authorization" in seen.headers for seen in wire.seen)
        return Finding("allow", "netrc_read") if read else Finding("ignore", "trust_env_off")
    setting = re.fullmatch(r"(\w+)=(\S*) with (\S+)", text)
    if setting is None:
        raise CaseNotRun("the input is neither about .netrc nor 'NAME=VALUE with URL'")
    with _environment({setting[1]: setting[2], "HTTPS_PROXY": "http://u:p@proxy.example:3128"}):
        return await request_url({**row, "input": setting[3]})


async def tls(row: Row) -> Finding:
    """A server whose certificate proves nothing: untrusted, and where the text says so, worse."""
    url = parse_url(DEFAULT_FROM)
    expired = "expired" in row["input"]
    wrong_name = any(word in row["input"] for word in ("name", "host", "mismatch"))
    names = ["other.example"] if wrong_name else [url.host]
    async with Wire(urls=[url], expired=expired, certificate_names=names) as wire:
        known = wire.authority.pem if expired or wrong_name else ""
        # Twice on one transport: nothing that happened once makes the second time easier.
        async with wire.transport(PUBLIC_INTERNET, extra_ca_pem=known) as transport:
            for _ in range(2):
                try:
                    await transport.send(HttpRequest("GET", str(url)))
                except TransportFailed as error:
                    if error.check != "tls":
                        raise
                else:
                    return Finding("allow", "not_verified")
    return Finding("deny", "tls_verify")


async def session(row: Row) -> Finding:
    """Two connections (ours) at one service: a cookie, or a TCP connection, of the first."""
    url = parse_url(DEFAULT_FROM)
    cookie = Answer(headers=(("Set-Cookie", "session=canary; Path=/"),))
    async with (
        _wire(row, url, answer=lambda _seen: cookie) as wire,
        _transport(row, wire) as transport,
    ):
        for partition in ("con_a", "con_b", "con_a"):
            await transport.send(HttpRequest("GET", str(url)), partition=partition)
    first, second, _ = wire.seen
    if any("cookie" in seen.headers for seen in wire.seen):
        return Finding("allow", "cookie_sent")
    if first.connection == second.connection:
        return Finding("allow", "connection_shared")
    return (
        Finding("strip", "jar_per_call") if "ookie" in row["input"] else Finding("deny", "no_reuse")
    )


async def _rebinding(row: Row, url: Url) -> Finding:
    """A name that changes its address between two lookups: only checked addresses are dialled."""
    setup = setup_of(row)
    turns = (setup.get("dns_sequence") or {}).get(url.host) or [[PUBLIC_ADDRESS], ["127.0.0.1"]]
    async with Wire(urls=[url], dns={url.host: turns}) as wire, _transport(row, wire) as transport:
        request = HttpRequest("GET", str(url))
        for partition in ("con_a", "con_a", "con_b"):  # a new socket, the same one, a new one
            try:
                await transport.send(request, partition=partition)
            except EgressBlocked:
                break
        else:
            return Finding("allow", "second_answer_accepted")
    checked = set(turns[0])
    pinned = set(wire.dialled) <= checked and len(wire.lookups) == len(wire.dialled) + 1
    return Finding("deny", "pinned") if pinned else Finding("allow", "dialled_unchecked_address")


@dataclass(frozen=True, slots=True)
class _Chain:
    """A server that redirects: ``hops`` times within its origin, the last one to ``location``."""

    start: Url
    location: str
    status: int
    hops: int

    @property
    def end(self) -> Url | None:
        try:
            return resolve_reference(self.start, self.location)
        except EgressBlocked:
            return None

    def answer(self, seen: Seen) -> Answer:
        number = re.fullmatch(r"/hop/(\d+)", seen.target)
        step = int(number[1]) if number else 0
        if seen.origin != self.start.origin or (not number and seen.target != self._start_target):
            return Answer()
        last = step + 1 >= self.hops
        location = self.location if last else f"/hop/{step + 1}"
        return Answer(self.status, (("Location", location),))

    @property
    def _start_target(self) -> str:
        return str(self.start).removeprefix(self.start.origin)


async def _follow(
    transport: EgressTransport, request: HttpRequest, *, limit: int = 5, limits: Limits = API_LIMITS
) -> HttpResponse:
    """The answer at the end of the redirects, each hop decided by `next_hop`."""
    hop = Hop(request)
    while True:
        response = await transport.send(hop.request, limits=limits)
        following = next_hop(hop, response, limit=limit)
        if following is None:
            return response
        hop = following


def _wire(row: Row, *urls: Url | None, answer: Any = None) -> Wire:
    setup = setup_of(row)
    return Wire(
        urls=[url for url in urls if url is not None],
        answer=answer or (lambda _seen: Answer()),
        dns={name: [answers] for name, answers in (setup.get("dns") or {}).items()},
        # A delay as long as the real time limit, or longer, only has to outlast a short limit.
        dns_delay=timedelta(seconds=float(setup.get("dns_delay_s", 0))),
    )


def _transport(row: Row, wire: Wire) -> EgressTransport:
    slow = wire.dns_delay >= DNS_TIMEOUT
    return wire.transport(policy_of(row), dns_timeout=SHORT if slow else DNS_TIMEOUT)


def _says_dns(setup: dict[str, Any]) -> bool:
    return any(name.startswith("dns") for name in setup)


def _html(text: str) -> Answer:
    return Answer(headers=(("Content-Type", "text/html"),), body=text.encode())


@contextmanager
def _surroundings(*, netrc: str | None = None, proxy: str | None = None) -> Iterator[None]:
    """A home folder with a .netrc file, and a proxy in the environment, as far as given."""
    with TemporaryDirectory() as home:
        variables: dict[str, str] = {}
        if netrc is not None:
            path = Path(home, ".netrc")
            path.write_text(f"{netrc}\n")
            path.chmod(0o600)
            variables |= {"HOME": home, "NETRC": str(path)}
        if proxy is not None:
            variables |= {"HTTPS_PROXY": proxy, "HTTP_PROXY": proxy, "ALL_PROXY": proxy}
        with _environment(variables):
            yield


@contextmanager
def _environment(variables: dict[str, str]) -> Iterator[None]:
    before = dict(os.environ)
    os.environ.update(variables)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
