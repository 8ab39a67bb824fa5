"""``grantline doctor``: what is wrong here, why, and what to do about it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated, Final

import typer

from grantline.cli.errors import FINDINGS
from grantline.cli.output import Format, FormatOption, note, say, say_fields, say_json
from grantline.cli.running import with_engine
from grantline.connections.doctor.diagnosis import first_difference, is_well
from grantline.errors import GrantlineError

if TYPE_CHECKING:
    from grantline.connections.context import Context
    from grantline.connections.doctor.checkup import Checkup
    from grantline.connections.doctor.diagnosis import Diagnosis
    from grantline.connections.engine import Engine

commands = typer.Typer()

_MARK: Final = "^ from here on they differ"


@commands.command(epilog="Example: grantline doctor google")
def doctor(
    name: Annotated[
        str, typer.Argument(help="Name or id of one connection; without, all are examined.")
    ] = "",
    *,
    offline: Annotated[bool, typer.Option("--offline", help="Ask no service.")] = False,
    limit: Annotated[int, typer.Option(min=1, help="How many connections to examine.")] = 100,
    form: FormatOption = Format.TEXT,
) -> None:
    """Looks for what is wrong, and says why and what helps; exit status 11 when something is."""
    from grantline.cli.views import checkup_view
    from grantline.connections.doctor.checkup import Checkup

    opened = False

    async def work(engine: Engine) -> Checkup:
        nonlocal opened
        opened = True
        return await _examined(engine, name, asks=not offline, at_most=limit)

    try:
        found = with_engine(work)
    except GrantlineError as error:
        if opened:
            raise
        found = Checkup(installation=(_not_opened(error),))
    if form is Format.JSON:
        say_json(checkup_view(found))
    else:
        _say(found, is_one=bool(name))
    if not found.is_well:
        raise typer.Exit(FINDINGS)


async def _examined(engine: Engine, name: str, *, asks: bool, at_most: int) -> Checkup:
    from grantline.connections.doctor.checkup import Checkup, Examined
    from grantline.connections.engine import LOCAL
    from grantline.server.settings import PUBLIC_URL, ServerSettings

    public_url = os.environ.get(PUBLIC_URL, "")
    if public_url:
        public_url = ServerSettings.from_environment(os.environ).public_url
    installation = await engine.doctor.installation()
    if public_url and asks:
        installation += await _public_url(engine.context)
    if name:
        one = await engine.find(LOCAL, name)
        told = await engine.doctor.examine(LOCAL, one, asks=asks, public_url=public_url)
        return Checkup(installation, (Examined(one, told),))
    examined, left_out = await engine.doctor.connections(
        LOCAL, at_most=at_most, asks=asks, public_url=public_url
    )
    return Checkup(installation, examined, left_out)


async def _public_url(context: Context) -> tuple[Diagnosis, ...]:
    """What the self-test of the web app says, when it says more than that all is well."""
    from grantline.connections.doctor.diagnosis import Diagnosis, Severity
    from grantline.server.flash import Tone
    from grantline.server.selftest import check_public_url
    from grantline.server.settings import ServerSettings

    found = await check_public_url(context, ServerSettings.from_environment(os.environ))
    severities = {
        Tone.DANGER: Severity.ERROR,
        Tone.WARNING: Severity.WARNING,
        Tone.INFO: Severity.NOTE,
    }
    if found.tone not in severities:
        return ()
    return (
        Diagnosis(
            code="public_url",
            severity=severities[found.tone],
            title=found.title.rstrip("."),
            explanation=found.explanation,
            next_steps=(found.next_step,) if found.next_step else (),
        ),
    )


def _not_opened(error: GrantlineError) -> Diagnosis:
    from grantline.connections.doctor.diagnosis import Diagnosis

    return Diagnosis(
        code=error.code,
        title="Nothing can be opened here",
        explanation=error.message,
        next_steps=(error.hint,) if error.hint else (),
    )


def _say(found: Checkup, *, is_one: bool) -> None:
    from grantline.cli.views import next_step

    if found.installation or not is_one:
        _say_findings("This installation", found.installation)
    for each in found.connections:
        # Of many, only what asks for something: the rest would bury it.
        told = each.found if is_one else _asking(each.found)
        _say_findings(each.connection.name, told, next_step=next_step(each.connection))
    if found.left_out:
        note(f"{found.left_out} more connections were not examined: --limit")


def _say_findings(title: str, found: tuple[Diagnosis, ...], *, next_step: str = "") -> None:
    asking = _asking(found)
    say(title if asking else f"{title}: all is well")
    rows = [(f"  {each.severity.value}", _in_words(each)) for each in found]
    if next_step and asking:
        rows.append(("  next step", next_step))
    if rows:
        say_fields(rows)


def _asking(found: tuple[Diagnosis, ...]) -> tuple[Diagnosis, ...]:
    return tuple(each for each in found if not is_well([each]))


def _in_words(each: Diagnosis) -> str:
    lines = [f"{each.title}  ({each.code})", each.explanation]
    if each.differs is not None:
        mark = " " * first_difference(*each.differs) + _MARK
        lines += [*each.differs, mark]
    shown = each.differs or ()
    lines += [f"{label}: {value}" for label, value in each.evidence if value not in shown]
    lines += [f"{number}. {step}" for number, step in enumerate(each.next_steps, 1)]
    return "\n".join(lines)
