"""Experiments with an issuer's metadata: where its URLs lead, and how the document comes."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Final
from urllib.parse import parse_qs

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from grantline.errors import GrantlineError
from grantline.net.guard import check_url
from grantline.net.transport import METADATA_LIMITS
from grantline.oauth.app.assertion_settings import AssertionSettings
from grantline.oauth.app.settings import AppSettings, ClientSecrets
from grantline.oauth.discovery.metadata import (
    ENDPOINTS,
    ServerMetadata,
    apply_metadata,
    metadata_flow,
)
from grantline.oauth.flow import adrive
from grantline.oauth.grants.refresh import refresh_request
from grantline.oauth.moment import Moment
from grantline.oauth.token_set import TokenSet
from grantline.secret import Secret
from grantline.testing.corpus.attack_finding import CaseNotRun, Finding, policy_of
from grantline.testing.corpus.cases import Row
from grantline.testing.corpus.wire import Answer, Wire
from grantline.url import parse_url

ISSUER: Final = "https://as.example"
HONEST_ENDPOINT: Final = "https://honest.example/token"
# Larger than the limit for metadata, and sent as fast as it is read.
MAX_PLAYED_MIB: Final = 8


async def discovery_document(row: Row) -> Finding:
    """``NAME=URL`` in the document, a document too large, redirected, over http or dishonest."""
    text = row["input"]
    if field := re.fullmatch(r"(\w+)=(.*)", text, re.DOTALL):
        return await _discover(row, ISSUER, {field[1]: field[2]})
    if size := re.match(r"(\d+) MiB", text):
        body = b" " * (min(int(size[1]), MAX_PLAYED_MIB) << 20)
        return await _discover(row, ISSUER, answer=Answer(body=body))
    if status := re.match(r"(30\d) to ", text):
        location = ("Location", "https://evil.example/metadata")
        return await _discover(row, ISSUER, answer=Answer(int(status[1]), (location,)))
    if text.startswith("http:"):
        check_url(parse_url("http://as.example"), policy_of(row))
        return await _discover(row, "http://as.example")
    if "token_endpoint of" in text:
        fields = {
            "token_endpoint": HONEST_ENDPOINT,
            "token_endpoint_auth_methods_supported": ["private_key_jwt"],
        }
        return await _discover(row, ISSUER, fields, _assertion_finding)
    raise CaseNotRun("the input is no flaw of a document that this experiment knows")


async def _discover(
    row: Row,
    issuer: str,
    fields: Mapping[str, object] | None = None,
    judge: Callable[[ServerMetadata], Finding] = lambda _metadata: Finding("allow"),
    *,
    answer: Answer | None = None,
) -> Finding:
    document = {"issuer": issuer, "token_endpoint": f"{issuer}/token", **(fields or {})}
    given = answer or Answer(body=json.dumps(document).encode())
    policy = policy_of(row)
    async with (
        Wire(urls=[parse_url(issuer)], answer=lambda _seen: given) as wire,
        wire.transport(policy) as transport,
    ):
        try:
            metadata = await adrive(
                metadata_flow(issuer),
                lambda request: transport.send(request, limits=METADATA_LIMITS),
            )
        except GrantlineError:
            if 300 <= given.status < 400 and {seen.origin for seen in wire.seen} == {issuer}:
                return Finding("deny", "redirect_refused")
            raise
    for name in ENDPOINTS.values():
        if uri := getattr(metadata, name):
            check_url(parse_url(uri), policy)
    return judge(metadata)


def _assertion_finding(metadata: ServerMetadata) -> Finding:
    """Whom a client assertion is for: an endpoint as audience serves whoever named it."""
    key = ec.generate_private_key(ec.SECP256R1())
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    secrets = ClientSecrets(private_key=Secret(pem))
    settings = AppSettings(client_id="client", assertion=AssertionSettings(algorithm="ES256"))
    request = refresh_request(
        settings=apply_metadata(settings, metadata, secrets=secrets),
        secrets=secrets,
        tokens=TokenSet(access_token=Secret("old"), refresh_token=Secret("refresh")),
        moment=Moment(now=datetime(2026, 1, 1, tzinfo=UTC), seed=bytes(16)),
    )
    assertion = parse_qs(request.data.decode())["client_assertion"][0]
    payload = assertion.split(".")[1]
    audience = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))["aud"]
    if audience == metadata.issuer:
        return Finding("deny", "aud_is_issuer")
    return Finding("allow", "aud_is_endpoint")
