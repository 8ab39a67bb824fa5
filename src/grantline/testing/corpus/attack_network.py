"""Experiments over the wire: what an attacker's URL, answer or surroundings lead to."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final

from grantline.errors import EgressBlocked, GrantlineError, TransportFailed
from grantline.messages import HttpRequest, HttpResponse
from grantline.net.guard import PUBLIC_INTERNET, check_url
from grantline.net.transport import OAUTH_LIMITS
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
from grantline.testing.corpus.attack_wire import (
    DEFAULT_FROM,
    dns_turns,
    environment_variables,
    surroundings,
    transport_of,
    wire_of,
)
from grantline.testing.corpus.cases import Row
from grantline.testing.corpus.wire import PUBLIC_ADDRESS, Answer, Seen, Wire
from grantline.url import Url, parse_endpoint, parse_url

NOW: Final = datetime(2026, 1, 1, tzinfo=UTC)
PROXY: Final = "http://u:p@proxy.example:3128"


async def request_url(row: Row) -> Finding:
    """A request of a connection to this URL."""
    url = parse_url(row["input"])
    bound = credential_hosts_of(row)
    if bound is not None:
        bound.check(url)
    setup = setup_of(row)
    says_dns = any(name.startswith("dns") for name in setup)
    if "dns_sequence" in setup or (row.get("category") == "dns" and not says_dns):
        return await rebinding(row, url)
    async with wire_of(row, url) as wire, transport_of(row, wire) as transport:
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
    async with wire_of(row, endpoint, answer=answer) as wire, transport_of(row, wire) as transport:
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


async def environment(row: Row) -> Finding:
    """Surroundings of the process: ``NAME=VALUE with URL``, a proxy, a .netrc file."""
    text = str(row["input"])
    if "certificate" in text:
        return await tls(row)
    variable = re.search(r"\b(\w+)=(\S*)", text)
    target = re.search(r"\bwith (https?:\S+)", text)
    entry = re.search(r"(?:machine \S+|default) login .*", text)
    if not variable and not re.search(r"netrc|proxy", text, re.IGNORECASE):
        raise CaseNotRun("the input is neither 'NAME=VALUE with URL' nor about proxies or .netrc")
    named = {variable[1]: variable[2]} if variable else {}
    with (
        surroundings(netrc=entry[0] if entry else "default login u password p"),
        environment_variables({"HTTPS_PROXY": PROXY, **named}),
    ):
        url = parse_url(target[1] if target else DEFAULT_FROM)
        async with wire_of(row, url) as wire, transport_of(row, wire) as transport:
            await transport.send(HttpRequest("GET", str(url)))
    read = any("authorization" in seen.headers for seen in wire.seen)
    return Finding("allow", "netrc_read") if read else Finding("ignore", "trust_env_off")


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
        wire_of(row, url, answer=lambda _seen: cookie) as wire,
        transport_of(row, wire) as transport,
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


async def rebinding(row: Row, url: Url) -> Finding:
    """A name that changes its address between two lookups: only checked addresses are dialled."""
    turns = dns_turns(setup_of(row)).get(url.host) or [[PUBLIC_ADDRESS], ["127.0.0.1"]]
    wire = Wire(urls=[url], dns={url.host: turns})
    async with wire, transport_of(row, wire) as transport:
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
