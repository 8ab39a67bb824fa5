import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grantline.errors import InvalidInput
from grantline.oauth.app.settings import Pkce
from grantline.oauth.authorization.pkce import challenge_parameters, code_challenge, code_verifier
from grantline.secret import Secret

# RFC 7636 appendix B
OCTETS = bytes(
    [
        *(116, 24, 223, 180, 151, 153, 224, 37, 79, 250, 96, 125, 216, 173, 187, 186),
        *(22, 212, 37, 77, 105, 214, 191, 240, 91, 88, 5, 88, 83, 132, 141, 121),
    ]
)
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


def test_the_example_of_rfc_7636_appendix_b_comes_out() -> None:
    assert code_verifier(OCTETS) == Secret(VERIFIER)
    assert code_challenge(Secret(VERIFIER)) == CHALLENGE


def test_plain_sends_the_verifier_itself_and_says_so() -> None:
    assert challenge_parameters(Secret(VERIFIER), Pkce.PLAIN) == (
        ("code_challenge", VERIFIER),
        ("code_challenge_method", "plain"),
    )


@given(st.binary(min_size=32, max_size=96))
def test_every_verifier_has_the_length_and_characters_of_section_4_1(entropy: bytes) -> None:
    assert re.fullmatch(r"[A-Za-z0-9._~-]{43,128}", code_verifier(entropy).reveal())


@pytest.mark.parametrize("size", [0, 31, 97])
def test_too_little_or_too_much_entropy_is_refused(size: int) -> None:
    with pytest.raises(ValueError, match="32 to 96"):
        code_verifier(bytes(size))


@pytest.mark.parametrize("verifier", ["", "short", "a" * 42, "a" * 129, "é" * 43, "a" * 43 + "\n"])
def test_a_verifier_that_breaks_section_4_1_is_refused(verifier: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        code_challenge(Secret(verifier))
    assert caught.value.field == "code_verifier"
