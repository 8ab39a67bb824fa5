"""curl itself is the judge: what it sends is what the request made of its command sends."""

import re
import socket
import subprocess
import threading
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import BinaryIO, Final

import pytest

from grantline.calls.bodies.content import Content, form_content, json_content
from grantline.calls.bodies.multipart import Part, file_part, multipart_content, text_part
from grantline.calls.credential import ApiKey, Basic, Bearer, Credential
from grantline.calls.curl.command import CurlImport, parse_curl
from grantline.calls.curl.export import Masking, to_curl
from grantline.calls.request import RequestSpec, build_request
from grantline.secret import Secret
from grantline.url import parse_url
from tests.calls.curl.documented_commands import DOCUMENTED

FILES: Final = {
    "body.json": b'{"name": "Ada",\r\n "note": "two lines\\n"}\n',
    "photo.png": b"\x89PNG\r\n\x1a\n\x00\xff",
    "notes.txt": b"one\ntwo\n",
    "report.pdf": b"%PDF-1.7\n",
    "data.bin": bytes(range(256)),
    "my file.csv": b"a;b\n1;2\n",
    "headers.txt": b"X-One: 1\nX-Two: 2\n",
    "-": b"from standard input",
}

# In the style of the documentation of public APIs. API stands for the recording server.
COMMANDS: Final = (
    "curl API/v1/users",
    "curl API",
    "curl 'API/v1/users?page=2&per_page=50'",
    "curl -X GET API/v1/users",
    "curl -XDELETE API/v1/users/42",
    "curl --request PATCH --url API/v1/users/42 --data '{\"a\":1}'",
    "curl -i -H 'Accept: application/vnd.github+json' -H 'X-GitHub-Api-Version: 2022' API/repos",
    'curl -L -H "Authorization: Bearer abc.def" -H "Accept: application/json" API/user/repos',
    "curl API/v1/charges -u sk_test_4eC39:",
    'curl API/v1/charges -u sk_test_4eC39: -d amount=2000 -d description="First Test Charge"',
    "curl -G API/v1/charges -u sk_test_4eC39: -d limit=3",
    "curl -G API/v1/search -d query=\"name:'Ada'\"",
    "curl API/v1/charges -u user:pass:word -d 'expand[]=customer' -d 'items[0][price]=p_1'",
    "curl --get API/search --data-urlencode 'q=two words & more' --data-urlencode 'sort=a+b'",
    "curl API/form --data-urlencode 'comment=50% off, été'",
    "curl API/form --data-urlencode '=no name=here' --data-urlencode 'plain text'",
    "curl API/form --data-urlencode @notes.txt",
    "curl API/form --data-urlencode note@notes.txt --data-urlencode x=@notes.txt",
    "curl -X POST -H 'Content-type: application/json' --data '{\"text\":\"Hello!\"}' API/hook",
    "curl -X POST API/items -H 'Content-Type: application/json' -d @body.json",
    "curl -X POST API/items -H 'Content-Type: application/json' --data-binary @body.json",
    "curl -X POST API/items --data-ascii @body.json",
    "curl -X PUT API/items/1 --data-raw @body.json",
    "curl API/items --json '{\"a\": [1, 2]}'",
    "curl API/items --json @body.json",
    "curl API/items --json '{\"a\":' --json '1}'",
    "curl API/items --json '[]' -H 'Accept: application/problem+json'",
    "curl API/items --json '{}' -H 'content-type: application/merge-patch+json' -X PATCH",
    "curl API/upload -F name=daniel -F photo=@photo.png",
    "curl API/upload --form 'file=@\"report.pdf\"' --form 'purpose=\"fine-tune\"'",
    'curl API/upload -F \'file=@photo.png;type=image/x-icon;filename="logo \\"big\\".png"\'',
    "curl API/upload -F 'file=@data.bin' -F 'list=<notes.txt' -F 'pdf=<report.pdf'",
    'curl API/upload -F \'metadata={"name": "x"};type=application/json\' -F file=@report.pdf',
    "curl API/upload -F 'metadata=\"a;b\\\\c\";type=text/plain; charset=utf-8' -F b=' c ; d=e'",
    "curl API/upload -F 'story=plain;filename=story.html' -F 'other=plain;filename=x'",
    "curl API/upload --form-string 'note=@not a file;type=none' -F 'my \"field\"=1'",
    "curl API/upload -H 'Content-Type: multipart/form-data' -F 'file=@my file.csv'",
    "curl API/upload -F 'file=@my file.csv;filename=r\u00e9sum\u00e9.csv;type=text/csv'",
    "curl API/upload -F file=@- < STDIN",
    "curl -T photo.png API/bucket/photo.png",
    "curl --upload-file report.pdf API/folder/",
    "curl -X POST -T data.bin -H 'Content-Type: application/octet-stream' API/blob",
    "curl -I API/v1/users",
    "curl --head -G -d a=1 API/v1/users",
    "curl -sSL -o /dev/null -w '%{http_code}' API/health",
    "curl -sS -XPOST -d'a=b' -H'X-Trace:1' API/x",
    "curl --silent --show-error --fail --location --compressed API/x",
    "curl -A 'agent/1.0' -e 'https://ref.example/' -b 'a=1; b=2' API/x",
    "curl -A one -H 'User-Agent: two' -b a=1 -b b=2 API/x",
    "curl --cookie 'session=abc' -H 'Cookie: own=1' API/x",
    "curl -r 0-99 API/file",
    "curl -k -m 10 --connect-timeout 5 --retry 3 API/x",
    "curl --url API/x --url-query 'q=a b' --url-query '+raw=1&two'",
    "curl 'API/x?a=1' -G -d b=2 -d c=3",
    "curl -H 'X-Empty;' -H 'X-Nothing:' -H 'X-Space:   padded  ' API/x",
    "curl -H 'Expect:' -d '' API/x",
    "curl -H 'Content-Type:' -d raw API/x",
    "curl -H @headers.txt API/x",
    "curl --oauth2-bearer tok123 API/x",
    "curl -H 'Authorization: token ghp_abc' API/x",
    "curl -u a:b -H 'Authorization: Bearer wins' API/x",
    "curl -u a:b -H 'Authorization:' API/x",
    "curl -H 'Authorization: Basic dXNlcjpwYTpzcw==' API/x",
    "curl -H 'X-Api-Key: k1' API/x",
    "curl -H 'X-Repeated: 1' -H 'X-Repeated: 2' API/x",
    "curl API/x -H $'X-Tab: a\\tb' --data-binary $'line\\r\\n\\x41\\xc3\\xa9\\xff\\u00e9\\'\\101'",
    'curl API/x -d "a \\"quoted\\" \\$5 \\\\ \\n text"',
    'curl API/x \\\n  -H "Accept: text/csv" \\\n  -d \'{\n  "multi": "line"\n}\'',
    "curl API/x -d a'b'\"c\"\\ d",
    "curl API/x # a comment",
    "curl -s API/x | cat > /dev/null",
    "curl -s API/x 2>/dev/null -H 'X-After: 1' >/dev/null",
    "curl -d @- API/x < STDIN",
    "curl -d a=1 -d @notes.txt --data-raw '@x' --data-urlencode 'y= ' API/x",
    "curl --data-bin @data.bin --compressed --no-compressed API/x",
    "curl -d x=1 --no-location --no-buffer -- API/x",
    "curl -g 'API/x?filter[name]=a&ids={1,2}'",
    "curl 'API/x?q=%C3%A9t%C3%A9&empty=&flag'",
    "curl 'API/x?q=\u00e9t\u00e9#fragment'",
    "curl -u 'us\u00e9r:p\u00e4ss' API/x",
)


