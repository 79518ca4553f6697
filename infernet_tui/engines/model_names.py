"""Which names a model may have: they become file names, arguments and lines on a screen.

Whoever sits at the machine may also pull a file or a URL; from afar only `check_registry_name`
counts, so that nobody makes this machine read its own files or call addresses of its network.
"""

import re

from infernet_tui.errors import EngineError

MAX_CHARS = 256
_PART = r"[A-Za-z0-9][\w.-]*"
_REGISTRY_NAME = re.compile(
    rf"(?:{_PART}/)?{_PART}(?::\w[\w.-]*)?"
    rf"|(?:hf\.co|huggingface\.co)/{_PART}/{_PART}(?::\w[\w.-]*)?"
    rf"|hf:{_PART}(?:/{_PART})+\.gguf",
    re.ASCII,
)


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


def check_registry_name(name: str) -> str:
    """The name itself, if it is one of Ollama's registry or Hugging Face.

    Raises:
        EngineError: it is a path, a URL, a registry elsewhere, or no name at all.
    """
    check_model_name(name)
    if not _REGISTRY_NAME.fullmatch(name):
        raise EngineError(
            f"The model {name[:64]!r} cannot be installed from afar: only names of Ollama's "
            "registry and of Hugging Face can.",
            hint="on the machine itself: infernet model pull <URL or file>",
            retryable=False,
        )
    return name
