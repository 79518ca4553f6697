"""A program that speaks the engine protocol on its standard streams (`wire.md` §9), to be run.

Its one argument is a word that says how it behaves; the default is well. A question says what else
it should do: "endless" goes on until it is cancelled, "crash" dies half-way, "junk" sends a line
that is no JSON, "mute" sends nothing.
"""

import json
import os
import sys
import threading
import time
from typing import Any

from tests.support.fake_answers import Answer

_lock = threading.Lock()
_cancelled: set[str] = set()
_cancel_file = os.environ.get("FAKE_MOJO_CANCELLED")


def say(**fields: Any) -> None:
    """Write one line."""
    with _lock:
        sys.stdout.write(json.dumps({"v": 1, **fields}) + "\n")
        sys.stdout.flush()


def answer(request: dict[str, Any]) -> None:
    """Answer one question."""
    number = request["id"]
    question = str(request["messages"])
    say(type="meta", id=number, model=request.get("model"), started_at="2026-01-01T00:00:00Z")
    if "mute" in question:
        return
    reply = Answer.to(request, request.get("max_tokens"))
    for index, piece in enumerate(reply.pieces):
        time.sleep(0.001)
        if number in _cancelled:
            say(type="done", id=number, reason="cancel", text="")
            return
        if index == 3 and "crash" in question:
            sys.stderr.write("out of memory\n")
            sys.stderr.flush()
            os._exit(42)
        if index == 3 and "junk" in question:
            with _lock:
                sys.stdout.write("{{{ not json\n" + json.dumps({"v": 9, "type": "token"}) + "\n")
        say(type="token", id=number, text=piece)
    say(type="done", id=number, reason=reply.reason, text="")


def main() -> None:
    """Serve until standard input ends."""
    behaviour = sys.argv[1] if len(sys.argv) > 1 else ""
    if behaviour == "dies":
        sys.exit("cannot load the model")
    if behaviour != "never-ready":
        say(type="log", level="info", message="warming up")
        say(type="ready", model="fake-model")
    for line in sys.stdin:
        request = json.loads(line)
        if request["type"] == "generate":
            threading.Thread(target=answer, args=(request,), daemon=True).start()
        elif request["type"] == "cancel":
            _cancelled.add(request["id"])
            if _cancel_file:
                open(_cancel_file, "a").close()
        elif request["type"] == "shutdown" and behaviour != "stubborn":
            break
    if behaviour == "stubborn":
        time.sleep(60)


if __name__ == "__main__":
    main()
