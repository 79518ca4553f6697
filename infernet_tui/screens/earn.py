"""Earnings and payout: what came in, where it goes, and each payment."""

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Container

from infernet_tui import coins
from infernet_tui.errors import UsageError
from infernet_tui.screens import address_words, earn_panels, wording
from infernet_tui.screens.base import CockpitScreen
from infernet_tui.screens.dialogs import ShowLines
from infernet_tui.screens.home_panels import dimmed
from infernet_tui.screens.qr_dialog import QrDialog
from infernet_tui.store import CONNECTION, EARNINGS, NODE, PAYMENTS, PAYOUTS, Topic
from infernet_tui.views.money import PaymentView, PayoutView
from infernet_tui.widgets.lines import Line, line
from infernet_tui.widgets.panel import Panel
from infernet_tui.widgets.table import Table

INTERVAL_SECONDS = 30.0


class EarnScreen(CockpitScreen):
    """Earnings above, addresses and payments below them; beside them where it is wide."""

    NAME = "earn"
    TOPICS = {  # noqa: RUF012
        EARNINGS: INTERVAL_SECONDS, PAYOUTS: INTERVAL_SECONDS, PAYMENTS: INTERVAL_SECONDS,
    }  # fmt: skip
    DEFAULT_CSS = """
    EarnScreen #money { layout: vertical; height: 1fr; }
    EarnScreen #earnings { height: 8; }
    EarnScreen #tables { height: 1fr; }
    EarnScreen #payouts { height: 6; }
    EarnScreen #payments { height: 1fr; min-height: 4; }
    EarnScreen.-short #earnings { height: 3; }
    EarnScreen.-short #payouts { height: 5; }
    EarnScreen.-tall #earnings { height: 16; }
    EarnScreen.-tall #payouts { height: 9; }
    EarnScreen.-l #money { layout: horizontal; }
    EarnScreen.-l #earnings { height: 1fr; width: 1fr; }
    EarnScreen.-l #tables { width: 1fr; }
    EarnScreen.-history #earnings, EarnScreen.-history #payouts { display: none; }
    """

    def compose_body(self) -> ComposeResult:
        """A panel and two tables."""
        payouts = Table("Payout addresses", address_words.payout_columns(), _key, id="payouts")
        payments = Table(
            "Payments · newest first", earn_panels.payment_columns(), _id, id="payments"
        )
        for table in (payouts, payments):
            self.cockpit.table_memory.recall(f"earn/{table.id}", table.state)
        with Container(id="money"):
            yield Panel("Earnings  last 30 days", id="earnings", focusable=True)
            with Container(id="tables"):
                yield payouts
                yield payments

    def on_mount(self) -> None:
        """The addresses have the keys."""
        self.payouts.focus()

    @property
    def payouts(self) -> Table[PayoutView]:
        """The table of addresses."""
        return self.query_one("#payouts", Table)

    @property
    def payments(self) -> Table[PaymentView]:
        """The table of payments."""
        return self.query_one("#payments", Table)

    @property
    def current_payout(self) -> PayoutView | None:
        """The address under the cursor."""
        return self.payouts.current

    @property
    def current_payment(self) -> PaymentView | None:
        """The payment under the cursor."""
        return self.payments.current

    # --- drawing ----------------------------------------------------------------------------

    def draw(self, topics: frozenset[Topic]) -> None:
        """What changed."""
        everything = bool(topics & {NODE, CONNECTION})
        if everything or EARNINGS in topics:
            self._draw_earnings()
        if everything or PAYOUTS in topics:
            self._draw_payouts()
        if everything or PAYMENTS in topics:
            self._draw_payments()

    def _draw_earnings(self) -> None:
        store, panel = self.cockpit.store, self.query_one("#earnings", Panel)
        info = earn_panels.best_day(store.earnings)
        if store.earnings is not None:
            body: list[Line] = earn_panels.earning_lines(
                store.earnings, panel.columns, panel.rows, self.cockpit.glyphs
            )
            if note := self._note(EARNINGS):
                body, info = dimmed(body), note
        elif EARNINGS in store.problems:
            body = earn_panels.problem_lines(store.problems[EARNINGS])
        elif not self.cockpit.is_connected:
            body = [line((f" {wording.NO_NODE}", "warn"))]
        else:
            body = [line((" asking the control plane what was earned", "muted"))]
        panel.fill(body, info=info)

    def _draw_payouts(self) -> None:
        rows, table = self.cockpit.store.payouts, self.payouts
        table.empty = self._empty(
            PAYOUTS, rows, address_words.NO_ADDRESS, "asking the control plane for your addresses"
        )
        note = self._note(PAYOUTS) or ("* is the default" if rows else "")
        table.set_rows(rows or (), note=note)

    def _draw_payments(self) -> None:
        rows, table = self.cockpit.store.payments, self.payments
        table.empty = self._empty(
            PAYMENTS, rows, earn_panels.NO_PAYMENTS, "asking the control plane for payments"
        )
        note = "the newest 100" if rows and len(rows) >= 100 else ""
        table.set_rows(rows or (), note=self._note(PAYMENTS) or note)

    def _empty(self, topic: Topic, rows: object, nothing: str, asking: str) -> str:
        problem = self.cockpit.store.problems.get(topic)
        if rows is not None:
            return nothing
        if problem:
            return f"{problem}\nnext: infernet doctor, or press 0"
        return asking if self.cockpit.is_connected else wording.NO_NODE

    def _note(self, topic: Topic) -> str:
        """`stale 14 s` for an answer that could not be renewed."""
        store = self.cockpit.store
        age = store.age(topic)
        is_old = topic in store.problems or store.is_stale(topic, INTERVAL_SECONDS)
        if age is None or (self.cockpit.is_connected and not is_old):
            return ""
        return f"stale {wording.duration(age)}"

    def tick(self) -> None:
        """Stale figures are a second older."""
        if any(self._note(topic) for topic in self.TOPICS):
            self.draw(frozenset(self.TOPICS))

    # --- opening ----------------------------------------------------------------------------

    @on(Table.Opened, "#payouts")
    def _payout_opened(self) -> None:
        self.cockpit.run_user_action("earn.qr")

    @on(Table.Opened, "#payments")
    def _payment_opened(self) -> None:
        self.cockpit.run_user_action("earn.payment")

    def cell_to_copy(self) -> tuple[str, str] | None:
        """The address, or where a payment can be looked up."""
        payment = self.current_payment
        if self.table is self.payments and payment is not None:
            if payment.tx_hash:
                return payment.tx_hash, "the transaction"
            return payment.job_id or payment.id, "the job id"
        row = self.current_payout
        return (row.address, "the address") if row else None

    async def show_code(self) -> None:
        """The address under the cursor for a camera."""
        if (row := self.current_payout) is not None:
            await self.cockpit.ask(QrDialog(row))

    async def show_payment(self) -> None:
        """All about the payment under the cursor."""
        payment = self.current_payment
        if payment is None:
            return
        copies = payment.tx_hash or payment.job_id
        title = "Payment · esc closes · y copies the transaction or job"
        await self.cockpit.ask(ShowLines(title, earn_panels.payment_lines(payment), copies=copies))

    async def verify(self) -> None:
        """What can be said about the address under the cursor."""
        row = self.current_payout
        if row is None:
            return
        problem = None
        try:
            coins.payout(row.coin, row.network, row.address)
        except UsageError as error:
            problem = error
        title = "What is known about this address · esc closes · y copies it"
        body = address_words.check_lines(row, problem)
        await self.cockpit.ask(ShowLines(title, body, copies=row.address))

    # --- history ----------------------------------------------------------------------------

    def toggle_history(self) -> None:
        """The payments on the whole screen, or all panels again."""
        is_open = not self.has_class("-history")
        self.set_class(is_open, "-history")
        (self.payments if is_open else self.payouts).focus()

    def on_key(self, event: events.Key) -> None:
        """esc leaves the history."""
        if event.key == "escape" and self.has_class("-history"):
            event.stop()
            self.toggle_history()


def _key(row: PayoutView) -> str:
    return row.id or f"{row.coin}/{row.network}/{row.address}"


def _id(payment: PaymentView) -> str:
    return payment.id
