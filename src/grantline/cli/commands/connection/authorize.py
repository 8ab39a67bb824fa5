"""Getting consent: by the browser of this machine, by another device, or by a pasted address."""

from __future__ import annotations

import os
import secrets
import sys
import threading
import webbrowser
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Final
from urllib.parse import urlsplit

import typer

from grantline.cli.commands.connection.granted import show_result
from grantline.cli.commands.connection.look import NameArgument
from grantline.cli.errors import UsageError
from grantline.cli.output import Format, FormatOption, note
from grantline.cli.running import with_engine
from grantline.cli.words import parse_span, relative
from grantline.clock import SystemClock
from grantline.oauth.app.settings import FlowType

if TYPE_CHECKING:
    from grantline.connections.connection import Connection
    from grantline.connections.engine import Engine

commands = typer.Typer()

OUR_HOSTS: Final = {"127.0.0.1", "::1", "localhost"}
DEFAULT_TIMEOUT: Final = "10m"

DeviceOption = Annotated[bool, typer.Option("--device", help="Show a code to type elsewhere.")]
PasteOption = Annotated[
    bool, typer.Option("--paste", help="Read the address the browser ended on from stdin.")
]
NoBrowserOption = Annotated[
    bool, typer.Option("--no-browser", help="Print the address; open nothing.")
]
PortOption = Annotated[
    int, typer.Option(min=0, max=65535, help="Listen on this port; 0 takes a free one.")
]
OtherAccountOption = Annotated[
    bool, typer.Option("--other-account", help="The account may be another one than before.")
]
TimeoutOption = Annotated[str, typer.Option(help="How long to wait for the person: 90s, 10m.")]


@commands.command(epilog="Example: grantline connection authorize google")
def authorize(
    name: NameArgument,
    *,
    device: DeviceOption = False,
    paste: PasteOption = False,
    no_browser: NoBrowserOption = False,
    port: PortOption = 0,
    timeout: TimeoutOption = DEFAULT_TIMEOUT,
    other_account: OtherAccountOption = False,
    form: FormatOption = Format.TEXT,
) -> None:
    """Gets consent for a connection: opens the browser and receives the answer on this machine."""
    if device and paste:
        raise UsageError("--device and --paste are two ways.", hint="Give one of them.")
    wait = parse_span(timeout, field="--timeout")
    consent = Consenting(
        paste=paste,
        device=device,
        browser=not no_browser,
        port=port,
        wait=wait,
        any_account=other_account,
    )
    consent.run(name, form)


@commands.command(epilog="Example: grantline connection reauthorize google")
def reauthorize(
    name: NameArgument,
    *,
    device: DeviceOption = False,
    paste: PasteOption = False,
    no_browser: NoBrowserOption = False,
    port: PortOption = 0,
    timeout: TimeoutOption = DEFAULT_TIMEOUT,
    other_account: OtherAccountOption = False,
    form: FormatOption = Format.TEXT,
) -> None:
    """Gets consent again; the old token works until the new one is there."""
    authorize(
        name,
        device=device,
        paste=paste,
        no_browser=no_browser,
        port=port,
        timeout=timeout,
        other_account=other_account,
        form=form,
    )


