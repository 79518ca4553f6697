"""GPU: any number of them is told of, and each thing that can be done is done."""

import re

import pytest
from textual.pilot import Pilot

from infernet_tui.errors import InfernetError
from infernet_tui.screens import fabric_words, gpu_panels
from infernet_tui.screens.gpu import GpuScreen
from infernet_tui.views.hardware import HardwareView
from infernet_tui.widgets.lines import width_of
from tests.support.cockpit import NOON, app_of, cockpit, panel_text, text_of
from tests.support.driving import click_footer, command, screen_of, seen
from tests.support.rig import machine_with, rig


def title(pilot: Pilot[int]) -> str:
    return text_of(pilot).splitlines()[2]


# --- what is shown ------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [(80, 24), (160, 50)], ids=["80x24", "160x50"])
@pytest.mark.parametrize("count", [1, 4, 8, 16])
async def test_every_gpu_is_shown_or_said_to_be_further_down(
    count: int, size: tuple[int, int]
) -> None:
    async with cockpit(size=size, screen="gpu", session=rig(count)) as pilot:
        panel = screen_of(pilot, GpuScreen).query_one("#gpus")
        listed = panel_text(pilot, "#gpus")
        assert len(re.findall(r"^ +\d+ H100", listed, re.MULTILINE)) == count
        rows = listed.count("\n") + 1
        visible = panel.size.height - 2
        if rows > visible:
            assert f"1-{visible} of {rows}" in text_of(pilot)
        else:
            assert f" {count - 1} H100" in text_of(pilot)


async def test_a_gpu_that_cannot_be_seen_is_reached_with_the_arrow_keys() -> None:
    async with cockpit(screen="gpu", session=rig(16)) as pilot:
        assert " 15 H100" not in text_of(pilot)
        await pilot.press("G")
        assert " 15 H100" in text_of(pilot)


async def test_a_sleeping_gpu_says_so_and_has_no_figures() -> None:
    async with cockpit(screen="gpu", session=rig(2, asleep=1)) as pilot:
        await seen(pilot, "asleep: not woken to be measured")
        row = next(row for row in text_of(pilot).splitlines() if "asleep" in row)
        assert "%" not in row


async def test_without_a_gpu_every_probe_and_the_cpu_are_shown() -> None:
    async with cockpit("idle", screen="gpu") as pilot:
        text = text_of(pilot)
        assert "No GPU found; serving on CPU. Why: `infernet gpu --explain`" in text
        assert "libnvidia-ml.so.1 is not installed" in text
        assert "CPU  [" in text
        assert "RAM  [" in text
        await pilot.press("v")
        await seen(pilot, "No GPU was found: e says why.")


async def test_what_a_lost_node_said_last_stays_and_is_called_stale() -> None:
    now = [NOON]
    async with cockpit(screen="gpu", timer=lambda: now[0]) as pilot:
        app = app_of(pilot)
        app.feed.watch({})
        now[0] += 14
        screen_of(pilot, GpuScreen).tick()
        await seen(pilot, "stale 14 s")
        assert "A100" in text_of(pilot)


async def test_a_thousand_seconds_without_a_sample_are_blank_and_not_zero() -> None:
    hardware = HardwareView.parse(machine_with(1))
    gap = [50.0, None, None, None]
    rack = gpu_panels.Rack(hardware, lambda _gpu, _view: gap, gpu_panels.UTILISATION, "block")
    lines = gpu_panels.list_lines(rack, 120, 2)
    assert any(span.text.endswith("▄   ") for span in lines[1])


# --- the fabric ---------------------------------------------------------------------------------


@pytest.mark.parametrize("width", [58, 70])
def test_a_matrix_of_sixteen_is_cut_into_blocks_and_never_shortened(width: int) -> None:
    matrix = [["X" if a == b else "NV18" for b in range(16)] for a in range(16)]
    lines = fabric_words.grid(matrix, width)
    assert max(map(width_of, lines)) <= width
    cells = [span.text.strip() for spans in lines for span in spans[1:]]
    assert cells.count("NV18") == 16 * 15
    assert cells.count("X") == 16


