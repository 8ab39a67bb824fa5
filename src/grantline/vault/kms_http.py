"""How key management services are asked that speak JSON over HTTP.

Not through the egress guard, which is about addresses that users type: this one is in the
operator's own environment, and is asked only when a process starts or a key is added.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import requests

from grantline.errors import KeyUnavailable
from grantline.secret import Secret
from grantline.vault.kms import unreachable

TIMEOUT_S: Final = 10
_LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "[::1]"})


def origin(host: str) -> str:
    """``https://`` and the host; plain ``http`` on this machine only, where agents listen."""
    name = host if host.endswith("]") else host.rsplit(":", 1)[0]
    return f"{'http' if name in _LOOPBACK else 'https'}://{host}"


def post(
    address: str,
    body: Mapping[str, str],
    *,
    service: str,
    token: Secret | None = None,
    headers: Mapping[str, str] | None = None,
    authorities: str = "",
) -> Mapping[str, Any]:
    """The JSON object that the service answers.

    Args:
        address: Where to post.
        body: What, as JSON.
        service: What the key is called in messages.
        token: For ``Authorization``.
        headers: More headers.
        authorities: A file of certificate authorities to trust in place of the usual ones.

    Raises:
        KeyUnavailable: It did not answer, or refused.
    """
    sent = dict(headers or {})
    if token is not None:
        sent["Authorization"] = f"Bearer {token.reveal()}"
    with requests.Session() as session:
        # Neither a proxy nor a .netrc that lies around may change where the key goes.
        session.trust_env = False
        try:
            answer = session.post(
                address,
                json=body,
                headers=sent,
                timeout=TIMEOUT_S,
                allow_redirects=False,
                verify=authorities or True,
            )
            found: Mapping[str, Any] = answer.json() if answer.status_code == 200 else {}
        except (requests.RequestException, OSError) as error:
            raise unreachable(
                service, error, "Check that it is up and can be reached from here."
            ) from None
    if answer.status_code != 200:
        raise KeyUnavailable(
            f"The key management service at {service} refused ({answer.status_code}).",
            hint=_HINTS.get(answer.status_code, "Look into the log of the service."),
        )
    return found


_HINTS: Final = {
    400: "The key there cannot open what this database keeps: check that the URL names the key "
    "that wrapped it.",
    401: "Check the credentials that this process has for the service.",
    403: "These credentials may not encrypt and decrypt with that key: allow both.",
    404: "There is no such key: check the URL.",
    503: "The service is sealed or busy.",
}
