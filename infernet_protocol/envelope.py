"""X-Infernet-Auth: a signed HTTP request (`wire.md` §2).

The header is unpadded base64url of JSON `{v, pubkey, created_at, nonce, sig}`; the signature is
BIP-340 over the SHA-256 of a canonical text that names the method, path and exact body bytes.
Version 1 is the existing network's. Version 2 also covers the version itself and the host, so a
control plane cannot pass a node's request on to another one.

Verification here is pure: time comes in, and remembering nonces is the caller's job.
"""

import base64
import binascii
import hashlib
import json
import re
import secrets
from dataclasses import dataclass

from infernet_protocol import keys

HEADER = "X-Infernet-Auth"
REPLAY_WINDOW_SECONDS = 60
"""How far a request's clock may be from the server's. A nonce is remembered for twice as long."""
MAX_HEADER_BYTES = 2048
MAX_NONCE_CHARS = 64
_PUBKEY = re.compile(r"[0-9a-fA-F]{64}")
_SIGNATURE = re.compile(r"[0-9a-fA-F]{128}")


class EnvelopeError(ValueError):
    """A request is not authentically signed; the text says which check failed (always a 401)."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """A decoded header whose fields have the right shape and whose signature is not yet checked."""

    version: int
    pubkey: str
    """x-only public key, lower-case hex: case is folded so that one key is one identity."""
    created_at: int
    nonce: str
    signature: bytes


def canonical_digest(
    version: int, method: str, host: str, target: str, created_at: int, nonce: str, body: bytes
) -> bytes:
    """SHA-256 of the canonical text: what the signature covers.

    `target` is the path with its query as sent; `host` is the authority as in the Host header,
    lower-case, and takes part in version 2 only.
    """
    body_hash = hashlib.sha256(body).hexdigest()
    lines = [method.upper(), target, str(created_at), nonce, body_hash]
    if version == 2:
        lines = ["infernet-auth-v2", lines[0], host.lower(), *lines[1:]]
    return hashlib.sha256("\n".join(lines).encode()).digest()


def sign(
    key: keys.SecretKey,
    method: str,
    target: str,
    body: bytes,
    *,
    created_at: int,
    host: str = "",
    version: int = 1,
    nonce: str | None = None,
) -> str:
    """Return the header value for one request. `created_at` is in Unix seconds."""
    nonce = nonce or secrets.token_hex(16)
    digest = canonical_digest(version, method, host, target, created_at, nonce, body)
    fields = {
        "v": version,
        "pubkey": key.public_hex,
        "created_at": created_at,
        "nonce": nonce,
        "sig": key.sign(digest).hex(),
    }
    text = json.dumps(fields, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(text).rstrip(b"=").decode()


def decode(header: str | None) -> Envelope:
    """Read the header's fields, in the order and with the words of `wire.md` §2.

    Raises:
        EnvelopeError: missing, undecodable, or a field of the wrong shape.
    """
    if not header:
        raise EnvelopeError("missing X-Infernet-Auth header")
    if len(header) > MAX_HEADER_BYTES:
        raise EnvelopeError("invalid X-Infernet-Auth envelope: longer than 2048 bytes")
    fields = _decode_json(header)
    version = fields.get("v")
    if type(version) is not int or version not in (1, 2):
        shown = version if isinstance(version, int | str | float) else type(version).__name__
        raise EnvelopeError(f"unsupported envelope version: {str(shown)[:32]}")
    pubkey, created_at = fields.get("pubkey"), fields.get("created_at")
    nonce, signature = fields.get("nonce"), fields.get("sig")
    if not isinstance(pubkey, str) or not _PUBKEY.fullmatch(pubkey):
        raise EnvelopeError("invalid X-Infernet-Auth envelope: pubkey must be 64 hex characters")
    if type(created_at) is not int or not 0 <= created_at < 1 << 53:
        raise EnvelopeError("invalid X-Infernet-Auth envelope: created_at must be a number")
    if (
        not isinstance(nonce, str)
        or not 0 < len(nonce) <= MAX_NONCE_CHARS
        or not nonce.isprintable()
    ):
        raise EnvelopeError("invalid X-Infernet-Auth envelope: nonce must be a short string")
    if not isinstance(signature, str) or not _SIGNATURE.fullmatch(signature):
        raise EnvelopeError("invalid X-Infernet-Auth envelope: sig must be 128 hex characters")
    return Envelope(version, pubkey.lower(), created_at, nonce, bytes.fromhex(signature))


def verify(
    envelope: Envelope, method: str, host: str, target: str, body: bytes, *, now: float
) -> None:
    """Check the clock and then the signature of a decoded envelope.

    Raises:
        EnvelopeError: outside the replay window, or signed by someone else or over something else.
    """
    skew = round(abs(now - envelope.created_at))
    if abs(now - envelope.created_at) > REPLAY_WINDOW_SECONDS:
        raise EnvelopeError(f"timestamp outside replay window (skew={skew}s)")
    digest = canonical_digest(
        envelope.version, method, host, target, envelope.created_at, envelope.nonce, body
    )
    if not keys.verify(envelope.pubkey, digest, envelope.signature):
        raise EnvelopeError("signature verification failed")


def _decode_json(header: str) -> dict[str, object]:
    try:
        padded = header.encode("ascii") + b"=" * (-len(header) % 4)
        fields = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (UnicodeEncodeError, binascii.Error, ValueError, RecursionError):
        raise EnvelopeError("invalid X-Infernet-Auth envelope: not base64url of JSON") from None
    if not isinstance(fields, dict):
        raise EnvelopeError("invalid X-Infernet-Auth envelope: not a JSON object")
    return fields
