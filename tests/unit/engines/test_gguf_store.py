"""Where models are found, and which may be deleted."""

import json
from pathlib import Path

import pytest

from infernet_tui.engines.gguf_store import GgufStore
from infernet_tui.errors import EngineError
from tests.support.tiny_gguf import write_tiny_gguf

DIGEST = "sha256:" + "0f" * 32
MODEL_LAYER = "application/vnd.ollama.image.model"


def add_ollama_model(folder: Path, name: str, layers: object = None) -> None:
    manifest = folder / "manifests" / name
    manifest.parent.mkdir(parents=True)
    layers = [{"mediaType": MODEL_LAYER, "digest": DIGEST}] if layers is None else layers
    manifest.write_text(json.dumps({"layers": layers}))
    write_tiny_gguf(folder / "blobs" / DIGEST.replace(":", "-"))


@pytest.fixture
def store(tmp_path: Path) -> GgufStore:
    built_in = write_tiny_gguf(tmp_path / "package" / "nano.gguf")
    return GgufStore(tmp_path / "models", tmp_path / "ollama", ("infernet-nano", built_in))


def names(store: GgufStore) -> list[str]:
    return [model.name for model in store.all()]


def test_without_any_folder_the_built_in_model_is_there(store: GgufStore) -> None:
    assert names(store) == ["infernet-nano"]


def test_a_model_is_named_by_its_path_in_the_folder(store: GgufStore) -> None:
    write_tiny_gguf(store.path_for("qwen2.5:7b"))
    write_tiny_gguf(store.path_for("hf.co/owner/repo:Q4_K_M"))
    assert names(store) == ["hf.co/owner/repo:Q4_K_M", "infernet-nano", "qwen2.5:7b"]


def test_files_that_are_no_models_are_left_out(store: GgufStore) -> None:
    store.folder.mkdir()
    (store.folder / "broken.gguf").write_bytes(b"GGUF")
    (store.folder / "notes.txt").write_text("hello")
    assert names(store) == ["infernet-nano"]


@pytest.mark.parametrize(
    ("manifest", "name"),
    [
        ("registry.ollama.ai/library/qwen2.5/7b", "qwen2.5:7b"),
        ("registry.ollama.ai/someone/model/latest", "someone/model:latest"),
        ("hf.co/owner/repo/Q4", "hf.co/owner/repo:Q4"),
    ],
)
def test_ollamas_models_have_ollamas_names(store: GgufStore, manifest: str, name: str) -> None:
    assert store.ollama_folder
    add_ollama_model(store.ollama_folder, manifest)
    found = store.find(name)
    assert found.digest == DIGEST
    assert found.as_model().parameter_size == "26.9K"


@pytest.mark.parametrize(
    "layers", [[], {}, [{}], "x", [{"mediaType": MODEL_LAYER, "digest": "sha256:../../etc"}]]
)
def test_a_manifest_that_makes_no_sense_is_left_out(store: GgufStore, layers: object) -> None:
    assert store.ollama_folder
    add_ollama_model(store.ollama_folder, "registry.ollama.ai/library/bad/1", layers)
    assert names(store) == ["infernet-nano"]


def test_a_name_without_a_tag_finds_the_latest(store: GgufStore) -> None:
    write_tiny_gguf(store.path_for("qwen2.5:latest"))
    assert store.find("qwen2.5").name == "qwen2.5:latest"


def test_an_unknown_model_is_an_error_that_says_how_to_get_it(store: GgufStore) -> None:
    with pytest.raises(EngineError) as caught:
        store.find("qwen2.5:7b")
    assert caught.value.hint == "infernet model pull qwen2.5:7b"


def test_removing_deletes_the_file_and_the_folders_it_leaves_empty(store: GgufStore) -> None:
    write_tiny_gguf(store.path_for("someone/model:1"))
    store.remove("someone/model:1")
    assert names(store) == ["infernet-nano"]
    assert list(store.folder.iterdir()) == []


def test_what_is_not_ours_is_never_deleted(store: GgufStore) -> None:
    assert store.ollama_folder
    add_ollama_model(store.ollama_folder, "registry.ollama.ai/library/qwen2.5/7b")
    for name in ("qwen2.5:7b", "infernet-nano"):
        with pytest.raises(EngineError, match="not ours"):
            store.remove(name)
        assert store.find(name).path.exists()


def test_our_file_wins_over_ollamas_of_the_same_name(store: GgufStore) -> None:
    assert store.ollama_folder
    add_ollama_model(store.ollama_folder, "registry.ollama.ai/library/qwen2.5/7b")
    write_tiny_gguf(store.path_for("qwen2.5:7b"))
    assert store.find("qwen2.5:7b").is_ours
