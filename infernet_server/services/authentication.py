"""Who signed a request: envelope, clock, signature, then replay; in that order, all 401."""

from collections.abc import Callable, Sequence
from typing import Any

from infernet_protocol import envelope
from infernet_protocol.envelope import EnvelopeError
from infernet_server.errors import Unauthenticated
from infernet_server.services.batch import BatchedWrite
from infernet_server.services.nodes import NodeService
from infernet_server.services.replay import KEEP_SECONDS, ReplayGuard
from infernet_server.settings import Settings
from infernet_server.storage import nodes as sql
from infernet_server.storage.engine import Database
from infernet_server.timestamps import iso_millis, micros


class Authenticator:
    """Verifies X-Infernet-Auth and remembers what it has seen."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        nodes: NodeService,
        clock: Callable[[], float],
    ) -> None:
        self._settings = settings
        self._database = database
        self._nodes = nodes
        self._clock = clock
        self._guard = ReplayGuard()
        self._nonces: BatchedWrite[dict[str, Any]] = BatchedWrite(database, _remember)

    async def start(self) -> None:
        """Take back the envelopes that were seen before a restart."""
        rows = await self._database.read(sql.known_nonces, micros(self._clock()))
        self._guard.restore((r["public_key"], r["nonce"], r["expires_at"] / 1e6) for r in rows)

    async def authenticate(
        self, header: str | None, method: str, host: str, target: str, body: bytes
    ) -> str:
        """The public key that signed this request, and nobody replayed.

        Raises:
            Unauthenticated: it did not sign this; the text says which check failed.
        """
        now = self._clock()
        try:
            found = envelope.decode(header)
            self._check_policy(found.version, host)
            envelope.verify(found, method, host, target, body, now=now)
            is_registered = self._nodes.is_registered(found.pubkey)
            self._guard.check(found.pubkey, found.nonce, now, is_registered=is_registered)
        except EnvelopeError as error:
            raise Unauthenticated(str(error), detail={"server_time": iso_millis(now)}) from None
        if is_registered:
            expires_at = micros(now + KEEP_SECONDS)
            await self._nonces.add(
                {"public_key": found.pubkey, "nonce": found.nonce, "expires_at": expires_at}
            )
        return found.pubkey

    def _check_policy(self, version: int, host: str) -> None:
        if version == 1 and self._settings.require_envelope_v2:
            raise EnvelopeError("unsupported envelope version: 1 (this control plane wants 2)")
        own = self._settings.public_host
        if version == 2 and own is not None and host.lower() != own:
            # Signed for another control plane, which passed it on.
            raise EnvelopeError("signature verification failed: signed for another host")

    async def forget_expired(self) -> None:
        """Drop stored envelopes that are too old to be replayed."""
        await self._database.write(sql.forget_nonces, micros(self._clock()))


def _remember(connection: Any, rows: Sequence[dict[str, Any]]) -> None:
    sql.remember_nonces(connection, rows)
