"""Key management services: the master key is unwrapped once, and nothing else is ever asked."""

import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Self

import google.auth
import pytest

from grantline.connections.open import open_installation
from grantline.connections.settings import Settings
from grantline.errors import ConfigurationError, KeyUnavailable
from grantline.vault import kms_gcp
from grantline.vault.keys import MasterKey
from grantline.vault.kms import WrappedKeys, open_service, split_services
from tests.vault.key_services import (
    ARN,
    BEARER,
    CLOUD_KEY,
    VAULT_TOKEN,
    KeyServices,
    key_services,
)

KEY = MasterKey(b"k" * 32)
SCHEMES = ["vault-transit", "aws-kms", "gcp-kms", "azure-kv"]


class PlayedCredential:
    """An identity of Google's or Azure's, without the network."""

    token = BEARER

    def refresh(self, _request: object) -> None:
        pass

    def get_token(self, scope: str) -> Any:
        assert scope.endswith("/.default")
        return SimpleNamespace(token=BEARER)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def running() -> Iterator[KeyServices]:
    with key_services() as services:
        yield services


@pytest.fixture
def services(running: KeyServices, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> KeyServices:
    running.calls.clear()
    running.answers_with, running.spoils = None, False
    running.key = bytes(range(32))
    for name, value in {
        "HOME": str(tmp_path),
        "VAULT_TOKEN": VAULT_TOKEN,
        "AWS_ENDPOINT_URL_KMS": f"http://{running.host}",
        "AWS_ACCESS_KEY_ID": "id",
        "AWS_SECRET_ACCESS_KEY": "canary-secret-of-amazon",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(kms_gcp, "ENDPOINT", f"http://{running.host}")
    monkeypatch.setattr(google.auth, "default", lambda scopes: (PlayedCredential(), scopes))
    monkeypatch.setattr("grantline.vault.kms_azure.DefaultAzureCredential", PlayedCredential)
    return running


@pytest.fixture(params=SCHEMES)
def url(request: pytest.FixtureRequest, services: KeyServices) -> str:
    return {
        "vault-transit": f"vault-transit://{services.host}/transit/grantline",
        "aws-kms": f"aws-kms://{ARN}",
        "gcp-kms": f"gcp-kms://{CLOUD_KEY}",
        "azure-kv": f"azure-kv://{services.host}/grantline",
    }[request.param]


def made(url: str) -> tuple[MasterKey, str]:
    """A key that the service wrapped, and what a database keeps of it."""
    ring = WrappedKeys([url], tuple).create()
    assert ring is not None
    return ring.primary, ring.primary.wrapped


def test_a_key_is_made_here_and_wrapped_there(url: str, services: KeyServices) -> None:
    key, wrapped = made(url)
    assert services.calls == ["encrypt", "decrypt"]
    assert wrapped.startswith(url.partition("://")[0] + " ")
    assert key.to_text() not in wrapped


def test_a_start_asks_once_and_then_never_again(url: str, services: KeyServices) -> None:
    key, wrapped = made(url)
    services.calls.clear()
    place = WrappedKeys([url], lambda: [wrapped, ""])
    for _ in range(3):
        ring = place.load()
        assert ring is not None
        assert list(ring) == [key]
    assert services.calls == ["decrypt"]


def test_nothing_wrapped_is_nothing_here(url: str, services: KeyServices) -> None:
    assert WrappedKeys([url], tuple).load() is None
    assert services.calls == []


def test_a_key_that_is_there_is_not_made_again(url: str) -> None:
    key, wrapped = made(url)
    ring = WrappedKeys([url], lambda: [wrapped]).create()
    assert ring is not None
    assert ring.primary == key


def test_a_key_that_was_added_comes_behind_the_others(url: str) -> None:
    key, wrapped = made(url)
    place = WrappedKeys([url], lambda: [wrapped])
    assert place.add(KEY)
    ring = place.load()
    assert ring is not None
    assert list(ring) == [key, KEY]


@pytest.mark.parametrize("status", [400, 401, 403, 404, 500, 503])
def test_a_refusal_says_what_to_do_and_shows_nothing(
    url: str, services: KeyServices, status: int
) -> None:
    key, wrapped = made(url)
    services.answers_with = status
    with pytest.raises(KeyUnavailable) as refused:
        WrappedKeys([url], lambda: [wrapped]).load()
    error = refused.value
    assert url in error.message
    assert error.hint
    said = f"{error} {error.detail} {error!r}"
    for secret in (key.to_text(), VAULT_TOKEN, BEARER, "canary-secret-of-amazon"):
        assert secret not in said


def test_another_key_in_the_service_does_not_open_it(url: str, services: KeyServices) -> None:
    _, wrapped = made(url)
    services.key = bytes(32)
    with pytest.raises(KeyUnavailable):
        WrappedKeys([url], lambda: [wrapped]).load()


def test_a_service_that_does_not_give_back_what_it_wrapped_seals_nothing(
    url: str, services: KeyServices
) -> None:
    services.spoils = True
    with pytest.raises(KeyUnavailable, match="did not give back"):
        WrappedKeys([url], tuple).create()


def test_a_service_that_is_down_is_said_to_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VAULT_TOKEN", VAULT_TOKEN)
    with pytest.raises(KeyUnavailable, match="did not answer") as refused:
        open_service("vault-transit://127.0.0.1:9/transit/grantline").unwrap("vault:v1:AAAA")
    assert VAULT_TOKEN not in f"{refused.value} {refused.value.detail}"


def test_a_token_may_lie_where_agents_put_it(
    services: KeyServices, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("VAULT_TOKEN")
    url = f"vault-transit://{services.host}/transit/grantline"
    with pytest.raises(KeyUnavailable, match="no token"):
        made(url)
    (tmp_path / ".vault-token").write_text(VAULT_TOKEN + "\n")
    made(url)


@pytest.mark.parametrize(
    ("scheme", "module", "extra"),
    [
        ("vault-transit://v/transit/k", "kms_vault", "vault"),
        (f"aws-kms://{ARN}", "kms_aws", "aws"),
        (f"gcp-kms://{CLOUD_KEY}", "kms_gcp", "gcp"),
        ("azure-kv://v/k", "kms_azure", "azure"),
    ],
)
def test_a_missing_extra_is_named(
    monkeypatch: pytest.MonkeyPatch, scheme: str, module: str, extra: str
) -> None:
    monkeypatch.setitem(sys.modules, f"grantline.vault.{module}", None)
    with pytest.raises(ConfigurationError, match="not installed") as refused:
        open_service(scheme)
    assert f"grantline[{extra}]" in refused.value.hint


@pytest.mark.parametrize(
    "url",
    [
        "vault-transit://",
        "vault-transit://host",
        "vault-transit://host/key",
        "aws-kms://key",
        "aws-kms://arn:aws:kms",
        "gcp-kms://projects/p",
        "azure-kv://host",
        "azure-kv://host/a/b",
    ],
)
def test_a_url_that_names_no_key_is_shown_the_form(url: str) -> None:
    with pytest.raises(ConfigurationError, match="does not name a key") as refused:
        open_service(url)
    assert "It looks like this" in refused.value.hint


def test_urls_and_keys_stand_side_by_side() -> None:
    urls, rest = split_services(f"vault-transit://v/t/k, {KEY.to_text()}")
    assert (urls, rest) == (("vault-transit://v/t/k",), KEY.to_text())
    with pytest.raises(ConfigurationError, match="not supported"):
        split_services("https://v/t/k")


def test_an_installation_moves_from_a_key_file_to_a_service_and_back(
    services: KeyServices, tmp_path: Path
) -> None:
    url = f"vault-transit://{services.host}/transit/grantline"

    def settings(**environment: str) -> Settings:
        return Settings.from_environment({"GRANTLINE_DATA_DIR": str(tmp_path), **environment})

    with open_installation(settings()) as installation:
        (in_file,) = installation.keys.held
    with open_installation(settings(GRANTLINE_KEY=url)) as installation:
        wrapped = installation.keys.add()
        installation.keys.make_primary(wrapped)
        installation.keys.rewrap()
        installation.keys.retire(in_file.fingerprint)
    (tmp_path / "master.key").rename(tmp_path / "old.key")
    services.calls.clear()
    with open_installation(settings(GRANTLINE_KEY=url)) as installation:
        (status,) = installation.keys.statuses()
        assert (status.fingerprint, status.service) == (wrapped, "vault-transit")
    assert services.calls == ["decrypt"]
    with pytest.raises(KeyUnavailable) as refused, open_installation(settings()):
        pass
    assert "It was wrapped by vault-transit" in refused.value.hint
    both = settings(GRANTLINE_KEY=f"{url},{KEY.to_text()}")
    with open_installation(both) as installation:
        installation.keys.make_primary(KEY.fingerprint)
        installation.keys.retire(wrapped)
    with open_installation(settings(GRANTLINE_KEY=KEY.to_text())) as installation:
        assert installation.keys.statuses()[0].fingerprint == KEY.fingerprint


def test_a_new_installation_begins_with_a_wrapped_key(
    services: KeyServices, tmp_path: Path
) -> None:
    url = f"vault-transit://{services.host}/transit/grantline"
    settings = Settings.from_environment(
        {"GRANTLINE_DATA_DIR": str(tmp_path), "GRANTLINE_KEY": url}
    )
    with open_installation(settings) as installation:
        (notice,) = installation.notices
        assert "wrapped by" in notice
        (key,) = installation.keys.held
    with open_installation(settings) as installation:
        assert installation.keys.held == (key,)
        assert installation.notices == ()
    assert not (tmp_path / "master.key").exists()
    assert services.calls == ["encrypt", "decrypt", "decrypt"]
