"""Downloads over a real socket: whole, resumed, refused, damaged."""

import contextlib
import hashlib
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from aiohttp import web

from infernet_tui.engines import download
from infernet_tui.engines.base import PullProgress
from infernet_tui.engines.download import PartFile
from infernet_tui.engines.gguf_store import GgufStore
from infernet_tui.engines.pull import pull_into
from infernet_tui.errors import EngineError
from tests.support.fake_answers import serving
from tests.support.tiny_gguf import write_tiny_gguf

MODEL_LAYER = "application/vnd.ollama.image.model"


@dataclass
class FileServer:
    """A registry and a file server with one model, and ways to misbehave."""

    content: bytes
    etag: str = '"one"'
    understands_ranges: bool = True
    break_after: int | None = None
    """Cut the next connection after so many bytes."""
    status: int = 200
    url: str = ""
    ranges: list[str | None] = field(default_factory=list)

    @property
    def digest(self) -> str:
        return "sha256:" + hashlib.sha256(self.content).hexdigest()

    def application(self) -> web.Application:
        application = web.Application()
        application.router.add_get("/v2/{owner}/{model}/manifests/{tag}", self._manifest)
        application.router.add_get("/v2/{owner}/{model}/blobs/{digest}", self._file)
        application.router.add_get("/{path:.+[.]gguf}", self._file)
        return application

    async def _manifest(self, request: web.Request) -> web.Response:
        if request.match_info["tag"] == "missing":
            return web.json_response({"errors": []}, status=404)
        layers = [
            {"mediaType": "application/vnd.ollama.image.license", "digest": "sha256:0", "size": 1},
            {"mediaType": MODEL_LAYER, "digest": self.digest, "size": len(self.content)},
        ]
        return web.json_response({"layers": layers})

    async def _file(self, request: web.Request) -> web.StreamResponse:
        self.ranges.append(request.headers.get("range"))
        if self.status != 200:
            return web.Response(status=self.status)
        start = self._start(request)
        size = len(self.content)
        if start is not None and start >= size:
            return web.Response(status=416, headers={"content-range": f"bytes */{size}"})
        response = web.StreamResponse(
            status=200 if start is None else 206, headers={"etag": self.etag}
        )
        if start is not None:
            response.headers["content-range"] = f"bytes {start}-{size - 1}/{size}"
        response.content_length = size - (start or 0)
        await response.prepare(request)
        body = self.content[start or 0 :]
        if self.break_after is not None:
            await response.write(body[: self.break_after])
            self.break_after = None
            assert request.transport
            request.transport.close()
            return response
        await response.write(body)
        return response

    def _start(self, request: web.Request) -> int | None:
        asked = request.headers.get("range")
        same = request.headers.get("if-range") in (None, self.etag)
        if not asked or not same or not self.understands_ranges:
            return None
        return int(asked.removeprefix("bytes=").removesuffix("-"))


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[FileServer]:
    fake = FileServer(write_tiny_gguf(tmp_path / "source" / "tiny.gguf").read_bytes())
    async with serving(fake.application()) as fake.url:
        yield fake


@pytest.fixture
def store(tmp_path: Path) -> GgufStore:
    return GgufStore(tmp_path / "models")


async def pull(server: FileServer, store: GgufStore, name: str) -> list[PullProgress]:
    environ = {"INFERNET_HF_URL": server.url, "INFERNET_OLLAMA_REGISTRY_URL": server.url}
    async with contextlib.aclosing(pull_into(store, name, environ=environ)) as steps:
        return [step async for step in steps]


@pytest.mark.parametrize(
    ("asked", "stored"),
    [
        ("qwen2.5:7b", "qwen2.5:7b"),
        ("qwen2.5", "qwen2.5:latest"),
        ("someone/model:tag", "someone/model:tag"),
        ("hf.co/owner/repo:Q4_K_M", "hf.co/owner/repo:Q4_K_M"),
        ("hf:owner/repo/sub/tiny-q4.gguf", "tiny-q4"),
        ("{url}/any/where/my%20model.gguf?download=true", "my model"),
    ],
)
async def test_every_kind_of_name_is_fetched(
    server: FileServer, store: GgufStore, asked: str, stored: str
) -> None:
    steps = await pull(server, store, asked.replace("{url}", server.url))
    last = steps[-1]
    assert last == PullProgress("success", len(server.content), len(server.content), server.digest)
    assert store.find(stored).path.read_bytes() == server.content
    assert [path.name for path in store.folder.rglob("*") if "part" in path.name] == []


async def test_a_file_of_this_machine_is_copied(
    server: FileServer, store: GgufStore, tmp_path: Path
) -> None:
    steps = await pull(server, store, str(tmp_path / "source" / "tiny.gguf"))
    assert steps[-1].status == "success"
    assert store.find("tiny").path.read_bytes() == server.content


async def test_a_broken_download_goes_on_by_itself(server: FileServer, store: GgufStore) -> None:
    server.break_after = 70_000
    steps = await pull(server, store, f"{server.url}/tiny.gguf")
    assert steps[-1].digest == server.digest
    assert server.ranges[0] is None
    assert server.ranges[1] is not None
    assert 0 < int(server.ranges[1].removeprefix("bytes=").removesuffix("-")) <= 70_000


def leave_part(store: GgufStore, name: str, data: bytes, etag: str = '"one"') -> PartFile:
    """What an earlier, interrupted download leaves."""
    part = PartFile(store.path_for(name))
    part.open()
    part.append(data)
    part.etag = etag
    part.close()
    return part


