"""The page about the architecture shows the folders that there are."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "grantline"
# What Python itself asks for, and no room of ours.
UNNAMED = frozenset({"__init__.py", "__main__.py", "__pycache__", "py.typed"})


def test_the_listing_shows_every_room_and_no_other() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    listing = text.partition("src/grantline/\n")[2].partition("```")[0]
    shown, room = set(), ""
    for indent, name in re.findall(r"^( +)([\w.]+)/? ", listing, flags=re.MULTILINE):
        room = room if len(indent) > 2 else name
        shown.add(name if room == name else f"{room}/{name}")

    there = {each.name for each in PACKAGE.iterdir()} - UNNAMED
    within = {
        f"{each.parent.parent.name}/{each.parent.name}" for each in PACKAGE.glob("*/*/__init__.py")
    }

    assert shown == there | within
