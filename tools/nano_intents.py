"""What people ask about infernet, and what lies outside the nano model's world.

The questions about infernet are in nano_intents.txt: a command, then the ways to ask for it.
Patterns may hold `(a|b)` choices, which `expand` multiplies out. A phrase says what one wants to
do ("stop my node") and is put into a question by a frame; one that begins with `=` is a whole
question. `{tag}` is a model name that the answer repeats. Held-out phrases and frames are for the
examination only: no training phrase equals one of them.
"""

import re
from dataclasses import dataclass
from pathlib import Path

FRAMES = (
    *("how do i {}", "how can i {}", "how to {}", "{}", "i want to {}", "how do you {}"),
    *("what is the command to {}", "which command do i use to {}", "what command lets me {}"),
    *("tell me how to {}", "what do i run to {}", "i need to {}", "is there a command to {}"),
    *("in infernet, how do i {}", "how do i {} with infernet", "can you tell me how to {}"),
    *("which infernet command do i need to {}", "command to {}", "i would like to {}"),
    *("what's the command to {}", "show me how to {}", "can i {}", "how would i {}"),
    *("what is the way to {}", "explain how to {}", "infernet: {}", "i am trying to {}"),
)
HELD_OUT_FRAMES = (
    *("what should i type to {}", "could you show me the command to {}", "help me {}"),
    *("what is the infernet command to {}", "i don't know how to {}", "how does one {}"),
)
MODEL_TAGS = (
    *("qwen2.5:0.5b", "qwen2.5:1.5b", "qwen2.5:3b", "qwen2.5:7b", "qwen2.5:14b", "qwen3:8b"),
    *("llama3.2:1b", "llama3.2:3b", "llama3.1:8b", "llama3.3:70b", "mistral:7b", "gemma3:4b"),
    *("gemma2:2b", "phi4:14b", "phi3:mini", "deepseek-r1:7b", "mixtral:8x7b", "smollm2:360m"),
    *("codellama:13b", "tinyllama", "llama3", "qwen2.5", "mistral", "gpt-oss:20b", "granite3:2b"),
)


@dataclass(frozen=True, slots=True)
class Intent:
    """One thing to do with infernet: the answer, and the ways to ask for it."""

    answer: str
    training: tuple[str, ...]
    held_out: tuple[str, ...]


def expand(pattern: str) -> list[str]:
    """Every reading of a pattern with `(a|b)` choices, in order."""
    found = re.search(r"\(([^()]*)\)", pattern)
    if not found:
        return [" ".join(pattern.split())]
    head, tail = pattern[: found.start()], pattern[found.end() :]
    return [reading for choice in found[1].split("|") for reading in expand(head + choice + tail)]


def _read_intents() -> tuple[Intent, ...]:
    """The intents of nano_intents.txt; what is held out leaves the training phrases."""
    intents = []
    for block in Path(__file__).with_suffix(".txt").read_text().strip().split("\n\n"):
        command, *lines = block.split("\n  ")
        held_out = tuple(line[len(_HELD_OUT) :] for line in lines if line.startswith(_HELD_OUT))
        patterns = [line for line in lines if not line.startswith(_HELD_OUT)]
        phrases = dict.fromkeys(reading for pattern in patterns for reading in expand(pattern))
        training = tuple(phrase for phrase in phrases if phrase not in held_out)
        intents.append(Intent(f"Run `{command}`.", training, held_out))
    return tuple(intents)


_HELD_OUT = "held out: "
INTENTS = _read_intents()

OUTSIDE = (
    *("(what|who|where|when|why) is {x}", "(what|who) (was|were) {x}", "what are {x}"),
    *("tell me (about|something about|a story about|a fact about|a joke about) {x}",),
    *("(write|compose|give me) (a poem|a song|an essay|a story|a haiku|a letter) about {x}",),
    *("explain {x}", "explain {x} (to a child|simply|in one sentence|in detail)", "define {x}"),
    *("summarize {x}", "summarize: {x} is {y}", "summarize this (paragraph|text|article): {x}"),
    *("translate {x} (to|into) (french|german|spanish|italian|japanese|latin)",),
    *("how (do i|can i|to) (cook|bake|paint|grow|learn|draw|play|clean|build|sell) {x}",),
    *("(tell me|do you know) a (joke|story|riddle|secret|fun fact)", "make me laugh"),
    *("what is the (capital|population|president|currency|flag|history|size) of {x}",),
    *("who (invented|discovered|wrote|painted|built|won) {x}", "why (do|are) {x} (blue|so old)"),
    *("write (a|some) (python|rust|java|javascript) (function|program|code) (for|about) {x}",),
    *("what is the (difference between|relation of) {x} and {y}", "compare {x} (and|with) {y}"),
    *("what is the weather (like|today|tomorrow|in {x})", "what (time|day|year) is it"),
    *("(recommend|suggest) (a book|a film|a song|music) about {x}", "what do you think of {x}"),
    *("is {x} better than {y}", "do you like {x}", "how (old|big|far|heavy|tall|long) is {x}"),
    *("what is {n} (times|minus|divided by|x) {n}", "{n} (*|-|/|x) {n}", "{m} (+|plus) {m}"),
    *("what is {m} (+|plus) {n}", "what is {n} + {n} + {n}", "square root of {m}"),
    *("(list|name) (three|five|ten) {x}", "give me (advice|ideas|tips) (on|about|for) {x}"),
    *("{x}", "{x} {y}", "i (like|hate|love|want|need) {x}", "what does {x} mean", "spell {x}"),
    *("can you (help me with|explain|describe|sing about) {x}", "how does {x} work"),
    *("(the|a) {x} is (here|great|broken|expensive)", "imagine {x}", "describe {x}"),
)
TOPICS = (
    *("france", "the capital of france", "paris", "germany", "the moon", "the sun", "the sea"),
    *("black holes", "gravity", "quantum physics", "einstein", "shakespeare", "mozart", "python"),
    *("cats", "dogs", "birds", "dinosaurs", "water", "water is wet", "the weather", "love", "life"),
    *("the meaning of life", "music", "football", "chess", "cooking", "pizza", "bread", "coffee"),
    *("the roman empire", "world war two", "history", "mathematics", "photosynthesis", "dna"),
    *("the internet", "computers", "artificial intelligence", "the stock market", "money", "tea"),
    *("japan", "china", "italy", "america", "london", "new york", "mars", "the universe", "time"),
    *("friendship", "happiness", "war and peace", "the french revolution", "napoleon", "flowers"),
    *("trees", "cars", "trains", "airplanes", "ships", "bicycles", "mountains", "rivers", "snow"),
    *("a good book", "the english language", "prime numbers", "algebra", "the president", "linux"),
    *("docker", "javascript", "a web page", "my homework", "my job", "an email", "tomatoes"),
)
