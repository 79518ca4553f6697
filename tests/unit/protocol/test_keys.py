"""BIP-340 keys and their NIP-19 spelling."""

import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infernet_protocol import bech32, keys
from infernet_protocol.keys import InvalidKey, SecretKey

NPUB = "npub10elfcs4fr0l0r8af98jlmgdh9c8tcxjvz9qkw038js35mp4dma8qzvjptg"
NPUB_HEX = "7e7e9c42a91bfef19fa929e5fda1b72e0ebc1a4c1141673e2794234d86addf4e"
NSEC = "nsec1vl029mgpspedva04g90vltkh6fvh240zqtv9k0t9af8935ke9laqsnlfe5"
NSEC_HEX = "67dea2ed018072d675f5415ecfaed7d2597555e202d85b3d65ea4e58d2d92ffa"


def vector_rows(shared_dir: Path) -> list[dict[str, str]]:
    text = (shared_dir / "vectors/bip-0340/test-vectors.csv").read_text()
    return list(csv.DictReader(text.splitlines()))


def test_every_official_bip340_vector_verifies_as_stated(shared_dir: Path) -> None:
    rows = vector_rows(shared_dir)
    assert len(rows) == 19
    for row in rows:
        message, signature = bytes.fromhex(row["message"]), bytes.fromhex(row["signature"])
        expected = row["verification result"] == "TRUE"
        assert keys.verify(row["public key"].lower(), message, signature) is expected, row["index"]


def test_official_bip340_secret_keys_give_the_stated_public_keys(shared_dir: Path) -> None:
    for row in vector_rows(shared_dir):
        if row["secret key"]:
            assert SecretKey.parse(row["secret key"]).public_hex == row["public key"].lower()


def test_a_signature_verifies_for_its_message_only() -> None:
    key = SecretKey.generate()
    signature = key.sign(b"\x01" * 32)
    assert keys.verify(key.public_hex, b"\x01" * 32, signature)
    assert not keys.verify(key.public_hex, b"\x02" * 32, signature)
    assert not keys.verify(key.public_hex, b"\x01" * 32, signature[:-1])


def test_the_secret_is_never_shown() -> None:
    key = SecretKey.parse(NSEC)
    assert NSEC_HEX not in repr(key)
    assert NSEC_HEX not in f"{key!s}"


def test_the_nip19_examples_hold() -> None:
    assert keys.npub(NPUB_HEX) == NPUB
    assert keys.public_from_npub(NPUB) == NPUB_HEX
    assert SecretKey.parse(NSEC).secret_hex == NSEC_HEX


@pytest.mark.parametrize(
    "text", ["", "zz" * 32, "00" * 32, "ff" * 32, NSEC[:-1] + "q", NPUB, "ab" * 31]
)
def test_a_bad_secret_is_refused_without_repeating_it(text: str) -> None:
    with pytest.raises(InvalidKey) as caught:
        SecretKey.parse(text)
    assert not text or text not in str(caught.value)


@given(st.binary(max_size=80))
def test_bech32_gives_back_what_it_was_given(payload: bytes) -> None:
    assert bech32.decode("npub", bech32.encode("npub", payload)) == payload


@given(st.text())
def test_bech32_refuses_random_text(text: str) -> None:
    with pytest.raises(ValueError, match=r"bech32|expected"):
        bech32.decode("npub", text)


def test_mixed_case_is_refused() -> None:
    with pytest.raises(ValueError, match="mixes"):
        bech32.decode("npub", NPUB[:-1] + NPUB[-1].upper())