def test_the_legend_explains_each_label_that_occurs_and_no_other() -> None:
    words = "\n".join(
        "".join(span.text for span in spans)
        for spans in fabric_words.legend([["X", "NV18", "PHB"], ["NV18", "X", "SYS"]])
    )
    assert "18 NVLink connections" in words
    assert "host bridge of one CPU" in words
    assert "two CPUs" in words
    assert "PIX" not in words


# --- what is done -------------------------------------------------------------------------------


async def test_v_goes_through_the_figures_and_h_through_the_windows() -> None:
    async with cockpit(screen="gpu") as pilot:
        assert "utilisation 0-100% · last 10 min" in title(pilot)
        for name in ("VRAM 0-100%", "power 0-", "temperature 0-", "PCIe link 0-", "utilisation"):
            await pilot.press("v")
            assert f"GPU · {name}" in title(pilot)
        await command(pilot, "GPU: next window")
        await seen(pilot, "last 24 h")
        await click_footer(pilot, "Time")
        await seen(pilot, "last 30 days")
        await click_footer(pilot, "View")
        await seen(pilot, "VRAM 0-100% · last 30 days")
        history = screen_of(pilot, GpuScreen).history
        assert len(history.values("gpu0.vram_used_bytes")) == 720


async def test_the_link_has_no_history_in_the_node_and_that_is_said() -> None:
    async with cockpit(screen="gpu") as pilot:
        await pilot.press("v", "v", "v", "v", "H")
        await seen(pilot, "The node keeps no history of the link")


async def test_m_opens_the_topology_in_a_dialog_or_goes_to_its_pane() -> None:
    async with cockpit(screen="gpu") as pilot:
        await click_footer(pilot, "Links")
        await seen(pilot, "every GPU is linked with every other")
        await seen(pilot, "mlx5_0:1     ACTIVE")
        await pilot.press("escape")
        await command(pilot, "gpu --json")
        await seen(pilot, "NVLink all-to-all")
    async with cockpit(screen="gpu", size=(160, 50)) as pilot:
        assert "NCCL_IB_HCA=mlx5_0:1,mlx5_1:1" in text_of(pilot)
        await pilot.press("m")
        assert app_of(pilot).focused is app_of(pilot).screen.query_one("#fabric")


@pytest.mark.parametrize("way", ["key", "palette", "mouse"])
async def test_e_lists_every_probe(way: str) -> None:
    async with cockpit(screen="gpu") as pilot:
        if way == "key":
            await pilot.press("e")
        elif way == "palette":
            await command(pilot, "gpu --explain")
        else:
            await click_footer(pilot, "Probes")
        await seen(pilot, "4 GPUs, driver 560.35.03")
        await seen(pilot, "rocm-smi is not installed")


async def test_a_benchmark_says_what_it_does_and_shows_every_run() -> None:
    async with cockpit(screen="gpu") as pilot:
        await pilot.press("b")
        await seen(pilot, "Measure this machine's engine?")
        await pilot.press("n")
        assert not app_of(pilot).commands, "nothing was done"
        await command(pilot, "chat --local 2")
        await seen(pilot, "short prompt 2 times")
        await pilot.press("y")
        await seen(pilot, "median")
        runs = re.findall(r"run \d +([\d.]+) tok/s", text_of(pilot))
        assert len(runs) == 2
        assert "infernet chat --local" in app_of(pilot).commands[0][1]


async def test_a_benchmark_that_fails_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    async with cockpit(screen="gpu") as pilot:
        await click_footer(pilot, "Bench")
        await seen(pilot, "Measure this machine's engine?")

        def broken(_verb: str, _payload: object = None) -> None:
            raise InfernetError("There is no engine.", hint="infernet doctor")

        monkeypatch.setattr(app_of(pilot), "stream", broken)
        await pilot.press("y")
        await seen(pilot, "There is no engine.")
        await seen(pilot, "next: infernet doctor")


async def test_y_copies_the_environment_of_an_engine_child() -> None:
    async with cockpit(screen="gpu") as pilot:
        await pilot.press("y")
        assert "NCCL_IB_DISABLE=0\n" in app_of(pilot).clipboard
