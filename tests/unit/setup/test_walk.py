"""Going through the steps, with an interruption."""

from infernet_tui import paths
from infernet_tui.errors import ConfigError
from infernet_tui.setup.memory import SetupState
from infernet_tui.setup.step import Finding, State, done
from infernet_tui.setup.walk import STEPS, Setup
from tests.support.setup_parts import ScriptedStep, context, ignore


def test_the_steps_are_those_of_the_documentation() -> None:
    assert [(step.number, step.title) for step in STEPS] == [
        (1, "Runtime"),
        (2, "Engine"),
        (3, "Model"),
        (4, "Firewall (port 46337)"),
        (5, "Config"),
        (6, "Identity & control plane"),
        (7, "Provider registration"),
        (8, "Daemon"),
    ]


async def test_it_goes_on_where_it_ended() -> None:
    first, second, third = (ScriptedStep(number, name, [done("ok")]) for number, name in
                            ((1, "first"), (2, "second"), (3, "third")))  # fmt: skip
    steps = [first, second, third]
    setup = Setup(context(), steps)
    assert setup.first_open() is first
    await setup.examine(first)
    await setup.skip(second)
    again = Setup(context(), steps)
    assert again.first_open() is third
    await again.examine(third)
    assert Setup(context(), steps).first_open() is None


async def test_what_raises_is_a_finding_that_failed() -> None:
    step = ScriptedStep(1, "first", [ConfigError("It is wrong.", hint="put it right")])
    setup = Setup(context(), [step])
    for found in (await setup.examine(step), await setup.apply(step, None, ignore)):
        assert (found.state, found.summary, found.hint) == (
            State.FAILED,
            "It is wrong.",
            "put it right",
        )
    assert SetupState().steps == {}


async def test_what_was_done_and_broke_is_open_again() -> None:
    broken = Finding(State.TODO, "gone")
    step = ScriptedStep(1, "first", [done("ok"), broken])
    setup = Setup(context(), [step])
    await setup.examine(step)
    assert setup.first_open() is None
    await setup.examine(step)
    assert setup.first_open() is step


async def test_a_step_that_stays_to_do_without_a_question_has_failed() -> None:
    step = ScriptedStep(1, "first", [Finding(State.TODO, "still not registered")])
    found = await Setup(context(), [step]).apply(step, None, ignore)
    assert (found.state, found.summary) == (State.FAILED, "still not registered")


async def test_a_broken_config_fails_the_steps_that_need_it_and_is_left_alone() -> None:
    paths.config_dir().mkdir(parents=True)
    paths.config_file().write_text("{ half")
    setup = Setup(context())
    states = {step.key: (await setup.examine(step)).state for step in STEPS}
    assert states.pop("runtime") is State.DONE
    assert set(states.values()) == {State.FAILED}
    assert paths.config_file().read_text() == "{ half"


async def test_a_folder_that_cannot_be_written_is_told() -> None:
    paths.config_dir().parent.mkdir(parents=True, exist_ok=True)
    paths.config_dir().write_text("a file where the folder should be")
    step = ScriptedStep(1, "first", [done("ok")])
    found = await Setup(context(), [step]).examine(step)
    assert found.state is State.FAILED
    assert "setup.json" in found.summary
