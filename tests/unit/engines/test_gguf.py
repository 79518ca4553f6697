"""The GGUF header, of good files and of bad ones."""

import struct
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from infernet_tui.engines.gguf import MAGIC, GgufHeader, NotGguf, read_header
from infernet_tui.engines.nano import model_path
from tests.support.tiny_gguf import TEXT, entry, text, write_tiny_gguf


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return write_tiny_gguf(tmp_path_factory.mktemp("gguf") / "tiny.gguf").read_bytes()


def try_to_read(folder: Path, data: bytes) -> GgufHeader | None:
    """The header, or None for what is no GGUF; anything else that is raised fails the test."""
    path = folder / "some.gguf"
    path.write_bytes(data)
    try:
        return read_header(path)
    except NotGguf:
        return None


def test_the_header_says_what_the_model_is(tmp_path: Path) -> None:
    header = read_header(write_tiny_gguf(tmp_path / "tiny.gguf", context_length=777, name="Tiny"))
    count = header.parameter_count
    assert header == GgufHeader("llama", "Tiny", "F32", 777, count, True, 1, 2, 16)
    assert header.parameter_size == "26.9K"


def test_the_built_in_model_has_a_header_and_a_chat_template() -> None:
    header = read_header(model_path())
    assert header.architecture == "llama"
    assert header.has_chat_template


@pytest.mark.parametrize(
    ("count", "size"), [(7_615_616_512, "7.62B"), (494_032_768, "494M"), (12, "12")]
)
def test_sizes_are_written_as_people_write_them(count: int, size: str) -> None:
    assert GgufHeader(None, None, None, None, count, False).parameter_size == size


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.data())
def test_a_truncated_file_is_no_gguf(whole: bytes, tmp_path: Path, data: st.DataObject) -> None:
    # Past the last tensor's beginning a missing tail cannot be told from the header alone.
    length = data.draw(st.integers(0, len(whole) - 40_000))
    assert try_to_read(tmp_path, whole[:length]) is None


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.integers(4, 8000), st.binary(min_size=1, max_size=16))
def test_flipped_bytes_never_crash_it(
    whole: bytes, tmp_path: Path, offset: int, noise: bytes
) -> None:
    try_to_read(tmp_path, whole[:offset] + noise + whole[offset + len(noise) :])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.binary(max_size=400))
def test_garbage_never_crashes_it(tmp_path: Path, noise: bytes) -> None:
    assert try_to_read(tmp_path, noise) is None
    try_to_read(tmp_path, MAGIC + struct.pack("<IQQ", 3, 1, 3) + noise)


def test_lengths_beyond_reason_are_refused_before_anything_is_read(tmp_path: Path) -> None:
    huge = struct.pack("<Q", 2**63)
    for data in (
        MAGIC + struct.pack("<I", 3) + huge + huge,
        MAGIC + struct.pack("<IQQ", 3, 0, 1) + huge,
        MAGIC + struct.pack("<IQQ", 3, 0, 1) + text("k") + struct.pack("<II", 9, 8) + huge,
        MAGIC + struct.pack("<IQQ", 3, 0, 1) + text("k") + struct.pack("<I", 9) * 90 + huge,
    ):
        assert try_to_read(tmp_path, data) is None


def test_a_file_that_says_little_is_read_as_little(tmp_path: Path) -> None:
    data = MAGIC + struct.pack("<IQQ", 2, 0, 1) + entry("general.name", TEXT, "")
    assert try_to_read(tmp_path, data) == GgufHeader(None, None, None, None, 0, False)
