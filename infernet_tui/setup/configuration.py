"""Step 5: `config.json`, and in it the control plane that this machine works with."""

from infernet_tui import paths
from infernet_tui.config import DEFAULT_CONTROL_PLANE_URL
from infernet_tui.control_plane import ServerAddress
from infernet_tui.setup.context import Context
from infernet_tui.setup.step import Answer, Finding, Report, State, Text, done


class ConfigStep:
    """Looks at `controlPlane.url`, and writes it."""

    number = 5
    key = "config"
    title = "Config"

    async def detect(self, context: Context) -> Finding:
        """Whether a usable URL is there, and the one that was asked for."""
        url = (await context.config()).control_plane_url
        wish = context.wishes.url
        if wish and wish.rstrip("/") != url:
            ServerAddress.parse(wish)
            return Finding(State.TODO, f"{wish} was asked for")
        if url:
            ServerAddress.parse(url)
            return done(f"saved to {paths.config_file()}", f"Control plane: {url}")
        return Finding(
            State.TODO,
            "no control plane chosen yet",
            "The control plane hands out jobs. Take the public one, or type the URL of your own "
            "(`infernet server` runs one).",
            question=Text("Control-plane URL", DEFAULT_CONTROL_PLANE_URL, ServerAddress.parse),
        )

    async def apply(self, context: Context, answer: Answer, report: Report) -> Finding:
        """Write it."""
        url = answer if isinstance(answer, str) else context.wishes.url or DEFAULT_CONTROL_PLANE_URL
        ServerAddress.parse(url)
        await context.save({"controlPlane": {"url": url.rstrip("/")}})
        return await self.detect(context)
