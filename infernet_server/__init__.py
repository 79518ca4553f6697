"""The control plane: matches prompts to nodes, streams answers back, keeps the books.

`uvicorn infernet_server:create_app --factory` runs it; `infernet server` does the same.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from infernet_server.app import create_app

__all__ = ["create_app"]


def __getattr__(name: str) -> Any:
    # Importing a submodule must not cost the whole application.
    if name == "create_app":
        from infernet_server.app import create_app

        return create_app
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
