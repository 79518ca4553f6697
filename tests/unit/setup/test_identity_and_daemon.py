"""Runtime, config, identity and daemon: what each looks at and writes."""

import socket

import pytest

from infernet_tui import config, identity, paths
from infernet_tui.errors import ConfigError, InfernetError, UsageError
from infernet_tui.setup.configuration import ConfigStep
from infernet_tui.setup.context import Wishes
from infernet_tui.setup.daemon import DaemonStep
from infernet_tui.setup.identity import IdentityStep
from infernet_tui.setup.registering import RegistrationStep
from infernet_tui.setup.runtime import RuntimeStep
from infernet_tui.setup.step import State, Text, YesNo
from infernet_tui.setup.walk import Setup
from tests.support.setup_parts import ScriptedNode, context, ignore

NOBODY = "http://127.0.0.1:1"


async def test_python_must_be_new_enough() -> None:
    old = await RuntimeStep((3, 9, 1)).detect(context())
    assert (old.state, old.can_skip) == (State.FAILED, False)
    assert "3.11" in old.summary
    own = await RuntimeStep((3, 11, 7), "/home/me/.infernet/venv", "/usr").detect(context())
    assert own.state is State.DONE
    assert "/home/me/.infernet/venv" in own.explanation
    bare = await RuntimeStep((3, 12, 0), "/usr", "/usr").detect(context())
    assert "without an environment" in bare.summary


async def test_the_public_control_plane_is_suggested_and_another_can_be_typed() -> None:
    step, where = ConfigStep(), context()
    question = (await step.detect(where)).question
    assert isinstance(question, Text)
    assert question.default == config.DEFAULT_CONTROL_PLANE_URL
    found = await step.apply(where, "https://plane.example/", ignore)
    assert found.summary == f"saved to {paths.config_file()}"
    assert config.load().control_plane_url == "https://plane.example"
    with pytest.raises(ConfigError):
        await step.apply(where, "plane.example", ignore)


async def test_a_url_that_was_asked_for_replaces_the_one_there_is() -> None:
    config.update({"controlPlane": {"url": "https://old.example"}})
    where = context(wishes=Wishes(url="https://new.example/"))
    assert (await ConfigStep().detect(where)).state is State.TODO
    assert (await ConfigStep().apply(where, None, ignore)).state is State.DONE
    with pytest.raises(ConfigError):
        await ConfigStep().detect(context(wishes=Wishes(url="nonsense")))


async def test_an_identity_is_made_once_and_then_kept() -> None:
    config.update({"controlPlane": {"url": NOBODY}})
    step, where = IdentityStep(), context()
    question = (await step.detect(where)).question
    assert isinstance(question, Text)
    assert question.default == f"provider@{socket.gethostname()}"
    found = await step.apply(where, "rig", ignore)
    key = identity.secret_key(config.load()).public_hex
    assert found.state is State.FAILED  # the key is made; the control plane is not there
    assert found.summary.startswith(f"identity: {key[:8]}…")
    assert found.hint == f"curl {NOBODY}/api/health"
    renamed = context(wishes=Wishes(name="rig-2"))
    assert (await step.detect(renamed)).state is State.TODO
    await step.apply(renamed, None, ignore)
    node = config.load().require_node()
    assert (node.name, node.public_key) == ("rig-2", key)


@pytest.mark.parametrize("name", ["", "  ", "x" * 201, "a\x1b[2Jb", "a\nb"])
async def test_a_name_that_cannot_be_shown_makes_no_identity(name: str) -> None:
    question = (await IdentityStep().detect(context())).question
    assert isinstance(question, Text)
    with pytest.raises(UsageError):
        question.parse(name)
    assert config.load().node is None


async def test_what_depends_on_earlier_steps_waits_for_them() -> None:
    for step in (RegistrationStep(), DaemonStep()):
        found = await step.detect(context())
        assert (found.state, found.summary) == (
            State.UNKNOWN,
            "needs an identity and a control plane",
        )
    config.update(
        {"controlPlane": {"url": NOBODY}, "node": identity.new_identity("provider").to_section()}
    )
    found = await RegistrationStep().detect(context())
    assert (found.state, found.hint) == (State.UNKNOWN, "infernet register, when it can be")


@pytest.fixture
def configured() -> None:
    config.update(
        {"controlPlane": {"url": NOBODY}, "node": identity.new_identity("provider").to_section()}
    )


@pytest.mark.usefixtures("configured")
async def test_the_node_is_started_where_the_front_end_wants_it() -> None:
    node = ScriptedNode(where="inside this application")
    step, where = DaemonStep(), context(node=node)
    found = await step.detect(where)
    assert "inside this application" in found.explanation
    assert (await step.apply(where, None, ignore)).summary == "daemon running"
    assert node.calls == ["start"]
    assert (await step.detect(where)).state is State.DONE


@pytest.mark.usefixtures("configured")
async def test_a_node_of_another_control_plane_is_started_again_after_a_yes() -> None:
    node = ScriptedNode(running={"pid": 1, "controlPlaneUrl": "https://old.example"})
    where = context(node=node)
    assert isinstance((await DaemonStep().detect(where)).question, YesNo)
    await DaemonStep().apply(where, True, ignore)
    assert node.calls == ["stop", "start"]


@pytest.mark.usefixtures("configured")
async def test_a_node_that_does_not_start_says_why() -> None:
    node = ScriptedNode(failure=InfernetError("It ended.", hint="infernet doctor"))
    step = DaemonStep()
    found = await Setup(context(node=node), [step]).apply(step, None, ignore)
    assert (found.state, found.summary, found.hint) == (
        State.FAILED,
        "It ended.",
        "infernet doctor",
    )


@pytest.mark.usefixtures("configured")
async def test_a_node_that_is_not_connected_yet_runs_all_the_same() -> None:
    stats = {"lastHeartbeatError": "refused"}
    node = ScriptedNode(running={"pid": 1, "connection": "offline", "stats": stats})
    found = await DaemonStep().detect(context(node=node))
    assert found.state is State.DONE
    assert "refused" in found.explanation
