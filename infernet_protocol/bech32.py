"""Bech32 (BIP-173) for the display form of Nostr keys (NIP-19: `npub1…`, `nsec1…`)."""

_CHARSET = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_GENERATOR = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)


def encode(prefix: str, payload: bytes) -> str:
    """Return the bech32 text of `payload` under a lower-case human-readable `prefix`."""
    values = _regroup(payload, 8, 5, pad=True)
    polymod = _polymod([*_expand(prefix), *values, 0, 0, 0, 0, 0, 0]) ^ 1
    checksum = [(polymod >> 5 * (5 - i)) & 31 for i in range(6)]
    return prefix + "1" + "".join(_CHARSET[value] for value in [*values, *checksum])


def decode(prefix: str, text: str) -> bytes:
    """Return the payload of `text`.

    Raises:
        ValueError: mixed case, a wrong prefix, a character outside the set, or a bad checksum.
    """
    if text.lower() != text and text.upper() != text:
        raise ValueError("bech32 text mixes upper and lower case")
    found, separator, body = text.lower().rpartition("1")
    if not separator or found != prefix:
        raise ValueError(f"expected text that starts with {prefix}1")
    values = [_CHARSET.find(character) for character in body]
    if len(values) < 6 or -1 in values:
        raise ValueError("not bech32: too short, or a character outside the set")
    if _polymod([*_expand(prefix), *values]) != 1:
        raise ValueError("bech32 checksum does not match: a character is wrong or missing")
    return bytes(_regroup(values[:-6], 5, 8, pad=False))


def _expand(prefix: str) -> list[int]:
    return [ord(c) >> 5 for c in prefix] + [0] + [ord(c) & 31 for c in prefix]


def _polymod(values: list[int]) -> int:
    checksum = 1
    for value in values:
        top = checksum >> 25
        checksum = (checksum & 0x1FFFFFF) << 5 ^ value
        for i, generator in enumerate(_GENERATOR):
            checksum ^= generator if (top >> i) & 1 else 0
    return checksum


def _regroup(data: bytes | list[int], from_bits: int, to_bits: int, *, pad: bool) -> list[int]:
    accumulator = bits = 0
    groups: list[int] = []
    for value in data:
        accumulator = (accumulator << from_bits) | value
        bits += from_bits
        while bits >= to_bits:
            bits -= to_bits
            groups.append((accumulator >> bits) & ((1 << to_bits) - 1))
    if pad:
        if bits:
            groups.append((accumulator << (to_bits - bits)) & ((1 << to_bits) - 1))
    elif bits >= from_bits or (accumulator & ((1 << bits) - 1)):
        raise ValueError("bech32 padding is not zero")
    return groups
