"""X-Infernet-Auth: what is signed verifies, and nothing else does."""

import base64
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infernet_protocol import envelope
from infernet_protocol.envelope import EnvelopeError
from infernet_protocol.keys import SecretKey

KEY = SecretKey(bytes(31) + b"\x07")
NOW = 1_800_000_000
BODY = b'{"role":"provider"}'
TARGET = "/api/v1/node/me"
HOST = "plane.example"


def signed(version: int = 1, **changes: object) -> str:
    arguments: dict[str, object] = {"created_at": NOW, "host": HOST, "version": version}
    return envelope.sign(KEY, "POST", TARGET, BODY, **(arguments | changes))  # type: ignore[arg-type]


def check(header: str, *, host: str = HOST, body: bytes = BODY, now: float = NOW) -> None:
    envelope.verify(envelope.decode(header), "POST", host, TARGET, body, now=now)


@pytest.mark.parametrize("version", [1, 2])
def test_a_signed_request_verifies(version: int) -> None:
    check(signed(version))


def test_the_captured_request_of_the_existing_client_verifies(shared_dir: Path) -> None:
    sample = json.loads((shared_dir / "wire_samples/auth_vector.json").read_text())
    found = envelope.decode(sample["header_value"])
    body = sample["raw_body"].encode()
    at = found.created_at
    envelope.verify(found, sample["method"], "any", sample["path"], body, now=at)
    digest = envelope.canonical_digest(1, "POST", "", sample["path"], at, found.nonce, body)
    assert digest.hex() == sample["canonical_sha256"]


def test_our_signature_of_the_captured_request_verifies(shared_dir: Path) -> None:
    sample = json.loads((shared_dir / "wire_samples/auth_vector.json").read_text())
    key = SecretKey.parse(sample["private_key"])
    body = sample["raw_body"].encode()
    header = envelope.sign(key, sample["method"], sample["path"], body, created_at=NOW)
    found = envelope.decode(header)
    assert found.pubkey == sample["envelope"]["pubkey"]
    envelope.verify(found, sample["method"], "any", sample["path"], body, now=NOW)


def test_another_body_is_refused() -> None:
    with pytest.raises(EnvelopeError, match="signature verification failed"):
        check(signed(), body=BODY + b" ")


def test_version_2_is_bound_to_its_host() -> None:
    with pytest.raises(EnvelopeError, match="signature verification failed"):
        check(signed(2), host="other.example")


@pytest.mark.parametrize("skew", [-61, 61])
def test_a_request_outside_the_window_is_refused_with_its_skew(skew: int) -> None:
    with pytest.raises(EnvelopeError, match=r"timestamp outside replay window \(skew=61s\)"):
        check(signed(), now=NOW + skew)


@pytest.mark.parametrize("skew", [-60, 60])
def test_the_edge_of_the_window_is_inside(skew: int) -> None:
    check(signed(), now=NOW + skew)


def test_the_case_of_a_public_key_does_not_make_another_identity() -> None:
    fields = json.loads(base64.urlsafe_b64decode(signed() + "=="))
    fields["pubkey"] = fields["pubkey"].upper()
    header = base64.urlsafe_b64encode(json.dumps(fields).encode()).rstrip(b"=").decode()
    assert envelope.decode(header).pubkey == KEY.public_hex


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"v": 3}, "unsupported envelope version: 3"),
        ({"v": None}, "unsupported envelope version"),
        ({"v": True}, "unsupported envelope version"),
        ({"pubkey": "ab"}, "pubkey must be 64 hex"),
        ({"created_at": "now"}, "created_at must be a number"),
        ({"created_at": 10**400}, "created_at must be a number"),
        ({"nonce": ""}, "nonce"),
        ({"nonce": "n" * 65}, "nonce"),
        ({"nonce": "a\nb"}, "nonce"),
        ({"sig": "00"}, "sig must be 128"),
    ],
)
def test_a_field_of_the_wrong_shape_is_named(change: dict[str, object], words: str) -> None:
    fields = json.loads(base64.urlsafe_b64decode(signed() + "==")) | change
    header = base64.urlsafe_b64encode(json.dumps(fields).encode()).rstrip(b"=").decode()
    with pytest.raises(EnvelopeError, match=words):
        envelope.decode(header)


@pytest.mark.parametrize("header", [None, "", "*", "bm90IGpzb24", "W10", "é", "A" * 3000])
def test_what_is_not_an_envelope_is_refused(header: str | None) -> None:
    with pytest.raises(EnvelopeError):
        envelope.decode(header)


@given(st.integers(0, 10_000), st.integers(1, 255))
def test_no_changed_byte_verifies(position: int, change: int) -> None:
    raw = bytearray(base64.urlsafe_b64decode(signed() + "=="))
    raw[position % len(raw)] ^= change
    header = base64.urlsafe_b64encode(bytes(raw)).rstrip(b"=").decode()
    try:
        found = envelope.decode(header)
    except EnvelopeError:
        return
    original = envelope.decode(signed())
    if (found.pubkey, found.created_at) == (original.pubkey, original.created_at):
        return  # only the nonce or the signature differs, or the spelling does
    with pytest.raises(EnvelopeError):
        envelope.verify(found, "POST", HOST, TARGET, BODY, now=NOW)


@given(st.text())
def test_random_text_only_ever_raises_envelope_error(text: str) -> None:
    with pytest.raises(EnvelopeError):
        check(text)
