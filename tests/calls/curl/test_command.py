"""What becomes of a pasted cURL command; `test_command_judge` asks curl about the bytes."""

import gzip
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grantline.calls.attempts.retry import RetryPolicy
from grantline.calls.bodies.content import FORM_TYPE, JSON_TYPE, Content
from grantline.calls.bodies.multipart import Part, multipart_content, read_multipart
from grantline.calls.credential import ApiKey, Basic, Bearer, Credential
from grantline.calls.curl.command import CurlImport, parse_curl
from grantline.calls.curl.export import Masking, to_curl
from grantline.calls.request import RequestSpec
from grantline.errors import InvalidInput
from grantline.messages import AddressFamily, TlsVersion
from grantline.secret import Secret

URL = "https://api.example/v1/items"


def seconds(number: float) -> timedelta:
    return timedelta(seconds=number)


def test_a_whole_command_becomes_the_fields_of_a_request() -> None:
    found = parse_curl(
        f"curl -L -X PATCH '{URL}?page=2&tag=a&tag=b%20c' -m 2.5 -H 'Accept: text/csv' "
        "-H 'Content-Type: application/json' -d '{}'"
    )
    assert found == CurlImport(
        spec=RequestSpec(
            method="PATCH",
            url=f"{URL}?page=2&tag=a&tag=b%20c",
            headers=(("Accept", "text/csv"),),
            content=Content(b"{}", JSON_TYPE),
            follow_redirects=True,
            timeout=timedelta(seconds=2.5),
        )
    )


@pytest.mark.parametrize(
    ("query", "pairs"),
    [
        ("?page=2&tag=a&tag=b+c", (("page", "2"), ("tag", "a"), ("tag", "b c"))),
        ("?empty=", (("empty", ""),)),
        ("?flag", None),
        ("?filter[]=a", None),
        ("?q=b%20c", None),
    ],
)
def test_a_query_becomes_pairs_only_where_they_say_the_same(
    query: str, pairs: tuple[tuple[str, str], ...] | None
) -> None:
    spec = parse_curl(f"curl '{URL}{query}'").spec
    assert (spec.url, spec.query) == ((f"{URL}{query}", ()) if pairs is None else (URL, pairs))


@pytest.mark.parametrize(
    ("options", "auth"),
    [
        ("-H 'Authorization: bearer abc'", Bearer(Secret("abc"))),
        ("-H 'authorization: Basic dXNlcjpwYTpzcw=='", Basic("user", Secret("pa:ss"))),
        ("-H 'Authorization: Basic ???'", ApiKey("Authorization", Secret("Basic ???"))),
        ("-H 'Authorization: Bot x'", ApiKey("Authorization", Secret("Bot x"))),
        ("-u user:pa:ss", Basic("user", Secret("pa:ss"))),
        ("-u user", Basic("user", Secret(""))),
        ("--oauth2-bearer abc", Bearer(Secret("abc"))),
        ("-H 'X-Api-Key: k'", ApiKey("X-Api-Key", Secret("k"))),
        ("-H 'Cookie: a=b'", None),
    ],
)
def test_credentials_are_lifted_out(options: str, auth: Credential | None) -> None:
    found = parse_curl(f"curl {URL} {options}")
    assert found.auth == auth
    assert not auth or found.spec.headers == ()
    assert bool(found.warnings) is bool(auth)


def test_user_and_password_leave_the_url() -> None:
    found = parse_curl("curl https://us%40er:pass@api.example/x")
    assert found.auth == Basic("us@er", Secret("pass"))
    assert found.spec.url == "https://api.example/x"


