"""Whole scenarios as Hypothesis makes them: every kind of module, nested, with awkward texts."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from hypothesis import strategies as st

from grantline.calls.attempts.retry import RetryPolicy
from grantline.calls.pagination import Pagination, PaginationType, ParameterPlace
from grantline.calls.query import ArrayStyle
from grantline.connections.credentials.credential import CredentialIds
from grantline.messages import AddressFamily, TlsVersion
from grantline.scenarios.definition.modules import (
    NO_BODY,
    Action,
    Aggregate,
    Body,
    BodyKind,
    Branch,
    Collect,
    Does,
    DownloadFile,
    HttpCall,
    Iterate,
    MakeRequest,
    Module,
    OnError,
    Part,
    ResolveUrl,
    Respond,
    RetrieveHeaders,
    Router,
    SetVariables,
    Sleep,
    request_of,
)
from grantline.scenarios.definition.scenario import Bounds, Input, Scenario
from grantline.scenarios.definition.triggers import (
    MANUAL,
    Schedule,
    Scheme,
    Signature,
    Trigger,
    Webhook,
)

# What YAML of this or that age takes for something else, what ends a line, what looks like syntax.
AWKWARD = (
    *("yes", "no", "on", "off", "y", "true", "null", "~", "None", "", " ", "<<", "=", "-", "---"),
    *("2026-11-29", "12:30:45", "0o17", "017", "0x1F", "1_000", "1e3", ".5", "1.", "+1", ".inf"),
    *(
        "007",
        "1.10",
        "# no comment",
        "a: b",
        "a #b",
        "- a",
        "? a",
        "&a",
        "*a",
        "!a",
        "|",
        ">",
        "%a",
    ),
    *(
        "@a",
        "`a`",
        "'",
        '"',
        "\\",
        "{{ 1.data.id }}",
        "{{ 2.value['.tag'] == \"file\" }}",
        "{a",
        "[a",
    ),
    *("a\nb", "a\n", "\na", "  a\n b", "a\n\n\nb\n\n", "a \nb", "\ta", "a\r\nb", "a\rb", "a\x85b"),
    *("a\u2028b", "\ufeffa", "\u00e9", "\U0001f600", "\x1b[0m", "\x7f", "a b " * 60, "x" * 300),
)
TEXT = st.one_of(
    st.sampled_from(AWKWARD),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12),
)
NAMES = TEXT
NUMBERS = st.integers(0, 10**6)
SPANS = st.timedeltas(timedelta(0), timedelta(days=400))
JSON: st.SearchStrategy[Any] = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.integers(-(10**40), 10**40),
        st.floats(allow_nan=False, allow_infinity=False),
        TEXT,
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)
IDS = st.sampled_from(("con_1a", "crd_2b"))


def _some(kind: Any, **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Values of ``kind`` with a few of ``fields`` set."""
    return st.fixed_dictionaries({}, optional=fields).map(lambda given: kind(**given))


def _tuples(inner: st.SearchStrategy[Any], most: int = 3) -> st.SearchStrategy[Any]:
    return st.lists(inner, max_size=most).map(tuple)


