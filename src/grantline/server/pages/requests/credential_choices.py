"""The credentials that a request can refer to, as the form of a request shows them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Final

from starlette.requests import Request

from grantline.calls.hosts import matches
from grantline.connections.credentials.authentication import (
    BasicCredential,
    KeyCredential,
    RequestCredential,
)
from grantline.connections.credentials.credential import Credential, CredentialIds, Kind, ids_of
from grantline.errors import InvalidInput, NotFound
from grantline.server.page import actor_of, engine_of
from grantline.server.pages.requests.fill import with_credentials
from grantline.server.pages.requests.form import RequestForm
from grantline.server.pages.requests.sent import STAND_IN

MOST_CHOICES: Final = 200
# Which field of the form holds the id of which kind.
FIELDS: Final = {
    Kind.KEY: "key_id",
    Kind.BASIC: "basic_id",
    Kind.CERTIFICATE: "certificate_id",
    Kind.AUTHORITY: "authority_id",
    Kind.PROXY: "proxy_id",
}


@dataclass(frozen=True, slots=True)
class CredentialChoice:
    """The credentials of one kind to choose from.

    Attributes:
        chosen: The one that is chosen, whether or not it is among ``rows``.
        is_gone: One is chosen that is there no more.
    """

    kind: Kind
    field: str
    rows: tuple[Credential, ...]
    chosen: Credential | None = None
    is_gone: bool = False


async def credential_choices(request: Request, form: RequestForm) -> Mapping[str, CredentialChoice]:
    """What to choose from in each field, and what is chosen there."""
    engine, actor = engine_of(request), actor_of(request)
    found = {}
    for kind, field in FIELDS.items():
        page = await engine.credentials.page(actor, kinds=[kind], limit=MOST_CHOICES)
        rows = tuple(each.credential for each in page.rows)
        choice = CredentialChoice(kind, field, rows)
        if chosen_id := getattr(form, field):
            chosen = next((each for each in rows if each.id == chosen_id), None)
            others = [] if chosen else await _found(request, [chosen_id])
            chosen = chosen or next(iter(others), None)
            choice = replace(choice, chosen=chosen, is_gone=chosen is None, rows=(*others, *rows))
        found[field] = choice
    return found


async def kind_of(request: Request, ids: CredentialIds) -> Kind | None:
    """Of the key or password among ``ids``; None when there is none, or it is there no more."""
    names = await _found(request, [ids.credential_id] if ids.credential_id else [])
    return names[0].kind if names else None


async def credential_of(request: Request, form: RequestForm) -> RequestCredential | None:
    """What the request carries, as far as it may be shown: of one that is kept, a stand-in.

    Raises:
        InvalidInput: It is there no more.
    """
    credential_id = form.credentials.credential_id
    if credential_id is None:
        return form.typed()
    found = await _found(request, [credential_id])
    if not found:
        raise InvalidInput(
            "The credential of this request is there no more.",
            field="Credential",
            hint="Choose another one.",
        )
    return _stand_in_of(found[0])


async def refusing(request: Request, form: RequestForm, host: str) -> list[Credential]:
    """The credentials of the form that may not go to ``host``."""
    found = await _found(request, form.credentials)
    return [e for e in found if e.kind.has_hosts and not matches(frozenset(e.hosts), host)]


async def with_chosen(request: Request, form: RequestForm, credential_id: str) -> RequestForm:
    """``form`` with one more credential chosen, in the place of its kind."""
    found = await engine_of(request).credentials.find(actor_of(request), credential_id)
    return with_credentials(form, ids_of(found.kind, found.id), found.kind)


def _stand_in_of(found: Credential) -> RequestCredential:
    details, hosts = found.details, found.hosts
    if found.kind is Kind.BASIC:
        name = details.username or STAND_IN.reveal()
        return BasicCredential(username=name, password=STAND_IN, hosts=hosts, kept_as=found.name)
    return KeyCredential(
        name=details.key_name,
        value=STAND_IN,
        placement=details.placement,
        prefix=details.prefix,
        hosts=hosts,
        kept_as=found.name,
    )


async def _found(request: Request, ids: Iterable[str]) -> list[Credential]:
    """Those of these credentials that there are."""
    engine, actor = engine_of(request), actor_of(request)
    found = []
    for each in ids:
        with suppress(NotFound):
            found.append(await engine.credentials.find(actor, each))
    return found
