"""*Make a request*, and *Retrieve headers* and *Resolve a URL*, which read no body."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import aclosing
from dataclasses import replace
from typing import Any, Final

from grantline.calls.answers.response import Response
from grantline.calls.expressions import fill_url
from grantline.calls.paging.pages import Stop
from grantline.calls.statuses import has_status
from grantline.calls.structures.json_values import dump_json
from grantline.connections.requests.pages import ItemsPage
from grantline.connections.requests.redaction import Redactor
from grantline.errors import InvalidInput, LimitExceeded
from grantline.net.transport import API_LIMITS
from grantline.scenarios.definition.modules import ResolveUrl
from grantline.scenarios.modules.files import arrived_name
from grantline.scenarios.modules.http_call import Ready
from grantline.scenarios.modules.outcome import Bundle, Outcome
from grantline.scenarios.modules.surroundings import Surroundings

# A value takes many times the memory of its text: ``[[],[],...`` is the worst.
MOST_VALUES: Final = 2_000_000
_BETWEEN_VALUES: Final = (b",", b"[", b"{", b"<", b"\n")
# Parsing more than this takes longer than others may wait.
_PARSED_AT_ONCE: Final = 256 * 1024


async def make_request(request: Ready, surroundings: Surroundings) -> Bundle:
    """What the service answers, or all items of a list that comes in pages.

    Raises:
        LimitExceeded: It is more than a bundle may hold.
        GrantlineError: The request could not be made, or its status is an error.
    """
    most = surroundings.most_bytes
    try:
        if request.spec.pagination is not None:
            return await _list(request, surroundings)
        made = await surroundings.engine.make_request(
            surroundings.actor,
            request.spec,
            connection_id=request.call.connection_id,
            credentials=request.call.credentials,
            upload=request.upload,
            cookies=request.cookies,
            record=False,
            limits=replace(API_LIMITS, response_bytes=most),
        )
        return await _bundle(made.result(), surroundings)
    except LimitExceeded as error:
        if error.limit != "response_bytes":
            raise
        raise LimitExceeded(
            f"The answer is larger than {_megabytes(most)} MB, the most that a bundle holds.",
            limit="response_bytes",
            hint="Use Download a file, which takes answers of any size, or ask for less.",
        ) from None


async def retrieve_headers(request: Ready, surroundings: Surroundings) -> Bundle:
    """The head of the answer; raises ``UpstreamError`` where its status is an error."""
    response = await surroundings.engine.retrieve_headers(
        surroundings.actor,
        request.spec,
        connection_id=request.call.connection_id,
        credentials=request.call.credentials,
        cookies=request.cookies,
    )
    if has_status(request.spec.fail_on, response.status):
        raise response.failure()
    return _head(response)


async def resolve_url(
    does: ResolveUrl, names: Mapping[str, Any], surroundings: Surroundings
) -> Outcome:
    """Where the URL leads, hop by hop."""
    url = fill_url(does.url, names)
    found = await surroundings.engine.resolve_url(surroundings.actor, url)
    hops = [{"url": each.url, "status": each.status} for each in found.steps]
    return Outcome(
        output={"url": found.url, "status": found.status, "hops": hops},
        input={"url": Redactor(()).url(url)},
    )


def _head(response: Response) -> Bundle:
    return {
        "status": response.status,
        "headers": response.headers_by_name,
        "url": response.url,
    }


async def _bundle(response: Response, surroundings: Surroundings) -> Bundle:
    content = response.content
    if _is_structured(response) and sum(map(content.count, _BETWEEN_VALUES)) > MOST_VALUES:
        raise LimitExceeded(
            f"The answer holds more than {MOST_VALUES:,} values.",
            limit="values",
            hint="Ask for less, or for pages; or use Download a file and pass the file on.",
        )
    if len(content) > _PARSED_AT_ONCE:
        data = await asyncio.to_thread(lambda: response.data)
    else:
        data = response.data
    if not isinstance(data, bytes):
        return {**_head(response), "data": data}
    return {**_head(response), "data": None, "file": await _kept(response, surroundings)}


def _is_structured(response: Response) -> bool:
    """Whether the body is taken apart into values, and long enough to be very many."""
    if len(response.content) <= MOST_VALUES or not response.parse_response:
        return False
    kind = (response.header("content-type") or "").lower()
    if "html" in kind:
        return False
    named = any(word in kind for word in ("json", "xml", "csv", "tab-separated"))
    return named or response.content[:64].lstrip()[:1] in {b"[", b"{", b"<"}


async def _kept(response: Response, surroundings: Surroundings) -> Bundle:
    """A body that is no text as a file of the run."""
    files, data = surroundings.files, response.content
    target = files.target(
        "",
        arrived_name(response.url, response.headers),
        run_id=surroundings.run_id,
        step=surroundings.step,
    )
    try:
        await asyncio.to_thread(target.write_bytes, data)
    except OSError as error:
        raise InvalidInput(
            f"The answer cannot be written to {target}: {error.strerror}.",
            field="response",
            hint="Make room, or let GRANTLINE_FILES_DIR name another folder.",
        ) from None
    return files.bundle_of(target, response.header("content-type") or "", len(data))


async def _list(request: Ready, surroundings: Surroundings) -> Bundle:
    if request.upload is not None:
        raise InvalidInput(
            "A list in pages cannot be asked for with a file as body.",
            field="body",
            hint="Send JSON or a form, or take the pagination away.",
        )
    items: list[Any] = []
    last: ItemsPage | None = None
    size, most = 0, surroundings.most_bytes
    pages = surroundings.engine.pages(
        surroundings.actor,
        request.spec,
        connection_id=request.call.connection_id,
        credentials=request.call.credentials,
        cookies=request.cookies,
        limits=replace(API_LIMITS, response_bytes=most),
    )
    async with aclosing(pages):
        async for page in pages:
            last = page
            items += page.items
            # What is kept counts, not what else the pages held.
            size += sum(map(len, map(dump_json, page.items)))
            if size > most or len(items) > MOST_VALUES:
                raise LimitExceeded(
                    f"The list is longer than {_megabytes(most)} MB, the most that a bundle holds.",
                    limit="list_bytes",
                    hint="Ask for fewer pages, or let each item be smaller.",
                )
    if last is None:
        raise InvalidInput("There is no page at all.", field="pagination")
    return {
        **_head(last.response),
        "data": items,
        "pages": last.number,
        "items": len(items),
        "has_more": last.stop is Stop.MAX_PAGES,
    }


def _megabytes(size: int) -> str:
    return f"{size / 1024**2:g}"
