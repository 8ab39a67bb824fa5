"""Pages from templates: autoescaped, strict about names, with words for times and sizes."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache
from http import HTTPStatus
from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from grantline.server.advice import on_page
from grantline.server.assets import Assets
from grantline.version import __version__

FOLDER: Final = Path(__file__).parent / "templates"
MONOGRAM_COLOURS: Final = 8


@cache
def make_templates(assets: Assets) -> Environment:
    """The environment all pages are made in; every app with ``assets`` shares what it compiles."""
    environment = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.globals.update(
        asset=assets.url, icon_markup=_icons(assets.url("icons.svg")), version=__version__
    )
    environment.filters.update(
        on_page=on_page,
        iso=iso,
        exact=exact,
        relative=relative,
        size=size,
        duration=duration,
        monogram=monogram,
        monogram_colour=monogram_colour,
        status_word=status_word,
        status_tone=status_tone,
    )
    return environment


def _icons(sprite: str) -> Callable[..., Markup]:
    """What draws an icon of ``sprite``, which stands beside words and says nothing itself."""

    @cache
    def icon(name: str, size: int = 16, looks: str = "") -> Markup:
        looks = f"icon {looks}".rstrip()
        return Markup('<svg class="{}" width="{}" height="{}" aria-hidden="true">').format(
            looks, size, size
        ) + Markup('<use href="{}#{}"></use></svg>').format(sprite, name)

    return icon


def iso(instant: datetime) -> str:
    """``instant`` as HTML's ``datetime`` attribute wants it."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def exact(instant: datetime) -> str:
    """``instant`` in full; a script shows it in the viewer's own zone."""
    return instant.astimezone(UTC).strftime("%-d %B %Y, %H:%M:%S UTC")


def relative(instant: datetime, now: datetime) -> str:
    """How far ``instant`` is from ``now``: "in 42 min", "3 days ago"."""
    words = _span(abs(instant - now))
    if words == "now":
        return "now"
    return f"in {words}" if instant > now else f"{words} ago"


def _span(span: timedelta) -> str:
    seconds = span.total_seconds()
    if seconds < 10:
        return "now"
    if seconds < 90:
        return f"{round(seconds)} s"
    if seconds < 90 * 60:
        return f"{round(seconds / 60)} min"
    if seconds < 36 * 3600:
        return f"{round(seconds / 3600)} h"
    days = round(seconds / 86400)
    if days < 60:
        return f"{days} days"
    return f"{round(days / 30.44)} months" if days < 730 else f"{round(days / 365.25)} years"


def size(count: int) -> str:
    """``count`` bytes in B, KB or MB."""
    if count < 1000:
        return f"{count} B"
    return f"{count / 1000:.1f} KB" if count < 1_000_000 else f"{count / 1_000_000:.1f} MB"


def duration(span: timedelta) -> str:
    """``span`` in ms or s."""
    milliseconds = span / timedelta(milliseconds=1)
    return f"{milliseconds:.0f} ms" if milliseconds < 1000 else f"{milliseconds / 1000:.1f} s"


def status_word(status: int) -> str:
    """``status`` with its reason phrase: "404 Not Found"."""
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)


def status_tone(status: int) -> str:
    """How an HTTP status is meant: the tone of its badge."""
    return {2: "ok", 3: "info", 4: "warning", 5: "danger"}.get(status // 100, "neutral")


def monogram(name: str) -> str:
    """The one or two letters that stand for a service without an icon."""
    words = [word for word in name.replace("-", " ").replace("_", " ").split() if word[0].isalnum()]
    if not words:
        return "?"
    return (words[0][0] + words[1][0] if len(words) > 1 else words[0][:2]).upper()


def monogram_colour(name: str) -> int:
    """Which of the monogram colours ``name`` has, always the same one."""
    return hashlib.sha256(name.encode()).digest()[0] % MONOGRAM_COLOURS
