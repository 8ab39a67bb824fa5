"""Google's service account files: the client ID, key and token URI of a JWT bearer connection."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

from grantline.cli.options.secrets import text_in
from grantline.errors import InvalidInput
from grantline.oauth.app.assertion_settings import AssertionSettings
from grantline.oauth.app.request_choices import ClientAuthentication
from grantline.secret import Secret

OPTION: Final = "--service-account-file"
_FIELDS: Final = ("client_email", "private_key", "token_uri")


def read_service_account(path: Path) -> tuple[dict[str, Any], Secret]:
    """The settings and the private key in a service account file.

    Raises:
        InvalidInput: It is not such a file.
    """
    try:
        document = json.loads(text_in(path, option=OPTION))
    except ValueError:
        document = None
    if not isinstance(document, dict) or not all(
        isinstance(document.get(name), str) and document[name] for name in _FIELDS
    ):
        raise InvalidInput(
            f"The file of {OPTION} is not a service account key.",
            field=OPTION,
            hint=f"Download the key as JSON; it has {', '.join(_FIELDS)}.",
        )
    settings = {
        "client_id": document["client_email"],
        "token_uri": document["token_uri"],
        "client_authentication": ClientAuthentication.NONE,
        "assertion": AssertionSettings(
            algorithm="RS256",
            key_id=str(document.get("private_key_id") or ""),
            scope_in_assertion=True,
        ),
    }
    return settings, Secret(document["private_key"])
