"""The process that llama.cpp runs in: `python -m infernet_tui.engines.llamacpp_child`.

Reads its settings as one JSON line from standard input, so that the key is in no argument list and
no environment, and answers with one JSON line: `{"port": …}` or `{"error": …}`. Then it serves
until standard input ends, which it does when the parent closes it or dies.
"""

import json
import os
import sys
from typing import Any
from urllib.parse import urlsplit

import xllamacpp

_WARNINGS = 2
"""llama.cpp's log level; its errors are the last words the parent shows."""


def main() -> None:
    """Serve one model."""
    settings = json.loads(sys.stdin.buffer.readline())
    # Native code that prints must not be mistaken for our answer: its standard output becomes
    # standard error, and we keep the real one.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    try:
        server = xllamacpp.Server(_parameters(settings))
    except (RuntimeError, ValueError) as error:
        print(json.dumps({"error": str(error)}), file=answers, flush=True)
        sys.exit(1)
    port = urlsplit(server.listening_address).port
    print(json.dumps({"port": port}), file=answers, flush=True)
    sys.stdin.buffer.read()
    # Not an orderly exit: that waits for answers nobody reads any more.
    os._exit(0)


def _parameters(settings: dict[str, Any]) -> Any:
    parameters = xllamacpp.CommonParams()
    parameters.model.path = settings["path"]
    parameters.model_alias = {settings["name"]}
    parameters.hostnames = ["127.0.0.1"]
    parameters.port = 0
    parameters.api_keys = [settings["key"]]
    parameters.n_parallel = settings["slots"]
    parameters.n_ctx = settings["slots"] * settings["slot_context"]
    if settings["threads"]:
        parameters.cpuparams.n_threads = settings["threads"]
        parameters.cpuparams_batch.n_threads = settings["threads"]
    parameters.ui = False
    parameters.endpoint_slots = False
    parameters.verbosity = _WARNINGS
    return parameters


if __name__ == "__main__":
    main()
