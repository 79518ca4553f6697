"""Earnings and payout: each thing that can be done, and that it is done."""

from textual.pilot import Pilot

from infernet_tui.screens.earn import EarnScreen
from tests.support.cockpit import app_of, cockpit, panel_text, text_of, until
from tests.support.driving import click_footer, command, seen, write

SOLANA = "4Nd1mBQtrMJVYVfKf2PJy9NZUZdTAsp7D4xWLs4gDB4T"
OLD = "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"
NEW = "bc1qrp33g0q5c5txsp9arysrx4k6zdkfs4nce4xj0g"
EVM = "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359"


def screen_of(pilot: Pilot[int]) -> EarnScreen:
    screen = app_of(pilot).cockpit_screen
    assert isinstance(screen, EarnScreen)
    return screen


async def addresses(pilot: Pilot[int]) -> list[tuple[str, str]]:
    answer = await app_of(pilot).request("payouts")
    return [(row["coin"], row["address"]) for row in answer["payouts"]]


async def test_an_address_is_set_once_its_end_was_typed() -> None:
    async with cockpit("busy", screen="earn") as pilot:
        await pilot.press("down", "a")
        await seen(pilot, "Be paid in which coin?")
        await pilot.press("enter")
        await seen(pilot, "BTC on which network?")
        await pilot.press("enter")
        await seen(pilot, "the address to be paid to")
        await write(pilot, "nonsense")
        await seen(pilot, "Not a BTC address on bitcoin yet.")
        await pilot.press("enter")
        await write(pilot, NEW)
        await seen(pilot, "Looks like one. 42 characters")
        await pilot.press("enter")
        await seen(pilot, "at another address?")
        assert "now  bc1q w508" in text_of(pilot)
        assert "new  bc1q rp33" in text_of(pilot)
        assert " ^^^^ ^^^^" in text_of(pilot)
        await write(pilot, "wrong1")
        await pilot.press("enter")
        await seen(pilot, "That is not the last 6 characters")
        assert ("BTC", NEW) not in await addresses(pilot)
        await write(pilot, NEW[-6:])
        await pilot.press("enter")
        await seen(pilot, "is paid to …e4xj0g")
        assert (await addresses(pilot))[0] == ("BTC", NEW)
        assert app_of(pilot).commands[0][1] == f"infernet payout set BTC bitcoin {NEW}"
        await until(pilot, lambda: any(row.address == NEW for row in screen_of(pilot).payouts.view))


async def test_the_command_lines_words_set_an_address_too() -> None:
    async with cockpit("busy", screen="earn") as pilot:
        await command(pilot, f"payout set ETH mainnet {EVM}")
        await seen(pilot, "It takes the place of USDC on solana as default.")
        await pilot.press("escape")
        assert ("ETH", EVM) not in await addresses(pilot)
        await command(pilot, "payout set ETH mainnet 0x12")
        await seen(pilot, "is not a ETH address on ethereum")


async def test_without_an_address_the_screen_says_how_to_set_one() -> None:
    async with cockpit("empty", screen="earn") as pilot:
        assert "No payout address; earnings are held." in text_of(pilot)
        assert "Press a, or: `infernet payout set BTC mainnet <address>`" in text_of(pilot)
        await pilot.press("v")
        await seen(pilot, "There is no payout address yet. Press a to set one.")
        await click_footer(pilot, "Address")
        await seen(pilot, "Be paid in which coin?")


async def test_an_address_is_removed_once_its_end_was_typed() -> None:
    async with cockpit("busy", screen="earn") as pilot:
        await pilot.press("d")
        await seen(pilot, "Remove the address for USDC on solana?")
        await write(pilot, SOLANA[-6:])
        await pilot.press("enter")
        await seen(pilot, "Removed USDC on solana.")
        assert [coin for coin, _ in await addresses(pilot)] == ["BTC", "ETH"]
        await command(pilot, "payout remove ETH mainnet")
        await seen(pilot, "Remove the address for ETH on ethereum?")


