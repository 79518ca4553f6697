"""Which firewall is on, and whether it lets a port in. Looks only, and never asks for more rights.

A firewall's rules are mostly for the administrator's eyes: then `Verdict.UNREADABLE`, decided from
the configuration files that anyone may read.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from infernet_tui.setup.context import Context

Commands = tuple[tuple[str, ...], ...]


class Verdict(StrEnum):
    """What a firewall does with the port."""

    OFF = "off"
    OPEN = "open"
    CLOSED = "closed"
    UNREADABLE = "unreadable"
    """It is on; whether it has a rule cannot be seen without more rights."""


@dataclass(frozen=True, slots=True)
class Firewall:
    """One firewall that was found."""

    tool: str
    verdict: Verdict
    commands: Commands
    """What opens the port, run as the administrator."""
    is_lasting: bool = True
    """Whether the rule is still there after a restart."""


async def look(context: Context, port: int, etc: Path = Path("/etc")) -> Firewall | None:
    """The firewall that decides about the port; None if none is on."""
    for probe in (_ufw, _firewalld, _nftables, _iptables):
        found = await probe(context, port, etc)
        if found and found.verdict is not Verdict.OFF:
            return found
    return None


async def _ufw(context: Context, port: int, etc: Path) -> Firewall | None:
    program = context.find_program("ufw")
    if not program:
        return None
    allow: Commands = (("ufw", "allow", f"{port}/tcp"),)
    if not context.is_root:
        is_on = "ENABLED=yes" in _text(etc / "ufw/ufw.conf").replace(" ", "")
        return Firewall("ufw", Verdict.UNREADABLE if is_on else Verdict.OFF, allow)
    lines = (await context.run([program, "status"])).output.splitlines()
    if not any(line.strip() == "Status: active" for line in lines):
        return Firewall("ufw", Verdict.OFF, allow)
    is_open = any(
        line.split()[0] in (f"{port}/tcp", str(port)) and "ALLOW" in line
        for line in lines
        if line.split()
    )
    return Firewall("ufw", Verdict.OPEN if is_open else Verdict.CLOSED, allow)


async def _firewalld(context: Context, port: int, etc: Path) -> Firewall | None:
    program = context.find_program("firewall-cmd")
    if not program or (await context.run([program, "--state"])).code != 0:
        return None
    allow: Commands = (
        ("firewall-cmd", "--permanent", f"--add-port={port}/tcp"),
        ("firewall-cmd", "--reload"),
    )
    code = (await context.run([program, f"--query-port={port}/tcp"])).code
    verdict = {0: Verdict.OPEN, 1: Verdict.CLOSED}.get(code, Verdict.UNREADABLE)
    return Firewall("firewalld", verdict, allow)


async def _nftables(context: Context, port: int, etc: Path) -> Firewall | None:
    program = context.find_program("nft")
    if not program:
        return None
    if not context.is_root:
        is_on = "policy drop" in _text(etc / "nftables.conf")
        verdict = Verdict.UNREADABLE if is_on else Verdict.OFF
        return Firewall("nftables", verdict, _nft_allow(("inet", "filter", "input"), port), False)
    items = _nft_items((await context.run([program, "-j", "list", "ruleset"])).output)
    for chain in _part(items, "chain"):
        if chain.get("hook") == "input" and chain.get("policy") == "drop":
            place = [str(chain.get(key)) for key in ("family", "table", "name")]
            is_open = any(
                rule.get("chain") == chain.get("name") and _opens(rule, port)
                for rule in _part(items, "rule")
            )
            verdict = Verdict.OPEN if is_open else Verdict.CLOSED
            return Firewall("nftables", verdict, _nft_allow(place, port), False)
    return None


async def _iptables(context: Context, port: int, etc: Path) -> Firewall | None:
    program = context.find_program("iptables")
    if not program:
        return None
    allow: Commands = (
        ("iptables", "-I", "INPUT", "-p", "tcp", "--dport", str(port), "-j", "ACCEPT"),
    )
    if not context.is_root:
        is_on = ":INPUT DROP" in _text(etc / "iptables/rules.v4")
        return Firewall("iptables", Verdict.UNREADABLE if is_on else Verdict.OFF, allow, False)
    rules = (await context.run([program, "-S", "INPUT"])).output.splitlines()
    closes = {"-P INPUT DROP", "-A INPUT -j DROP", "-A INPUT -j REJECT"}
    if not any(rule in closes or rule.startswith("-A INPUT -j REJECT") for rule in rules):
        return Firewall("iptables", Verdict.OFF, allow, False)
    is_open = any(f"--dport {port} " in rule and "-j ACCEPT" in rule for rule in rules)
    return Firewall("iptables", Verdict.OPEN if is_open else Verdict.CLOSED, allow, False)


def _nft_allow(place: Sequence[str], port: int) -> Commands:
    # First in the chain: a rule after one that drops would do nothing.
    return (("nft", "insert", "rule", *place, "tcp", "dport", str(port), "accept"),)


def _nft_items(output: str) -> list[Any]:
    try:
        items = json.loads(output)["nftables"]
    except (ValueError, KeyError, TypeError):
        return []
    return items if isinstance(items, list) else []


def _part(items: list[Any], kind: str) -> Iterator[Mapping[str, Any]]:
    for item in items:
        if isinstance(item, dict) and isinstance(item.get(kind), dict):
            yield item[kind]


def _opens(rule: Mapping[str, Any], port: int) -> bool:
    """Whether a rule accepts this very port; ranges and sets count as not."""
    parts = rule.get("expr")
    if not isinstance(parts, list) or not any("accept" in part for part in parts):
        return False
    matches = [part["match"] for part in parts if isinstance(part.get("match"), dict)]
    return any(match.get("right") == port for match in matches)


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8", "replace")
    except OSError:
        return ""
