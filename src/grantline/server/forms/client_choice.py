"""Where the client ID of a new app comes from: what the form offers, and what was chosen."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Self

from starlette.datastructures import FormData

from grantline.connections.apps.client_document import why_no_document
from grantline.oauth.discovery.metadata import ServerMetadata


class Client(StrEnum):
    """Ways to a client ID, the preferred one first, as the MCP specification has them."""

    DOCUMENT = "document"
    REGISTERED = "registered"
    GIVEN = "given"


_WORDS: Final = {
    Client.DOCUMENT: "Let the service read a document about this installation",
    Client.REGISTERED: "Let the service register a client",
    Client.GIVEN: "Enter a client ID from its console",
}


@dataclass(frozen=True, slots=True)
class ClientChoice:
    """What a form offers and what is chosen.

    Attributes:
        offers: Besides a client ID that is entered.
        note: Why a way that the service knows is not offered.
    """

    chosen: Client = Client.GIVEN
    offers: tuple[Client, ...] = ()
    note: str = ""

    @property
    def options(self) -> tuple[tuple[str, str], ...]:
        """Value and words of each way."""
        return tuple((each.value, _WORDS[each]) for each in (*self.offers, Client.GIVEN))

    @classmethod
    def of(cls, metadata: ServerMetadata, public_url: str) -> Self:
        """What a service that says ``metadata`` of itself lets one choose."""
        reads = metadata.client_id_metadata_document_supported
        why_not = why_no_document(public_url) if reads else ""
        ways = (
            (Client.DOCUMENT, reads and not why_not),
            (Client.REGISTERED, bool(metadata.registration_endpoint)),
        )
        offers = tuple(way for way, is_there in ways if is_there)
        note = f"The service would read a document about this client. {why_not}" if why_not else ""
        return cls((*offers, Client.GIVEN)[0], offers, note)

    @classmethod
    def typed(cls, form: FormData) -> Self:
        """What a browser sent; whether the service agrees is seen when it is asked again."""
        sent = set(str(form.get("offers") or "").split())
        offers = tuple(each for each in Client if each in sent and each is not Client.GIVEN)
        chosen = str(form.get("client") or "")
        return cls(Client(chosen) if chosen in offers else Client.GIVEN, offers)


ENTERED: Final = ClientChoice()
