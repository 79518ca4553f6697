"""How far apart colours are, for people who see them all and for people who do not.

Contrast is WCAG's. Difference is ΔE76 in CIELAB (D65). Colour blindness is simulated with the
matrices of Machado, Oliveira and Fernandes (2009) at full severity, on linear RGB.
"""

import math
from collections.abc import Mapping

Rgb = tuple[float, float, float]
Matrix = tuple[Rgb, Rgb, Rgb]

VISIONS: Mapping[str, Matrix] = {
    "normal": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "protanopia": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "deuteranopia": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
    "tritanopia": (
        (1.255528, -0.076749, -0.178779),
        (-0.078411, 0.930809, 0.147602),
        (0.004733, 0.691367, 0.303900),
    ),
}
_XYZ: Matrix = (
    (0.4124564, 0.3575761, 0.1804375),
    (0.2126729, 0.7151522, 0.0721750),
    (0.0193339, 0.1191920, 0.9503041),
)
_WHITE = (0.95047, 1.0, 1.08883)


def contrast(one: str, other: str) -> float:
    """From 1 to 21."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def difference(one: str, other: str, vision: str = "normal") -> float:
    """ΔE76 of two colours as seen with that vision."""
    pairs = zip(_lab(one, vision), _lab(other, vision), strict=True)
    return math.sqrt(sum((a - b) ** 2 for a, b in pairs))


def _linear(colour: str) -> Rgb:
    def channel(at: int) -> float:
        value = int(colour[at : at + 2], 16) / 255
        return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4

    return channel(1), channel(3), channel(5)


def _luminance(colour: str) -> float:
    return _apply(_XYZ, _linear(colour))[1]


def _lab(colour: str, vision: str) -> Rgb:
    red, green, blue = _apply(VISIONS[vision], _linear(colour))
    clipped = (min(1, max(0, red)), min(1, max(0, green)), min(1, max(0, blue)))
    x, y, z = (
        _cube(value / white) for value, white in zip(_apply(_XYZ, clipped), _WHITE, strict=True)
    )
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def _cube(value: float) -> float:
    return value ** (1 / 3) if value > 216 / 24389 else (24389 / 27 * value + 16) / 116


def _apply(matrix: Matrix, colour: Rgb) -> Rgb:
    first, second, third = (sum(a * b for a, b in zip(row, colour, strict=True)) for row in matrix)
    return first, second, third