@dataclass
class Recorder:
    """A server on loopback that keeps what it is sent, byte for byte."""

    origin: str
    requests: list[bytes] = field(default_factory=list)


@contextmanager
def recording() -> Iterator[Recorder]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        recorder = Recorder(f"http://127.0.0.1:{listener.getsockname()[1]}")

        def serve() -> None:
            while True:
                peer, _ = listener.accept()
                with peer, peer.makefile("rb") as stream:
                    head = b""
                    while not head.endswith(b"\r\n\r\n"):
                        line = stream.readline()
                        if not line:
                            return
                        head += line
                    sized = re.search(rb"(?i)content-length: ([0-9]+)", head)
                    body = stream.read(int(sized[1])) if sized else read_chunks(stream, head)
                    recorder.requests.append(head + body)
                    peer.sendall(
                        b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
                    )

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield recorder
        finally:
            socket.create_connection(listener.getsockname()).close()
            thread.join()


def read_chunks(stream: BinaryIO, head: bytes) -> bytes:
    if b"chunked" not in head.lower():
        return b""
    body = b""
    while size := int(stream.readline(), 16):
        body += stream.read(size)
        stream.readline()
    stream.readline()
    return body


@pytest.fixture(scope="module")
def recorder() -> Iterator[Recorder]:
    with recording() as found:
        yield found


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("curl")
    for name, data in FILES.items():
        (path / name.replace("-", "STDIN") if name == "-" else path / name).write_bytes(data)
    return path


