"""What each check of the doctor says."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from infernet_tui import config, identity, job_stream, paths
from infernet_tui.config import Config, NodeConfig
from infernet_tui.doctor import checks, report
from infernet_tui.doctor.checks import Check, Subject
from infernet_tui.doctor.end_to_end import probe
from infernet_tui.doctor.outcome import CheckStatus, NamedOutcome, Outcome, fail, ok
from tests.support.scripted_stream import Connection, frame, scripted_control_plane

URL = "http://127.0.0.1:9"


@pytest.fixture
def node() -> NodeConfig:
    return identity.new_identity("provider", "my-vps-1")


@pytest.fixture
def configured(node: NodeConfig) -> Config:
    section = {
        "nodeId": node.node_id,
        "role": node.role,
        "name": node.name,
        "publicKey": node.public_key,
        "privateKey": str(node.private_key),
    }
    return config.update({"controlPlane": {"url": URL}, "node": section})


def row(node: NodeConfig, **changes: Any) -> dict[str, Any]:
    now = datetime.now(UTC).isoformat()
    found = {"node_id": node.node_id, "status": "available", "gpu_model": "A100", "last_seen": now}
    return found | changes


def test_the_six_checks_have_the_docs_pages_names_and_order() -> None:
    names = [check.name for check in checks.CHECKS]
    assert names == [
        "Local config",
        "Engine",
        "Control plane",
        "Daemon",
        "Provider row",
        "End-to-end",
    ]


def test_a_config_in_order_shows_role_name_and_key(configured: Config, node: NodeConfig) -> None:
    found = checks.local_config(Subject(configured))
    assert found.status is CheckStatus.OK
    assert found.summary == f"provider/my-vps-1, key={node.public_key[:12]}…"
    assert "mode 600" in (found.details or "")
    assert node.private_key not in json.dumps(NamedOutcome("x", found).as_json())


def test_a_missing_config_names_the_command_to_run() -> None:
    found = next(report.run(skip_end_to_end=True))
    assert found.outcome.status is CheckStatus.FAIL
    assert found.outcome.hint == "infernet init"


def test_a_config_others_can_read_is_a_warning(configured: Config) -> None:
    paths.config_file().chmod(0o644)
    found = checks.local_config(Subject(configured))
    assert found.status is CheckStatus.WARN
    assert "chmod 600" in (found.hint or "")


def test_a_key_that_does_not_match_is_a_failure(configured: Config) -> None:
    other = identity.new_identity("provider")
    broken = config.update({"node": {"publicKey": other.public_key}})
    assert checks.local_config(Subject(broken)).status is CheckStatus.FAIL


def test_an_unreachable_control_plane_fails_and_skips_what_needs_it(configured: Config) -> None:
    subject = Subject(configured)
    assert checks.control_plane(subject).status is CheckStatus.FAIL
    assert checks.provider_row(subject).status is CheckStatus.SKIP
    assert checks.end_to_end(subject).status is CheckStatus.SKIP


def test_a_daemon_that_is_not_running_is_a_warning(configured: Config) -> None:
    found = checks.daemon(Subject(configured))
    assert found.status is CheckStatus.WARN
    assert found.summary == "daemon not running"
    assert "infernet start" in (found.hint or "")


def judged(configured: Config, found: dict[str, Any] | None, **subject: bool) -> Outcome:
    return checks.judge_row(Subject(configured, **subject), found, "5d0de683" * 8)  # type: ignore[arg-type]


def test_an_unregistered_node_never_passes(configured: Config) -> None:
    found = judged(configured, None)
    assert found.status is CheckStatus.FAIL
    assert found.hint == "infernet register"


def test_a_registered_node_shows_its_row(configured: Config, node: NodeConfig) -> None:
    found = judged(configured, row(node), is_running=True)
    assert found == ok("registered as 5d0de683…, status=available, gpu=A100")


def test_a_row_of_another_node_id_is_a_warning(configured: Config, node: NodeConfig) -> None:
    found = judged(configured, row(node, node_id="provider-other"))
    assert found.status is CheckStatus.WARN
    assert "provider-other" in found.summary


@pytest.mark.parametrize("spelling", ["%Y-%m-%dT%H:%M:%S.%f+00:00", "%Y-%m-%dT%H:%M:%S.000Z"])
def test_a_running_node_nobody_hears_gets_no_jobs(
    configured: Config, node: NodeConfig, spelling: str
) -> None:
    old = (datetime.now(UTC) - timedelta(minutes=5)).strftime(spelling)
    found = judged(configured, row(node, last_seen=old), is_running=True)
    assert found.status is CheckStatus.WARN
    assert "gets no jobs" in found.summary
    assert judged(configured, row(node, last_seen=old)).status is CheckStatus.OK


def test_the_end_to_end_check_names_itself_and_its_times(node: NodeConfig) -> None:
    meta = {"provider_node_id": node.node_id, "provider_name": node.name}
    body = frame("meta", meta, 1) + frame("token", {"text": "pong"}, 2) + frame("done", {}, 3)
    with scripted_control_plane(Connection(body)) as plane:
        found = probe(plane.url, node.node_id, 5)
        assert plane.submitted[0]["messages"] == [{"role": "user", "content": "ping"}]
        assert plane.submitted[0]["maxTokens"] == 8
    assert found.status is CheckStatus.OK
    assert found.summary.startswith("routed via=p2p, provider=self, first token ")


@pytest.mark.parametrize("body", [frame("error", {"message": "oom"}), frame("done", {})])
def test_an_end_to_end_job_without_an_answer_fails(body: bytes) -> None:
    with scripted_control_plane(Connection(body)) as plane:
        assert probe(plane.url, None, 5).status is CheckStatus.FAIL


def test_a_truncated_end_to_end_stream_fails(
    configured: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job_stream, "MAX_RECONNECTS", 0)
    with scripted_control_plane(Connection(frame("token", {"text": "a"}))) as plane:
        config.update({"controlPlane": {"url": plane.url}})
        subject = Subject(config.load(), reaches_control_plane=True)
        found = checks.end_to_end(subject)
    assert found.status is CheckStatus.FAIL
    assert "before the answer did" in found.summary


def test_skipping_the_end_to_end_check_submits_nothing(configured: Config) -> None:
    looked: list[Subject] = []
    only = (Check("End-to-end", checks.end_to_end), Check("Other", lambda s: _look(looked, s)))
    outcomes = list(report.run(skip_end_to_end=True, checks=only))
    assert [found.outcome.status for found in outcomes] == [CheckStatus.SKIP, CheckStatus.OK]
    assert looked[0].config.node is not None


def _look(looked: list[Subject], subject: Subject) -> Outcome:
    looked.append(subject)
    return ok("fine")


def test_json_holds_only_what_there_is() -> None:
    assert NamedOutcome("A", ok("fine")).as_json() == {
        "name": "A",
        "status": "ok",
        "summary": "fine",
    }
    assert NamedOutcome("A", fail("bad", "do", "more")).as_json() == {
        "name": "A",
        "status": "fail",
        "summary": "bad",
        "details": "more",
        "hint": "do",
    }
