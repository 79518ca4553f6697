"""Figures as people read them: sizes, durations, ages, rates. One spelling on every screen."""

import math
from datetime import UTC, datetime

KIB = 1024
NO_NODE = "Daemon not running. Press t, or: `infernet start`"


def size(count: float | None) -> str:
    """`9.0 GB`: decimal, as disks and model cards say it."""
    if count is None:
        return "-"
    for unit, factor in (("TB", 1e12), ("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if abs(count) >= factor:
            amount = count / factor
            return f"{amount:.1f} {unit}" if amount < 100 else f"{amount:.0f} {unit}"
    return f"{count:.0f} B"


def gib(count: float | None) -> str:
    """`15.2`: memory in binary gigabytes without the unit, as GPUs are sold."""
    if count is None:
        return "-"
    amount = count / KIB**3
    return f"{amount:.1f}" if amount < 100 else f"{amount:.0f}"


def duration(seconds: float | None) -> str:
    """`3d 04h`, `2h 05m`, `4m 10s`, `12 s`: the two largest units."""
    if seconds is None or not math.isfinite(seconds):
        return "-"
    whole = max(0, int(seconds))
    days, hours, minutes, rest = whole // 86400, whole // 3600 % 24, whole // 60 % 60, whole % 60
    if days:
        return f"{days}d {hours:02}h"
    if hours:
        return f"{hours}h {minutes:02}m"
    return f"{minutes}m {rest:02}s" if minutes else f"{rest} s"


def ago(then: float | None, now: float) -> str:
    """`6 s ago`; `never` for what has not happened."""
    return "never" if then is None else f"{duration(now - then)} ago"


def roughly_ago(then: float | None, now: float) -> str:
    """`now`, `4m ago`: in minutes, so that a list of them is not painted anew each second."""
    if then is None:
        return "never"
    if not math.isfinite(now - then):
        return "-"
    minutes = int(max(0.0, now - then) // 60)
    return f"{duration(60 * minutes).removesuffix(' 00s')} ago" if minutes else "now"


def clock(at: float | None) -> str:
    """`10:41:58`, UTC."""
    date = _date(at)
    return "-" if date is None else f"{date:%H:%M:%S}"


def moment(at: float | None) -> str:
    """`2026-11-25 10:41:58Z`."""
    date = _date(at)
    return "-" if date is None else f"{date:%Y-%m-%d %H:%M:%S}Z"


def _date(at: float | None) -> datetime | None:
    """None too for what is on no calendar."""
    try:
        return None if at is None else datetime.fromtimestamp(at, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def milliseconds(count: float | None) -> str:
    """`310 ms`, `1.28 s`."""
    if count is None:
        return "-"
    return f"{count:.0f} ms" if count < 1000 else f"{count / 1000:.2f} s"


def number(value: float | None, digits: int = 0) -> str:
    """With thousands; `-` for unknown."""
    return "-" if value is None else f"{value:,.{digits}f}"


def short_key(key: str) -> str:
    """`npub1k3…9fq`: enough of a public key to tell it from others."""
    return key if len(key) <= 14 else f"{key[:8]}…{key[-4:]}"


def count_of(amount: int, noun: str) -> str:
    """`1 job`, `2 jobs`."""
    return f"{amount:,} {noun}" if amount == 1 else f"{amount:,} {noun}s"


def short_gpu(model: str) -> str:
    """`A100-SXM4-80GB`: the maker's name takes the room that the number needs."""
    return model.removeprefix("NVIDIA ").removeprefix("GeForce ").removeprefix("AMD ")
