"""Whoever hangs up is noticed, whatever was sent before."""

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

from infernet_tui.node.ndjson import LineServer


async def test_a_peer_that_sent_ahead_and_left_ends_a_silent_stream(tmp_path: Path) -> None:
    has_ended = asyncio.Event()

    async def answers(_message: object) -> AsyncGenerator[dict[str, Any], None]:
        try:
            yield {"ok": True}
            await asyncio.Event().wait()
        finally:
            has_ended.set()

    lines = LineServer(answers, max_connections=1, is_stream=lambda _message: True)
    server = await asyncio.start_unix_server(lines.serve, tmp_path / "s")
    async with server:
        reader, writer = await asyncio.open_unix_connection(tmp_path / "s")
        writer.write(b'{"cmd":"a"}\n{"cmd":"b"}\n')
        await reader.readline()
        writer.close()
        await asyncio.wait_for(has_ended.wait(), 5)
        await lines.close()
