"""Nostr identities: x-only secp256k1 keys that sign with BIP-340.

A key pair *is* a node's identity. The secret never shows in a `repr`, so a key that ends up in a
traceback or a log line does not leak.
"""

import secrets

from coincurve import PrivateKey, PublicKeyXOnly

from infernet_protocol import bech32

_HEX = frozenset("0123456789abcdef")


class InvalidKey(ValueError):
    """A key is not 32 bytes of hex, nsec or npub, or is out of the curve's range."""


class SecretKey:
    """One identity's signing key."""

    __slots__ = ("_key", "public_hex")

    def __init__(self, secret: bytes) -> None:
        """Wrap 32 secret bytes.

        Raises:
            InvalidKey: not 32 bytes, zero, or not below the curve's order.
        """
        if len(secret) != 32:
            raise InvalidKey("a secret key is 32 bytes")
        try:
            self._key = PrivateKey(secret)
        except (ValueError, TypeError):
            raise InvalidKey("not a valid secp256k1 secret key") from None
        self.public_hex: str = PublicKeyXOnly.from_secret(secret).format().hex()
        """The x-only public key, 64 lower-case hex characters."""

    def __repr__(self) -> str:
        return f"SecretKey(public={self.public_hex[:12]}…)"

    @classmethod
    def generate(cls) -> "SecretKey":
        """Draw a new key from the operating system's random source."""
        while True:
            try:
                return cls(secrets.token_bytes(32))
            except InvalidKey:  # probability 2^-128: zero or beyond the order
                continue

    @classmethod
    def parse(cls, text: str) -> "SecretKey":
        """Read a key from 64 hex characters or `nsec1…`.

        Raises:
            InvalidKey: the text is neither; the message never repeats it.
        """
        text = text.strip()
        if text.lower().startswith("nsec1"):
            try:
                return cls(bech32.decode("nsec", text))
            except ValueError as error:
                raise InvalidKey(f"not a valid nsec: {error}") from None
        if len(text) != 64 or not set(text.lower()) <= _HEX:
            raise InvalidKey("a secret key is 64 hex characters or nsec1…")
        return cls(bytes.fromhex(text))

    @property
    def secret_hex(self) -> str:
        """The secret, 64 hex characters: for the key's own store and for nothing else."""
        return self._key.secret.hex()

    def sign(self, digest: bytes) -> bytes:
        """Return the 64-byte BIP-340 signature of a 32-byte digest."""
        signature: bytes = self._key.sign_schnorr(digest, secrets.token_bytes(32))
        return signature


def verify(public_hex: str, digest: bytes, signature: bytes) -> bool:
    """Whether `signature` is the key's BIP-340 signature of the message `digest`."""
    try:
        return bool(PublicKeyXOnly(bytes.fromhex(public_hex)).verify(signature, digest))
    except ValueError:  # not on the curve, or a signature that is not 64 bytes
        return False


def is_public_hex(text: object) -> bool:
    """Whether `text` is 64 lower-case hex characters, the only spelling the network stores."""
    return isinstance(text, str) and len(text) == 64 and set(text) <= _HEX


def npub(public_hex: str) -> str:
    """The NIP-19 display form of a public key."""
    return bech32.encode("npub", bytes.fromhex(public_hex))


def public_from_npub(text: str) -> str:
    """Return the hex form of `npub1…`.

    Raises:
        InvalidKey: the text is not a valid npub.
    """
    try:
        payload = bech32.decode("npub", text.strip())
    except ValueError as error:
        raise InvalidKey(f"not a valid npub: {error}") from None
    if len(payload) != 32:
        raise InvalidKey("an npub holds 32 bytes")
    return payload.hex()
