"""Starting, stopping and leaving: what the application asks before it touches the node."""

import asyncio
from typing import TYPE_CHECKING

from infernet_tui.errors import InfernetError
from infernet_tui.screens import wording
from infernet_tui.screens.dialogs import Choice, Confirm, PickOne, ShowLines
from infernet_tui.session import Ending, is_set_up
from infernet_tui.widgets.lines import line

if TYPE_CHECKING:
    from infernet_tui.app import Cockpit

DRAIN, HAND_OVER, STOP = "drain", "handover", "stop"
REMEMBER = "remember-"
QUIT_AGAIN_SECONDS = 2.0


class NodeControl:
    """The flows around the node's life."""

    def __init__(self, cockpit: "Cockpit") -> None:
        self._cockpit = cockpit
        self.was_stopped = False
        """Whether a person stopped the node from here."""
        self._interrupted_at = float("-inf")
        self._is_leaving = False

    @property
    def why_not(self) -> str | None:
        """Why the node cannot be started or stopped from here."""
        if self._cockpit.session.mode == "up":
            return "This node belongs to `infernet up`: q ends it, with its control plane."
        return None

    async def start(self) -> None:
        """Start a node in this window, or go on with the one that runs."""
        cockpit = self._cockpit
        if cockpit.session.mode != "demo" and not await asyncio.to_thread(is_set_up):
            await cockpit.go_to("setup")
            return
        self.was_stopped = False
        cockpit.toast("Starting the node…")
        cockpit.log_command("infernet start")
        await cockpit.session.start()
        cockpit.feed.reconnect()

    async def stop(self) -> None:
        """Ask, then stop."""
        consequence = f"{self._jobs} may go on for 30 s; what is left goes to other nodes."
        question = self._question("Stop the node?", consequence, "infernet stop", "Stop", "t")
        if await self._cockpit.ask(question):
            await self._end(Ending.GRACE)

    async def drain(self) -> None:
        """Ask, then drain."""
        consequence = f"No new jobs; {self._jobs} may take as long as needed; then it stops."
        question = self._question("Drain the node?", consequence, "infernet stop", "Drain", "D")
        if await self._cockpit.ask(question):
            await self._end(Ending.FINISH_JOBS)

    async def restart(self) -> None:
        """Ask, stop, start: a node of this window only, for it alone is started as it was."""
        command = "infernet stop && infernet start"
        consequence = f"{self._jobs} may take as long as needed; then the node starts again."
        question = self._question("Restart the node?", consequence, command, "Restart", "ctrl+r")
        if not await self._cockpit.ask(question):
            return
        await self._end(Ending.FINISH_JOBS)
        await self._cockpit.feed.disconnected.wait()
        await self.start()

    @property
    def _jobs(self) -> str:
        node = self._cockpit.store.node
        return wording.count_of(node.active_jobs if node else 0, "running job")

    def _question(
        self, title: str, consequence: str, command: str, verb: str, trigger: str
    ) -> Confirm:
        words = [consequence, "A node that does not run earns nothing."]
        return Confirm(title, words, command, verb=verb, trigger=trigger)

    async def _end(self, how: Ending) -> None:
        """Tell the node to stop; it may take as long as its jobs do."""
        cockpit = self._cockpit
        self.was_stopped = True
        cockpit.session.is_wanted = False
        cockpit.log_command("infernet stop")
        if cockpit.session.is_own:
            cockpit.run_worker(cockpit.session.stop(how), exit_on_error=False)
            return
        await cockpit.request("drain" if how is Ending.FINISH_JOBS else "shutdown")
        if cockpit.session.mode == "demo":
            await cockpit.session.stop(how)

    async def interrupt(self) -> None:
        """ctrl+c: copy a selection, else stop what streams, else say how to quit; twice quits."""
        cockpit, now = self._cockpit, self._cockpit.store.timer()
        if selected := cockpit.screen.get_selected_text():
            cockpit.copy(selected, "the selection")
            cockpit.screen.clear_selection()
        elif cockpit.unfinished.stop_something():
            return
        elif now - self._interrupted_at < QUIT_AGAIN_SECONDS:
            await self.leave()
        else:
            self._interrupted_at = now
            cockpit.toast("q quits; ctrl+c again within two seconds does, too.")

    async def leave(self) -> None:
        """Quit, after what has to be decided is decided."""
        cockpit = self._cockpit
        if reason := cockpit.unfinished.loss():
            question = Confirm("Quit?", [reason], "infernet tui", verb="Quit", trigger="q")
            if not await cockpit.ask(question):
                return
        if cockpit.session.mode == "up" and not await self._agrees_to_end_network():
            return
        if cockpit.session.is_own and not await self._leave_node():
            return
        cockpit.exit()

    async def _agrees_to_end_network(self) -> bool:
        node = self._cockpit.store.node
        if node is None or not node.active_jobs:
            return True
        words = [f"{self._jobs} may go on for 30 s; the control plane ends, too."]
        question = Confirm("Quit?", words, "infernet up", verb="Quit", trigger="q")
        return await self._cockpit.ask(question)

    async def _leave_node(self) -> bool:
        """Decide what becomes of the node in this window; whether to quit."""
        cockpit = self._cockpit
        how = cockpit.settings.on_quit
        if how == "ask" or self._is_leaving:  # asked again: the remembered way takes too long
            how = await self._ask_how() or ""
        if not how:
            return False
        self._is_leaving = True
        if how.startswith(REMEMBER):
            how = how.removeprefix(REMEMBER)
            try:
                await cockpit.save_setting("on_quit", how)
            except InfernetError as error:
                cockpit.show_error(error)
        if how != STOP:
            cockpit.toast(f"Finishing {self._jobs} first · q and “Stop now” do not wait.")
        try:
            if how == HAND_OVER:
                await cockpit.session.hand_over()
            else:
                await cockpit.session.stop(Ending.FINISH_JOBS if how == DRAIN else Ending.NOW)
        except InfernetError as error:
            cockpit.show_error(error)
            return False
        return True

    async def _ask_how(self) -> str | None:
        node = self._cockpit.store.node
        running = node.active_jobs if node else 0
        jobs = wording.count_of(running, "job")
        words = f"The node runs in this window, with {jobs} now. What becomes of it?"
        choices = [
            Choice(HAND_OVER, "Go on in the background", "finishes jobs, then infernet start"),
            Choice(DRAIN, "Finish jobs, then stop", "no new ones are taken"),
            Choice(STOP, "Stop now", "running jobs go to another node"),
            Choice(REMEMBER + HAND_OVER, "Always in the background", "and do not ask again"),
            Choice(REMEMBER + DRAIN, "Always finish, then stop", "and do not ask again"),
        ]
        return await self._cockpit.ask(PickOne("Quit", choices, HAND_OVER, words=[line(words)]))

    async def show_identity(self) -> None:
        """Public key and where things are."""
        info = await self._cockpit.request("node.info")
        rows = [
            ("name", info.get("name")), ("role", info.get("role")),
            ("node id", info.get("node_id")),
            ("npub", info.get("npub")), ("public key", info.get("public_key")),
            ("control plane", info.get("control_plane_url")), ("config", info.get("config_path")),
            ("log", info.get("log_path")), ("version", info.get("version")),
        ]  # fmt: skip
        body = [line((f" {name:<14}", "muted"), str(value or "-")) for name, value in rows]
        npub = str(info.get("npub") or "") or None
        await self._cockpit.ask(ShowLines("Identity · y copies the npub", body, copies=npub))
