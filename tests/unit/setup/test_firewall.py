"""Which firewall is on, what it takes to open the port, and that nothing happens without a yes."""

import json
from pathlib import Path
from typing import Any

import pytest

from infernet_tui import config, identity
from infernet_tui.setup.firewall import FirewallStep
from infernet_tui.setup.memory import Mark, SetupState
from infernet_tui.setup.programs import Ran
from infernet_tui.setup.step import Finding, State, YesNo
from infernet_tui.setup.walk import Setup
from tests.support.setup_parts import ScriptedPrograms, context, ignore

UFW_ON = "Status: active\n\nTo    Action  From\n22/tcp    ALLOW   Anywhere\n"


def nft(policy: str, *ports: int) -> str:
    chain = {"family": "ip", "table": "mine", "name": "in", "hook": "input", "policy": policy}
    rules = [
        {"rule": {"chain": "in", "expr": [{"match": {"right": port}}, {"accept": None}]}}
        for port in ports
    ]
    return json.dumps({"nftables": [{"metainfo": {}}, {"chain": chain}, *rules]})


async def look(etc: Path, answers: dict[str, Ran], **parts: Any) -> tuple[Finding, list[str]]:
    programs = ScriptedPrograms(answers)
    found = await FirewallStep(etc).detect(context(programs=programs, **parts))
    return found, programs.ran


@pytest.mark.parametrize(
    "answers",
    [
        {},
        {"ufw status": Ran(0, "Status: inactive")},
        {"firewall-cmd --state": Ran(252, "not running")},
        {"nft -j": Ran(0, nft("accept"))},
        {"nft -j": Ran(1, "Operation not permitted")},
        {"iptables -S": Ran(0, "-P INPUT ACCEPT\n-A INPUT -p icmp -j DROP")},
    ],
    ids=["none", "ufw", "firewalld", "nftables", "broken nft", "iptables"],
)
async def test_without_a_firewall_nothing_is_to_do(tmp_path: Path, answers: dict[str, Ran]) -> None:
    found, _ = await look(tmp_path, answers)
    assert (found.state, found.summary) == (State.DONE, "no firewall is on")


@pytest.mark.parametrize(
    "answers",
    [
        {"ufw status": Ran(0, UFW_ON + "46337/tcp   ALLOW   Anywhere\n")},
        {"firewall-cmd": Ran(0, "yes")},
        {"nft -j": Ran(0, nft("drop", 22, 46337))},
        {"iptables -S": Ran(0, "-P INPUT DROP\n-A INPUT -p tcp --dport 46337 -j ACCEPT")},
    ],
    ids=["ufw", "firewalld", "nftables", "iptables"],
)
async def test_an_open_port_is_left_alone(tmp_path: Path, answers: dict[str, Ran]) -> None:
    found, _ = await look(tmp_path, answers)
    assert found.state is State.DONE
    assert "lets port 46337 in" in found.summary


@pytest.mark.parametrize(
    ("answers", "command"),
    [
        ({"ufw status": Ran(0, UFW_ON)}, "ufw allow 46337/tcp"),
        (
            {"firewall-cmd --state": Ran(0, "running"), "firewall-cmd --query": Ran(1, "no")},
            "firewall-cmd --permanent --add-port=46337/tcp && firewall-cmd --reload",
        ),
        (
            {"nft -j": Ran(0, nft("drop", 22))},
            "nft insert rule ip mine in tcp dport 46337 accept",
        ),
        (
            {"iptables -S": Ran(0, "-P INPUT ACCEPT\n-A INPUT -j REJECT --reject-with x")},
            "iptables -I INPUT -p tcp --dport 46337 -j ACCEPT",
        ),
    ],
    ids=["ufw", "firewalld", "nftables", "iptables"],
)
async def test_a_closed_port_shows_the_exact_command_and_runs_nothing(
    tmp_path: Path, answers: dict[str, Ran], command: str
) -> None:
    found, ran = await look(tmp_path, answers)
    assert found.state is State.TODO
    assert found.command == command
    assert isinstance(found.question, YesNo)
    assert not found.question.default
    assert not set(ran) & set(command.split(" && "))


async def test_the_command_that_was_shown_is_the_one_that_is_run(tmp_path: Path) -> None:
    programs = ScriptedPrograms({"ufw status": Ran(0, UFW_ON), "sudo": Ran(0, "")})
    where = context(programs=programs, is_root=False, may_ask_password=True)
    (tmp_path / "ufw").mkdir()
    (tmp_path / "ufw/ufw.conf").write_text("ENABLED=yes\n")
    step = FirewallStep(tmp_path)
    found = await step.detect(where)
    assert found.command == "sudo ufw allow 46337/tcp"
    assert "may keep" in found.summary  # its rules are for the administrator's eyes
    assert programs.ran == []
    assert (await step.apply(where, True, ignore)).summary == "rule applied via ufw"
    assert programs.ran == [found.command]


async def test_a_rule_that_cannot_be_seen_is_remembered(tmp_path: Path) -> None:
    (tmp_path / "ufw").mkdir()
    (tmp_path / "ufw/ufw.conf").write_text("ENABLED=yes\n")
    SetupState().mark("firewall", Mark.DONE)
    found, _ = await look(tmp_path, {"ufw": Ran(1, "You need to be root")}, is_root=False)
    assert (found.state, found.summary) == (State.DONE, "rule applied via ufw")


async def test_the_port_is_the_nodes_own(tmp_path: Path) -> None:
    node = identity.new_identity("provider").to_section() | {"port": 5000}
    config.update({"node": node})
    found, _ = await look(tmp_path, {"ufw status": Ran(0, UFW_ON)})
    assert found.command == "ufw allow 5000/tcp"


async def test_a_refused_rule_is_a_failure_with_its_command(tmp_path: Path) -> None:
    programs = ScriptedPrograms({"ufw status": Ran(0, UFW_ON), "ufw allow": Ran(1, "ERROR: no")})
    step = FirewallStep(tmp_path)
    found = await Setup(context(programs=programs), [step]).apply(step, True, ignore)
    assert (found.state, found.hint) == (State.FAILED, "ufw allow 46337/tcp")
