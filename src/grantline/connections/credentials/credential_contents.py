"""What is inside a credential: put together from what people type, checked, written as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Any, Final

from grantline.connections.credentials.authentication import (
    KEY,
    PASSWORD,
    BasicCredential,
    KeyCredential,
    KeyPlacement,
    check_credential,
)
from grantline.connections.credentials.credential import LABELS, CredentialFields, Details, Kind
from grantline.errors import EgressBlocked, InvalidInput
from grantline.messages import ClientCertificate, Proxy
from grantline.net.certificates import (
    CERTIFICATE,
    PRIVATE_KEY,
    certificate_from_pem,
    certificate_from_pkcs12,
    checked_authorities,
    facts_of,
)
from grantline.net.proxy import parse_proxy
from grantline.secret import Secret

NO_SECRET: Final = Secret("")


@dataclass(frozen=True, slots=True)
class Authority:
    """Certificates of authorities to trust beside the system's, PEM."""

    pem: str


Contents = KeyCredential | BasicCredential | ClientCertificate | Authority | Proxy

_OF: Final[Mapping[Kind, frozenset[str]]] = {
    Kind.KEY: frozenset({"key_name", "placement", "prefix", "value"}),
    Kind.BASIC: frozenset({"username", "password"}),
    Kind.CERTIFICATE: frozenset({"certificate", "private_key", "passphrase", "pkcs12"}),
    Kind.AUTHORITY: frozenset({"certificate"}),
    Kind.PROXY: frozenset({"url", "username", "password"}),
}


def given_fields(typed: CredentialFields) -> tuple[str, ...]:
    """The names of the fields that ``typed`` has, for the history; never a value."""
    names = (each.name for each in fields(typed))
    return tuple(name for name in names if getattr(typed, name) is not None)


def contents_of(kind: Kind, typed: CredentialFields, old: Contents | None = None) -> Contents:
    """What is in a credential of ``kind`` after ``typed``, over what is in it now.

    Raises:
        InvalidInput: A field is wrong, missing, or of another kind; names it.
    """
    strange = sorted(set(given_fields(typed)) - _OF[kind])
    if strange:
        raise InvalidInput(
            f"{LABELS[strange[0]]} is not a field of this kind: {kind.label}.",
            field=LABELS[strange[0]],
            hint=f"It has: {', '.join(sorted(LABELS[each] for each in _OF[kind]))}.",
        )
    match kind:
        case Kind.KEY:
            return _key(typed, old if isinstance(old, KeyCredential) else None)
        case Kind.BASIC:
            return _basic(typed, old if isinstance(old, BasicCredential) else None)
        case Kind.CERTIFICATE:
            return _certificate(typed, old if isinstance(old, ClientCertificate) else None)
        case Kind.AUTHORITY:
            if typed.certificate is None and isinstance(old, Authority):
                return old
            return Authority(checked_authorities(typed.certificate or ""))
        case Kind.PROXY:
            return _proxy(typed, old if isinstance(old, Proxy) else None)


def details_of(contents: Contents) -> tuple[Details, datetime | None]:
    """What may be shown of ``contents``, and when the first certificate in it ends."""
    match contents:
        case KeyCredential(name=name, placement=placement, prefix=prefix):
            return Details(key_name=name, placement=placement, prefix=prefix), None
        case BasicCredential(username=username, password=password):
            # A service that takes its key as the user name has no password for it.
            shown = username if password else ""
            return Details(username=shown, has_password=bool(password)), None
        case Proxy(url=url, username=username, password=password):
            return Details(url=url, username=username, has_password=bool(password)), None
        case ClientCertificate(pem, _) | Authority(pem):
            facts = facts_of(pem)
            shown_facts = Details(subject=facts.subject, issuer=facts.issuer, more=facts.count - 1)
            return shown_facts, facts.expires_at


def secrets_in(contents: Contents) -> tuple[Secret, ...]:
    """What must not be seen of ``contents``, in the forms in which it travels."""
    match contents:
        case KeyCredential() | BasicCredential():
            return contents.secrets
        case ClientCertificate(_, key):
            return (key,)
        case Proxy(username=username, password=password):
            sent = BasicCredential(username=username, password=password)
            return sent.secrets if password else ()
        case Authority():
            return ()


def contents_to_plain(contents: Contents) -> dict[str, Any]:
    """``contents`` as JSON, to be sealed; its hosts are not in it."""
    match contents:
        case KeyCredential():
            return {
                "name": contents.name,
                "value": contents.value.reveal(),
                "placement": contents.placement.value,
                "prefix": contents.prefix,
            }
        case BasicCredential():
            return {"username": contents.username, "password": contents.password.reveal()}
        case ClientCertificate(pem, key):
            return {"certificate": pem, "private_key": key.reveal()}
        case Authority(pem):
            return {"certificate": pem}
        case Proxy():
            return {
                "url": contents.url,
                "username": contents.username,
                "password": contents.password.reveal(),
            }


