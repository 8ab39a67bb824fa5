"""The real ``grantline serve`` as a process, and the real browser that visits it."""

from __future__ import annotations

import os
import re
import selectors
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, sync_playwright

START_DEADLINE_S = 60
STOP_DEADLINE_S = 20
# A page that is slower than this, on a machine that runs other tests besides, is stuck.
PATIENCE_MS = 15_000
# The first of them draws no windows, so that it is the fastest.
PROGRAMS = ("chromium-headless-shell", "chromium", "chromium-browser")
NO_CHROMIUM = "The browser tests drive Chromium, and there is none here: run scripts/test-setup."
# Loopback and nothing else: a page that asks for anything of the internet does without it.
ARGUMENTS = [
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-proxy-server",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]
# A page can be seen before its scripts have run. People are slower than that, and so are we: until
# then no click can land, and Playwright tries it again.
NO_HASTE = """
const still = new CSSStyleSheet();
still.replaceSync("* { pointer-events: none !important }");
document.adoptedStyleSheets = [still];
addEventListener("load", () => { document.adoptedStyleSheets = []; });
"""


class NotThereError(Exception):
    """What the tests need is not installed, or did not start; the message says what to do."""


@dataclass(frozen=True, slots=True)
class App:
    """A running web app, and the demo service beside it."""

    url: str
    demo_url: str


@contextmanager
def serving(data: Path) -> Iterator[App]:
    """``grantline serve --demo`` on a free port, stopped by its id when the block ends."""
    command = [f"{sys.prefix}/bin/grantline", "serve", "--demo", "--port", "0"]
    inherited = {name: value for name, value in os.environ.items() if "GRANTLINE" not in name}
    with (
        tempfile.TemporaryFile() as complaints,
        subprocess.Popen(
            command,
            env={**inherited, "GRANTLINE_DATA_DIR": str(data)},
            stdout=subprocess.PIPE,
            stderr=complaints,
        ) as process,
    ):
        try:
            said = _read_until(process, "Stop with")
            found = re.findall(r"https?://127\.0\.0\.1:\d+", said)
            if len(found) != 2:
                complaints.seek(0)
                words = complaints.read().decode(errors="replace")
                raise NotThereError(f"grantline serve did not start; it said:\n{said}{words}")
            yield App(*found)
        finally:
            process.terminate()
            try:
                process.wait(STOP_DEADLINE_S)
            except subprocess.TimeoutExpired:
                process.kill()


def _read_until(process: subprocess.Popen[bytes], words: str) -> str:
    assert process.stdout is not None
    said, deadline = "", time.monotonic() + START_DEADLINE_S
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        while words not in said and selector.select(deadline - time.monotonic()):
            if not (chunk := os.read(process.stdout.fileno(), 4096)):
                break
            said += chunk.decode()
    return said


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser with a new profile.

    Playwright's synchronous interface keeps an event loop running in this thread, so no
    asynchronous test can run until the block ends.
    """
    program = next(filter(None, map(shutil.which, PROGRAMS)), None)
    if program is None:
        raise NotThereError(NO_CHROMIUM)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=program, args=ARGUMENTS, chromium_sandbox=os.geteuid() != 0
        )
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def visiting(browser: Browser, **given: Any) -> Iterator[BrowserContext]:
    """A visitor with cookies of their own; takes what Playwright's ``new_context`` takes."""
    with browser.new_context(**{"reduced_motion": "reduce", **given}) as context:
        context.set_default_timeout(PATIENCE_MS)
        if given.get("java_script_enabled", True):
            context.add_init_script(NO_HASTE)
        yield context
