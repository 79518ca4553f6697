"""`kill -9` of a node in the middle of its answer, with another one up that can go on."""

from pathlib import Path

import httpx
import pytest

from tests.support.control_plane import eventually
from tests.support.processes import control_plane_process, free_port, node_process
from tests.support.sse import open_stream, read_stream, text_of

MESSAGES = [{"role": "user", "content": "what is 2+2?"}]
UNBROKEN = (
    "This is the stub engine of Infernet: no model ran, the words are fixed."
    ' You asked: "what is 2+2?"'
)


@pytest.mark.parametrize("token", [1, 6, 15])
async def test_the_client_sees_one_unbroken_text(tmp_path: Path, token: int) -> None:
    slow = {"INFERNET_STUB_DELAY_MS": "150"}
    async with (
        control_plane_process(
            tmp_path / "server", free_port(), INFERNET_HEARTBEAT_SECONDS="0.2"
        ) as (url, _),
        node_process(tmp_path / "one", url, **slow) as (one_id, one),
        node_process(tmp_path / "two", url, **slow) as (two_id, two),
        httpx.AsyncClient(base_url=url, timeout=30) as http,
    ):

        async def both_can_continue() -> bool:
            return all("continues an answer" in node.words() for node in (one, two))

        await eventually(both_can_continue, 30)
        await _until_told(http, 2)
        job = (await http.post("/api/chat", json={"messages": MESSAGES})).json()
        nodes = {one_id: one, two_id: two}
        victim = nodes.pop(job["provider"]["nodeId"])
        (survivor_id,) = nodes
        async with open_stream(http, job["streamUrl"]) as stream:
            frames = []
            while len([frame for frame in frames if frame.kind == "token"]) < token:
                frames.append(await stream.next())
            victim.kill()
            frames += await stream.rest()
        assert frames[-1].kind == "done", frames[-1]
        assert [frame.kind for frame in frames].count("done") == 1
        assert text_of(frames) == frames[-1].data["text"] == UNBROKEN
        metas = [f.data["provider_node_id"] for f in frames if f.kind == "meta"]
        assert metas[-1] == survivor_id
        assert text_of(await read_stream(http, job["streamUrl"])) == UNBROKEN


async def _until_told(http: httpx.AsyncClient, beats: int) -> None:
    """Until every node's heartbeat has come in this often since now."""

    async def seen() -> dict[str, str]:
        peers = (await http.get("/api/peers")).json()["data"]
        return {peer["pubkey"]: peer["last_seen"] for peer in peers}

    for _ in range(beats):
        before = await seen()

        async def is_newer(before: dict[str, str] = before) -> bool:
            now = await seen()
            return len(now) == 2 and all(now[key] > before[key] for key in now)

        await eventually(is_newer)
