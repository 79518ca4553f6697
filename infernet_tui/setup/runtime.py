"""Step 1: what runs all this. Python, where the existing network's page says Node.js."""

import sys

from infernet_tui import __version__
from infernet_tui.setup.context import Context
from infernet_tui.setup.step import Answer, Finding, Report, State, done

NEEDED = (3, 11)
INSTALL = "./install.sh"


class RuntimeStep:
    """Looks at the interpreter; there is nothing to apply."""

    number = 1
    key = "runtime"
    title = "Runtime"

    def __init__(
        self,
        version: tuple[int, ...] = sys.version_info[:3],
        prefix: str = sys.prefix,
        base_prefix: str = sys.base_prefix,
    ) -> None:
        self._version = version
        self._prefix = prefix
        self._is_virtual = prefix != base_prefix

    async def detect(self, context: Context) -> Finding:
        """Version, and whether the environment is our own."""
        python = f"Python {'.'.join(map(str, self._version))}"
        if self._version[:2] < NEEDED:
            return Finding(
                State.FAILED,
                f"{python} is too old: {'.'.join(map(str, NEEDED))} or newer is needed",
                "Infernet brings its own environment; it only needs an interpreter to begin with.",
                can_skip=False,
                hint=f"PYTHON=/path/to/python3.11 {INSTALL}",
            )
        if not self._is_virtual:
            return done(
                f"{python}, infernet {__version__}, without an environment of its own",
                "Upgrading other Python programs may change what Infernet runs on; "
                f"{INSTALL} gives it an environment of its own.",
            )
        return done(f"{python}, infernet {__version__}", f"Its own environment: {self._prefix}")

    async def apply(self, context: Context, answer: Answer, report: Report) -> Finding:
        """Look again."""
        return await self.detect(context)
