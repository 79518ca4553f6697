"""What can be done about the money."""

from typing import TYPE_CHECKING, cast

from infernet_tui.actions.base import Level, UserAction

if TYPE_CHECKING:
    from infernet_tui.screens.base import CockpitScreen
    from infernet_tui.screens.earn import EarnScreen

NO_PAYOUTS_YET = (
    "Payouts are not sent yet: what you earn is recorded and held. Sending it is to come;"
    " your addresses are kept for that."
)


class AddressAction(UserAction):
    """Is about the address under the cursor."""

    screens = ("earn",)

    @classmethod
    def why_not(cls, screen: "CockpitScreen") -> str | None:
        """There must be one."""
        row = cast("EarnScreen", screen).current_payout
        return None if row else "There is no payout address yet. Press a to set one."


class SetAddress(UserAction):
    """Set where you are paid: coin, network, address (asks for its last characters)."""

    id, key, label, palette = "payout.set", "a", "Address", "Payout: set an address"
    twin, level, in_footer = "infernet payout set", Level.MONEY, True
    screens = ("earn",)

    @classmethod
    def why_not(cls, screen: "CockpitScreen") -> str | None:
        """The node passes it on, so one must run."""
        if screen.cockpit.is_connected:
            return None
        return "The node is not running. Press t, or: infernet payout set"

    async def run(self, screen: "CockpitScreen", words: str = "") -> None:
        """Ask and set."""
        from infernet_tui.screens.payout_changes import set_address

        await set_address(screen.cockpit, cast("EarnScreen", screen).current_payout, words)


class ShowCode(AddressAction):
    """Show the address under the cursor whole, and as a QR code for a wallet's camera."""

    id, key, label, palette = "earn.qr", "enter,Q", "QR", "Payout: show the QR code"
    twin, in_footer = "infernet payout list", True

    @classmethod
    def why_not(cls, screen: "CockpitScreen") -> str | None:
        """A code of something else than the address would lose money."""
        if problem := super().why_not(screen):
            return problem
        row = cast("EarnScreen", screen).current_payout
        is_whole = row is not None and row.address.isascii() and row.address.isprintable()
        return None if is_whole else "This address holds characters that no address has."

    async def run(self, screen: "CockpitScreen", words: str = "") -> None:
        """Open it."""
        await cast("EarnScreen", screen).show_code()


class VerifyAddress(AddressAction):
    """Say what was checked about the address under the cursor, and what was not."""

    id, key, label, palette = "earn.verify", "v", "Verify", "Payout: verify the address"
    in_footer = True

    async def run(self, screen: "CockpitScreen", words: str = "") -> None:
        """Open it."""
        await cast("EarnScreen", screen).verify()


class History(UserAction):
    """Show the payments on the whole screen, or everything again."""

    id, key, label, palette = "earn.history", "H", "History", "Payout: all payments"
    twin, in_footer = "infernet payments", True
    screens = ("earn",)

    async def run(self, screen: "CockpitScreen", words: str = "") -> None:
        """Switch."""
        cast("EarnScreen", screen).toggle_history()


class RemoveAddress(AddressAction):
    """Remove the address under the cursor (asks for its last characters)."""

    id, key, label, palette = "payout.remove", "d", "Remove", "Payout: remove the address"
    twin, level, in_footer = "infernet payout remove", Level.MONEY, True

    @classmethod
    def why_not(cls, screen: "CockpitScreen") -> str | None:
        """There must be one, and a node that passes it on."""
        if not screen.cockpit.is_connected:
            return "The node is not running. Press t, or: infernet payout remove"
        return super().why_not(screen)

    async def run(self, screen: "CockpitScreen", words: str = "") -> None:
        """Ask and remove."""
        from infernet_tui.screens.payout_changes import remove_address

        await remove_address(screen.cockpit, cast("EarnScreen", screen).current_payout, words)


class ShowPayment(UserAction):
    """Show all about the payment under the cursor."""

    id, key, label, palette = "earn.payment", "o", "Payment", "Payout: show the payment"
    screens, twin = ("earn",), "infernet payments"

    @classmethod
    def why_not(cls, screen: "CockpitScreen") -> str | None:
        """There must be one."""
        found = cast("EarnScreen", screen).current_payment
        return None if found else "There is no payment yet."

    async def run(self, screen: "CockpitScreen", words: str = "") -> None:
        """Open it."""
        await cast("EarnScreen", screen).show_payment()


class Withdraw(UserAction):
    """Send what was earned to your address: not yet."""

    id, key, label, palette = "payout.withdraw", "W", "Withdraw", "Payout: withdraw"
    screens = ("earn",)

    @classmethod
    def why_not(cls, screen: "CockpitScreen") -> str | None:
        """Nothing sends money yet."""
        return NO_PAYOUTS_YET

    async def run(self, screen: "CockpitScreen", words: str = "") -> None:
        """Never comes here."""


ACTIONS: tuple[type[UserAction], ...] = (
    SetAddress, ShowCode, VerifyAddress, History, RemoveAddress, ShowPayment, Withdraw,
)  # fmt: skip
