"""The panels of Home as pure functions: from what is known to lines of a given width."""

from collections.abc import Sequence

from infernet_tui.alerts import HOT_GPU_C
from infernet_tui.screens import fabric_words, wording
from infernet_tui.store import EARNINGS, Store
from infernet_tui.views.hardware import GpuView, HardwareView
from infernet_tui.views.money import dollars
from infernet_tui.views.node import NodeView
from infernet_tui.widgets.lines import Line, Span, fit, line
from infernet_tui.widgets.plot import columns, fraction, meter, sparkline

NO_GPU = "No GPU found; serving on CPU. Why: `infernet gpu --explain`"
WARM_C = 80


def node_lines(node: NodeView | None, now: float, *, is_connected: bool) -> list[Line]:
    """Who this is, what it serves, and whether it is heard."""
    if node is None:
        said, todo = wording.NO_NODE[:32], wording.NO_NODE[32:].strip()
        return [line((f" {said}", "warn")), line((f" {todo}", "warn"))]
    up = wording.duration(now - node.started_at) if node.started_at else "-"
    beat = "never" if node.heartbeat_at is None else wording.duration(now - node.heartbeat_at)
    p2p = f"{node.p2p_port} open" if node.p2p_port else "off"
    lines = [
        line((" up ", "muted"), f"{up:<9}", ("pid ", "muted"), f"{node.pid or '-':<8}",
             ("v", "muted"), node.version or "?"),
        line((" model ", "muted"), node.model or "none: press 2", ("  on ", "muted"),
             node.engine or "?"),
        line((" p2p ", "muted"), f"{p2p:<12}", (" heartbeat ", "muted"),
             (beat, "error" if node.heartbeat_error else "text")),
    ]  # fmt: skip
    return lines if is_connected else dimmed(lines)


def now_lines(store: Store, *, is_connected: bool) -> list[Line]:
    """Jobs, speed and money at this moment."""
    node, earned = store.node, store.earnings
    if node is None:
        return [line((" nothing to show until it runs", "muted"))]
    running = f"{node.active_jobs}/{node.capacity or '?'} run"
    bad = Span(f"{node.jobs_failed} bad", "error" if node.jobs_failed else "text")
    asked = "not known now" if EARNINGS in store.problems else "asking the control plane"
    money = line((" today ", "muted"), (asked, "muted"))
    if earned is not None:
        money = line((" today ", "muted"), dollars(earned.today_micros), "  ",
                     dollars(earned.pending_micros), (" pending", "muted"))  # fmt: skip
    lines = [
        line((" jobs ", "muted"), (running, "live" if node.active_jobs else "text"),
             f"   {node.jobs_completed:,} ok   ", bad),
        line((" speed ", "muted"), f"{wording.number(node.tokens_per_second, 1)} tok/s  ",
             ("first ", "muted"), wording.milliseconds(node.first_token_p50_ms),
             (" p50", "muted")),
        money,
    ]  # fmt: skip
    return lines if is_connected else dimmed(lines)


def speed_lines(values: Sequence[float | None], width: int, rows: int, glyphs: str) -> list[Line]:
    """Tokens a second over the last ten minutes."""
    plotted = sparkline(values, width, glyphs=glyphs, rows=max(1, rows))
    return [line((text, "graph")) for text in plotted]


def gpu_lines(hardware: HardwareView | None, width: int, limit: int) -> list[Line]:
    """One line a GPU: utilisation, memory, power, temperature; the machine itself without one."""
    if hardware is None:
        return [line((" asking the node for its hardware", "muted"))]
    if not hardware.gpus:
        return [line((" " + NO_GPU, "warn")), machine_line(hardware, width)]
    shown = hardware.gpus[:limit]
    lines = [gpu_line(gpu, width) for gpu in shown]
    if len(hardware.gpus) > limit:
        lines[-1] = line((f" {len(hardware.gpus) - limit + 1} more: press 4", "muted"))
    return lines


