"""Where a model comes from: the name a person types, turned into a file to fetch.

- `qwen2.5:7b`, `user/model:tag`: Ollama's registry, which also gives size and SHA-256
- `hf.co/owner/repo:quant`: Hugging Face, which speaks the same protocol
- `hf:owner/repo/path/file.gguf`: one file of a Hugging Face repository
- `https://host/path/file.gguf`: any URL
- `/path/file.gguf`, `./file.gguf`, `~/file.gguf`: a file of this machine
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlsplit

import aiohttp
import orjson

from infernet_tui.engines.model_names import check_model_name
from infernet_tui.errors import EngineError

HUGGING_FACE_URL = "https://huggingface.co"
OLLAMA_REGISTRY_URL = "https://registry.ollama.ai"
MAX_MANIFEST_BYTES = 1024 * 1024

_MANIFEST_TYPE = "application/vnd.docker.distribution.manifest.v2+json"
_MODEL_LAYER = "application/vnd.ollama.image.model"
_REGISTRY_NAME = re.compile(
    r"(?:(?P<namespace>[A-Za-z0-9][\w.-]*)/)?(?P<model>[A-Za-z0-9][\w.-]*)(?::(?P<tag>\w[\w.-]*))?"
)
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Source:
    """One file to fetch."""

    name: str
    """What the model will be called here."""
    url: str | None = None
    path: Path | None = None
    """A file of this machine, instead of a URL."""
    sha256: str | None = None
    """64 hex digits, where the source tells."""
    size_bytes: int | None = None


async def resolve(name: str, session: aiohttp.ClientSession, environ: Mapping[str, str]) -> Source:
    """Find the file that `name` means.

    Raises:
        EngineError: the name means nothing, or its registry does not have it.
    """
    hugging_face = environ.get("INFERNET_HF_URL") or HUGGING_FACE_URL
    registry = environ.get("INFERNET_OLLAMA_REGISTRY_URL") or OLLAMA_REGISTRY_URL
    if name.startswith(("http://", "https://")):
        return _from_url(name)
    if name.startswith(("/", "./", "../", "~/")):
        return _from_path(name)
    check_model_name(name)
    if name.startswith("hf:"):
        return _from_repository(name.removeprefix("hf:"), hugging_face)
    if name.startswith(("hf.co/", "huggingface.co/")):
        rest = name.split("/", 1)[1]
        return await _from_registry(rest, session, hugging_face, prefix="hf.co/")
    return await _from_registry(name, session, registry)


def _from_url(url: str) -> Source:
    path = unquote(urlsplit(url).path)
    if not urlsplit(url).hostname or not path.lower().endswith(".gguf"):
        raise _unknown(url)
    return Source(check_model_name(Path(path).stem), url)


def _from_path(name: str) -> Source:
    path = Path(name).expanduser().absolute()
    if not path.is_file():
        raise EngineError(
            f"There is no file {path}.", hint="infernet model pull qwen2.5:0.5b", retryable=False
        )
    return Source(check_model_name(path.stem), path=path, size_bytes=path.stat().st_size)


def _from_repository(name: str, base_url: str) -> Source:
    owner, _, rest = name.partition("/")
    repository, _, file = rest.partition("/")
    if not (owner and repository and file.lower().endswith(".gguf")):
        raise _unknown(f"hf:{name}")
    url = f"{base_url}/{quote(owner)}/{quote(repository)}/resolve/main/{quote(file)}"
    return Source(check_model_name(Path(file).stem), url)


async def _from_registry(
    name: str, session: aiohttp.ClientSession, base_url: str, prefix: str = ""
) -> Source:
    match = _REGISTRY_NAME.fullmatch(name)
    if not match:
        raise _unknown(name)
    model, tag = match["model"], match["tag"] or "latest"
    repository = f"{match['namespace'] or 'library'}/{model}"
    manifest = await _manifest(session, f"{base_url}/v2/{repository}/manifests/{tag}", name)
    try:
        layer = next(x for x in manifest["layers"] if x["mediaType"] == _MODEL_LAYER)
        digest, size = layer["digest"], int(layer["size"])
    except (StopIteration, KeyError, TypeError, ValueError):
        digest, size = "", 0
    if not isinstance(digest, str) or not _DIGEST.fullmatch(digest) or size <= 0:
        raise EngineError(
            f"{name} has no GGUF model in it.", hint="infernet model pull qwen2.5:0.5b"
        )
    shown = f"{match['namespace']}/{model}" if match["namespace"] else model
    return Source(
        f"{prefix}{shown}:{tag}",
        f"{base_url}/v2/{repository}/blobs/{digest}",
        sha256=digest.removeprefix("sha256:"),
        size_bytes=size,
    )


async def _manifest(session: aiohttp.ClientSession, url: str, name: str) -> Any:
    host = urlsplit(url).netloc
    try:
        async with session.get(url, headers={"accept": _MANIFEST_TYPE}) as response:
            if response.status in (400, 401, 403, 404):
                raise EngineError(
                    f"{host} has no model {name!r}.",
                    hint="check the name and its tag, for example: infernet model pull qwen2.5:7b",
                    retryable=False,
                )
            if response.status != 200:
                raise EngineError(f"{host} answered with status {response.status}; try again.")
            return orjson.loads(await response.content.read(MAX_MANIFEST_BYTES))
    except (aiohttp.ClientError, OSError) as error:
        raise EngineError(
            f"Cannot reach {host}: {error or 'timed out'}.",
            hint=f"check the connection, then again: infernet model pull {name}",
        ) from None
    except ValueError:
        raise EngineError(f"{host} answered with what is not JSON.") from None


def _unknown(name: str) -> EngineError:
    return EngineError(
        f"{name!r} names no model: it must be a name of Ollama's, hf.co/owner/repo:quant, "
        "or the URL or path of a .gguf file.",
        hint="infernet model pull qwen2.5:7b",
        retryable=False,
    )
