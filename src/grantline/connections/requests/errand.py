"""One request with all that decides how it is made, as one value."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TypedDict

from grantline.calls.bodies.upload import Upload
from grantline.calls.request import RequestSpec
from grantline.connections.connection import Actor
from grantline.connections.credentials.authentication import RequestCredential
from grantline.connections.credentials.credential import CredentialIds
from grantline.connections.credentials.credential_rows import NOTHING, Carried
from grantline.connections.requests.run_cookies import RunCookies
from grantline.messages import DIRECT, Route
from grantline.net.transport import API_LIMITS, Limits


# Not frozen, for the reason that `HttpResponse` has: every request makes one.
@dataclass(slots=True)
class Errand:
    """A request, for whom and as whom it is made, and how it travels.

    Attributes:
        actor: Who asks.
        spec: The request.
        connection_id: Whose token goes along; None for none.
        carried: What goes along in its place, or beside it.
        upload: A body that takes the place of the content of ``spec``.
        route: How it travels.
        cookies: Those of the run that it is part of; a jar of its own where there is none.
        limits: What one exchange may cost; ``spec`` may shorten its times.
    """

    actor: Actor
    spec: RequestSpec
    connection_id: str | None = None
    carried: Carried = NOTHING
    upload: Upload | None = None
    route: Route = DIRECT
    cookies: RunCookies = field(default_factory=RunCookies)
    limits: Limits = API_LIMITS

    @property
    def has_secret(self) -> bool:
        """Whether a token, a key or a password goes along."""
        return self.connection_id is not None or self.carried.credential is not None

    @property
    def shortened_limits(self) -> Limits:
        """``limits`` with the times of ``spec``."""
        spec, limits = self.spec, self.limits
        if spec.timeout is None and spec.connect_timeout is None:
            return limits
        return replace(
            limits,
            total=spec.timeout or limits.total,
            connect=spec.connect_timeout or limits.connect,
        )


class How(TypedDict, total=False):
    """As whom a request is made beside a connection, and how it travels.

    Attributes:
        credentials: What goes along in place of the connection's token, or beside it.
        typed: A secret that is kept nowhere, in place of a credential.
        upload: A body in place of the spec's.
        route: How it travels.
        cookies: Those of the run that it is part of; without, it has a jar of its own.
    """

    credentials: CredentialIds
    typed: RequestCredential | None
    upload: Upload | None
    route: Route
    cookies: RunCookies | None
