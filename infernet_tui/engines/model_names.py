"""Which names a model may have: they become file names, arguments and lines on a screen."""

from infernet_tui.errors import EngineError

MAX_CHARS = 256


def check_model_name(name: str) -> str:
    """The name itself, if it is safe to use.

    Raises:
        EngineError: it looks like an option, leaves the models folder, or cannot be shown.
    """
    parts = name.split("/")
    if not name.strip() or len(name) > MAX_CHARS:
        problem = f"must have 1 to {MAX_CHARS} characters"
    elif name.startswith("-"):
        problem = "must not start with '-'"
    elif not name.isprintable() or "\\" in name:
        problem = "must not have control characters or backslashes"
    elif ".." in name or "" in parts or "." in parts:
        problem = "must not have '..', '.' or an empty part between slashes"
    else:
        return name
    raise EngineError(
        f"The model name {name[:64]!r} cannot be used: it {problem}.",
        hint="infernet model list",
        retryable=False,
    )
