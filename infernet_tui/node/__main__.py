"""`python -m infernet_tui.node`: a node in the foreground, its options as JSON on stdin."""

import sys

from infernet_tui.errors import InfernetError
from infernet_tui.node.daemon import run_foreground
from infernet_tui.node.options import NodeOptions


def main() -> int:
    """Run; the exit code."""
    text = "" if sys.stdin.isatty() else sys.stdin.read()
    try:
        return run_foreground(NodeOptions.from_json(text or "{}"))
    except InfernetError as error:
        hint = f"\n  try: {error.hint}" if error.hint else ""
        print(f"infernet: {error}{hint}", file=sys.stderr)  # noqa: T201 - the log of a detached node
        return int(error.exit_code)


if __name__ == "__main__":
    sys.exit(main())
