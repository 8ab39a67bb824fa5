"""Experiments with an issuer's metadata: where its URLs lead, and how the document comes."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from datetime import UTC, datetime
from typing import Final
from urllib.parse import parse_qs

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from grantline.errors import DiscoveryFailed
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
from grantline.testing.corpus.attack_wire import SHORT
from grantline.testing.corpus.cases import Row
from grantline.testing.corpus.wire import Answer, Wire
from grantline.url import parse_url

ISSUER: Final = "https://as.example"
HONEST_ENDPOINT: Final = {
    "token_endpoint": "https://honest.example/token",
    "token_endpoint_auth_methods_supported": ["private_key_jwt"],
}
# Larger than the limit for metadata, and sent as fast as it is read.
MAX_PLAYED_KIB: Final = 8 << 10


_UNREADABLE: Final = {
    "html": b"<html><body>Not here.</body></html>",
    "not json": b"issuer = https://as.example",
    "nest": b'{"issuer": ' + b"[" * 100_000,
}


async def discovery_document(row: Row) -> Finding:
    """A document with ``NAME=VALUE`` in it, or with a flaw that the input describes."""
    text = str(row["input"])
    if "token_endpoint of" in text:
        return await _discover(row, ISSUER, HONEST_ENDPOINT, judge=_assertion_finding)
    flaws = _said_flaws(text)
    if flaws:
        return await _discover(row, ISSUER, flaws)
    answer = _said_answer(text)
    if answer is not None:
        return await _discover(row, ISSUER, answer=answer)
    if issuer := re.search(r"https?://\S*", text):
        url = parse_url(issuer[0] if issuer[0] != "http://" else "http://as.example")
        check_url(url, policy_of(row))
        return await _discover(row, url.origin)
    raise CaseNotRun("the input is no flaw of a document that this experiment knows")


def _said_flaws(text: str) -> dict[str, object]:
    """The fields that ``text`` says the document has, or lacks."""
    if field := re.search(r"([\w.]+)=(.*)", text, re.DOTALL):
        return _nested(field[1], field[2])
    if missing := re.search(r"(\w+_\w+|issuer) (?:is )?(?:missing|absent)", text):
        return {missing[1]: None}
    if "issuer" in text and re.search(r"mismatch|another|other|differ", text):
        return {"issuer": "https://evil.example"}
    return {}


def _said_answer(text: str) -> Answer | None:
    """The answer that ``text`` says there is in place of a document."""
    if size := re.search(r"(\d+) ?([KMG])i?B", text):
        kibibytes = int(size[1]) << {"K": 0, "M": 10, "G": 20}[size[2]]
        return Answer(body=b" " * (min(kibibytes, MAX_PLAYED_KIB) << 10))
    if status := re.search(r"\b(30\d)\b|redirect", text):
        named = re.search(r"https?:\S+", text)
        location = named[0] if named else "https://evil.example/metadata"
        return Answer(int(status[1] or 302), (("Location", location),))
    if re.search(r"byte every|slow|never|hang", text):
        return Answer(body=b"slow" * 8, pause_s=0.02)
    bodies = (Answer(body=body) for words, body in _UNREADABLE.items() if words in text.lower())
    return next(bodies, None)


def _nested(path: str, value: object) -> dict[str, object]:
    first, _, rest = path.partition(".")
    return {first: _nested(rest, value) if rest else value}


async def _discover(
    row: Row,
    issuer: str,
    flaws: Mapping[str, object] | None = None,
    judge: Callable[[ServerMetadata], Finding] = lambda _metadata: Finding("allow"),
    *,
    answer: Answer | None = None,
) -> Finding:
    document = {"issuer": issuer, "token_endpoint": f"{issuer}/token", **(flaws or {})}
    given = answer or Answer(body=json.dumps(document).encode())
    policy = policy_of(row)
    limits = replace(METADATA_LIMITS, total=SHORT) if given.pause_s else METADATA_LIMITS
    async with (
        Wire(urls=[parse_url(issuer)], answer=lambda _seen: given) as wire,
        wire.transport(policy) as transport,
    ):
        try:
            metadata = await adrive(
                metadata_flow(issuer),
                lambda request: transport.send(request, limits=limits),
            )
        except DiscoveryFailed as error:
            if {seen.origin for seen in wire.seen} != {issuer}:
                return Finding("allow", "followed")
            moved = 300 <= given.status < 400
            return Finding("deny", "redirect_refused" if moved else error.check)
    if not flaws or not set(flaws) <= {field.name for field in fields(ServerMetadata)}:
        return Finding("ignore", "not_read") if flaws else judge(metadata)
    aliases = dict(metadata.mtls_endpoint_aliases)
    for name in (*ENDPOINTS.values(), "registration_endpoint", "userinfo_endpoint"):
        for uri in (getattr(metadata, name), aliases.get(name)):
            if uri:
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
