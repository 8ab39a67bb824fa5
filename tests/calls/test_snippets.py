"""Code to keep: what it does when it runs is the request that it was made of."""

import subprocess
import sys
from collections.abc import Callable
from dataclasses import fields, replace
from datetime import timedelta
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
import typer.main
from hypothesis import given
from hypothesis import strategies as st

from grantline.calls.attempts.retry import RetryPolicy
from grantline.calls.bodies.content import (
    FORM_TYPE,
    JSON_TYPE,
    Content,
    form_content,
    json_content,
    json_text_content,
)
from grantline.calls.bodies.multipart import multipart_content, text_part
from grantline.calls.bodies.upload import Joined, Upload
from grantline.calls.curl.export import CommandLine
from grantline.calls.curl.shell_words import split_words
from grantline.calls.pagination import Pagination, PaginationType, ParameterPlace
from grantline.calls.query import ArrayStyle
from grantline.calls.request import RequestSpec, build_request
from grantline.calls.snippets import to_cli, to_python
from grantline.cli.commands import request as command
from grantline.cli.options.paging import PagingOptions
from grantline.client.request_options import request_spec
from grantline.connections.connection import Actor
from grantline.connections.credentials.credential import NO_CREDENTIALS, CredentialIds
from grantline.connections.requests.files import FileSource
from grantline.messages import AddressFamily, Headers, TlsVersion

BASE = "https://api.example/v1"

text = st.text(st.characters(exclude_characters="\0\r", exclude_categories=["Cs"]), max_size=15)
pairs = st.lists(st.tuples(text, text), max_size=4).map(tuple)
headers = st.lists(
    st.tuples(
        st.from_regex(r"[A-Za-z][A-Za-z0-9-]{0,8}", fullmatch=True),
        st.from_regex(r"[!-~](?:[ -~]{0,10}[!-~])?|", fullmatch=True),
    ),
    max_size=3,
).map(tuple)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text, inner, max_size=3),
    max_leaves=8,
)
contents = (
    json_values.map(json_content)
    | st.sampled_from(
        ['{"a": 1.10}', "12345678901234567890", "[1e400]", '{"a":1,"a":2}', "[" * 99 + "]" * 99]
    ).map(json_text_content)
    | pairs.map(form_content)
    | st.builds(
        Content,
        st.binary(max_size=30) | text.map(str.encode) | st.just(b"@file"),
        st.sampled_from(["text/plain; charset=utf-8", "application/octet-stream", "a/b"]),
    )
    | st.just(multipart_content([text_part("a", "b")]))
)
specs = st.builds(
    RequestSpec,
    method=st.sampled_from(["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD", "PURGE"]),
    url=st.sampled_from(["/items", "/it's?x=1", "https://other.example/", ""]),
    headers=headers,
    query=pairs,
    array_style=st.sampled_from(ArrayStyle),
    content=st.none() | contents,
    compress=st.booleans(),
    accept_compressed=st.booleans(),
    follow_redirects=st.booleans(),
    connect_timeout=st.none() | st.integers(1, 30).map(lambda each: timedelta(seconds=each)),
    minimum_tls=st.sampled_from(TlsVersion),
    address_family=st.sampled_from(AddressFamily),
    retry=st.none() | st.builds(RetryPolicy, attempts=st.integers(2, 9)),
    timeout=st.none() | st.integers(1, 300).map(lambda seconds: timedelta(seconds=seconds)),
)
names = st.text(st.characters(exclude_characters="\0\r", exclude_categories=["Cs"]), min_size=1)


def built(spec: RequestSpec) -> tuple[object, ...]:
    request = build_request(spec, base_url=BASE)
    return request, spec.follow_redirects, spec.timeout, spec.connect_timeout, spec.retry


class Recorder:
    """A connection that remembers the one request that was made with it."""

    def __init__(self) -> None:
        self.name = ""
        self.spec = RequestSpec(url="")

    def get_connection(self, name: str) -> "Recorder":
        self.name = name
        return self

    def request(self, method: str, url: str, **options: Any) -> SimpleNamespace:
        self.spec = request_spec(method, url, options)  # type: ignore[arg-type]
        return SimpleNamespace(text="", raise_for_status=lambda: None)

    def __getattr__(self, method: str) -> Callable[..., SimpleNamespace]:
        return lambda url, **options: self.request(method.upper(), url, **options)


def run_python(source: str) -> Recorder:
    """What a snippet asks of a library that is not there."""
    recorder = Recorder()
    library = ModuleType("grantline")
    vault = SimpleNamespace(get=recorder.get_connection)
    library.Connections = SimpleNamespace(open=lambda: vault)  # type: ignore[attr-defined]
    real = sys.modules["grantline"]
    sys.modules["grantline"] = library
    try:
        exec(compile(source, "snippet", "exec"), {"print": lambda *_: None})
    finally:
        sys.modules["grantline"] = real
    return recorder


@given(specs, names)
def test_a_python_snippet_makes_the_request_that_it_was_made_of(
    spec: RequestSpec, name: str
) -> None:
    recorder = run_python(to_python(spec, name))
    assert recorder.name == name
    assert built(recorder.spec) == built(spec)


COMMAND = typer.main.get_command(command.commands)


