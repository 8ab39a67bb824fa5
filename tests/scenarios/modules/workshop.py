"""One run in which modules are carried out, on an engine of the tests' own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from grantline.calls.query import Pairs
from grantline.connections.engine import LOCAL, Engine
from grantline.scenarios.definition.modules import (
    NO_BODY,
    Body,
    Does,
    DownloadFile,
    HttpCall,
    MakeRequest,
    Module,
    request_of,
)
from grantline.scenarios.modules.carry_out import carry_out
from grantline.scenarios.modules.files import Files
from grantline.scenarios.modules.outcome import Bundle, Outcome
from grantline.scenarios.modules.surroundings import Surroundings

RUN: str = "srn_1"


@dataclass
class Workshop:
    """Carries out one module after the other, as a run does, and keeps what they gave.

    Attributes:
        names: What expressions can name.
    """

    engine: Engine
    folder: Path
    names: dict[str, Any] = field(default_factory=dict)
    surroundings: Surroundings = field(init=False)

    def __post_init__(self) -> None:
        self.surroundings = Surroundings(
            engine=self.engine,
            actor=LOCAL,
            run_id=RUN,
            step="1",
            files=Files(self.folder / "files", "local"),
        )

    @property
    def home(self) -> Path:
        """The folder for files of this workspace."""
        return self.folder / "files" / "local"

    async def does(self, does: Does, *, number: int = 1, **changes: Any) -> Outcome:
        """What became of a module, whatever that is."""
        surroundings = replace(self.surroundings, step=str(number), **changes)
        done = await carry_out(Module(id=number, does=does), self.names, surroundings)
        self.names[str(number)] = done.output
        self.names["vars"] = {**self.names.get("vars", {}), **done.variables}
        return done

    async def gives(self, does: Does, *, number: int = 1, **changes: Any) -> Bundle:
        """The bundle of a module that has to succeed."""
        done = await self.does(does, number=number, **changes)
        assert done.error is None, done.failure
        return done.output

    async def fails(self, does: Does, *, number: int = 1, **changes: Any) -> Mapping[str, Any]:
        """What is told of a module that has to fail."""
        done = await self.does(does, number=number, **changes)
        assert done.failure is not None, done.output
        assert done.output == {}
        return done.failure


def call(
    url: str,
    *,
    connection_id: str | None = None,
    body: Body = NO_BODY,
    share_cookies: bool = False,
    query: Pairs = (),
    **spec: Any,
) -> HttpCall:
    """A request as a person writes it."""
    return HttpCall(
        spec=request_of(url=url, query=query, **spec),
        body=body,
        connection_id=connection_id,
        share_cookies=share_cookies,
    )


def request(url: str, **given: Any) -> MakeRequest:
    return MakeRequest(call=call(url, **given))


def download(url: str, *, folder: str = "", name: str = "", **given: Any) -> DownloadFile:
    overwrite = given.pop("overwrite", False)
    return DownloadFile(call=call(url, **given), folder=folder, name=name, overwrite=overwrite)
