"""`kill -9` of nodes and of the control plane, as processes, with real sockets and a real disk."""

import asyncio
import sqlite3
from pathlib import Path
from typing import Any

import httpx

from tests.support.control_plane import eventually
from tests.support.processes import control_plane_process, free_port, node_process
from tests.support.sse import open_stream, read_stream, text_of

MESSAGES = [{"role": "user", "content": "what is 2+2?"}]


async def submit(http: httpx.AsyncClient, **fields: Any) -> dict[str, Any]:
    answer = await http.post("/api/chat", json={"messages": MESSAGES} | fields)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def test_a_prompt_is_answered_by_a_node_that_the_job_row_names(tmp_path: Path) -> None:
    async with (
        control_plane_process(tmp_path / "server", free_port()) as (url, _),
        node_process(tmp_path / "one", url, INFERNET_STUB_DELAY_MS="0") as (node_id, node),
        httpx.AsyncClient(base_url=url) as http,
    ):
        job = await submit(http)
        frames = await read_stream(http, job["streamUrl"])
        assert job["provider"]["nodeId"] == node_id
        meta = next(frame for frame in frames if frame.kind == "meta")
        assert meta.data["provider_node_id"] == node_id
        assert "2+2" in text_of(frames)
        assert frames[-1].data["text"] == text_of(frames)
        assert node.terminate() == 0


async def test_killing_a_node_before_its_first_token_lets_the_other_answer(tmp_path: Path) -> None:
    async with (
        control_plane_process(tmp_path / "server", free_port()) as (url, _),
        # Slow enough that it is certainly killed before it says anything.
        node_process(tmp_path / "one", url, INFERNET_STUB_DELAY_MS="60000") as (one_id, one),
        httpx.AsyncClient(base_url=url, timeout=30) as http,
    ):
        job = await submit(http)
        assert job["provider"]["nodeId"] == one_id
        async with node_process(tmp_path / "two", url, INFERNET_STUB_DELAY_MS="0") as (two_id, _):
            one.kill()
            frames = await read_stream(http, job["streamUrl"])
        metas = [f.data["provider_node_id"] for f in frames if f.kind == "meta"]
        assert metas[-1] == two_id
        assert [f.kind for f in frames].count("done") == 1
        assert frames[-1].data["text"] == text_of(frames)


async def test_killing_the_control_plane_under_waiting_streams_loses_no_accepted_job(
    tmp_path: Path,
) -> None:
    folder, port, count = tmp_path / "server", free_port(), 6
    async with (
        control_plane_process(folder, port) as (url, server),
        node_process(tmp_path / "one", url, INFERNET_STUB_DELAY_MS="40") as (_, node),
        httpx.AsyncClient(base_url=url, timeout=30) as http,
    ):
        jobs = await asyncio.gather(*(submit(http) for _ in range(count)))
        async with open_stream(http, jobs[0]["streamUrl"]) as stream:
            seen = await stream.next("token")
        server.kill()
        async with control_plane_process(folder, port) as (_, restarted):
            texts = []
            for number, job in enumerate(jobs):
                after = seen.id if number == 0 else None
                frames = await read_stream(http, job["streamUrl"], after=after)
                ids = [frame.id for frame in frames if frame.id is not None]
                assert frames[-1].kind == "done", (frames[-1], node.words())
                assert ids == list(range(ids[0], ids[0] + len(ids)))
                if number == 0:
                    assert ids[0] == (seen.id or 0) + 1
                texts.append(frames[-1].data["text"])
            assert len(set(texts)) == 1  # the stub says the same to all, once
            # Told to stop, it puts on disk what it has relayed; the node would tell it again.
            await asyncio.to_thread(restarted.terminate)
    database = sqlite3.connect(folder / "infernet.db")
    try:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        finished = database.execute("SELECT status FROM jobs").fetchall()
        assert finished == [("completed",)] * count
    finally:
        database.close()


async def test_a_node_told_to_stop_finishes_its_job_first(tmp_path: Path) -> None:
    async with (
        control_plane_process(tmp_path / "server", free_port()) as (url, _),
        node_process(tmp_path / "one", url, INFERNET_STUB_DELAY_MS="30") as (_, node),
        httpx.AsyncClient(base_url=url, timeout=30) as http,
    ):
        job = await submit(http)
        async with open_stream(http, job["streamUrl"]) as stream:
            await stream.next("token")
            code = await asyncio.to_thread(node.terminate)
            assert (await stream.next("done", "error")).kind == "done"
        assert code == 0

        async def nobody_there() -> bool:
            return (await http.get("/api/peers")).json()["data"] == []

        await eventually(nobody_there)
