import base64
from dataclasses import fields, replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from grantline.errors import GrantlineError, KeyUnavailable, SecretUnreadable
from grantline.vault import envelope
from grantline.vault.envelope import Place
from grantline.vault.keys import KeyRing, MasterKey

OLD, NEW = MasterKey(b"o" * 32), MasterKey(b"n" * 32)
RING = KeyRing(OLD)
HERE = Place("home", "connection", "con_1", "tokens")
# Sealed once by the first version; every later one must open it.
KEPT = (
    "v1.f20c14a5ef60118f."
    "LWGuAx3I47G2EGddvw4jR8vI7wVbb28Z1oiTBvjtYugLXLl6knCci77i4Kn6i7xFJLp0eEC-ncW2uR3s."
    "6Dw5ZGGS71uc3BNQ_Q3_r5_-Z1bRcYQDWUPjkALoV2E-kJPzHS8bxJZp"
)

values = st.binary(max_size=200)
places = st.builds(Place, *[st.text(max_size=8)] * 4)


@given(values, places)
def test_what_is_sealed_opens_at_its_place(value: bytes, place: Place) -> None:
    assert envelope.unseal(envelope.seal(value, OLD, place), RING, place) == value


def test_an_envelope_of_the_first_version_still_opens() -> None:
    assert envelope.unseal(KEPT, RING, HERE) == b"sealed in 2026"


@given(values, places, places)
def test_what_is_sealed_opens_nowhere_else(value: bytes, place: Place, other: Place) -> None:
    assume(place != other)
    with pytest.raises(SecretUnreadable):
        envelope.unseal(envelope.seal(value, OLD, place), RING, other)


@pytest.mark.parametrize("name", [each.name for each in fields(Place)])
def test_each_part_of_the_place_counts(name: str) -> None:
    sealed = envelope.seal(b"value", OLD, HERE)
    with pytest.raises(SecretUnreadable):
        envelope.unseal(sealed, RING, replace(HERE, **{name: "other"}))


def test_names_that_run_together_are_still_two_places() -> None:
    sealed = envelope.seal(b"value", OLD, Place("a", "bc", "d", "e"))
    with pytest.raises(SecretUnreadable):
        envelope.unseal(sealed, RING, Place("ab", "c", "d", "e"))


@given(values, st.data())
def test_any_flipped_bit_is_noticed(value: bytes, data: st.DataObject) -> None:
    raw = bytearray(envelope.seal(value, OLD, HERE).encode())
    bit = data.draw(st.integers(0, len(raw) * 8 - 1))
    raw[bit // 8] ^= 1 << bit % 8
    with pytest.raises((SecretUnreadable, KeyUnavailable)):
        envelope.unseal(raw.decode("latin-1"), RING, HERE)


@given(values, st.data())
def test_any_flipped_bit_of_the_bytes_inside_is_noticed(value: bytes, data: st.DataObject) -> None:
    parts = envelope.seal(value, OLD, HERE).split(".")
    index = data.draw(st.sampled_from([2, 3]))
    raw = bytearray(base64.urlsafe_b64decode(parts[index] + "=="))
    bit = data.draw(st.integers(0, len(raw) * 8 - 1))
    raw[bit // 8] ^= 1 << bit % 8
    parts[index] = base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
    with pytest.raises(SecretUnreadable):
        envelope.unseal(".".join(parts), RING, HERE)


@given(values, st.data())
def test_every_shorter_form_is_noticed(value: bytes, data: st.DataObject) -> None:
    sealed = envelope.seal(value, OLD, HERE)
    length = data.draw(st.integers(0, len(sealed) - 1))
    with pytest.raises(SecretUnreadable):
        envelope.unseal(sealed[:length], RING, HERE)


@given(st.text() | st.from_regex(r"v1\.[0-9a-f]{16}\.[\w=-]*\.[\w=-]*", fullmatch=True))
def test_any_text_is_refused_in_our_own_words(text: str) -> None:
    with pytest.raises(GrantlineError):
        envelope.unseal(text, RING, HERE)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda parts: ["v2", *parts[1:]],
        lambda parts: [*parts, ""],
        lambda parts: parts[:3],
        lambda parts: [parts[0], parts[1].upper(), *parts[2:]],
        lambda parts: [*parts[:3], parts[3] + "="],
        lambda parts: [*parts[:3], parts[3] + "\n"],
        lambda parts: [*parts[:3], parts[3] + "é"],
        lambda parts: [*parts[:2], "", parts[3]],
        lambda parts: [*parts[:3], "A"],
    ],
)
def test_another_spelling_is_no_envelope(spoil: object) -> None:
    sealed = ".".join(spoil(envelope.seal(b"value", OLD, HERE).split(".")))  # type: ignore[operator]
    with pytest.raises(SecretUnreadable):
        envelope.unseal(sealed, RING, HERE)


def test_the_parts_of_two_envelopes_do_not_mix() -> None:
    one = envelope.seal(b"one", OLD, HERE).split(".")
    two = envelope.seal(b"two", OLD, HERE).split(".")
    with pytest.raises(SecretUnreadable):
        envelope.unseal(".".join([*one[:3], two[3]]), RING, HERE)


def test_sealing_twice_gives_two_forms() -> None:
    assert envelope.seal(b"value", OLD, HERE) != envelope.seal(b"value", OLD, HERE)


def test_a_missing_key_is_named() -> None:
    with pytest.raises(KeyUnavailable) as missing:
        envelope.unseal(envelope.seal(b"value", OLD, HERE), KeyRing(NEW), HERE)
    assert missing.value.fingerprint == OLD.fingerprint


def test_rewrapping_changes_the_key_and_leaves_the_body() -> None:
    both = KeyRing(NEW, (OLD,))
    sealed = envelope.seal(b"value", OLD, HERE)
    moved = envelope.rewrap(sealed, both, HERE)
    assert envelope.wrapped_by(moved) == NEW.fingerprint
    assert moved.split(".")[3] == sealed.split(".")[3]
    assert envelope.unseal(moved, KeyRing(NEW), HERE) == b"value"
    assert envelope.rewrap(moved, both, HERE) == moved


def test_rewrapping_for_another_place_is_refused() -> None:
    sealed = envelope.seal(b"value", OLD, HERE)
    with pytest.raises(SecretUnreadable):
        envelope.rewrap(sealed, KeyRing(NEW, (OLD,)), replace(HERE, row="con_2"))


def test_an_error_says_where_and_not_what() -> None:
    sealed = envelope.seal(b"hunter2hunter2", OLD, HERE)
    with pytest.raises(SecretUnreadable) as refused:
        envelope.unseal(sealed, RING, replace(HERE, row="con_2"))
    said = f"{refused.value} {refused.value.detail}"
    assert "con_2" in said
    assert "hunter2" not in said
    assert sealed.split(".")[3] not in said