def test_files_that_are_not_given_are_named_once_and_in_order() -> None:
    command = f"curl {URL} -F a=@one.png -F 'b=<two' -F c=@one.png -F 'd=@-'"
    found = parse_curl(command, files={"two": b"2"})
    assert found.missing == ("one.png", "-")
    assert found.spec.content
    assert [part.filename for part in read_multipart(found.spec.content) or ()] == [
        "one.png",
        None,
        "one.png",
        "-",
    ]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ("-k", "-k: Certificates are always checked"),
        ("--insecure", "--insecure: Certificates are always checked"),
        ("-x http://proxy:1", "-x: A proxy is a setting"),
        ("--cacert ca.pem", "--cacert: Certificates and TLS"),
        ("--location-trusted", "never go along to another host"),
        ("-n", ".netrc"),
        ("-b jar.txt", "A file with cookies is not read"),
        ("-c jar.txt", "-c: This has no equal"),
        ("-H 'Host: other.example'", "Host: This header is left out"),
        ("-H 'Content-Length: 3'", "Content-Length: This header is left out"),
        ('-H "X: $VALUE"', "$VALUE is a shell variable"),
    ],
)
def test_what_is_not_taken_over_is_said(options: str, says: str) -> None:
    found = parse_curl(f"curl {options} {URL}")
    assert len(found.warnings) == 1
    assert says in found.warnings[0]
    assert found.spec.headers in {(), (("X", "$VALUE"),)}


@pytest.mark.parametrize(
    "options",
    [
        "-s -S -v -i",
        "-sSo /dev/null --no-insecure --no-fail",
        "-w '%{http_code}'",
        "--http2 -4 -6 --tlsv1.2",
        "-#",
    ],
)
def test_what_only_changes_the_output_is_passed_over(options: str) -> None:
    assert parse_curl(f"curl {options} {URL}") == parse_curl(f"curl {URL}")


@pytest.mark.parametrize(
    ("options", "fields"),
    [
        ("-f", {"fail_on": ("4xx", "5xx")}),
        ("--fail-with-body", {"fail_on": ("4xx", "5xx")}),
        ("-4", {"address_family": AddressFamily.IPV4}),
        ("--ipv6", {"address_family": AddressFamily.IPV6}),
        ("--tlsv1.3", {"minimum_tls": TlsVersion.TLS_1_3}),
        ("--connect-timeout 2.5 -m 9", {"timeout": seconds(9), "connect_timeout": seconds(2.5)}),
        ("--retry 0", {}),
        ("--retry 5", {"retry": RetryPolicy(attempts=6)}),
        ("--retry 5 --retry-max-time 9", {"retry": RetryPolicy(attempts=6, within=seconds(9))}),
        ("--retry 9999", {"retry": RetryPolicy(attempts=21)}),
    ],
)
def test_how_it_is_sent_is_taken_over_and_given_back(options: str, fields: dict[str, Any]) -> None:
    spec = parse_curl(f"curl {options} {URL}").spec
    assert spec == replace(parse_curl(f"curl {URL}").spec, **fields)
    assert parse_curl(to_curl(spec).text).spec == spec


def test_curl_repeats_whatever_method_it_was_given() -> None:
    retry = parse_curl(f"curl --retry 1 -d a=b {URL}").spec.retry
    assert retry is not None
    assert "POST" in retry.methods


def test_a_body_that_is_compressed_is_copied_out_as_a_file() -> None:
    spec = RequestSpec(
        url=URL, method="POST", content=Content(b"text", "text/plain"), compress=True
    )
    command = to_curl(replace(spec, accept_compressed=False))
    assert gzip.decompress(command.files["body.bin"]) == b"text"
    assert "Content-Encoding: gzip" in command.text
    assert "Accept-Encoding: identity" in command.text