class Consenting:
    """One attempt to get consent."""

    def __init__(
        self,
        *,
        paste: bool = False,
        device: bool = False,
        browser: bool = True,
        port: int = 0,
        wait: timedelta = timedelta(minutes=10),
        any_account: bool = False,
    ) -> None:
        self._paste = paste
        self._device = device
        self._browser = browser
        self._port = port
        self._wait = wait
        self._any_account = any_account
        # Of this process alone: nobody else can complete what it begins.
        self._binding = secrets.token_urlsafe(32)

    def run(self, name: str, form: Format) -> None:
        """Gets consent for the connection ``name`` and says what came of it."""
        from grantline.connections.engine import LOCAL

        found = with_engine(lambda engine: engine.find(LOCAL, name))
        if self._needs_paste(found):
            self._by_paste(found)
        else:
            with_engine(lambda engine: self._directly(engine, found))
        show_result(found.id, form)

    def _needs_paste(self, found: Connection) -> bool:
        if not found.flow.needs_browser or self._device:
            return False
        fixed = found.app.settings.redirect_uri
        if fixed and not _is_ours(fixed) and not self._paste:
            note(f"The redirect URI {fixed} does not lead to this machine.")
            return True
        return self._paste

    async def _directly(self, engine: Engine, found: Connection) -> None:
        if found.flow is FlowType.DEVICE or self._device:
            await self._by_device(engine, found)
        elif found.flow.needs_browser:
            await self._by_listener(engine, found)
        else:
            await obtain(engine, found.id)

    async def _by_listener(self, engine: Engine, found: Connection) -> None:
        from grantline.connections.consent.callback_path import callback_digest, callback_path
        from grantline.connections.engine import LOCAL
        from grantline.net.loopback import LoopbackListener

        settings = found.app.settings
        listener = LoopbackListener(callback_path(settings), self._port)
        digest: str | None = callback_digest(settings)
        exact = ""
        if fixed := settings.redirect_uri:
            parts = urlsplit(fixed)
            listener = LoopbackListener(
                parts.path or "/", parts.port or self._port, host=_host_part(fixed)
            )
            digest = None
            # RFC 8252 section 7.3: one registered without a port takes any.
            exact = fixed if parts.port else ""
        async with listener:
            begun = await engine.authorize.begin(
                LOCAL,
                found.id,
                redirect_uri=exact or listener.redirect_uri,
                binding=self._binding,
                any_account=self._any_account,
            )
            opened = self._browser and open_browser(begun.url)
            ends = min(begun.expires_at, SystemClock().now() + self._wait)
            _show_address(begun.url, ends, opened=opened)
            answer = await listener.wait(self._wait, begun.is_answered_by)
            await engine.authorize.complete(
                LOCAL, answer, binding=self._binding, context_digest=digest
            )

    async def _by_device(self, engine: Engine, found: Connection) -> None:
        from grantline.connections.engine import LOCAL

        start = await engine.devices.begin(LOCAL, found.id)
        shown = start.authorization
        note(f"On any device, open {shown.verification_uri} and enter the code:")
        note(f"\n    {shown.user_code}\n")
        if shown.verification_uri_complete:
            note(f"Or open {shown.verification_uri_complete}")
        note(f"Waiting; the code ends {relative(start.expires_at, SystemClock().now())}.")
        await engine.devices.finish(LOCAL, start)

    def _by_paste(self, found: Connection) -> None:
        """Two engines, so that nothing is open while a person takes his time."""
        from grantline.cli.views import LOOPBACK
        from grantline.connections.consent.callback_path import callback_digest, callback_path
        from grantline.connections.engine import LOCAL

        settings = found.app.settings
        port = f":{self._port}" if self._port else ""
        redirect_uri = settings.redirect_uri or f"{LOOPBACK}{port}{callback_path(settings)}"
        begun = with_engine(
            lambda engine: engine.authorize.begin(
                LOCAL,
                found.id,
                redirect_uri=redirect_uri,
                binding=self._binding,
                any_account=self._any_account,
            )
        )
        _show_address(begun.url, begun.expires_at, opened=False)
        note("When the browser has come back, copy the whole address it shows, even of an error")
        note("page, and paste it here:")
        pasted = sys.stdin.readline().strip()
        if not pasted:
            raise UsageError(
                "No address was pasted.",
                hint="Run the command again; each address works once.",
            )
        digest = None if settings.redirect_uri else callback_digest(settings)
        if digest and (path := urlsplit(pasted).path):
            digest = path.rpartition("/")[2]
        with_engine(
            lambda engine: engine.authorize.complete(
                LOCAL, answer_in(pasted, found.flow), binding=self._binding, context_digest=digest
            )
        )


async def obtain(engine: Engine, connection_id: str) -> None:
    """Tokens for a flow that needs no person."""
    from grantline.connections.engine import LOCAL

    await engine.authorize.obtain(LOCAL, connection_id)


def answer_in(pasted: str, flow: FlowType) -> str:
    """The part of a pasted address that answers: its query, or for implicit its fragment."""
    address, _, fragment = pasted.partition("#")
    if flow is FlowType.IMPLICIT and fragment:
        return fragment
    return address.partition("?")[2] if "?" in address else address


def open_browser(url: str) -> bool:
    """Opens ``url`` in the person's browser; whether there is one to open.

    Without a desktop, Python would start a text browser inside this very terminal.
    """
    has_desktop = sys.platform in {"darwin", "win32"} or any(
        os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER")
    )
    if has_desktop:
        threading.Thread(target=webbrowser.open, args=(url,), daemon=True).start()
    return has_desktop


def _show_address(url: str, ends: datetime, *, opened: bool) -> None:
    if opened:
        note("Your browser opens this address. Consent there, then come back:")
    else:
        note("Open this address in a browser and consent:")
    note(f"\n  {url}\n")
    note(f"It works once and ends {relative(ends, SystemClock().now())}.")


def _is_ours(uri: str) -> bool:
    parts = urlsplit(uri)
    return parts.scheme == "http" and parts.hostname in OUR_HOSTS


def _host_part(uri: str) -> str:
    host = urlsplit(uri).hostname or ""
    return f"[{host}]" if ":" in host else host
