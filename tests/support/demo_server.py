"""The demo node behind a real socket, as a process: `python demo_server.py SOCKET SCENARIO`.

What looks at it then has the costs of attaching to a node, and none of running one. It says
`ready` once it can be asked.
"""

import asyncio
import sys
from pathlib import Path
from typing import cast

from infernet_tui import event_loop
from infernet_tui.demo import DemoNode
from infernet_tui.node.ipc import Dispatcher, IpcServer


async def main(path: Path, scenario: str) -> None:
    """Serve until killed."""
    node = DemoNode(scenario=scenario)
    server = IpcServer(cast(Dispatcher, node), path)
    await server.start()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


if __name__ == "__main__":
    event_loop.run(main(Path(sys.argv[1]), sys.argv[2]))
