"""Exit codes of `infernet`. A code never depends on the output format."""

from enum import IntEnum


class ExitCode(IntEnum):
    """What the shell sees."""

    OK = 0
    FAILED = 1
    """It ran and failed, or the verdict is no (a doctor check failed, not serving)."""
    USAGE = 2
    """Wrong words on the command line, or a wrong configuration."""
    NODE_NOT_RUNNING = 3
    CONTROL_PLANE_UNREACHABLE = 4
    REFUSED = 5
    NOT_FOUND = 6
    TIMED_OUT = 7
    DECLINED = 8
    NEEDS_TERMINAL = 9
    ALREADY_RUNNING = 10
    BUG = 70
    """Our fault; a crash file is named on stderr."""
    INTERRUPTED = 130
    BROKEN_PIPE = 141
    TERMINATED = 143