def contents_from_plain(kind: Kind, plain: Mapping[str, Any], hosts: tuple[str, ...]) -> Contents:
    """The contents that ``contents_to_plain`` wrote, bound to ``hosts``."""
    match kind:
        case Kind.KEY:
            return KeyCredential(
                name=plain["name"],
                value=Secret(plain["value"]),
                placement=KeyPlacement(plain["placement"]),
                prefix=plain["prefix"],
                hosts=hosts,
            )
        case Kind.BASIC:
            return BasicCredential(
                username=plain["username"], password=Secret(plain["password"]), hosts=hosts
            )
        case Kind.CERTIFICATE:
            return ClientCertificate(plain["certificate"], Secret(plain["private_key"]))
        case Kind.AUTHORITY:
            return Authority(plain["certificate"])
        case Kind.PROXY:
            return Proxy(
                url=plain["url"],
                username=plain["username"],
                password=Secret(plain["password"]),
            )


def _key(typed: CredentialFields, old: KeyCredential | None) -> KeyCredential:
    old = old or KeyCredential(name="", value=NO_SECRET)
    # Keys are pasted, often with the line break behind them.
    value = old.value if typed.value is None else Secret(typed.value.reveal().strip())
    key = replace(
        old,
        name=old.name if typed.key_name is None else typed.key_name.strip(),
        value=value,
        placement=typed.placement or old.placement,
        prefix=old.prefix if typed.prefix is None else typed.prefix.strip(),
    )
    if not value:
        raise InvalidInput(
            "The API key is empty.", field=KEY, hint="The service's console shows it, or makes one."
        )
    if key.prefix and key.placement is KeyPlacement.QUERY:
        raise InvalidInput(
            "A prefix goes before a key in a header.",
            field=LABELS["prefix"],
            hint="Leave it empty, or choose the header.",
        )
    try:
        return check_credential(key)
    except EgressBlocked as error:
        raise InvalidInput(error.message, field=LABELS["key_name"], hint=error.hint) from None


def _basic(typed: CredentialFields, old: BasicCredential | None) -> BasicCredential:
    old = old or BasicCredential(username="", password=NO_SECRET)
    basic = replace(
        old,
        username=old.username if typed.username is None else typed.username,
        password=old.password if typed.password is None else typed.password,
    )
    if not basic.username and not basic.password:
        raise InvalidInput(
            "The user name is empty.",
            field=LABELS["username"],
            hint="A service that takes a key in its place wants no password.",
        )
    return check_credential(basic)


def _certificate(typed: CredentialFields, old: ClientCertificate | None) -> ClientCertificate:
    if typed.pkcs12 is not None:
        if typed.certificate or typed.private_key:
            raise InvalidInput(
                "A certificate comes as PEM or as a PKCS#12 file, not as both.",
                field=CERTIFICATE,
                hint="Leave one of the two empty.",
            )
        return certificate_from_pkcs12(typed.pkcs12, typed.passphrase)
    if old is not None and typed.certificate is None and typed.private_key is None:
        return old
    key = typed.private_key or (old.private_key_pem if old is not None else NO_SECRET)
    pem = typed.certificate or (old.certificate_pem if old is not None else "")
    if pem and not key:
        raise InvalidInput(
            "The certificate has no private key.",
            field=PRIVATE_KEY,
            hint="Give its PEM key, or a PKCS#12 file with both.",
        )
    return certificate_from_pem(pem, key, typed.passphrase)


def _proxy(typed: CredentialFields, old: Proxy | None) -> Proxy:
    old = old or Proxy(url="")
    url = old.url if typed.url is None else _proxy_url(typed.url)
    if url != old.url and old.password and typed.password is None:
        raise InvalidInput(
            "The password must be typed again, because it would go to another proxy.",
            field=PASSWORD,
            hint="A secret goes only to the server it was given for.",
        )
    proxy = replace(
        old,
        url=url or _proxy_url(""),
        username=old.username if typed.username is None else typed.username,
        password=old.password if typed.password is None else typed.password,
    )
    if proxy.password and not proxy.username:
        raise InvalidInput(
            "The password has no user name.", field=LABELS["username"], hint="Type it."
        )
    check_credential(BasicCredential(username=proxy.username, password=proxy.password))
    return proxy


def _proxy_url(text: str) -> str:
    proxy = parse_proxy(text, field=LABELS["url"])
    if proxy.username or proxy.password:
        raise InvalidInput(
            "The proxy URL has a user name in it.",
            field=LABELS["url"],
            hint="User name and password have fields of their own.",
        )
    return proxy.url
