"""Command lines for three shells, split as each shell does."""

import shlex
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grantline.calls.curl.shell_words import split_words
from grantline.errors import InvalidInput


def texts(command: str) -> list[str]:
    return [word.text for word in split_words(command)]


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("$ curl x", ["curl", "x"]),
        ("curl x \\\n  -d y\n\n", ["curl", "x", "-d", "y"]),
        ("curl x \\\r\n  -d y\r\n", ["curl", "x", "-d", "y"]),
        ("curl a\\\nb", ["curl", "ab"]),
        ("curl ''", ["curl", ""]),
        ('curl "a\\"b" \'c"d\'', ["curl", 'a"b', 'c"d']),
        ('curl "a\\\nb\\x"', ["curl", "ab\\x"]),
        (
            "curl $'a\\n\\'b\\x41\\u00e9\\U0001F600\\cA\\q'",
            ["curl", "a\n'bA\u00e9\U0001f600\x01\\q"],
        ),
        ("curl $'\\xc3\\xa9' \"$HOME\"", ["curl", "\u00e9", "$HOME"]),
        ('curl $"x"', ["curl", "x"]),
        ("curl x;", ["curl", "x"]),
        ("curl x & # later", ["curl", "x"]),
        ("curl x#y # z", ["curl", "x#y"]),
        ("curl x 2>&1 -v | jq '.a'", ["curl", "x", "-v"]),
        ("curl x > out -v", ["curl", "x", "-v"]),
        ("curl x\\", ["curl", "x"]),
        # Windows' cmd, as browsers copy it and as people write it.
        (
            'curl ^"http://x/?a=1^&b=2^" ^\n  -H ^"A: b^"',
            ["curl", "http://x/?a=1&b=2", "-H", "A: b"],
        ),
        (
            'curl "http://x" ^\r\n  -d "{\\"a\\": \\"b\\\\\\"}"',
            ["curl", "http://x", "-d", '{"a": "b\\"}'],
        ),
        ('curl x -d "{""a"": 1, ""b"": ""c""}"', ["curl", "x", "-d", '{"a": 1, "b": "c"}']),
        ('curl x ^\n -d "a^b" c^^d e\\f\\\\', ["curl", "x", "-d", "a^b", "c^d", "e\\f\\\\"]),
        ('curl x ^\n -d "a"^\n\n"b"', ["curl", "x", "-d", "a", "b"]),
        ('curl x ^\n -d ^"a^\n\nb^"', ["curl", "x", "-d", "a\nb"]),
        ('curl -d \'{"op": "^"}\' "^"', ["curl", "-d", '{"op": "^"}', "^"]),
        ("curl -d '`\n'", ["curl", "-d", "`\n"]),
        # PowerShell.
        (
            "curl.exe x `\n -H \"A: `$b `\"c`\"\" -d 'it''s'",
            ["curl.exe", "x", "-H", 'A: $b "c"', "-d", "it's"],
        ),
        ('curl x `\r\n -d \'{\\"a\\": 1}\' "b""c"', ["curl", "x", "-d", '{"a": 1}', 'b"c']),
        ("curl x `\n -v > out | jq .\n", ["curl", "x", "-v"]),
        ('curl x `\n -d a\\"b\n', ["curl", "x", "-d", 'a"b']),
        ("curl x `\n -d a`tb", ["curl", "x", "-d", "a\tb"]),
    ],
)
def test_a_command_falls_into_the_words_that_its_shell_sees(command: str, words: list[str]) -> None:
    assert texts(command) == words


@pytest.mark.parametrize(
    ("command", "position", "says"),
    [
        ("curl 'x", 6, "not closed"),
        ('curl x "y', 8, "not closed"),
        ("curl $'x", 7, "not closed"),
        ('curl x ^\n -d "y', 14, "not closed"),
        ("curl http://x/?a=1&b=2", 19, "more text follows"),
        ("curl x\ncurl y", 7, "more text follows"),
        ("curl x && curl y", 8, "more text follows"),
        ("curl -d @- x <<EOF\n{}\nEOF", 14, "here-document"),
        ("curl $'\\0'", 8, "NUL"),
        ("curl $'\\ud800'", 8, "no character"),
        ("curl \0", 6, "NUL"),
        ("curl \ud800", 1, "Unicode"),
    ],
)
def test_what_is_not_one_command_is_refused_with_its_place(
    command: str, position: int, says: str
) -> None:
    with pytest.raises(InvalidInput, match=says) as caught:
        split_words(command)
    assert caught.value.message.startswith(f"Character {position}:")


@pytest.mark.parametrize(
    ("command", "variables"),
    [
        ('curl "$BASE/x" -H "A: ${TOKEN}"', ("$BASE", "${TOKEN}")),
        ("curl x -u $(whoami)", ("$(",)),
        ("curl '$BASE' \\$x 'a`b`' 5$", ()),
        ("curl x `\n -H \"A: $env:TOKEN\" '$no'", ("$env:TOKEN",)),
    ],
)
def test_shell_variables_are_named_and_left_as_they_are(
    command: str, variables: tuple[str, ...]
) -> None:
    found = tuple(name for word in split_words(command) for name in word.variables)
    assert found == variables


def test_a_word_knows_where_it_begins() -> None:
    assert [word.position for word in split_words("curl  'a b'  -d x")] == [1, 7, 14, 17]
    assert [word.position for word in split_words('curl ^\n x "a b"')] == [1, 9, 11]


words = st.lists(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])))


@given(words)
def test_quoted_words_come_back_unchanged(given: list[str]) -> None:
    quoted = shlex.join(["curl", "'", *given])
    assert texts(quoted) == ["curl", "'", *given]


fragments = st.lists(
    st.sampled_from(
        [
            "curl ",
            "'",
            '"',
            "\\",
            "^",
            "`",
            "$",
            "$'",
            "\n",
            "\r\n",
            "&",
            "|",
            ">",
            "#",
            " ",
            "{",
            "x",
        ]
    )
    | st.text(max_size=3)
).map("".join)


@given(fragments | st.text())
def test_any_text_is_split_or_refused(text: str) -> None:
    with suppress(InvalidInput):
        split_words(text)
