"""Opening the node channel's WebSocket, and what it means when that does not work.

The upgrade is a signed request. A control plane, or a proxy in front of one, that does not do
WebSockets is told apart from one that refuses this node or is away for the moment.
"""

import orjson
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidHandshake, InvalidStatus, ProxyError

from infernet_protocol import endpoints, envelope
from infernet_protocol.channel import MAX_FRAME_BYTES
from infernet_tui.control_plane import ControlPlane
from infernet_tui.errors import ControlPlaneUnreachable, NotFound, Refused

OPEN_SECONDS = 10.0
CLOSE_SECONDS = 1.0
_REFUSALS = (401, 403, 409)
_TEMPORARY = (408, 425, 429, 500, 502, 503, 504)


class ChannelUnsupported(Exception):
    """This control plane, or something in front of it, does not do WebSockets."""


async def open_socket(control_plane: ControlPlane) -> ClientConnection:
    """An open WebSocket.

    Raises:
        ChannelUnsupported: fall back to polling.
        NotFound: this key is not registered there.
        Refused, ControlPlaneUnreachable: try again later.
    """
    try:
        return await _connect(control_plane)
    except InvalidStatus as refusal:
        status, body = refusal.response.status_code, bytes(refusal.response.body or b"")
        if status == 401 and control_plane.address.wants_version_1(body):
            return await open_socket(control_plane)
        raise _meaning(status, body) from None
    except TimeoutError:
        raise ChannelUnsupported("the upgrade got no answer") from None
    except (ProxyError, OSError) as error:
        way = " through the proxy" if control_plane.proxy else ""
        raise ControlPlaneUnreachable(
            f"Cannot open the node channel{way}: {error}.", hint="infernet doctor"
        ) from None
    except InvalidHandshake as error:
        raise ChannelUnsupported(str(error)) from None


async def _connect(control_plane: ControlPlane) -> ClientConnection:
    address, proxy = control_plane.address, control_plane.proxy
    return await connect(
        address.url(address.target(endpoints.CHANNEL), websocket=True),
        additional_headers={envelope.HEADER: control_plane.signature("GET", endpoints.CHANNEL)},
        # socks5h: names are looked up by the proxy, or Tor would leak them.
        proxy=proxy.replace("socks5://", "socks5h://", 1) if proxy else True,
        open_timeout=OPEN_SECONDS,
        close_timeout=CLOSE_SECONDS,
        max_size=MAX_FRAME_BYTES,
        compression=None,  # tokens are small, and latency is what is wanted
    )


def _meaning(status: int, body: bytes) -> Exception:
    """What an upgrade answered with `status` means for the node."""
    reason = _error_text(body)
    words = f"The control plane refused the node channel: {reason or f'HTTP {status}'}."
    if status == 404 and b"register" in body:
        return NotFound(words, hint="infernet register")
    if status in _REFUSALS and reason:  # without a reason it is a proxy that lets no upgrade pass
        return Refused(words)
    if status in _TEMPORARY:
        return ControlPlaneUnreachable(words)
    return ChannelUnsupported(f"the upgrade was answered with HTTP {status}")


def _error_text(body: bytes) -> str | None:
    try:
        answer = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    text = answer.get("error") if isinstance(answer, dict) else None
    return text if isinstance(text, str) else None