PAIRS = _tuples(st.tuples(NAMES, TEXT))
VARIABLES = _tuples(st.tuples(NAMES, JSON))
BODIES = st.one_of(
    st.just(NO_BODY),
    st.builds(Body, kind=st.just(BodyKind.JSON), json=JSON),
    st.builds(Body, kind=st.just(BodyKind.FORM), fields=PAIRS),
    st.builds(Body, kind=st.just(BodyKind.RAW), text=TEXT, media_type=TEXT),
)
CALL_BODIES = st.one_of(
    BODIES,
    st.builds(
        Body,
        kind=st.just(BodyKind.MULTIPART),
        parts=_tuples(st.builds(Part, name=TEXT, value=TEXT, filename=TEXT, media_type=TEXT)),
    ),
    st.builds(Body, kind=st.just(BodyKind.FILE), text=TEXT, media_type=TEXT),
)
PAGINATIONS = st.builds(
    Pagination,
    type=st.sampled_from(PaginationType),
    items=TEXT,
    place=st.sampled_from(ParameterPlace),
    start=st.none() | NUMBERS,
    next=TEXT,
    max_pages=NUMBERS,
)
RETRIES = _some(
    RetryPolicy,
    attempts=NUMBERS,
    within=SPANS,
    methods=_tuples(TEXT),
    statuses=st.just(("503", "4xx")),
    first_wait=SPANS,
)
SPECS = st.fixed_dictionaries(
    {"url": TEXT},
    optional={
        "method": st.sampled_from(("GET", "POST", "PURGE")),
        "headers": PAIRS,
        "query": PAIRS,
        "array_style": st.sampled_from(ArrayStyle),
        "compress": st.booleans(),
        "accept_compressed": st.booleans(),
        "follow_redirects": st.booleans(),
        "timeout": SPANS,
        "connect_timeout": SPANS,
        "minimum_tls": st.sampled_from(TlsVersion),
        "address_family": st.sampled_from(AddressFamily),
        "parse_response": st.booleans(),
        "fail_on": st.sampled_from(((), ("404",), ("4xx", "5xx"), ("500-504", "4xx"))),
        "retry": RETRIES,
        "pagination": PAGINATIONS,
    },
).map(lambda given: request_of(**given))
CALLS = st.builds(
    HttpCall,
    spec=SPECS,
    body=CALL_BODIES,
    connection_id=st.none() | IDS,
    credentials=_some(CredentialIds, credential_id=IDS, certificate_id=IDS, proxy_id=IDS),
    share_cookies=st.booleans(),
)
LEAVES: st.SearchStrategy[Does] = st.one_of(
    st.builds(MakeRequest, call=CALLS),
    st.builds(DownloadFile, call=CALLS, folder=TEXT, name=TEXT, overwrite=st.booleans()),
    st.builds(ResolveUrl, url=TEXT),
    st.builds(RetrieveHeaders, call=CALLS),
    st.builds(Iterate, items=TEXT),
    st.builds(
        Aggregate,
        source=NUMBERS,
        collect=st.sampled_from(Collect),
        value=JSON,
        separator=TEXT,
        columns=PAIRS,
        header=st.booleans(),
    ),
    st.builds(SetVariables, variables=VARIABLES),
    st.builds(Sleep, span=TEXT),
    st.builds(Respond, status=TEXT | st.just("201"), headers=PAIRS, body=BODIES),
)
ON_ERROR = _some(
    OnError,
    action=st.sampled_from(Action),
    fallback=JSON,
    after=SPANS,
    attempts=NUMBERS,
)


def _modules(does: st.SearchStrategy[Does]) -> st.SearchStrategy[tuple[Module, ...]]:
    module = st.builds(
        Module,
        id=NUMBERS,
        does=does,
        name=st.just("") | TEXT,
        note=st.just("") | TEXT,
        when=st.just("") | TEXT,
        is_enabled=st.booleans(),
        on_error=st.just(OnError()) | ON_ERROR,
    )
    return _tuples(module)


def _router(does: st.SearchStrategy[Does]) -> st.SearchStrategy[Does]:
    branch = _some(Branch, name=TEXT, when=TEXT, is_fallback=st.booleans(), modules=_modules(does))
    return st.builds(Router, branches=_tuples(branch))


DOES: st.SearchStrategy[Does] = st.recursive(LEAVES, _router, max_leaves=4)
SIGNATURES = st.builds(
    Signature, credential_id=IDS, scheme=st.sampled_from(Scheme), header=TEXT, prefix=TEXT
)
TRIGGERS: st.SearchStrategy[Trigger] = st.one_of(
    st.just(MANUAL),
    st.builds(Schedule, cron=TEXT, time_zone=st.just("UTC") | TEXT),
    st.builds(Webhook, signature=st.none() | SIGNATURES, answer_within=SPANS),
)
INPUTS = st.lists(
    st.builds(Input, name=NAMES, default=JSON, is_required=st.booleans(), note=TEXT),
    max_size=3,
    unique_by=lambda each: each.name,
).map(tuple)
# Anything that the types allow: much of it could not run, and all of it can be kept.
SCENARIOS: st.SearchStrategy[Scenario] = st.builds(
    Scenario,
    name=TEXT,
    note=TEXT,
    trigger=TRIGGERS,
    inputs=INPUTS,
    bounds=_some(Bounds, at_once=NUMBERS, steps=NUMBERS, within=SPANS),
    modules=_modules(DOES),
)
