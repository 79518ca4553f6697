"""Starting, stopping and leaving: what the application asks before it touches the node."""

import asyncio
from typing import TYPE_CHECKING

from infernet_tui.errors import InfernetError
from infernet_tui.screens import wording
from infernet_tui.screens.dialogs import Choice, Confirm, PickOne, ShowLines
from infernet_tui.session import is_set_up
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
        self._interrupted_at = float("-inf")

    async def start(self) -> None:
        """Start a node in this window, or go on with the one that runs."""
        cockpit = self._cockpit
        if cockpit.session.mode != "demo" and not await asyncio.to_thread(is_set_up):
            await cockpit.go_to("setup")
            return
        cockpit.toast("Starting the node…")
        cockpit.log_command("infernet start")
        await cockpit.session.start()
        cockpit.feed.reconnect()

    async def stop(self) -> None:
        """Ask, then stop."""
        if not await self._agreed("Stop the node?", "infernet stop", "Stop", "t"):
            return
        await self._request("shutdown")

    async def drain(self) -> None:
        """Ask, then drain."""
        if not await self._agreed("Drain the node?", "infernet stop", "Drain", "D"):
            return
        await self._request("drain")
        self._cockpit.toast("Draining: no new jobs; the node stops when the running ones are done.")

    async def restart(self) -> None:
        """Ask, stop, start."""
        command = "infernet stop && infernet start"
        if not await self._agreed("Restart the node?", command, "Restart", "ctrl+r"):
            return
        cockpit = self._cockpit
        if cockpit.session.is_own:
            await cockpit.session.stop(finish_jobs=True)
        else:
            await self._request("drain")
            await cockpit.feed.disconnected.wait()
        await self.start()

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
        if cockpit.session.is_own and not await self._leave_node():
            return
        cockpit.exit()

    async def _leave_node(self) -> bool:
        """Decide what becomes of the node in this window; whether to quit."""
        cockpit = self._cockpit
        how = cockpit.settings.on_quit
        if how == "ask":
            how = await self._ask_how() or ""
        if not how:
            return False
        if how.startswith(REMEMBER):
            how = how.removeprefix(REMEMBER)
            await cockpit.save_setting("on_quit", how)
        try:
            if how == HAND_OVER:
                cockpit.toast("Handing over to a node in the background…")
                await cockpit.session.hand_over()
            else:
                await cockpit.session.stop(finish_jobs=how == DRAIN)
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

    async def _agreed(self, title: str, command: str, verb: str, trigger: str) -> bool:
        node = self._cockpit.store.node
        running = node.active_jobs if node else 0
        consequence = [
            f"{running} running jobs get time to finish; then the rest goes to other nodes."
            if running
            else "No job is running. The node takes no new ones and earns nothing until started."
        ]
        return await self._cockpit.ask(
            Confirm(title, consequence, command, verb=verb, trigger=trigger)
        )

    async def _request(self, verb: str) -> None:
        cockpit = self._cockpit
        cockpit.log_command("infernet stop")
        if cockpit.session.is_own:
            # In a task of its own: the node may take as long as its jobs do.
            cockpit.run_worker(
                cockpit.session.stop(finish_jobs=verb == "drain"), exit_on_error=False
            )
            return
        await cockpit.request(verb)
        if cockpit.session.mode == "demo":
            await cockpit.session.stop(finish_jobs=False)

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
