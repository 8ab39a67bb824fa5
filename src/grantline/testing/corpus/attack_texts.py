"""Experiments with what an attacker writes: a header, a path, a pattern, a return address."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final
from urllib.parse import parse_qsl, urlsplit

from grantline.calls.bodies.multipart import file_part, multipart_content, read_multipart
from grantline.calls.expressions import fill_json
from grantline.calls.headers import check_headers, check_method
from grantline.calls.hosts import HostList
from grantline.calls.query import encode_query
from grantline.calls.target import fill_template, join_target
from grantline.errors import EgressBlocked, ExpressionFailed, InvalidInput
from grantline.messages import HttpRequest
from grantline.oauth.app.settings import AppSettings
from grantline.oauth.authorization.authorization_code import AuthorizationRequest, authorization_url
from grantline.oauth.moment import Moment
from grantline.oauth.token_set import TokenSet
from grantline.oauth.tokens.placement import place_token
from grantline.secret import Secret
from grantline.testing.corpus.attack_finding import CaseNotRun, Finding, setup_of
from grantline.testing.corpus.cases import Row
from grantline.url import canonical_host, local_path, parse_url

_MOMENT: Final = Moment(now=datetime(2026, 1, 1, tzinfo=UTC), seed=bytes(16))
# Two boundaries, two headers, an empty line, the content.
_LINES_OF_ONE_PART: Final = 6
_BASE_AND_PATH = re.compile(r"base (\S+?),? (?:\+ )?path (.*)", re.DOTALL)
_TEMPLATE_AND_VALUE = re.compile(r"(\S*\{\w+\}+\S*?),? (?:with )?(\w+)=(.*)", re.DOTALL)
_OTHER_BRACES = re.compile(r"\$?\{+(\w+)\}+")


async def header_name(row: Row) -> Finding:
    """A header of this name, given for a request of a connection."""
    check_headers([(row["input"], str(setup_of(row).get("value", "x")))])
    return Finding("allow")


async def header_value(row: Row) -> Finding:
    """A header with this value, given for a request of a connection."""
    check_headers([(str(setup_of(row).get("name", "X-Custom")), row["input"])])
    return Finding("allow")


async def method(row: Row) -> Finding:
    """A request with this method."""
    check_method(row["input"])
    return Finding("allow")


async def stored_token(row: Row) -> Finding:
    """An access token with this value, put on a request."""
    request = HttpRequest("GET", "https://api.example/")
    tokens = TokenSet(access_token=Secret(row["input"]))
    try:
        place_token(
            request, settings=AppSettings(client_id="client"), tokens=tokens, moment=_MOMENT
        )
    except InvalidInput:
        return Finding("deny", "bad_token")
    return Finding("allow")


async def path_template(row: Row) -> Finding:
    """``base URL + path PATH``, or ``TEMPLATE name=value``; the token is for the base's host."""
    if joined := _BASE_AND_PATH.fullmatch(row["input"]):
        bound = HostList(frozenset({parse_url(joined[1]).host}))
        target = parse_url(join_target(joined[1], joined[2]))
        if not bound.allows(target.host):
            return Finding("deny", "host_changed")
        return Finding("allow")
    if filled := _TEMPLATE_AND_VALUE.fullmatch(row["input"]):
        template = _OTHER_BRACES.sub(r"{\1}", filled[1])
        parse_url(fill_template(template, {filled[2]: filled[3]}))
        return Finding("allow")
    raise CaseNotRun("the input is neither 'base URL + path PATH' nor 'TEMPLATE name=value'")


async def body_template(row: Row) -> Finding:
    """A JSON body of a scenario's module with this text; all that a run has names for is there."""
    names: dict[str, dict[str, object]] = {
        "1": {"data": {}},
        "trigger": {},
        "input": {},
        "vars": {},
        "run": {},
    }
    try:
        fill_json({"text": row["input"]}, names)
    except ExpressionFailed:
        return Finding("deny", "no_such_variable")
    return Finding("allow")


async def host_policy(row: Row) -> Finding:
    """``PATTERN vs HOST``: a host list with the pattern, asked about the host."""
    pattern, separator, host = re.sub(r" (?:against|for) ", " vs ", row["input"]).partition(" vs ")
    try:
        hosts = HostList.parse([pattern])
    except InvalidInput:
        return Finding("deny", "public_suffix")
    if separator and not hosts.allows(canonical_host(host.strip())):
        return Finding("deny", "host_not_allowed")
    return Finding("allow")


async def query_value(row: Row) -> Finding:
    """A query parameter with this value: it stays one value, and no byte of it is a control."""
    given = (("q", str(row["input"])),)
    url = parse_url(f"https://api.example/?{encode_query(given)}")
    kept = tuple(parse_qsl(url.query, keep_blank_values=True)) == given
    return Finding("sanitize", "percent_encoded") if kept else Finding("allow", "split")


async def file_name(row: Row) -> Finding:
    """A file in a form with this name: the form still has one part, and the name no line break."""
    part = file_part("file", b"content", filename=str(row["input"]))
    form = multipart_content([part])
    kept = read_multipart(form) == (part,) and form.data.count(b"\r\n") == _LINES_OF_ONE_PART
    return Finding("sanitize", "escaped") if kept else Finding("allow", "split")


async def cookie_value(row: Row) -> Finding:
    """A cookie with this value, given for a request of a connection."""
    check_headers([("Cookie", f"session={row['input']}")])
    return Finding("allow")


async def return_to(row: Row) -> Finding:
    """A place to go back to after the consent."""
    local_path(row["input"])
    return Finding("allow")


async def authorize_uri(row: Row) -> Finding:
    """An app with this Authorize URI: what would be opened in the person's browser?"""
    settings = AppSettings(client_id="client", authorize_uri=row["input"])
    request = AuthorizationRequest(
        redirect_uri="https://self.example/oauth/callback/x",
        state=Secret("state-of-this-journey"),
        verifier=Secret("v" * 43),
    )
    try:
        opened = authorization_url(settings=settings, request=request)
    except InvalidInput:
        return Finding("deny", _rule_of(row["input"]))
    names = [name for name, _ in parse_qsl(urlsplit(opened).query, keep_blank_values=True)]
    if len(names) != len(set(names)):
        return Finding("allow", "doubled_parameter")
    return Finding("allow")


async def authorize_parameters(row: Row) -> Finding:
    """An Authorize URI that has these parameters, ``a=1&b=2``, in its query."""
    return await authorize_uri({**row, "input": f"https://as.example/authorize?{row['input']}"})


def _rule_of(text: str) -> str:
    """Why the URL itself is refused, or that its parameters are."""
    try:
        return "plaintext" if parse_url(text).scheme == "http" else "param_conflict"
    except EgressBlocked as error:
        return error.rule
