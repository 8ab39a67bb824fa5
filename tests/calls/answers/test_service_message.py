"""What services say when they refuse, in the shapes that are documented."""

import json
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grantline.calls.answers.response import Response
from grantline.calls.answers.service_message import MAX_LENGTH, service_message
from grantline.errors import UpstreamError

JSON = "application/json"
SOAP = (
    '<s:Envelope xmlns:s="x"><s:Body><s:Fault><faultcode>s:Client</faultcode>'
    "<faultstring>No such order</faultstring></s:Fault></s:Body></s:Envelope>"
)
SOAP_12 = (
    '<e:Envelope xmlns:e="x"><e:Body><e:Fault><e:Code><e:Value>e:Sender</e:Value></e:Code>'
    '<e:Reason><e:Text xml:lang="en">No such order</e:Text></e:Reason></e:Fault></e:Body>'
    "</e:Envelope>"
)
S3 = "<Error><Code>NoSuchKey</Code><Message>No such order</Message><Key>k</Key></Error>"


@pytest.mark.parametrize(
    "body",
    [
        {"type": "about:blank", "title": "Not Found", "status": 404, "detail": "No such order"},
        {"title": "No such order", "status": 404},
        {"error": {"message": "No such order", "type": "x", "code": 100}},
        {"error": {"code": 404, "message": "No such order", "errors": [{"message": "x"}]}},
        {"error": "No such order"},
        {"error": "invalid_request", "error_description": "No such order"},
        {"error": "Not Found", "message": "No such order", "path": "/x"},
        {"errors": [{"message": "No such order", "locations": []}], "data": None},
        {"errors": [{"title": "Not Found", "detail": "No such order"}]},
        {"errors": ["No such order"]},
        {"ok": False, "error": "No such order"},
        {"message": "No such order", "documentation_url": "https://docs.example"},
        {"Message": "No such order"},
        {"msg": "No such order"},
        {"detail": "No such order"},
        {"detail": [{"loc": ["query", "id"], "msg": "No such order", "type": "x"}]},
        {"errorMessages": ["No such order"], "errors": {}},
        [{"message": "No such order", "errorCode": "NOT_FOUND"}],
        {"Fault": {"Error": [{"Message": "No such order", "code": "610"}], "type": "x"}},
        {"error": {"code": "x", "message": {"lang": "en", "value": "x", "text": "No such order"}}},
        {"odata.error": {"code": "", "message": {"lang": "en-US", "text": "No such order"}}},
        {"fault": {"faultstring": "No such order", "detail": {"errorcode": "x"}}},
        {"meta": {"error_message": "No such order"}},
        {"error_summary": "No such order", "error": {".tag": "path"}},
    ],
)
def test_the_message_is_found_in_json(body: object) -> None:
    assert service_message(json.dumps(body).encode(), JSON) == "No such order"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (SOAP, "No such order"),
        (SOAP_12, "No such order"),
        (S3, "No such order"),
        ("<html><head><title>404 Not\n Found</title></head></html>", "404 Not Found"),
        ("No such order\n", "No such order"),
        ('{"errors": {"email": ["is invalid"], "name": ["is short", "is odd"]}}',
         "email: is invalid; name: is short; is odd"),
        ('{"error": {"code": 7}}', ""),
        ("{}", ""),
        ("", ""),
        ("<p>no title", ""),
        ("long " * 100, ""),
        ('{"message": "a\\u0000b\\u001b[31m\\nc"}', "a b [31m c"),
    ],
)  # fmt: skip
def test_it_is_found_elsewhere_or_not_at_all(body: str, said: str) -> None:
    assert service_message(body.encode(), "") == said


def test_a_deep_answer_takes_no_more_time_than_a_flat_one() -> None:
    body: object = {"k": 1}
    for name in ("detail", "errors", "message", "fault") * 2:
        body = {name: body}
    content, calls = json.dumps(body).encode(), 0

    def count(_frame: object, event: str, _argument: object) -> None:
        nonlocal calls
        calls += event == "call"

    sys.setprofile(count)
    try:
        assert service_message(content, JSON) == ""
    finally:
        sys.setprofile(None)
    assert calls < 2000


def test_the_error_of_an_answer_carries_it() -> None:
    answer = Response(status=404, headers=(), content=b'{"message": "Gone"}', url="")
    with pytest.raises(UpstreamError) as caught:
        answer.raise_for_status()
    assert caught.value.service_message == "Gone"
    assert "Gone" not in str(caught.value)  # our sentences hold no words of others


@given(
    st.binary()
    | st.recursive(st.text() | st.none(), st.lists).map(lambda v: json.dumps(v).encode())
)
def test_any_body_gives_one_printable_line(body: bytes) -> None:
    said = service_message(body, JSON)
    assert len(said) <= MAX_LENGTH
    assert said.isprintable()
