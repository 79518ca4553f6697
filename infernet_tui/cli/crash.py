"""The crash file: what we need to fix our bug, and nothing that is the user's.

It has the traceback without local variables, and no prompt, key, token or address in it.
"""

import os
import platform
import re
import sys
import traceback
from collections.abc import Sequence
from datetime import UTC, datetime

from infernet_tui import __version__, config, paths
from infernet_tui.cli import command_names
from infernet_tui.errors import ConfigError, InfernetError
from infernet_tui.exit_codes import ExitCode

_SECRETS = re.compile(
    r"\b(?:nsec1[02-9ac-hj-np-z]+"  # a Nostr secret key
    r"|[0-9a-fA-F]{64,}"  # a key in hex
    r"|eyJ[\w-]+\.[\w-]+\.[\w-]+)"  # a signed token
    r"|(?i:bearer)\s+[\w.~+/=-]+"
    r"|(?<=://)[^/\s:@]+:[^/\s@]+(?=@)"  # user:password in a URL
)


class Bug(InfernetError):
    """Infernet has a bug."""

    exit_code = ExitCode.BUG
    code = "bug"

    @classmethod
    def record(cls, error: Exception, arguments: Sequence[str]) -> "Bug":
        """Write the crash file of `error`; the error to show names it."""
        if os.environ.get("INFERNET_DEBUG"):
            traceback.print_exception(error)
        what = redacted(f"This is a bug in Infernet: {type(error).__name__}: {error}")
        moment = datetime.now(UTC)
        path = paths.config_dir() / f"crash-{moment:%Y%m%dT%H%M%S}-{os.getpid()}.txt"
        try:
            config.write_atomically(path, _report(error, arguments, moment), mode=0o600)
        except ConfigError:
            return cls(what, hint="INFERNET_DEBUG=1 infernet … shows where it happened")
        return cls(what, hint=f"please report it with {path}")


def redacted(text: str) -> str:
    """`text` without anything that looks like a secret."""
    return _SECRETS.sub("[redacted]", text)


def _report(error: Exception, arguments: Sequence[str], moment: datetime) -> str:
    words = [word for word in arguments if word in command_names()]
    flags = [word.split("=")[0] for word in arguments if word.startswith("--")]
    trace = "".join(traceback.format_exception(error))
    return (
        f"infernet {__version__}, Python {platform.python_version()}, {sys.platform}\n"
        f"at {moment:%Y-%m-%dT%H:%M:%SZ}, running: infernet {' '.join([*words[:1], *flags])}\n\n"
        f"{redacted(trace)}"
    )