def gpu_line(gpu: GpuView, width: int) -> Line:
    """One GPU."""
    model = wording.short_gpu(gpu.model)
    name = min(len(model), max(8, width - 2 * 9 - 44))
    bar = max(9, (width - name - 44) // 2)
    if gpu.is_asleep:
        return line(f" {gpu.index} ", fit(model, name), (" asleep (left alone)", "muted"))
    used = f"{wording.gib(gpu.vram_used_bytes)}/{wording.gib(gpu.vram_total_bytes)}"
    return line(
        f" {gpu.index} ", fit(model, name), " ",
        (meter(fraction(gpu.utilization_percent, 100), bar), "graph"),
        f"{wording.number(gpu.utilization_percent):>4}% ",
        (meter(fraction(gpu.vram_used_bytes, gpu.vram_total_bytes), bar), "graph"),
        f" {used:>9} GB {wording.number(gpu.power_watts):>4}/"
        f"{wording.number(gpu.power_limit_watts)}W ",
        temperature(gpu.temperature_c),
    )  # fmt: skip


def temperature(celsius: float | None) -> Span:
    """With the word that says whether that is fine."""
    if celsius is None:
        return Span("  -")
    word, role = ("HOT", "error") if celsius >= HOT_GPU_C else ("warm", "warn")
    if celsius < WARM_C:
        word, role = "ok", "ok"
    return Span(f"{celsius:>3.0f}C {word}", role)


def machine_line(hardware: HardwareView, width: int) -> Line:
    """CPU and memory."""
    bar = 12 if width < 120 else 24
    return line(
        (" CPU ", "muted"), (meter(fraction(hardware.cpu_percent, 100), bar), "graph"),
        f"{wording.number(hardware.cpu_percent):>4}%  ",
        ("RAM ", "muted"),
        (meter(fraction(hardware.ram_used_bytes, hardware.ram_total_bytes), bar), "graph"),
        f" {wording.gib(hardware.ram_used_bytes)}/{wording.gib(hardware.ram_total_bytes)} GB",
    )  # fmt: skip


def fabric_lines(hardware: HardwareView | None, width: int) -> list[Line]:
    """How the GPUs are linked, and to other hosts."""
    if hardware is None:
        return []
    topology, matrix = max(hardware.nvlink, hardware.xgmi, key=lambda links: len(links[1]))
    active = [port for port in hardware.ports if "ACTIVE" in port.state.upper()]
    ports = ", ".join(f"{port.name}:{port.port} {port.rate}" for port in active)
    return [
        line((" between GPUs  ", "muted"), topology),
        *fabric_words.grid(matrix, width),
        line((" between hosts ", "muted"), ports or "no active InfiniBand or RoCE port"),
    ]


def model_lines(store: Store, rows: int) -> list[Line]:
    """The models on disk, the active one marked."""
    models = store.models
    if models is None:
        return [line((" asking the node for its models", "muted"))]
    if not models.models:
        return [line((" No models on disk. Press 2.", "warn"))]
    return [
        line(
            (" * " if each.is_default else "   ", "accent"),
            fit(each.name, 17),
            (f"{wording.size(each.size_bytes):>8} ", "muted"),
            (each.fit.word, each.fit.role),
        )
        for each in models.models[:rows]
    ]


def peer_lines(store: Store, rows: int, width: int) -> list[Line]:
    """The peers heard of last."""
    if store.peers is None:
        return [line((" asking the control plane for peers", "muted"))]
    if not store.peers.peers:
        return [line((" No peers seen.", "muted"))]
    now = store.clock()
    return [
        line(
            " ",
            fit(peer.name or wording.short_key(peer.pubkey), 16),
            (f" {fit(wording.short_gpu(peer.gpu_model or 'CPU'), max(8, width - 30))} ", "muted"),
            (wording.roughly_ago(peer.last_seen, now), "muted"),
        )
        for peer in store.peers.peers[:rows]
    ]


def earning_lines(store: Store, width: int, rows: int, glyphs: str) -> list[Line]:
    """Thirty days as bars, and what the bars add up to."""
    earned = store.earnings
    if earned is None:
        return [line((" asking the control plane for payments", "muted"))]
    values = [(day.settled_micros + day.pending_micros) / 1e6 for day in earned.days]
    if not any(values):
        return [line((" Nothing earned in the last 30 days.", "muted"))]
    bars = columns(values, width - 2, max(2, rows - 1), glyphs=glyphs)
    first, last = earned.days[0].date[5:], earned.days[-1].date[5:]
    gap = max(1, len(bars[0].rstrip()) - len(first) - len(last))
    return [
        *(line((" " + bar, "graph")) for bar in bars),
        line((f" {first}{' ' * gap}{last}", "muted")),
    ]


def dimmed(lines: Sequence[Line]) -> list[Line]:
    """What was true a while ago: in its place, and visibly old."""
    return [tuple(span._replace(role="stale") for span in each) for each in lines]