def run_cli(line: CommandLine, monkeypatch: pytest.MonkeyPatch) -> tuple[str, RequestSpec]:
    """What the real command line makes of a snippet."""
    seen: list[tuple[str, RequestSpec]] = []

    async def find(_: Actor, name: str) -> Any:
        return SimpleNamespace(id=name)

    async def ids(_: Actor, given: dict[str, str]) -> CredentialIds:
        return NO_CREDENTIALS

    async def make(
        _: Actor, spec: RequestSpec, *, connection_id: str, upload: Upload | None, **more: Any
    ) -> None:
        if upload is not None:
            data = b"".join([chunk async for chunk in upload.source.chunks()])
            spec = replace(spec, content=Content(data, upload.media_type))
        seen.append((connection_id, spec))

    def stop(ask: Callable[[Any], Any]) -> None:
        with pytest.raises(StopIteration):
            ask(engine).send(None)
        raise typer.Exit

    engine = SimpleNamespace(find=find, make_request=make, credentials=SimpleNamespace(ids=ids))

    def opened(path: Path) -> Joined:
        return Joined((line.files[str(path)],))

    monkeypatch.setattr(command, "with_engine", stop)
    monkeypatch.setattr(FileSource, "open", opened)
    words = [word.text for word in split_words(line.text)]
    assert words[:2] == ["grantline", "request"]
    COMMAND.main(words[2:], standalone_mode=False)
    return seen.pop()


@pytest.mark.parametrize(
    "content",
    [
        json_text_content('{"a": 1.10}'),
        json_text_content('{"a":1,"a":2}'),
        json_text_content("[1e400]"),
        json_text_content("[" * 99 + "]" * 99),
        json_text_content('{"a":[12345678901234567890,null]}'),
        Content(b"[NaN]", JSON_TYPE),
        Content(b"not json", JSON_TYPE),
        Content(b"\xff", JSON_TYPE),
        Content(b"[" * 100_000, JSON_TYPE),
        form_content((("a", "b"), ("a", "c d"))),
        form_content((("a=", "b"),)),
        Content(b"a", FORM_TYPE),
        Content(b"\xff=\x00", FORM_TYPE),
        Content(b"@file", "text/plain; charset=utf-8"),
        Content(b"\x00", "application/octet-stream"),
        Content(b"a" * 100_000, "text/csv"),
        multipart_content([text_part("a", "b")]),
    ],
    ids=repr,
)
@pytest.mark.parametrize("headers", [(), (("content-type", "application/merge-patch+json"),)])
def test_a_body_is_sent_byte_for_byte(
    content: Content, headers: Headers, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = RequestSpec(method="POST", url="/x", headers=headers, content=content)
    assert built(run_python(to_python(spec, "c")).spec) == built(spec)
    assert built(run_cli(to_cli(spec, "c"), monkeypatch)[1]) == built(spec)


@given(specs, names)
def test_a_command_line_snippet_makes_the_request_that_it_was_made_of(
    spec: RequestSpec, name: str
) -> None:
    with pytest.MonkeyPatch.context() as monkeypatch:
        asked, again = run_cli(to_cli(spec, name), monkeypatch)
    assert asked == name
    assert built(again) == built(spec)


def test_a_shell_reads_the_words_of_a_command_line_snippet_as_they_are() -> None:
    spec = RequestSpec(url="/it's", query=(("q", '$HOME `x` "y" !'),))
    line = to_cli(spec, "my connection").text.replace("grantline", r"printf '%s\n'", 1)
    done = subprocess.run(["sh", "-c", line], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == [
        "request",
        "GET",
        "/it's",
        "--connection",
        "my connection",
        "-q",
        'q=$HOME `x` "y" !',
    ]


def test_a_snippet_reads_as_a_person_would_write_it() -> None:
    spec = RequestSpec(
        method="POST",
        url="/orders",
        headers=(("Accept", "text/csv"),),
        content=json_content({"items": [1, 2], "note": "it's"}),
    )
    assert to_python(spec, "shop") == (
        "from grantline import Connections\n"
        "\n"
        "connection = Connections.open().get('shop')\n"
        "response = connection.post(\n"
        "    '/orders',\n"
        "    headers={'Accept': 'text/csv'},\n"
        "    json={'items': [1, 2], 'note': \"it's\"},\n"
        ")\n"
        "response.raise_for_status()\n"
        "print(response.text)\n"
    )
    assert to_cli(RequestSpec(url="/orders", query=(("page", "2"),)), "shop").text == (
        "grantline request GET /orders \\\n  --connection shop \\\n  -q page=2"
    )


def test_a_timeout_is_rounded_up_to_whole_seconds_for_the_command_line() -> None:
    spec = RequestSpec(url="/", timeout=timedelta(seconds=1.2), follow_redirects=False)
    assert to_cli(spec, "c").text.endswith("--no-redirects \\\n  --timeout 2s")


PAGED = RequestSpec(
    url="/orders",
    fail_on=("404", "5xx"),
    pagination=Pagination(
        type=PaginationType.TOKEN, items="data.items", next="meta.next", size=50, max_pages=9
    ),
)


def test_a_list_in_pages_is_a_loop_in_python_and_options_on_the_command_line() -> None:
    program = to_python(PAGED, "shop")
    compile(program, "snippet", "exec")
    assert "for item in connection.items(\n" in program
    assert "'next': 'meta.next'" in program
    assert "fail_on=['404', '5xx']" in program
    command_line = to_cli(PAGED, "shop").text.replace(" \\\n ", "")
    assert command_line.endswith(
        "--paginate token --items data.items --page-size 50 --next meta.next --max-pages 9"
    )


def test_the_command_line_knows_every_option_of_a_list_in_pages() -> None:
    everything = Pagination(
        type=PaginationType.PAGE,
        items="i",
        parameter="p",
        place=ParameterPlace.BODY,
        start=0,
        size=1,
        size_parameter="s",
        next="n",
        total="t",
        total_pages="tp",
        more="m",
        max_pages=2,
    )
    said = to_cli(RequestSpec(url="/x", pagination=everything), "shop").text
    known = {each.name for each in fields(PagingOptions)} - {"paginate", "resume_from"}
    for name in known:
        option = {"next_place": "next"}.get(name, name).replace("_", "-")
        assert f"--{option} " in said, name
