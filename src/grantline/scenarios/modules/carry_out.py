"""One module carried out: everything that does something. The way between modules is the run's."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from grantline.connections.requests.redaction import Redactor
from grantline.errors import GrantlineError
from grantline.scenarios.definition.modules import (
    Aggregate,
    DownloadFile,
    Iterate,
    MakeRequest,
    Module,
    ResolveUrl,
    Respond,
    RetrieveHeaders,
    Router,
    SetVariables,
    Sleep,
)
from grantline.scenarios.mapping.beside import beside
from grantline.scenarios.modules.aggregate import aggregate
from grantline.scenarios.modules.download_file import download_file
from grantline.scenarios.modules.http_call import given, ready, redactor_of, seated
from grantline.scenarios.modules.make_request import make_request, resolve_url, retrieve_headers
from grantline.scenarios.modules.outcome import Outcome, failed
from grantline.scenarios.modules.respond import respond
from grantline.scenarios.modules.set_variables import set_variables
from grantline.scenarios.modules.sleep import sleep
from grantline.scenarios.modules.surroundings import Surroundings

NO_SECRETS = Redactor(())


async def carry_out(
    module: Module, names: Mapping[str, Any], surroundings: Surroundings
) -> Outcome:
    """What becomes of ``module``; an error is part of that, and is not raised.

    Filters, iterators, routers, retries later and fallbacks are the run's. A *Sleep* gives how long
    it is to be, and does not wait; an aggregator takes `Surroundings.collected`.

    Args:
        module: What to carry out.
        names: What its expressions can name: bundles by module number, ``trigger``, ``input``,
            ``vars``, ``run``.
        surroundings: The engine, the run, its files.
    """
    does = module.does
    if isinstance(does, MakeRequest | DownloadFile | RetrieveHeaders):
        return await _call(does, names, surroundings)
    try:
        match does:
            case ResolveUrl():
                return await resolve_url(does, names, surroundings)
            case SetVariables():
                return await beside(names, lambda: set_variables(does, names))
            case Sleep():
                return await beside(names, lambda: sleep(does, names))
            case Respond():
                return await beside(names, lambda: respond(does, names))
            case Aggregate():
                collected, most = surroundings.collected, surroundings.most_bytes
                # How many there are shows as they come.
                return await asyncio.to_thread(aggregate, does, collected, most_bytes=most)
            case Iterate() | Router():
                raise ValueError(f"the run itself carries out {does.kind}")
    except GrantlineError as error:
        return failed(error, {}, NO_SECRETS)


async def _call(
    does: MakeRequest | DownloadFile | RetrieveHeaders,
    names: Mapping[str, Any],
    surroundings: Surroundings,
) -> Outcome:
    call = does.call
    try:
        request = await beside(names, lambda: ready(call, names, surroundings))
    except GrantlineError as error:
        return failed(error, {}, NO_SECRETS)
    try:
        async with seated(call, surroundings):
            match does:
                case MakeRequest():
                    output = await make_request(request, surroundings)
                case DownloadFile():
                    output = await download_file(does, request, names, surroundings)
                case RetrieveHeaders():
                    output = await retrieve_headers(request, surroundings)
    except GrantlineError as error:
        redactor = await redactor_of(call, surroundings)
        return failed(error, given(request, redactor), redactor)
    redactor = await redactor_of(call, surroundings)
    return Outcome(output=output, input=given(request, redactor))
