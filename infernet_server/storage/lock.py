"""One process a database: what jobs live is in that process's memory, and two would fight.

The lock is the operating system's, on a file beside the database: it ends with the process, however
that ends.
"""

import fcntl
import os
from pathlib import Path
from typing import IO


class InUse(OSError):
    """Another process has the database open."""


def hold(database: Path) -> IO[str]:
    """Lock a database file; close what is returned to let go.

    Raises:
        InUse: another process has it.
    """
    # Not deleted afterwards: somebody else may have opened it already.
    file = open(f"{database}.lock", "a+", encoding="ascii", opener=_private)  # noqa: SIM115
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.seek(0)
        holder = file.read(16).strip()
        file.close()
        raise InUse(
            f"another control plane has it open{f' (process {holder})' if holder else ''}. Stop"
            " that one, or give this one its own INFERNET_DATABASE_URL; one control plane is one"
            " process, so start uvicorn without --workers"
        ) from None
    file.truncate(0)
    file.write(f"{os.getpid()}\n")
    file.flush()
    return file


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