async def test_the_code_of_an_address_opens_by_enter_q_palette_and_click() -> None:
    async with cockpit("busy", screen="earn") as pilot:
        for opened in ("enter", "Q"):
            await pilot.press(opened)
            await seen(pilot, "USDC on solana · y copies it")
            await pilot.press("escape")
        await command(pilot, "show the QR code")
        await seen(pilot, "USDC on solana · y copies it")
        await pilot.press("y")
        await seen(pilot, "Copied the address")
        assert app_of(pilot).clipboard == SOLANA
        await pilot.press("s")
        await seen(pilot, "Saved the code as")
        await pilot.press("q")
        await click_footer(pilot, "QR")
        await seen(pilot, "USDC on solana · y copies it")


async def test_where_a_code_does_not_fit_it_says_what_helps() -> None:
    async with cockpit("busy", screen="earn", glyphs="ascii") as pilot:
        await pilot.press("enter")
        await seen(pilot, "this terminal has 80x24")
        assert "press s for a picture" in text_of(pilot)


async def test_the_node_being_gone_takes_setting_and_removing_away() -> None:
    async with cockpit("busy", screen="earn") as pilot:
        app = app_of(pilot)
        await app.request("shutdown")
        app.session.is_wanted = False  # type: ignore[attr-defined]
        await until(pilot, lambda: not app.is_connected)
        await pilot.press("a")
        await seen(pilot, "The node is not running.")
        await seen(pilot, "stale")


async def test_verifying_says_what_nobody_checked() -> None:
    async with cockpit("busy", screen="earn") as pilot:
        await click_footer(pilot, "Verify")
        await seen(pilot, "checksum   not checked yet")
        assert "looks like one" in text_of(pilot)
        await pilot.press("escape")
        await command(pilot, "verify the address")
        await seen(pilot, "checksum   not checked yet")


async def test_history_gives_the_payments_the_screen_and_escape_takes_it_back() -> None:
    async with cockpit("busy", screen="earn") as pilot:
        panel = screen_of(pilot).query_one("#earnings")
        for opened in ("H", "click", "palette"):
            if opened == "click":
                await click_footer(pilot, "History")
            elif opened == "palette":
                await command(pilot, "all payments")
            else:
                await pilot.press(opened)
            await until(pilot, lambda: not panel.display)
            assert screen_of(pilot).payments.has_focus
            await pilot.press("escape")
            await until(pilot, lambda: panel.display)


async def test_a_payment_opens_and_its_job_is_copied() -> None:
    async with cockpit("busy", screen="earn") as pilot:
        await pilot.press("o")
        await seen(pilot, "in dollars")
        payment = screen_of(pilot).current_payment
        assert payment is not None
        assert payment.job_id
        assert payment.job_id in text_of(pilot)
        await pilot.press("escape", "tab", "y")
        await seen(pilot, "Copied")
        assert app_of(pilot).clipboard in (payment.job_id, payment.tx_hash)


async def test_withdrawing_says_that_it_cannot_be_done_yet() -> None:
    async with cockpit("busy", screen="earn") as pilot:
        await pilot.press("W")
        await seen(pilot, "Payouts are not sent yet")


async def test_each_day_is_there_with_its_date_and_amount() -> None:
    async with cockpit("busy", screen="earn") as pilot:
        text = panel_text(pilot, "#earnings")
        assert text.count("2026-1") == 30
        assert "today $" in text
        assert "10-20" in text


async def test_a_lost_control_plane_is_said_in_each_panel_with_the_command() -> None:
    async with cockpit("trouble", screen="earn") as pilot:
        assert text_of(pilot).count("Cannot reach https://control.infernet.example") == 3
        assert text_of(pilot).count("next: infernet doctor") == 3


async def test_unknown_addresses_are_not_replaced_unseen() -> None:
    async with cockpit("busy", screen="earn") as pilot:
        app = app_of(pilot)
        app.store.payouts = None
        await command(pilot, f"payout set BTC bitcoin {NEW}")
        await seen(pilot, "not known yet")
        assert ("BTC", NEW) not in await addresses(pilot)
