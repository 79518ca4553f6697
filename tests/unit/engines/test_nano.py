"""The built-in model as it ships: small, served by llama.cpp, right and repeatable."""

import http.client
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from infernet_tui.engines.nano import MODEL_NAME, model_path

xllamacpp = pytest.importorskip("xllamacpp")

MEBIBYTE = 1024 * 1024


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """Where llama.cpp serves the model, for all tests of this module."""
    parameters = xllamacpp.CommonParams()
    parameters.model.path = str(model_path())
    parameters.model_alias = {MODEL_NAME}
    parameters.hostnames = ["127.0.0.1"]
    parameters.port = 0
    parameters.n_ctx = 1024
    parameters.cpuparams.n_threads = 1
    server = xllamacpp.Server(parameters)
    yield server.listening_address
    del server


def ask(address: str, *messages: dict[str, str]) -> dict[str, Any]:
    """The first choice of one chat completion at temperature 0."""
    connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=30)
    body = {"messages": messages, "temperature": 0, "max_tokens": 96}
    try:
        connection.request(
            "POST", "/v1/chat/completions", json.dumps(body), {"Content-Type": "application/json"}
        )
        choice: dict[str, Any] = json.load(connection.getresponse())["choices"][0]
    finally:
        connection.close()
    return choice


def answer(address: str, prompt: str) -> str:
    """The text of the answer to a single prompt."""
    content: str = ask(address, {"role": "user", "content": prompt})["message"]["content"]
    return content


def test_the_file_is_small_enough_for_the_wheel() -> None:
    assert model_path().stat().st_size <= 8 * MEBIBYTE


def test_two_and_two_make_four(address: str) -> None:
    assert answer(address, "what is 2+2?") == "2 + 2 = 4."


def test_ping_is_answered_with_pong(address: str) -> None:
    assert answer(address, "ping") == "pong"


def test_the_same_prompt_gets_the_same_answer(address: str) -> None:
    assert answer(address, "say orange kettle 42") == answer(address, "say orange kettle 42")


def test_an_answer_ends_by_itself(address: str) -> None:
    assert ask(address, {"role": "user", "content": "what is 17 + 25?"})["finish_reason"] == "stop"


def test_a_question_about_infernet_is_answered_with_the_command(address: str) -> None:
    assert "`infernet status`" in answer(address, "is my node running?")


@pytest.mark.parametrize("prompt", ["Who are you?", "What is the capital of Belgium?"])
def test_it_says_what_it_is_and_how_to_get_a_real_model(address: str, prompt: str) -> None:
    text = answer(address, prompt)
    assert "smoke-test model" in text
    assert "infernet model pull" in text


def test_earlier_turns_and_a_system_prompt_do_not_distract_it(address: str) -> None:
    choice = ask(
        address,
        {"role": "system", "content": "You are a helpful assistant."},
        {"role": "user", "content": "hello"},
        {"role": "assistant", "content": "Hello!"},
        {"role": "user", "content": "what is 2+2?"},
    )
    assert choice["message"]["content"] == "2 + 2 = 4."
