"""The settings of an installation, from its environment."""

from __future__ import annotations

from datetime import timedelta

import pytest

from grantline.connections.settings import Settings
from grantline.errors import GrantlineError
from grantline.messages import Proxy
from grantline.secret import Secret


@pytest.mark.parametrize(
    ("text", "hosted"), [("", False), ("self-hosted", False), ("hosted", True)]
)
def test_the_policy_is_one_of_two(text: str, *, hosted: bool) -> None:
    assert Settings.from_environment({"GRANTLINE_POLICY": text}).policy.hosted is hosted


def test_the_proxy_is_one_line_with_its_password_kept_out_of_sight() -> None:
    settings = Settings.from_environment({"GRANTLINE_PROXY": "http://u:canary@p.example:3128"})
    assert settings.proxy == Proxy("http://p.example:3128", "u", Secret("canary"))
    assert "canary" not in repr(settings)


@pytest.mark.parametrize(("text", "days"), [("", 30), (" ", 30), ("1", 1), ("365", 365)])
def test_runs_of_scenarios_are_kept_for_days(text: str, days: int) -> None:
    kept = Settings.from_environment({"GRANTLINE_KEEP_RUNS": text}).keep_runs
    assert kept == timedelta(days=days)


@pytest.mark.parametrize(
    ("environment", "named"),
    [
        ({"GRANTLINE_POLICY": "Hosted"}, "GRANTLINE_POLICY"),
        ({"GRANTLINE_PROXY": "p.example:3128"}, "GRANTLINE_PROXY"),
        ({"GRANTLINE_POLICY": "hosted", "GRANTLINE_ALLOW_HOSTS": "10.0.0.1"}, "GRANTLINE_POLICY"),
        ({"GRANTLINE_POLICE": "hosted"}, "GRANTLINE_POLICE"),
        ({"GRANTLINE_KEEP_RUNS": "0"}, "GRANTLINE_KEEP_RUNS"),
        ({"GRANTLINE_KEEP_RUNS": "a month"}, "GRANTLINE_KEEP_RUNS"),
        ({"GRANTLINE_KEEP_RUNS": "99999"}, "GRANTLINE_KEEP_RUNS"),
    ],
)
def test_a_setting_that_cannot_be_read_is_named(environment: dict[str, str], named: str) -> None:
    with pytest.raises(GrantlineError) as caught:
        Settings.from_environment(environment)
    assert named in f"{caught.value} {getattr(caught.value, 'field', '')}"