@dataclass(frozen=True)
class Sent:
    """A request without what says nothing about the command: defaults, framing, boundaries."""

    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    body: bytes


LEFT_OUT: Final = {"host", "content-length", "transfer-encoding", "accept-encoding", "expect"}
DEFAULTS: Final = re.compile(r"(?:accept: \*/\*|user-agent: (?:curl|grantline)/.*)", re.IGNORECASE)


_ESCAPE: Final = re.compile("%[0-9a-f]{2}")


def sent(method: str, target: str, headers: list[tuple[str, str]], body: bytes) -> Sent:
    # curl sends a URL as it was typed; ours is in the canonical form of RFC 3986.
    url = parse_url(f"http://api.example{target}")
    target = _ESCAPE.sub(lambda escape: escape[0].upper(), f"{url.path}?{url.query}")
    kept = [
        (name.lower(), value)
        for name, value in headers
        if name.lower() not in LEFT_OUT and not DEFAULTS.fullmatch(f"{name}: {value}")
    ]
    boundary = next((v.partition("boundary=")[2] for n, v in kept if n == "content-type"), "")
    if boundary:
        kept = [(name, value.replace(boundary, "B")) for name, value in kept]
        body = body.replace(boundary.encode(), b"B")
    return Sent(method, target, tuple(sorted(kept)), body)


def sent_by_curl(raw: bytes) -> Sent:
    head, _, body = raw.partition(b"\r\n\r\n")
    first, *lines = head.decode("utf-8").split("\r\n")
    method, target, _ = first.split(" ")
    pairs = [line.partition(":") for line in lines]
    return sent(method, target, [(name, value.strip()) for name, _, value in pairs], body)


def sent_by_us(found: CurlImport, origin: str) -> Sent:
    request = build_request(found.spec, base_url="")
    headers = [*request.headers, *authorization(found.auth)]
    return sent(request.method, request.url.removeprefix(origin), headers, request.data)


def authorization(auth: Credential | None) -> list[tuple[str, str]]:
    match auth:
        case Basic(user, password):
            pair = f"{user}:{password.reveal()}".encode()
            return [("Authorization", f"Basic {b64encode(pair).decode()}")]
        case Bearer(token):
            return [("Authorization", f"Bearer {token.reveal()}")]
        case ApiKey(name, value):
            return [(name, value.reveal())]
        case None:
            return []


def run_curl(command: str, folder: Path, recorder: Recorder) -> Sent:
    done = subprocess.run(
        ["bash", "-c", command], cwd=folder, capture_output=True, timeout=20, check=False
    )
    assert done.returncode == 0, done.stderr.decode()
    return sent_by_curl(recorder.requests.pop())


