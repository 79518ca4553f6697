"""What can go wrong on the operator's side, and what to do about it.

InfernetError
├── ConfigError            exit 2   config.json or a setting is wrong
├── UsageError             exit 2   the command line's words are off
├── NodeNotRunning         exit 3   no daemon answers on the socket
├── ControlPlaneError
│   ├── ControlPlaneUnreachable  exit 4
│   ├── Refused            exit 5   401, 403, 409
│   ├── NotFound           exit 6
│   └── RequestFailed      exit 1   anything else it answered
├── TimedOut               exit 7
├── Declined               exit 8
├── NeedsTerminal          exit 9
├── AlreadyRunning         exit 10
├── NotSupported           exit 1   the node or the control plane is too old for it
└── EngineError            exit 1   the engine cannot do it; `retryable` says if another node may

A message has three parts: what failed, why, and (the hint) the command to run next.
"""

from infernet_tui.exit_codes import ExitCode


class InfernetError(Exception):
    """Something failed that a person can act on."""

    exit_code = ExitCode.FAILED
    code = "failed"
    """Machine name in the `--json` error envelope."""
    retryable = False

    def __init__(self, message: str = "", *, hint: str | None = None) -> None:
        super().__init__(message or (type(self).__doc__ or "").strip().splitlines()[0])
        self.message = str(self)
        self.hint = hint


class ConfigError(InfernetError):
    """The configuration is missing or wrong."""

    exit_code = ExitCode.USAGE
    code = "config"


class UsageError(InfernetError):
    """The command line's words are off."""

    exit_code = ExitCode.USAGE
    code = "usage"


class NodeNotRunning(InfernetError):
    """The node is not running."""

    exit_code = ExitCode.NODE_NOT_RUNNING
    code = "daemon_unreachable"
    retryable = True


class ControlPlaneError(InfernetError):
    """The control plane did not do what was asked."""

    code = "control_plane"


class ControlPlaneUnreachable(ControlPlaneError):
    """The control plane cannot be reached."""

    exit_code = ExitCode.CONTROL_PLANE_UNREACHABLE
    code = "control_plane_unreachable"
    retryable = True


class Refused(ControlPlaneError):
    """The control plane refused."""

    exit_code = ExitCode.REFUSED
    code = "refused"


class NotFound(ControlPlaneError):
    """There is no such thing."""

    exit_code = ExitCode.NOT_FOUND
    code = "not_found"


class RequestFailed(ControlPlaneError):
    """The control plane answered with an error."""

    code = "request_failed"


class TimedOut(InfernetError):
    """It took too long."""

    exit_code = ExitCode.TIMED_OUT
    code = "timed_out"
    retryable = True


class Declined(InfernetError):
    """You said no; nothing was changed."""

    exit_code = ExitCode.DECLINED
    code = "declined"


class NeedsTerminal(InfernetError):
    """This needs a terminal, or --yes."""

    exit_code = ExitCode.NEEDS_TERMINAL
    code = "needs_terminal"


class AlreadyRunning(InfernetError):
    """It is already running."""

    exit_code = ExitCode.ALREADY_RUNNING
    code = "already_running"


class NotSupported(InfernetError):
    """What was asked cannot do that: it is an older version."""

    code = "not_supported"


class EngineError(InfernetError):
    """The engine could not do it."""

    code = "engine_failed"

    def __init__(
        self, message: str = "", *, hint: str | None = None, retryable: bool = True
    ) -> None:
        super().__init__(message, hint=hint)
        self.retryable = retryable
