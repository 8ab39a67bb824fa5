"""Starts the unmodified django-oauth-toolkit on loopback, with an API that takes its tokens.

    python -m tests.peers.django_toolkit.server ['{"port": 0, "settings": {...}}']

Prints one JSON line when it listens, then serves until SIGTERM.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import tempfile
import threading
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

import django
from django.conf import settings
from django.core.management import call_command
from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler
from django.core.wsgi import get_wsgi_application

from tests.peers.django_toolkit.settings import site_settings

LOGIN = "person"
PASSWORD = "correct horse battery staple"

# Of a loopback redirect URI, any port is accepted (RFC 8252 section 7.3).
LOOPBACK = [
    f"http://{host}{path}"
    for host in ("127.0.0.1", "[::1]")
    for path in ("/", "/callback", "/oauth/callback")
]

# The toolkit gives each application one grant: client id, type, grant.
APPLICATIONS = [
    ("native", "public", "authorization-code"),
    ("web", "confidential", "authorization-code"),
    ("implicit", "public", "implicit"),
    ("password", "confidential", "password"),
    ("machine", "confidential", "client-credentials"),
    ("device", "public", "urn:ietf:params:oauth:grant-type:device_code"),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """What a test can choose.

    Attributes:
        port: Where to listen; 0 takes a free port.
        exit_with_stdin: End when whoever started us is gone.
        redirect_uris: Of the client ``web``, besides the usual ones.
        settings: Overrides the toolkit's own settings, by their documented names.
    """

    port: int = 9500
    exit_with_stdin: bool = False
    redirect_uris: list[str] = field(default_factory=list)
    settings: dict[str, Any] = field(default_factory=dict)


class QuietHandler(WSGIRequestHandler):  # type: ignore[misc] # Django ships no types
    def log_message(self, *args: object) -> None:
        pass


def create_tables_and_rows(config: Config) -> list[dict[str, Any]]:
    """The clients that are registered from the start, next to one person who can log in."""
    # Models can be imported only once Django is set up.
    from django.contrib.auth import get_user_model  # noqa: PLC0415
    from oauth2_provider.models import get_application_model  # noqa: PLC0415

    call_command("migrate", run_syncdb=True, verbosity=0)
    # Django's own login page belongs to the admin site, which lets staff in.
    user = get_user_model().objects.create_user(LOGIN, password=PASSWORD, is_staff=True)
    clients = []
    for name, client_type, grant in APPLICATIONS:
        has_redirect = grant in {"authorization-code", "implicit"}
        uris = [*LOOPBACK, *(config.redirect_uris if name == "web" else [])] if has_redirect else []
        confidential = client_type == "confidential"
        secret = f"{name}-secret-for-tests-only" if confidential else ""
        get_application_model().objects.create(
            client_id=name,
            client_secret=secret,
            client_type=client_type,
            authorization_grant_type=grant,
            name=name,
            user=user,
            redirect_uris=" ".join(uris),
        )
        clients.append(
            {
                "client_id": name,
                **({"client_secret": secret} if confidential else {}),
                "token_endpoint_auth_method": "client_secret_basic" if confidential else "none",
                "redirect_uris": uris,
            },
        )
    return clients


def stop(_number: int, _frame: FrameType | None) -> None:
    raise SystemExit(0)


def stop_when_stdin_closes() -> None:
    # Not sys.stdin: a thread that waits in it keeps the interpreter from shutting down.
    while os.read(0, 1):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


def main() -> None:
    """Serves until stopped, and leaves nothing behind."""
    config = Config(**json.loads(sys.argv[1] if len(sys.argv) > 1 else "{}"))
    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    if config.exit_with_stdin:
        threading.Thread(target=stop_when_stdin_closes, daemon=True).start()
    with (
        tempfile.TemporaryDirectory(prefix="django-toolkit-") as folder,
        ThreadedWSGIServer(("127.0.0.1", config.port), QuietHandler) as server,
    ):
        base_url = f"http://127.0.0.1:{server.server_port}"
        settings.configure(**site_settings(base_url, Path(folder), config.settings))
        django.setup()
        clients = create_tables_and_rows(config)
        server.daemon_threads = True
        server.set_app(get_wsgi_application())
        sys.stdout.write(json.dumps(announcement(base_url, clients)) + "\n")
        sys.stdout.flush()
        server.serve_forever()


def announcement(base_url: str, clients: list[dict[str, Any]]) -> dict[str, Any]:
    """What the starter needs to know, in the words of RFC 8414."""
    return {
        "issuer": f"{base_url}/o",
        "api_url": f"{base_url}/api",
        "scope": "read",
        "authorize_parameters": {},
        "endpoints": {
            "authorization_endpoint": f"{base_url}/o/authorize/",
            "token_endpoint": f"{base_url}/o/token/",
            "device_authorization_endpoint": f"{base_url}/o/device-authorization/",
            "introspection_endpoint": f"{base_url}/o/introspect/",
            "revocation_endpoint": f"{base_url}/o/revoke_token/",
            "registration_endpoint": f"{base_url}/o/register/",
        },
        "clients": clients,
    }


if __name__ == "__main__":
    main()
