"""An engine's child learns of the fabric, and the operator's word wins."""

from collections.abc import Iterator

import pytest

from infernet_tui.engines import child_environment as module
from infernet_tui.engines.child_environment import child_environment
from infernet_tui.hardware.fabric import DetectedFabric
from infernet_tui.hardware.fake import FakeHardware


@pytest.fixture(autouse=True)
def four_linked_gpus(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """The fabric of the fake machine; how often it was looked for."""
    looks: list[int] = []

    def detect(gpus: object) -> DetectedFabric:
        looks.append(1)
        return DetectedFabric(FakeHardware().read().interconnects, ())

    module._fabric.cache_clear()
    monkeypatch.setattr(module, "detect_fabric", detect)
    yield looks
    module._fabric.cache_clear()


async def test_the_fabric_comes_under_what_is_set_already(four_linked_gpus: list[int]) -> None:
    environ = await child_environment({"NCCL_IB_HCA": "mlx5_9", "HOME": "/h"})
    assert environ["INFERNET_NVLINK_TOPOLOGY"] == "all-to-all"
    assert (environ["NCCL_IB_HCA"], environ["HOME"]) == ("mlx5_9", "/h")
    await child_environment({})
    assert four_linked_gpus == [1], "looked for once"


async def test_without_an_environment_of_its_own_a_child_gets_ours(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("INFERNET_RDMA", "0")
    environ = await child_environment(None)
    assert environ["INFERNET_RDMA"] == "0"
    assert "PATH" in environ
