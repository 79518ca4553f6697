"""QR codes of addresses: what is drawn can be read back by a camera's software."""

import pytest
import segno
import zxingcpp
from PIL import Image

from infernet_tui import qr

SOLANA = "4Nd1mBQtrMJVYVfKf2PJy9NZUZdTAsp7D4xWLs4gDB4T"
BITCOIN = "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"
CARDANO = (
    "addr1qx2fxv2umyhttkxyxp8x0dlpdt3k6cwng5pxj3jhsydzer3"
    "n0d3vllmyqwsx5wktcd8cc3sq835lu7drv2xwl2wywfgse35a3x"
)
DIALOG = (72, 20)
"""Cells that a code has in the smallest terminal, below its heading and above the address."""


def picture(rows: list[str], *, cells_a_module: int = 1) -> Image.Image:
    """What a camera sees of the lines, dark on light, on a dark terminal."""
    halves = {" ": (255, 255), "▀": (0, 255), "▄": (255, 0), "█": (0, 0), "#": (0, 0)}
    pixels = []
    for row in rows:
        modules = [halves[cell] for cell in row[::cells_a_module]]
        tops, bottoms = [top for top, _ in modules], [bottom for _, bottom in modules]
        pixels += [tops, bottoms] if cells_a_module == 1 else [tops]
    image = Image.new("L", (len(pixels[0]), len(pixels)))
    image.putdata([value for line in pixels for value in line])
    dark = Image.new("L", (image.width + 8, image.height + 8), 30)
    dark.paste(image, (4, 4))
    return dark.resize((dark.width * 6, dark.height * 6), Image.Resampling.NEAREST)


def read_back(image: Image.Image) -> list[str]:
    return [found.text for found in zxingcpp.read_barcodes(image)]


@pytest.mark.parametrize(
    ("coin", "network", "address", "wanted"),
    [
        ("BTC", "bitcoin", BITCOIN, f"bitcoin:{BITCOIN}"),
        ("USDC", "solana", SOLANA, SOLANA),
        ("ADA", "cardano", CARDANO, CARDANO),
        ("BTC", "lightning", "op@wallet.example", "op@wallet.example"),
    ],
)
def test_a_camera_reads_the_address_from_the_smallest_terminal(
    coin: str, network: str, address: str, wanted: str
) -> None:
    modules = qr.modules_of(qr.uri(coin, network, address))
    rows = qr.fitted(modules, DIALOG[0], DIALOG[1] + 1, glyphs="block")
    assert rows is not None
    assert read_back(picture(rows)) == [wanted]


def test_without_block_characters_a_module_is_two_cells() -> None:
    rows = qr.full_blocks(qr.modules_of(SOLANA), 4)
    assert read_back(picture(rows, cells_a_module=2)) == [SOLANA]


def test_the_modules_are_those_of_the_library_with_light_around_them() -> None:
    expected = [
        [bool(module) for module in row]
        for row in segno.make(SOLANA, micro=False, error="l").matrix_iter(border=4)
    ]
    drawn = [[cell == "#" for cell in row[::2]] for row in qr.full_blocks(qr.modules_of(SOLANA), 4)]
    assert drawn == expected


def test_a_code_that_does_not_fit_is_not_drawn_in_part() -> None:
    offer = "lno1" + "q" * 600
    assert qr.fitted(qr.modules_of(offer), *DIALOG, glyphs="block") is None
    assert qr.fitted(qr.modules_of(SOLANA), *DIALOG, glyphs="ascii") is None


def test_the_picture_is_a_drawing_on_white() -> None:
    drawing = qr.svg(SOLANA)
    assert drawing.startswith("<svg")
    assert "#fff" in drawing
