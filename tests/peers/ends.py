"""Where requests end, written by others: nginx, Mockoon, and the proxy Tinyproxy on the way."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from string import Template
from threading import Thread

import trustme

from tests.peers.process import NOT_INSTALLED, ROOT, STOP_DEADLINE_S, PeerFailedError, heard_until
from tests.ports import free_ports

FOLDER = ROOT / "tests" / "peers"
MOCKOON = FOLDER / "mockoon" / "node_modules" / ".bin" / "mockoon-cli"
PROXY_USER, PROXY_PASSWORD = "proxy-user", "proxy-password-for-tests-only"


@dataclass(frozen=True)
class Nginx:
    """nginx with plain HTTP, TLS with optional client certificates, and TLS 1.2 alone.

    Attributes:
        files: What it serves; uploads land in its ``uploads``.
        authority: Who issued its certificate, and whose client certificates it takes.
    """

    url: str
    tls_url: str
    old_tls_url: str
    files: Path
    authority: trustme.CA

    @property
    def ca_pem(self) -> str:
        return self.authority.cert_pem.bytes().decode()


@dataclass(frozen=True)
class Tinyproxy:
    """A proxy that wants a password; ``log`` says what went through it."""

    port: int
    log: Path


@contextmanager
def running_nginx() -> Iterator[Nginx]:
    """Nginx on free ports, with a folder of its own."""
    program = _program("nginx", "/usr/sbin/nginx")
    authority = trustme.CA()
    certificate = authority.issue_cert("localhost", "127.0.0.1")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        for each in ("files/uploads", "files/small", "files/coded", "files/basic"):
            (folder / each).mkdir(parents=True)
        certificate.private_key_pem.write_to_path(folder / "server.key")
        for index, pem in enumerate(certificate.cert_chain_pems):
            pem.write_to_path(folder / "server.pem", append=index > 0)
        authority.cert_pem.write_to_path(folder / "authority.pem")
        (folder / "passwords").write_text("ada:{PLAIN}lovelace\n")
        plain, tls, old_tls = free_ports(3)
        text = Template((FOLDER / "nginx" / "nginx.conf").read_text()).substitute(
            folder=folder, plain_port=plain, tls_port=tls, old_tls_port=old_tls
        )
        if os.geteuid() == 0:
            text = f"user root;\n{text}"  # its workers must read and write this folder
        (folder / "nginx.conf").write_text(text)
        command = [program, "-p", name, "-c", str(folder / "nginx.conf")]
        with _running(command, until="start worker process "):
            yield Nginx(
                f"http://127.0.0.1:{plain}",
                f"https://localhost:{tls}",
                f"https://localhost:{old_tls}",
                folder / "files",
                authority,
            )


@contextmanager
def running_mockoon() -> Iterator[str]:
    """The URL of a Mockoon that serves mockoon/api.json."""
    if not (shutil.which("node") and MOCKOON.exists()):
        raise PeerFailedError(f"Mockoon {NOT_INSTALLED}")
    (port,) = free_ports(1)
    data = str(FOLDER / "mockoon" / "api.json")
    options = [
        "--repair",
        "--disable-admin-api",
        "--disable-log-to-file",
        "--hostname",
        "127.0.0.1",
    ]
    with tempfile.TemporaryDirectory() as home:
        # It repairs what it is given in place, and keeps notes in the home folder.
        copied = shutil.copy(data, home)
        command = [str(MOCKOON), "start", "--data", copied, "--port", str(port), *options]
        with _running(command, until="Server started", HOME=home):
            yield f"http://127.0.0.1:{port}"


@contextmanager
def running_tinyproxy(*, tunnels_to: int) -> Iterator[Tinyproxy]:
    """A proxy with a password that opens tunnels to one port only."""
    program = _program("tinyproxy", "/usr/bin/tinyproxy")
    (port,) = free_ports(1)
    with tempfile.TemporaryDirectory() as name:
        log = Path(name, "log")
        config = Path(name, "tinyproxy.conf")
        config.write_text(
            f"Port {port}\nListen 127.0.0.1\nMaxClients 20\nLogLevel Info\nTimeout 60\n"
            f"BasicAuth {PROXY_USER} {PROXY_PASSWORD}\nConnectPort {tunnels_to}\n"
        )
        with _running([program, "-d", "-c", str(config)], until="Accepting connections", log=log):
            yield Tinyproxy(port, log)


def _program(name: str, usual: str) -> str:
    found = shutil.which(name) or shutil.which(usual)
    if found is None:
        raise PeerFailedError(f"{name} {NOT_INSTALLED}")
    return found


@contextmanager
def _running(
    command: list[str], *, until: str, log: Path | None = None, **environment: str
) -> Iterator[None]:
    """A program that is gone when the block ends, and when this process dies before that."""
    with subprocess.Popen(
        ["setpriv", "--pdeathsig", "TERM", *command],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={**os.environ, **environment},
        text=True,
    ) as process:
        try:
            heard_until(process, until)
            Thread(target=_drain, args=(process, log), daemon=True).start()
            yield
        finally:
            process.terminate()
            try:
                process.wait(STOP_DEADLINE_S)
            except subprocess.TimeoutExpired:
                process.kill()


def _drain(process: subprocess.Popen[str], log: Path | None) -> None:
    """Reads on, so that a full pipe stops nobody; into ``log`` where there is one."""
    assert process.stdout is not None
    for line in process.stdout:
        if log is not None:
            with log.open("a") as file:
                file.write(line)
