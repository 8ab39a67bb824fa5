"""The page about the doctor names every finding that there is."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "doctor.md").read_text(encoding="utf-8")
DOCTOR = ROOT / "src" / "grantline" / "connections" / "doctor"
CODES = sorted(
    {
        code
        for path in (*DOCTOR.glob("*_causes.py"), ROOT / "src/grantline/cli/commands/doctor.py")
        for found in re.findall(
            r'\bcode="(\w+)"|code="(\w+)" if .* else "(\w+)"|^    "(\w+)": \($',
            path.read_text(encoding="utf-8"),
            flags=re.MULTILINE,
        )
        for code in found
        if code
    }
)


@pytest.mark.parametrize("code", CODES)
def test_every_finding_is_documented(code: str) -> None:
    assert f"`{code}`" in PAGE


def test_there_are_findings() -> None:
    assert {"hosts_wide", "quarantined", "public_url", "iss_missing"} <= set(CODES)
