"""Addresses of engines as people write them: "box:11434", "0.0.0.0", "http://box/v1/"."""

from urllib.parse import urlsplit

from infernet_tui.errors import ConfigError

_EVERY_INTERFACE = {"0.0.0.0": "127.0.0.1", "::": "::1"}
"""What a server binds to is not what a client connects to."""


def base_url(address: str, default_port: int) -> str:
    """The URL of an engine's root, without a trailing slash or `/v1`.

    Raises:
        ConfigError: it is no address.
    """
    has_scheme = "://" in address
    parts = urlsplit(address if has_scheme else f"http://{address}")
    try:
        port = parts.port
    except ValueError:
        port = -1
    if parts.scheme not in ("http", "https") or not parts.hostname or port == -1:
        raise ConfigError(
            f"{address!r} is not the address of an engine.",
            hint="infernet config set engine.ollamaHost http://localhost:11434",
        )
    host = _EVERY_INTERFACE.get(parts.hostname, parts.hostname)
    host = f"[{host}]" if ":" in host else host
    # A URL with a scheme and no port means the scheme's own: https://llm.example.
    shown_port = port or (None if has_scheme else default_port)
    path = parts.path.rstrip("/").removesuffix("/v1")
    return f"{parts.scheme}://{host}{f':{shown_port}' if shown_port else ''}{path}"
