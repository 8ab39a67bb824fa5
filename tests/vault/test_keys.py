import base64
import pickle

import pytest

from grantline.errors import ConfigurationError, KeyUnavailable
from grantline.vault.keys import KeyRing, MasterKey, check_value, verify_check

RAW = bytes(range(224, 256))
KEY = MasterKey(RAW)
OTHER = MasterKey(bytes(32))


@pytest.mark.parametrize(
    "text",
    [
        base64.b64encode(RAW).decode(),
        base64.b64encode(RAW).decode().rstrip("="),
        base64.urlsafe_b64encode(RAW).decode(),
        base64.urlsafe_b64encode(RAW).decode().rstrip("="),
        RAW.hex(),
        RAW.hex().upper(),
        f"  {RAW.hex()}\n",
        KEY.to_text(),
    ],
)
def test_a_key_is_read_in_every_common_spelling(text: str) -> None:
    assert MasterKey.parse(text, source="here") == KEY


@pytest.mark.parametrize(
    "text",
    [
        "",
        "correct horse battery staple",
        RAW.hex()[:-1],
        RAW.hex() + "0",
        base64.b64encode(RAW[:31]).decode(),
        base64.b64encode(RAW + b"\0").decode(),
        base64.b64encode(RAW).decode()[:-1] + "!",
        "é" * 64,
        "٣" * 64,
    ],
)
def test_anything_else_is_refused_without_being_repeated(text: str) -> None:
    with pytest.raises(ConfigurationError, match="GRANTLINE_KEY does not hold") as refused:
        MasterKey.parse(text, source="GRANTLINE_KEY")
    if text:
        assert text not in str(refused.value) + refused.value.detail


def test_a_key_of_another_length_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="32 bytes"):
        MasterKey(bytes(16))


def test_the_fingerprint_names_the_key_for_good() -> None:
    # A database written by any version must find its key again.
    assert OTHER.fingerprint == "e42c4253844e8677"
    assert check_value(OTHER) == "ff60f3426a47aaa56e21a6838fff164e7a7440a69aacd2b0984ed9f834e8d81a"


def test_no_repr_or_pickle_shows_a_key() -> None:
    ring = KeyRing(KEY, (OTHER,))
    for shown in (repr(KEY), str(KEY), f"{KEY}", repr(ring)):
        assert KEY.fingerprint in shown
        for spelling in (KEY.to_text(), RAW.hex(), repr(RAW)):
            assert spelling not in shown
    with pytest.raises(TypeError, match="not pickled"):
        pickle.dumps(KEY)


def test_generated_keys_differ() -> None:
    assert MasterKey.generate() != MasterKey.generate()


def test_keys_compare_by_value_and_only_with_keys() -> None:
    assert MasterKey(RAW) == KEY
    assert hash(MasterKey(RAW)) == hash(KEY)
    assert KEY != RAW


@pytest.mark.parametrize("separator", [",", ", ", "\n", " ,\n"])
def test_a_ring_begins_with_its_primary(separator: str) -> None:
    text = separator.join([KEY.to_text(), OTHER.to_text()]) + "\n"
    ring = KeyRing.parse(text, source="here")
    assert ring.primary == KEY
    assert list(ring) == [KEY, OTHER]
    assert OTHER.fingerprint in ring
    assert ring.find(OTHER.fingerprint) == OTHER


@pytest.mark.parametrize("text", ["", ",", f"{KEY.to_text()},", f"{KEY.to_text()},x"])
def test_a_ring_with_a_hole_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError):
        KeyRing.parse(text, source="here")


def test_a_key_that_is_not_on_the_ring_is_named() -> None:
    with pytest.raises(KeyUnavailable) as missing:
        KeyRing(KEY).find(OTHER.fingerprint)
    assert missing.value.fingerprint == OTHER.fingerprint
    assert OTHER.fingerprint in missing.value.message


def test_a_check_value_fits_its_key_alone() -> None:
    assert verify_check(KEY, check_value(KEY))
    assert not verify_check(OTHER, check_value(KEY))
    assert not verify_check(KEY, "ü")