@pytest.mark.parametrize("command", [*COMMANDS, *DOCUMENTED])
def test_what_curl_sends_is_what_the_request_sends_and_what_its_own_command_makes_curl_send(
    command: str, folder: Path, recorder: Recorder, tmp_path: Path
) -> None:
    command = command.replace("API", recorder.origin)
    theirs = run_curl(command, folder, recorder)
    found = parse_curl(command.replace(" < STDIN", ""), files=FILES)
    assert found.missing == ()
    assert sent_by_us(found, recorder.origin) == theirs

    copied = to_curl(found.spec, auth=found.auth, masking=Masking.REVEALED)
    for name, data in copied.files.items():
        (tmp_path / name).write_bytes(data)
    assert run_curl(copied.text, tmp_path, recorder) == theirs


ACCENTS: Final = "r\u00e9sum\u00e9 \U0001f600"
PARTS: Final = (
    text_part("note", "@not a file;type=none"),
    text_part("meta", '{"a": "b;c\\\\d"}', media_type="application/json"),
    text_part('quoted "name"', "two\nlines"),
    Part("raw", b"\x00\xff"),
    file_part("photo", b"\x89PNG\x00", filename="photo.png", media_type="image/png"),
    file_part("same", b"other bytes", filename="photo.png", media_type="text/plain; charset=utf-8"),
    file_part("odd", b"", filename='a/b "c"\\;,.txt'),
    file_part("accents", b"x", filename=ACCENTS),
)
AUTH: Final = Basic("user", Secret("pa:ss'word"))


@pytest.mark.parametrize(
    ("spec", "auth"),
    [
        (RequestSpec(url="/users?x=1", query=(("q", "a b&c"), ("q", ACCENTS))), None),
        (
            RequestSpec(url="/x", method="DELETE", headers=(("X-Empty", ""), ("X-It's", "$a `b`"))),
            AUTH,
        ),
        (RequestSpec(url="/x", method="HEAD"), Bearer(Secret("t'\"\\k"))),
        (
            RequestSpec(
                url="/x", method="POST", content=json_content({"it's": [ACCENTS, "\r\n!"]})
            ),
            None,
        ),
        (
            RequestSpec(url="/x", method="PUT", content=form_content((("@a", "=&"), ("a", "b c")))),
            None,
        ),
        (RequestSpec(url="/x", method="POST", content=Content(b"@body.json", "text/plain")), None),
        (RequestSpec(url="/x", method="GET", content=Content(b"", "")), None),
        (RequestSpec(url="/x", method="POST", content=Content(bytes(range(256)), "image/x")), None),
        (RequestSpec(url="/x", method="POST", content=Content(b"a" * 200_000, "text/plain")), None),
        (RequestSpec(url="/x", method="POST", content=multipart_content(PARTS)), AUTH),
        (
            RequestSpec(url="/x", method="PUT", content=multipart_content([text_part("a=b", "c")])),
            None,
        ),
        (
            RequestSpec(url="/x", headers=(("X-Api-Key", "k"),), timeout=timedelta(seconds=2.5)),
            None,
        ),
    ],
)
def test_a_command_that_was_copied_out_makes_curl_send_the_request(
    spec: RequestSpec, auth: Credential | None, tmp_path: Path, recorder: Recorder
) -> None:
    command = to_curl(spec, base_url=recorder.origin, auth=auth, masking=Masking.REVEALED)
    for name, data in command.files.items():
        (tmp_path / name).write_bytes(data)
    whole = replace(spec, url=recorder.origin + spec.url)
    ours = sent_by_us(CurlImport(spec=whole, auth=auth), recorder.origin)
    assert run_curl(command.text, tmp_path, recorder) == ours
    again = parse_curl(command.text, files=command.files)
    assert sent_by_us(again, recorder.origin) == ours