async def test_a_later_pull_goes_on_where_the_earlier_one_stopped(
    server: FileServer, store: GgufStore
) -> None:
    leave_part(store, "tiny", server.content[:50_000])
    await pull(server, store, f"{server.url}/tiny.gguf")
    assert server.ranges == ["bytes=50000-"]
    assert store.find("tiny").path.read_bytes() == server.content


async def test_a_file_that_changed_on_the_server_is_fetched_anew(
    server: FileServer, store: GgufStore
) -> None:
    leave_part(store, "tiny", b"GGUF of yesterday", etag='"yesterday"')
    await pull(server, store, f"{server.url}/tiny.gguf")
    assert store.find("tiny").path.read_bytes() == server.content


async def test_without_a_way_to_tell_versions_apart_it_starts_anew(
    server: FileServer, store: GgufStore
) -> None:
    server.etag = 'W/"weak"'
    leave_part(store, "tiny", server.content[:100], etag='W/"weak"')
    await pull(server, store, f"{server.url}/tiny.gguf")
    assert server.ranges == [None]


async def test_a_server_without_ranges_sends_the_whole_file_again(
    server: FileServer, store: GgufStore
) -> None:
    server.understands_ranges = False
    leave_part(store, "qwen2.5:7b", server.content[:50_000])
    await pull(server, store, "qwen2.5:7b")
    assert store.find("qwen2.5:7b").path.read_bytes() == server.content


async def test_a_part_that_is_whole_already_needs_no_download(
    server: FileServer, store: GgufStore
) -> None:
    leave_part(store, "qwen2.5:7b", server.content)
    await pull(server, store, "qwen2.5:7b")
    assert server.ranges == []
    leave_part(store, "tiny", server.content)
    await pull(server, store, f"{server.url}/tiny.gguf")
    assert store.find("tiny").path.read_bytes() == server.content


async def test_a_wrong_sha256_deletes_the_file(server: FileServer, store: GgufStore) -> None:
    whole = bytearray(server.content)
    whole[-1] ^= 1
    leave_part(store, "qwen2.5:7b", bytes(whole))
    with pytest.raises(EngineError, match="SHA-256"):
        await pull(server, store, "qwen2.5:7b")
    assert store.all() == []
    assert not store.path_for("qwen2.5:7b").with_name("qwen2.5:7b.gguf.part").exists()
    assert (await pull(server, store, "qwen2.5:7b"))[-1].status == "success"


async def test_a_page_instead_of_a_model_is_refused_at_its_first_byte(
    server: FileServer, store: GgufStore
) -> None:
    server.content = b"<!doctype html>" + bytes(100_000)
    with pytest.raises(EngineError, match="no GGUF") as caught:
        await pull(server, store, f"{server.url}/tiny.gguf")
    assert caught.value.hint
    assert store.all() == []


async def test_a_damaged_model_is_not_kept(server: FileServer, store: GgufStore) -> None:
    server.content = server.content[:3000]
    with pytest.raises(EngineError, match="no GGUF model"):
        await pull(server, store, f"{server.url}/tiny.gguf")
    assert list(store.folder.rglob("*.gguf*")) == []


@pytest.mark.parametrize("status", [403, 404, 500])
async def test_a_refusing_server_is_an_error_with_a_way_out(
    server: FileServer, store: GgufStore, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(download, "FIRST_PAUSE_SECONDS", 0.001)
    server.status = status
    with pytest.raises(EngineError) as caught:
        await pull(server, store, f"{server.url}/tiny.gguf")
    assert caught.value.hint
    assert str(status) in caught.value.message


async def test_an_unknown_tag_says_so(server: FileServer, store: GgufStore) -> None:
    with pytest.raises(EngineError, match=r"has no model 'qwen2.5:missing'"):
        await pull(server, store, "qwen2.5:missing")


async def test_a_full_disk_is_found_out_before_the_download(
    server: FileServer, store: GgufStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage("/")._replace(free=1000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    with pytest.raises(EngineError, match="too small") as caught:
        await pull(server, store, "qwen2.5:7b")
    assert "INFERNET_MODELS_DIR" in (caught.value.hint or "")


async def test_two_pulls_of_one_model_do_not_mix(server: FileServer, store: GgufStore) -> None:
    part = PartFile(store.path_for("tiny"))
    part.open()
    try:
        with pytest.raises(EngineError, match="already"):
            await pull(server, store, f"{server.url}/tiny.gguf")
    finally:
        part.close()


@pytest.mark.parametrize(
    "name",
    [
        "-x", "a b", "../x", "http://", "http://host/page.html", "hf:owner", "hf:o/r/file.bin",
        "a/b/c/d", "qwen:", "/no/such/file.gguf", "x\x1b[31m", "file:///etc/passwd", "~/no.gguf",
    ],
)  # fmt: skip
async def test_a_name_that_means_nothing_is_refused(
    server: FileServer, store: GgufStore, name: str
) -> None:
    with pytest.raises(EngineError) as caught:
        await pull(server, store, name)
    assert caught.value.hint
    assert not store.folder.exists()


async def test_an_unreachable_registry_is_an_error_not_a_crash(store: GgufStore) -> None:
    environ = {"INFERNET_OLLAMA_REGISTRY_URL": "http://127.0.0.1:9"}
    with pytest.raises(EngineError, match="Cannot reach"):
        async for _ in pull_into(store, "qwen2.5:7b", environ=environ):
            pass