@pytest.mark.parametrize(
    ("command", "says"),
    [
        ("", "no cURL command"),
        ("wget x", "no cURL command"),
        ("curl", "names no URL"),
        (f"curl {URL} {URL}", r"The URL at character 35: The command has several URLs"),
        (f"curl {URL} --next {URL}", r"--next at character 35: The command makes several requests"),
        (f"curl {URL} -: {URL}", r"-: at character 35"),
        (f"curl {URL} --header", r"--header at character 35: The value is missing"),
        (f"curl {URL} --header='A: b'", r"--header at character 35: curl has no such option"),
        (f"curl {URL} -sQ", r"-Q at character 35: curl has no such option"),
        (f"curl {URL} --dat x", r"--dat at character 35"),
        (f"curl {URL} -H nonsense", r"-H at character 35: A header has the form"),
        (f"curl {URL} -H 'a b: c'", r"-H at character 35: A header name contains a blank"),
        (f"curl {URL} -H $'A: b\\nC: d'", r"-H at character 35: The value of the header A"),
        (f"curl {URL} -A $'b\\nC: d'", r"-A at character 35: The value of the header User-Agent"),
        (f"curl {URL} -H 'Authorization: a' -H 'Authorization: b'", r"two Authorization headers"),
        (f"curl {URL} -H $'Authorization: a\\nb'", r"-H at character 35"),
        (f"curl {URL} -H $'X: \\xff'", r"-H at character 35: The value is not Unicode"),
        (f"curl {URL} -X 'GET /'", r"-X at character 35: This is no HTTP method"),
        (f"curl {URL} -m soon", r"-m at character 35: This is no number of seconds"),
        (f"curl {URL} -d a -F b=c", r"-F at character 40: The command has two bodies"),
        (f"curl {URL} -I -d a", r"-d at character 38: A HEAD request"),
        (f"curl {URL} -F nonsense", r"-F at character 35: A field has the form"),
        (f"curl {URL} -F 'a=(;type=multipart/mixed'", "A form within a form"),
        (f"curl {URL} -F 'a=@x,y'", "Several files in one field"),
        (f"curl {URL} -F 'a=b;type=nonsense'", "type/subtype"),
        (f"curl {URL} -F 'a=b;headers=\"X: y\"'", "headers= of a field"),
        (
            f"curl {URL} -F a=b -H 'Content-Type: multipart/related'",
            "that is not multipart/form-data",
        ),
        (f"curl {URL} --digest -u a:b", "--digest at character 35: This kind of authentication"),
        (f"curl {URL} -K file", "A file with more options"),
        ("curl 'https://api.example/{a,b}'", "stands for several URLs"),
        ("curl 'https://api.example/[1-9]'", "stands for several URLs"),
        ("curl 'https://api.example/a b'", "The URL at character 6: The URL contains a blank"),
        ("curl ftp://api.example/", "does not begin with https"),
        (f"curl {URL} " + "x" * 2_000_000, "too long"),
    ],
)
def test_what_cannot_be_made_is_refused_with_the_option_and_its_place(
    command: str, says: str
) -> None:
    with pytest.raises(InvalidInput, match=says) as caught:
        parse_curl(command)
    assert caught.value.field == "curl"


def test_the_name_of_an_uploaded_file_is_encoded_into_the_url() -> None:
    found = parse_curl("curl -T 'dir/my file.csv' https://api.example/folder/", files={})
    assert found.spec.url == "https://api.example/folder/my%20file.csv"
    assert (found.spec.method, found.missing) == ("PUT", ("dir/my file.csv",))


def test_long_options_may_be_shortened_and_switched_off() -> None:
    found = parse_curl(f"curl --location --no-location --data-bin x {URL}")
    assert (found.spec.method, found.spec.follow_redirects) == ("POST", False)
    with pytest.raises(InvalidInput, match="--no-data at character 6: curl has no such option"):
        parse_curl(f"curl --no-data x {URL}")


@pytest.mark.parametrize(
    "part",
    [
        Part("a\0", b""),
        Part("a", b"", "name", None),
        Part("a", b"", "name", "text/plain; a=b"),
    ],
)
def test_a_form_that_curl_could_not_write_is_copied_as_its_bytes(part: Part) -> None:
    content = multipart_content([part])
    command = to_curl(RequestSpec(method="POST", url=URL, content=content))
    assert "-F" not in command.text
    assert parse_curl(command.text, files=command.files).spec.content == content


def test_a_url_without_a_scheme_becomes_https() -> None:
    found = parse_curl("curl api.example/x")
    assert found.spec.url == "https://api.example/x"
    assert "https://" in found.warnings[0]


