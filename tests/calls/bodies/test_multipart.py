"""Forms with files (RFC 7578)."""

from email import message_from_bytes

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grantline.calls.bodies.content import Content
from grantline.calls.bodies.multipart import (
    Part,
    SourcePart,
    file_part,
    multipart_content,
    multipart_upload,
    read_multipart,
    text_part,
)
from grantline.errors import InvalidInput
from tests.sources import ListSource


def test_a_form_is_written_byte_for_byte() -> None:
    content = multipart_content(
        [
            text_part("note", "two\nlines"),
            text_part("meta", "{}", media_type="application/json"),
            file_part(
                "photo", b"\x00\xff", filename="r\u00e9sum\u00e9.png", media_type="image/png"
            ),
        ],
        boundary="b",
    )
    assert content.media_type == "multipart/form-data; boundary=b"
    assert content.data == (
        b"--b\r\n"
        b'Content-Disposition: form-data; name="note"\r\n\r\n'
        b"two\nlines\r\n"
        b"--b\r\n"
        b'Content-Disposition: form-data; name="meta"\r\n'
        b"Content-Type: application/json\r\n\r\n"
        b"{}\r\n"
        b"--b\r\n"
        b'Content-Disposition: form-data; name="photo"; filename="r\xc3\xa9sum\xc3\xa9.png"\r\n'
        b"Content-Type: image/png\r\n\r\n"
        b"\x00\xff\r\n"
        b"--b--\r\n"
    )


@pytest.mark.parametrize(
    "hostile", ['x"; filename="y', "x\r\nX-Injected: 1", "x\r\n\r\nbody", "\n"]
)
def test_a_name_cannot_add_a_parameter_or_a_header(hostile: str) -> None:
    content = multipart_content([file_part(hostile, b"", filename=hostile)], boundary="b")
    head = content.data.partition(b"\r\n\r\n")[0]
    assert head.count(b"\r\n") == 2
    assert head.count(b'"') == 4
    escaped = hostile.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")
    assert f'name="{escaped}"; filename="{escaped}"'.encode() in head


@pytest.mark.parametrize(
    ("part", "boundary"),
    [
        (text_part("a", "the --bound inside"), "bound"),
        (text_part("a", ""), ""),
        (text_part("a", ""), "with blank"),
        (text_part("a", ""), "x" * 71),
        (text_part("a", "", media_type="a/b\r\nX: y"), None),
        (text_part("a", "", media_type="text"), None),
        (text_part("\ud800", ""), None),
    ],
)
def test_what_would_break_the_form_is_refused(part: Part, boundary: str | None) -> None:
    with pytest.raises(InvalidInput):
        multipart_content([part], boundary=boundary)


@pytest.mark.parametrize(
    "content",
    [
        Content(b"", "application/json"),
        Content(b"--b--\r\n", "multipart/form-data; boundary=c"),
        Content(b"--b\r\n\r\nx\r\n--b--\r\n", "multipart/form-data; boundary=b"),
        Content(b"preamble\r\n--b--\r\n", "multipart/form-data; boundary=b"),
        Content(
            b'--b\r\nContent-Disposition: form-data; name="\xff"\r\n\r\n\r\n--b--\r\n',
            "multipart/form-data; boundary=b",
        ),
        Content(
            b'--b\r\nContent-Disposition: form-data; name=""\r\nContent-Type: x\r\n\r\n\r\n'
            b"--b--\r\n",
            "multipart/form-data; boundary=b",
        ),
    ],
)
def test_a_body_that_others_wrote_is_not_taken_apart(content: Content) -> None:
    assert read_multipart(content) is None


texts = st.text(st.characters(exclude_categories=["Cs"]))
media_types = st.sampled_from(["image/png", "text/plain; charset=utf-8", "application/x.y+json"])
forms = st.lists(st.builds(Part, texts, st.binary(), st.none() | texts, st.none() | media_types))


@given(forms)
def test_a_form_is_read_back_as_it_was_written(parts: list[Part]) -> None:
    content = multipart_content(parts)
    again = read_multipart(content)
    assert again is not None
    assert multipart_content(again) == content
    assert [(part.data, part.media_type) for part in again] == [
        (part.data, part.media_type) for part in parts
    ]


@given(forms.filter(bool))
def test_the_standard_library_reads_the_same_parts(parts: list[Part]) -> None:
    content = multipart_content(parts)
    message = message_from_bytes(
        f"Content-Type: {content.media_type}\r\n\r\n".encode() + content.data
    )
    read = message.get_payload()
    assert isinstance(read, list)
    assert len(read) == len(parts)


@given(st.binary(), st.sampled_from(["multipart/form-data; boundary=b", "multipart/form-data", ""]))
def test_any_bytes_are_a_form_or_not(data: bytes, media_type: str) -> None:
    read_multipart(Content(data, media_type))


async def test_a_streamed_form_is_the_same_bytes_as_one_in_memory() -> None:
    held = [text_part("note", "hi"), file_part("f", b"one two", filename="f.txt")]
    read: list[Part | SourcePart] = [held[0], SourcePart("f", ListSource(size=7), "f.txt")]
    content = multipart_content(held, boundary="b")
    upload = multipart_upload(read, boundary="b")

    assert upload.media_type == content.media_type
    assert b"".join([chunk async for chunk in upload.source.chunks()]) == content.data
    assert upload.source.size == len(content.data)
    assert upload.source.replayable


@pytest.mark.parametrize("source", [ListSource(), ListSource(size=7, replayable=False)])
def test_a_streamed_form_is_as_its_parts_are(source: ListSource) -> None:
    joined = multipart_upload([SourcePart("f", source, "f")], boundary="b").source
    assert (joined.size is None) == (source.size is None)
    assert joined.replayable == source.replayable


def test_the_boundary_of_a_streamed_form_is_checked() -> None:
    with pytest.raises(InvalidInput):
        multipart_upload([], boundary="b\r\n")
