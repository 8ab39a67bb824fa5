import pytest
from hypothesis import given
from hypothesis import strategies as st

from grantline.oauth.answers.challenge import Challenge, parse_challenges


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("", ()),
        ("Bearer", (Challenge("bearer"),)),
        ("BEARER realm=x", (Challenge("bearer", (("realm", "x"),)),)),
        (
            # RFC 6750 section 3
            (
                'Bearer realm="example", error="invalid_token", '
                'error_description="The access token expired"'
            ),
            (
                Challenge(
                    "bearer",
                    (
                        ("realm", "example"),
                        ("error", "invalid_token"),
                        ("error_description", "The access token expired"),
                    ),
                ),
            ),
        ),
        (
            # RFC 9110 section 11.6.1
            'Basic realm="simple", Newauth realm="apps", type=1, title="Login to \\"apps\\""',
            (
                Challenge("basic", (("realm", "simple"),)),
                Challenge(
                    "newauth", (("realm", "apps"), ("type", "1"), ("title", 'Login to "apps"'))
                ),
            ),
        ),
        (
            # RFC 9449 section 7.1
            'DPoP realm="WallyWorld", algs="ES256 PS256", Bearer',
            (
                Challenge("dpop", (("realm", "WallyWorld"), ("algs", "ES256 PS256"))),
                Challenge("bearer"),
            ),
        ),
        (
            "Negotiate dG9rZW4=, Basic, NTLM",
            (Challenge("negotiate", token68="dG9rZW4="), Challenge("basic"), Challenge("ntlm")),
        ),
        (
            ' , bearer  Error = "insufficient_scope" ,scope="a, b=c, Basic d" ,',
            (Challenge("bearer", (("error", "insufficient_scope"), ("scope", "a, b=c, Basic d"))),),
        ),
        ('Bearer error="never closed', (Challenge("bearer"),)),
        ('Bearer a="1" b="2"', (Challenge("bearer", (("a", "1"), ("b", "2"))),)),
        ("=broken", ()),
    ],
)
def test_challenges_are_read(value: str, expected: tuple[Challenge, ...]) -> None:
    assert parse_challenges(value) == expected


def test_a_parameter_is_found_whatever_its_case() -> None:
    (challenge,) = parse_challenges('Bearer ERROR="invalid_token"')
    assert challenge.parameter("Error") == "invalid_token"
    assert challenge.parameter("scope") is None


@given(st.text() | st.text(alphabet='Bearer ="\\,\t a1-'))
def test_no_header_makes_the_parser_fail(value: str) -> None:
    for challenge in parse_challenges(value):
        assert challenge.scheme == challenge.scheme.lower() != ""


@given(
    st.lists(
        st.tuples(
            st.from_regex(r"[a-z][a-z0-9_-]{0,9}", fullmatch=True),
            st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=20),
        ),
        min_size=1,
        max_size=5,
    )
)
def test_quoted_parameters_come_back_as_they_were(parameters: list[tuple[str, str]]) -> None:
    def quoted(text: str) -> str:
        return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'

    value = "Bearer " + ", ".join(f"{name}={quoted(text)}" for name, text in parameters)
    assert parse_challenges(value) == (Challenge("bearer", tuple(parameters)),)
