"""Token cases: what a client makes of the answers of OAuth endpoints.

Every case with an HTTP answer is played twice: in memory, where the answer is a value, and over
real sockets, where a script server sends its bytes and the real transport carries the real
request. It passes only when both come out as the row expects.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from grantline.errors import GrantlineError
from grantline.messages import HttpResponse
from grantline.net.guard import EgressPolicy
from grantline.net.transport import OAUTH_LIMITS, EgressTransport, Limits
from grantline.testing.corpus.cases import Judgement, Row, judge_token_case
from grantline.testing.corpus.memory import answer_in_memory
from grantline.testing.corpus.script_server import HOST, script_server
from grantline.testing.corpus.token_client import TokenCase
from grantline.testing.corpus.token_rows import complaint_about

# A case that must run into the deadline does so in half a second: delays and deadline shrink alike.
TIME_SCALE: Final = 40.0
SHORT_LIMITS: Final = replace(
    OAUTH_LIMITS,
    total=OAUTH_LIMITS.total / TIME_SCALE,
    connect=OAUTH_LIMITS.connect / TIME_SCALE,
)
ORIGIN: Final = "https://as.example"


def run_token_cases(rows: Sequence[Row]) -> list[Judgement]:
    """The judgement of every row, each played in memory and, if it has an answer, over sockets."""

    async def run_all() -> list[Judgement]:
        async with loopback_transport() as transport:
            return [await _run_both(row, transport) for row in rows]

    return asyncio.run(run_all())


async def _run_both(row: Row, transport: EgressTransport) -> Judgement:
    complaint = complaint_about(row)
    if complaint:
        return Judgement(row["id"], not_run=complaint)
    try:
        in_memory = run_in_memory(row)
        if row["endpoint"] == "authorize_callback":
            return in_memory
        return _both(in_memory, await run_over_sockets(row, transport))
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        # A row that nobody foresaw is a finding about the runner, not the end of the run.
        return Judgement(row["id"], (f"the case broke: {type(error).__name__}",))


def run_in_memory(row: Row) -> Judgement:
    """The judgement of ``row`` with its answer given as a value."""
    case = TokenCase.of(row)
    if case.endpoint == "authorize_callback":
        return judge_token_case(row, case.callback_result())
    try:
        response = answer_in_memory(row, case.url(ORIGIN))
    except GrantlineError as error:
        return judge_token_case(row, case.failed(error))
    return judge_token_case(row, case.result(response))


async def run_over_sockets(row: Row, transport: EgressTransport) -> Judgement:
    """The judgement of ``row`` with its answer sent by a script server."""
    case = TokenCase.of(row)
    async with script_server(row, time_scale=TIME_SCALE) as port:
        try:
            request = case.request(f"http://{HOST}:{port}")
            response = await transport.send(request, limits=_limits(row))
        except GrantlineError as error:
            return judge_token_case(row, case.failed(error))
    # A redirect is judged by where the endpoint claims to be, not by our port.
    response = HttpResponse(response.status, response.headers, response.body, case.url(ORIGIN))
    return judge_token_case(row, case.result(response))


def _limits(row: Row) -> Limits:
    """A short deadline where the script waits; elsewhere a busy machine must not run into one."""
    waits = (row.get("gen") or {}).get("kind") in {"hang", "slow"}
    return SHORT_LIMITS if waits else OAUTH_LIMITS


def loopback_transport() -> EgressTransport:
    """A transport that may reach the script server and nothing else."""
    return EgressTransport(policy=EgressPolicy.parse(allow_hosts=[HOST]))


def _both(in_memory: Judgement, over_sockets: Judgement) -> Judgement:
    if over_sockets.differences == in_memory.differences:
        return in_memory
    return Judgement(
        in_memory.case_id,
        tuple(f"in memory: {text}" for text in in_memory.differences)
        + tuple(f"over sockets: {text}" for text in over_sockets.differences),
        in_memory.notes,
    )
