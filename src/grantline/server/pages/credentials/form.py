"""What a person typed into the form of a credential, and what of it is a change."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields, replace
from typing import Any, Final

from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request

from grantline.connections.credentials.authentication import KeyPlacement
from grantline.connections.credentials.credential import Credential, CredentialFields, Kind
from grantline.secret import Secret

_SECRETS: Final = ("value", "password", "private_key", "passphrase")
_TEXTS: Final = ("key_name", "prefix", "username", "url")
_MOST_BYTES: Final = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialForm:
    """The fields as they were typed, but for secrets, which are asked for again.

    Attributes:
        version: The version the credential had when the form was filled; 0 for a new one.
    """

    kind: Kind
    version: int = 0
    name: str = ""
    hosts: tuple[str, ...] = ()
    key_name: str = ""
    placement: KeyPlacement = KeyPlacement.HEADER
    prefix: str = ""
    username: str = ""
    certificate: str = ""
    url: str = ""


def form_of(found: Credential) -> CredentialForm:
    """The form of a credential that is there."""
    details = found.details
    return CredentialForm(
        kind=found.kind,
        version=found.version,
        name=found.name,
        hosts=found.hosts,
        key_name=details.key_name,
        placement=details.placement,
        prefix=details.prefix,
        username=details.username,
        url=details.url,
    )


async def read_credential(
    request: Request, kind: Kind | None = None
) -> tuple[CredentialForm, CredentialFields, FormData]:
    """The form that a browser sent, what was typed into it, secrets too, and all of the data.

    What its kind does not have is left out, and an empty text is nothing typed.
    """
    async with request.form(max_files=1, max_part_size=_MOST_BYTES) as data:
        text = {name: value for name, value in data.items() if isinstance(value, str)}
        kind = kind or next((each for each in Kind if each == text.get("kind")), Kind.KEY)
        version = text.get("version", "")
        form = CredentialForm(
            kind=kind,
            version=int(version) if version.isdecimal() else 0,
            name=text.get("name", "").strip(),
            hosts=_words(data, "hosts") if kind.has_hosts else (),
            placement=KeyPlacement.QUERY
            if text.get("placement") == KeyPlacement.QUERY
            else KeyPlacement.HEADER,
            certificate=text.get("certificate", "").strip(),
            **{name: text.get(name, "").strip() for name in _TEXTS},
        )
        given: dict[str, Any] = {name: getattr(form, name) or None for name in _TEXTS}
        given |= {name: Secret(text[name]) for name in _SECRETS if text.get(name)}
        if text.get("remove_secret") == "password":
            given["password"] = Secret("")
        if kind is Kind.KEY:
            given |= {"placement": form.placement, "prefix": form.prefix}
        given["certificate"] = form.certificate or None
        upload = data.get("pkcs12")
        if isinstance(upload, UploadFile) and upload.filename:
            given["pkcs12"] = await upload.read()
    return form, CredentialFields(**given), data


def changes_of(found: Credential, typed: CredentialFields) -> CredentialFields:
    """``typed`` without what is as it was."""
    same = {
        each.name: None
        for each in fields(typed)
        if getattr(typed, each.name) == getattr(found.details, each.name, object())
    }
    return replace(typed, **same)


def _words(data: FormData, name: str) -> tuple[str, ...]:
    texts = (each for each in data.getlist(name) if isinstance(each, str))
    return tuple(
        dict.fromkeys(word for each in texts for word in re.split(r"[\s,]+", each) if word)
    )
