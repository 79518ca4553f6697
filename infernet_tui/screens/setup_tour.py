"""What each step of setup is for, and the tour of them in the demo, where nothing is done."""

from collections.abc import Mapping
from dataclasses import dataclass

from infernet_tui.model_fit import GIB, Memory
from infernet_tui.setup import model_offers
from infernet_tui.setup.context import Context
from infernet_tui.setup.step import (
    Answer,
    Choice,
    Finding,
    Option,
    Question,
    Report,
    State,
    Step,
    Text,
    YesNo,
    done,
)
from infernet_tui.setup.walk import STEPS

PURPOSES: Mapping[str, str] = {
    "runtime": "Infernet runs on Python, in an environment of its own.",
    "engine": "The engine runs the models: the built-in llama.cpp, or a server that is here.",
    "model": "The model that this machine serves to the network.",
    "firewall": "A port that other nodes connect to. Jobs arrive without it, too.",
    "config": "The control plane hands out jobs. Its URL is kept in config.json.",
    "identity": "A Nostr key pair that signs what this node says, and the node's name.",
    "registration": "The control plane gives jobs to registered nodes only.",
    "daemon": "The node itself: it takes jobs, runs them, and reports what it did.",
}
NOTHING_DONE = "demo: nothing was done"
IMAGINED = Memory(vram_bytes=24 * GIB, gpu_count=1, ram_available_bytes=64 * GIB)
_ENGINES = Choice(
    "Which engine should run the models?",
    (
        Option("llamacpp", "llama.cpp, built in", note="nothing to install"),
        Option("ollama", "Ollama", note="not installed"),
    ),
    "llamacpp",
)


@dataclass(frozen=True, slots=True)
class TourStep:
    """A step that asks as the real one does, and does nothing."""

    number: int
    key: str
    title: str
    summary: str = "there would be nothing to ask"
    question: Question | None = None
    command: str | None = None

    async def detect(self, context: Context) -> Finding:
        """What would be found."""
        return done(NOTHING_DONE) if context.state.is_done(self.key) else self.asked()

    async def apply(self, context: Context, answer: Answer, report: Report) -> Finding:
        """Nothing at all."""
        return done(NOTHING_DONE)

    def asked(self) -> Finding:
        """What would be asked."""
        purpose = f"{PURPOSES[self.key]} This is the demo: nothing is changed."
        return Finding(State.TODO, self.summary, purpose, self.command, self.question)


def tour() -> tuple[Step, ...]:
    """The eight steps, on a machine with a card that does not exist."""
    asked = _asked()
    return tuple(
        TourStep(step.number, step.key, step.title, *asked.get(step.key, ())) for step in STEPS
    )


def _asked() -> Mapping[str, tuple[str, Question] | tuple[str, Question, str]]:
    models = model_offers.choice((), IMAGINED, wanted=None, can_pull=True)
    return {
        "engine": ("no engine chosen yet", _ENGINES),
        "model": ("no model chosen yet", models),
        "firewall": (
            "ufw keeps port 46337 closed",
            YesNo("Run it now (will sudo)?", default=False),
            "sudo ufw allow 46337/tcp",
        ),
        "config": (
            "no control plane chosen yet",
            Text("Control-plane URL", "https://infernetprotocol.com"),
        ),
        "identity": ("no identity yet", Text("Human-readable node name", "provider@demo")),
    }
