"""A real authorization server on loopback that plays any part and writes everything down.

Read in this order: ``options`` (what it can be), ``server`` (what you hold), ``journal`` and
``rules`` (how it judges the client). One subject per file for the rest:

- ``exchange``, ``routes``: a request, an answer, and who answers what.
- ``authorize``, ``grants``, ``tokens``, ``device``, ``lifecycle``, ``metadata``: the protocol.
- ``clients``, ``dpop``, ``jose``: who is asking, and proofs of possession.
- ``api``, ``pages``: the demo API, and what a person sees.
- ``faults``, ``gates``, ``delivery``: what goes wrong, where to stop it, and how answers leave.
- ``control``: the same for other processes, over HTTP.
- ``state``: everything it remembers.

It shares no protocol code with Grantline's client side: a judge must not read with the eyes of
the one it judges.
"""

from grantline.testing.authorization_server.exchange import Answer, Endpoint
from grantline.testing.authorization_server.faults import (
    AnswerTwice,
    Delay,
    Drip,
    Drop,
    Fault,
    Moment,
    Refuse,
    Replace,
    Truncate,
)
from grantline.testing.authorization_server.gates import Hold, Point
from grantline.testing.authorization_server.journal import (
    Entry,
    Journal,
    Outcome,
    Rule,
    Violation,
)
from grantline.testing.authorization_server.options import (
    Consent,
    DpopPolicy,
    ExpiresIn,
    Leniency,
    ServerOptions,
)
from grantline.testing.authorization_server.server import FakeAuthorizationServer
from grantline.testing.authorization_server.state import DEMO_PASSWORD, DEMO_USERNAME, Client

__all__ = [
    "DEMO_PASSWORD",
    "DEMO_USERNAME",
    "Answer",
    "AnswerTwice",
    "Client",
    "Consent",
    "Delay",
    "DpopPolicy",
    "Drip",
    "Drop",
    "Endpoint",
    "Entry",
    "ExpiresIn",
    "FakeAuthorizationServer",
    "Fault",
    "Hold",
    "Journal",
    "Leniency",
    "Moment",
    "Outcome",
    "Point",
    "Refuse",
    "Replace",
    "Rule",
    "ServerOptions",
    "Truncate",
    "Violation",
]
