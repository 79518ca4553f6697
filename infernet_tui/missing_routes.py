"""Two kinds of 404: the control plane knows no such thing, or no such route (it is older)."""

from infernet_tui.errors import InfernetError, NotFound, NotSupported

_NO_SUCH_THING = ("job not found", "no row for this pubkey")
"""What the wire says when the route is there."""


def told_apart(error: NotFound) -> InfernetError:
    """The error itself, or `NotSupported` where a route that is new is missing."""
    if any(text in error.message for text in _NO_SUCH_THING):
        return error
    return NotSupported(
        f"This control plane cannot do that yet (an older version). {error.message}"
    )
