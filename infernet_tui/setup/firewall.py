"""Step 4: the port that peers connect to. A rule is only made after its command was shown."""

from pathlib import Path

from infernet_protocol.ipc import P2P_PORT
from infernet_tui.setup import firewalls
from infernet_tui.setup.context import Context
from infernet_tui.setup.firewalls import Firewall, Verdict
from infernet_tui.setup.privileges import as_administrator, run_as_administrator
from infernet_tui.setup.programs import shown
from infernet_tui.setup.step import Answer, Finding, Report, State, YesNo, done

WHY = (
    "Only peers that connect to this machine directly need the port; jobs from the control plane "
    "arrive without it."
)
NOT_LASTING = " The rule is gone after a restart unless your system saves its rules."


class FirewallStep:
    """Looks at the firewall; opens the port if told to."""

    number = 4
    key = "firewall"
    title = f"Firewall (port {P2P_PORT})"

    def __init__(self, etc: Path = Path("/etc")) -> None:
        self._etc = etc

    async def detect(self, context: Context) -> Finding:
        """Which firewall is on, and whether it has a rule."""
        port = await _port(context)
        found = await firewalls.look(context, port, self._etc)
        if found is None:
            return done("no firewall is on", WHY)
        if found.verdict is Verdict.OPEN:
            return done(f"{found.tool} lets port {port} in")
        if found.verdict is Verdict.UNREADABLE and context.state.is_done(self.key):
            return done(f"rule applied via {found.tool}", "As far as setup remembers.")
        return _todo(context, found, port)

    async def apply(self, context: Context, answer: Answer, report: Report) -> Finding:
        """Run the command that was shown."""
        port = await _port(context)
        found = await firewalls.look(context, port, self._etc)
        if found is None:
            return done("no firewall is on", WHY)
        await run_as_administrator(context, found.commands, report)
        return done(f"rule applied via {found.tool}", "" if found.is_lasting else NOT_LASTING)


def _todo(context: Context, found: Firewall, port: int) -> Finding:
    command = shown(as_administrator(context, found.commands))
    is_sure = found.verdict is Verdict.CLOSED
    return Finding(
        State.TODO,
        f"{found.tool} {'keeps' if is_sure else 'is on and may keep'} port {port} closed",
        WHY + ("" if found.is_lasting else NOT_LASTING),
        command=command,
        question=YesNo("Run it now?" if context.is_root else "Run it now (will sudo)?", False),
        hint=command,
    )


async def _port(context: Context) -> int:
    node = (await context.config()).node
    return (node.port if node else None) or P2P_PORT
