"""The built-in smoke-test model: where its file is and what it is called.

`nano.gguf` is a complete llama-architecture model of a few MB, made by `tools/train_nano.py` from
text it writes itself. It answers greetings, ping, small sums, echo requests and questions about
infernet commands; to anything else it says that it is a smoke-test model and names the command
that fetches a real one.
"""

from pathlib import Path

MODEL_NAME = "infernet-nano"


def model_path() -> Path:
    """Where the model's GGUF file is in this installation."""
    return Path(__file__).with_name("nano.gguf")