def test_an_error_never_repeats_a_secret() -> None:
    with pytest.raises(InvalidInput) as caught:
        parse_curl(f"curl {URL} -u user:hunter22 -H 'hunter22' --bogus")
    assert "hunter22" not in str(caught.value)


@pytest.mark.parametrize(
    "auth",
    [
        Basic("user", Secret("hunter22")),
        Bearer(Secret("hunter22")),
        ApiKey("K", Secret("hunter22")),
    ],
)
def test_a_copied_command_masks_credentials_unless_asked(auth: Credential) -> None:
    spec = RequestSpec(
        url=f"{URL}?access_token=hunter22&page_token=p1",
        headers=(("X-Api-Key", "hunter22"), ("Accept", "a/b")),
        query=(("api_key", "hunter22"), ("a", "b")),
    )
    masked = to_curl(spec, auth=auth).text
    assert "hunter22" not in masked
    assert "page_token=p1" in masked
    assert "Accept: a/b" in masked
    assert to_curl(spec, auth=auth, masking=Masking.REVEALED).text.count("hunter22") == 4


text = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20)
pairs = st.lists(st.tuples(text, text), max_size=4).map(tuple)
header_names = st.from_regex(r"X-[A-Za-z0-9]{1,8}", fullmatch=True).filter(
    lambda name: not name.lower().endswith(("token", "secret", "cookie", "auth"))
)
header_values = st.from_regex(r"[!-~](?:[ -~]{0,10}[!-~])?|", fullmatch=True)
headers = st.lists(st.tuples(header_names, header_values), max_size=3).map(tuple)
media_types = st.sampled_from(["image/png", "text/plain", "application/json; charset=utf-8"])
parts = st.builds(Part, text, st.binary(max_size=20)) | st.builds(
    Part, text, st.binary(max_size=20) | text.map(str.encode), st.none() | text, media_types
)
contents = (
    st.builds(Content, st.binary(max_size=50), st.sampled_from([FORM_TYPE, JSON_TYPE, "", "a/b"]))
    | st.builds(Content, text.map(str.encode), st.just("text/plain; charset=utf-8"))
    | st.lists(parts, min_size=1, max_size=4).map(multipart_content)
)
specs = st.builds(
    RequestSpec,
    method=st.sampled_from(["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD", "PURGE"]),
    url=st.sampled_from([URL, "https://api.example/", "http://[::1]:8080/a/./b%20c"]),
    headers=headers,
    query=pairs,
    content=st.none() | contents,
    follow_redirects=st.booleans(),
    timeout=st.none() | st.timedeltas(timedelta(microseconds=1), timedelta(days=1)),
)
visible = st.from_regex(r"[!-~]{1,20}", fullmatch=True)
auths = (
    st.none()
    | st.builds(Basic, visible.map(lambda user: user.replace(":", "")), st.builds(Secret, text))
    | st.builds(Bearer, st.builds(Secret, visible))
    | st.builds(ApiKey, st.just("X-Api-Key"), st.builds(Secret, visible))
)


@given(specs, auths)
def test_a_copied_command_read_again_is_the_same_request(
    spec: RequestSpec, auth: Credential | None
) -> None:
    command = to_curl(spec, auth=auth, masking=Masking.REVEALED)
    again = parse_curl(command.text, files=command.files)
    assert (again.spec, again.auth, again.missing) == (spec, auth, ())


OPTIONS = (
    "-X -H -d -F -u -G -I -T -b -m -sk --json --url-query --data-urlencode --form-string -- "
    f"{URL} a=b a=@b;type=c/d 'X: @f '"
)
options = st.lists(st.sampled_from(OPTIONS.split()) | text, max_size=8)


@given(options | text)
def test_any_command_is_read_or_refused(given: list[str] | str) -> None:
    with suppress(InvalidInput):
        parse_curl(f"curl {URL} {given if isinstance(given, str) else ' '.join(given)}")
