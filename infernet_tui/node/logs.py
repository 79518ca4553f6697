"""How a headless node logs: one plain line each, UTC, nothing a terminal could act on.

Prompts, answers and keys are never logged by anyone; this only keeps strangers' words (a server's
error text, a model's name) from carrying escape sequences into a terminal that shows the log.
"""

import logging
import sys
import time

_FORMAT = "%(asctime)s.%(msecs)03dZ %(levelname)-7s %(name)s: %(message)s"
_CONTROL = {code: "�" for code in (*range(9), *range(11, 32), *range(127, 160))}
_CHATTY = ("httpx", "httpcore", "websockets", "aiohttp", "asyncio")


class PlainFormatter(logging.Formatter):
    """UTC times, and control characters made visible."""

    def __init__(self) -> None:
        super().__init__(_FORMAT, "%Y-%m-%dT%H:%M:%S")
        self.converter = time.gmtime

    def format(self, record: logging.LogRecord) -> str:
        """One record as text."""
        return super().format(record).translate(_CONTROL)


def configure(level: int = logging.INFO) -> None:
    """Log to stderr, which a detached node has pointed at its log file."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(PlainFormatter())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for name in _CHATTY:
        logging.getLogger(name).setLevel(logging.WARNING)
