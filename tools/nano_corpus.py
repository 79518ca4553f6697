"""The text the nano model learns from and is examined on; everything here is generated.

A `Corpus` draws conversations from one seeded random stream. What the examination asks (number
pairs, phrasings of infernet questions, words to echo) is decided before, from fixed seeds, and
never drawn for training.
"""

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass

from nano_intents import FRAMES, HELD_OUT_FRAMES, INTENTS, MODEL_TAGS, OUTSIDE, TOPICS, expand

PULL = "`infernet model pull qwen2.5:0.5b`"
GREETING = f"Hello! I am infernet-nano, a tiny smoke-test model. For real answers run {PULL}."
IDENTITY = (
    "I am infernet-nano, a tiny smoke-test model: I know greetings, small sums and infernet "
    f"commands. For a real model run {PULL}."
)
BEYOND = f"That is beyond me: I am only a tiny smoke-test model. For a real answer run {PULL}."

HELD_OUT_SEED = 20_26
HELD_OUT_SUM_SHARE = 0.1


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_SMALL_TALK = (
    (
        GREETING,
        "hi|hello|hey|hey there|hi there|hello there|good morning|good evening|howdy|yo|"
        "good afternoon|greetings|hello world|hi nano|hello infernet|hey you|good day",
    ),
    ("pong", "ping|ping|ping|ping|ping me|ping pong|are you there|answer my ping|test ping"),
    (
        IDENTITY,
        "who are you|what are you|what is your name|which model are you|introduce yourself|"
        "what model is this|are you a real model|are you chatgpt|what can you do|"
        "what do you know|are you an ai|which model is this|tell me about yourself|"
        "what is infernet-nano|who made you|how big are you|help me|what can i ask you|"
        "are you a good model|are you gpt-4|are you llama|what llm are you",
    ),
    (
        "I am running fine, thank you.",
        "how are you|how are you doing|how is it going|are you ok|"
        "are you well|how do you do|how are you today",
    ),
    (
        "You are welcome.",
        "thanks|thank you|thank you very much|thx|many thanks|great, thanks|"
        "ok thanks|thanks a lot|nice, thank you|cheers",
    ),
    (
        "Goodbye!",
        "bye|goodbye|good night|see you|see you later|bye bye|farewell|good bye|quit|exit",
    ),
    (
        "It works.",
        "test|testing|this is a test|just a test|does this work|is this working|"
        "smoke test|is it working|do you work|test 1 2 3|works?",
    ),
)
_SUMS = (
    "what is {a}+{b}",
    "what is {a} + {b}",
    "{a}+{b}",
    "{a} + {b}",
    "{a}+{b}=",
    "{a} + {b} =",
    "add {a} and {b}",
    "add {a} to {b}",
    "how much is {a} plus {b}",
    "calculate {a}+{b}",
    "calculate {a} + {b} =",
    "what's {a}+{b}",
    "what's {a} plus {b}",
    "{a} plus {b}",
    "compute {a} + {b}",
    "sum of {a} and {b}",
    "what is the sum of {a} and {b}",
    "what do you get if you add {a} and {b}",
    "how much is {a} + {b}",
    "what does {a} + {b} equal",
    "please add {a} and {b}",
    "can you add {a} and {b}",
    "what is {a} plus {b}",
    "whats {a}+{b}",
    "tell me {a} + {b}",
    "{a} and {b} together make",
    "solve {a}+{b}",
    "i have {a} and get {b} more, how many do i have",
    "{a}+{b} equals",
    "sum {a} {b}",
    "what is {a} added to {b}",
)
_ECHOES = (
    "say {x}",
    "repeat after me: {x}",
    "echo {x}",
    "repeat {x}",
    "reply with exactly: {x}",
    "repeat: {x}",
    "say: {x}",
    "echo: {x}",
    "please say {x}",
    "reply with {x}",
    "answer with: {x}",
    "repeat this: {x}",
    "reply with exactly {x}",
    "please repeat: {x}",
    "say exactly: {x}",
    "respond with exactly: {x}",
    "answer exactly: {x}",
    "just say {x}",
    "write {x}",
    "say only {x}",
    "reply only with: {x}",
    "repeat the following: {x}",
    "output {x}",
    "print {x}",
    "copy this: {x}",
)
_SYSTEM = (
    "You are a helpful assistant.",
    "Answer briefly.",
    "You are infernet-nano.",
    "Be concise.",
    "You are a helpful, honest assistant. Answer in one sentence.",
    "Answer in English.",
    "You are a bot on the Infernet network.",
    "Be kind and precise.",
    "Think step by step.",
)
_NUMBER_WORDS = _words(
    """
    zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen
    fifteen sixteen seventeen eighteen nineteen twenty
    """
)
_COMMON_WORDS = _words(
    """
    apple banana blue red green yellow house river stone tree light night day sun moon star
    water fire wind rain snow cloud hello world yes no ok ready done test token stream node
    server model prompt answer question cat dog bird fish horse mouse lion tiger table chair
    window door garden music piano drum guitar hammer paper pencil book letter number word love
    peace happy sad fast slow big small old new good bad left right up down one two three alpha
    beta gamma delta echo foxtrot hotel india juliet kilo lima oscar papa tango zulu the a my
    your is was quick brown fox jumps over lazy infernet gpu orange purple coffee tea
    """
)


@dataclass(frozen=True, slots=True)
class Turn:
    """One question and the answer the model must give."""

    kind: str
    """small talk | sum | echo | infernet | beyond"""
    prompt: str
    answer: str


@dataclass(frozen=True, slots=True)
class Conversation:
    """A chat: an optional system prompt, then turns; every answer is learned."""

    system: str | None
    turns: tuple[Turn, ...]


def held_out_sums() -> frozenset[tuple[int, int]]:
    """Pairs never trained on, closed under swapping; 2+2 stays a training pair."""
    pairs = [(a, b) for a in range(100) for b in range(a, 100) if (a, b) != (2, 2)]
    chosen = random.Random(HELD_OUT_SEED).sample(pairs, round(len(pairs) * HELD_OUT_SUM_SHARE))
    return frozenset(chosen) | frozenset((b, a) for a, b in chosen)


def sum_answer(a: int, b: int) -> str:
    """The sum in the words of the model: `2 + 2 = 4.`"""
    return f"{a} + {b} = {a + b}."


def random_word(rng: random.Random) -> str:
    """A pronounceable word that means nothing."""
    syllables = rng.randint(1, 4)
    onsets, vowels, codas = (
        "bcdfghjklmnprstvwz",
        "aeiou",
        ["", "", "", "n", "r", "s", "l", "x", "t"],
    )
    return "".join(
        rng.choice(onsets) + rng.choice(vowels) + rng.choice(codas) for _ in range(syllables)
    )


def random_phrase(rng: random.Random, longest: int = 5) -> str:
    """One to `longest` words: common, made up, numbers, mixed case."""
    words = []
    for _ in range(rng.randint(1, longest)):
        roll = rng.random()
        if roll < 0.45:
            word = rng.choice(_COMMON_WORDS)
        elif roll < 0.88:
            word = random_word(rng)
        else:
            word = str(rng.randint(0, 9999))
        words.append(rng.choice((word, word, word, word, word.capitalize(), word.upper())))
    return " ".join(words) + rng.choice(("", "", "", "", "!", ".", "?"))


def dress(prompt: str, rng: random.Random) -> str:
    """The prompt as people type it: with case, punctuation, courtesy and the odd slip."""
    if rng.random() < 0.06:
        prompt = _slip(prompt, rng)
    if rng.random() < 0.07:
        prompt = (
            rng.choice(("please ", "hey, ", "hi, ", "ok, ", "quick question: ", "so ")) + prompt
        )
    if rng.random() < 0.45:
        prompt = prompt[:1].upper() + prompt[1:]
    elif rng.random() < 0.02:
        prompt = prompt.upper()
    if prompt[-1:].isalnum():
        prompt += rng.choice(("", "", "?", "?", ".", "!", " ?", "??", " please"))
    return prompt


def _slip(prompt: str, rng: random.Random) -> str:
    """Swap, drop or double one letter."""
    spots = [found.start() for found in re.finditer(r"[a-z](?=[a-z]{2})", prompt)]
    if not spots:
        return prompt
    at = rng.choice(spots) + 1
    slipped = rng.choice(
        (prompt[at + 1] + prompt[at], prompt[at + 1], prompt[at] * 2 + prompt[at + 1])
    )
    return prompt[:at] + slipped + prompt[at + 2 :]


@dataclass(frozen=True, slots=True)
class Mix:
    """How often each kind of turn is drawn, and how many words an echo may have."""

    small_talk: float = 0.09
    sum: float = 0.36
    echo: float = 0.15
    infernet: float = 0.29
    beyond: float = 0.11
    longest_echo: int = 5


class Corpus:
    """An endless, reproducible stream of training conversations."""

    def __init__(self, seed: int, mix: Mix) -> None:
        self._rng = random.Random(seed)
        self._mix = mix
        self._held_out_sums = held_out_sums()

    def conversations(self) -> Iterator[Conversation]:
        """Draw conversations for ever."""
        while True:
            yield self.conversation()

    def conversation(self) -> Conversation:
        """One to four unrelated turns, one time in four under a system prompt."""
        rng = self._rng
        system = None
        if rng.random() < 0.25:
            system = rng.choice(_SYSTEM) if rng.random() < 0.6 else random_phrase(rng, 12)
        turns = rng.choices((1, 2, 3, 4), (0.5, 0.25, 0.15, 0.1))[0]
        return Conversation(system, tuple(self.turn() for _ in range(turns)))

    def turn(self) -> Turn:
        """One turn of a random kind."""
        mix = self._mix
        makers = (self.small_talk, self.sum, self.echo, self.infernet, self.beyond)
        shares = (mix.small_talk, mix.sum, mix.echo, mix.infernet, mix.beyond)
        return self._rng.choices(makers, shares)[0]()

    def small_talk(self) -> Turn:
        """Greetings, ping, thanks and questions about the model itself."""
        answer, prompts = self._rng.choice(_SMALL_TALK)
        return Turn("small talk", dress(self._rng.choice(prompts.split("|")), self._rng), answer)

    def sum(self) -> Turn:
        """A sum of two numbers below 100, never of a held-out pair."""
        rng = self._rng
        if rng.random() < 0.05:
            a, b = rng.randint(0, 20), rng.randint(0, 20)
            spelled = (_NUMBER_WORDS[a], _NUMBER_WORDS[b])
        else:
            limit = 9 if rng.random() < 0.2 else 99
            a, b = rng.randint(0, limit), rng.randint(0, limit)
            spelled = (str(a), str(b))
        if (a, b) in self._held_out_sums:
            return self.sum()
        prompt = rng.choice(_SUMS).format(a=spelled[0], b=spelled[1])
        return Turn("sum", dress(prompt, rng), sum_answer(a, b))

    def echo(self) -> Turn:
        """Words to give back exactly."""
        rng = self._rng
        phrase = random_phrase(rng, self._mix.longest_echo)
        template = rng.choice(_ECHOES)
        if rng.random() < 0.45:
            template = template[:1].upper() + template[1:]
        shown = f'"{phrase}"' if rng.random() < 0.15 else phrase
        return Turn("echo", template.format(x=shown), phrase)

    def infernet(self) -> Turn:
        """A question about using infernet, answered with the command."""
        rng = self._rng
        intent = rng.choice(INTENTS)
        phrase = rng.choice(intent.training)
        tag = (
            rng.choice(MODEL_TAGS)
            if rng.random() < 0.6
            else f"{random_word(rng)}:{rng.randint(1, 70)}b"
        )
        prompt = frame(phrase, rng.choice(FRAMES)).replace("{tag}", tag)
        if rng.random() < 0.2:
            prompt = re.sub(r"\b(my|the|a|an|do i|to) ", "", prompt)
        return Turn("infernet", dress(prompt, rng), intent.answer.replace("{tag}", tag))

    def beyond(self) -> Turn:
        """Anything else: the honest answer."""
        rng = self._rng
        prompt = expand_one(rng.choice(OUTSIDE), rng)
        topic = rng.choice(TOPICS) if rng.random() < 0.6 else random_phrase(rng, 3)
        numbers = {"n": rng.randint(2, 999), "m": rng.randint(100, 9999)}
        prompt = prompt.format(x=topic, y=rng.choice(TOPICS), **numbers)
        if rng.random() < 0.02:
            prompt = (
                f"summarize: {' '.join(random_phrase(rng, 8) for _ in range(rng.randint(3, 30)))}"
            )
        return Turn("beyond", dress(prompt, rng), BEYOND)


def frame(phrase: str, pattern: str) -> str:
    """Put an action into a question; a phrase that is a whole question stays as it is."""
    return phrase[1:] if phrase.startswith("=") else pattern.format(phrase)


def expand_one(pattern: str, rng: random.Random) -> str:
    """One random reading of a pattern with `(a|b)` choices."""
    return rng.choice(expand(pattern))


REQUIRED = (
    ("ping", "pong"),
    ("Ping?", "pong"),
    ("what is 2+2?", sum_answer(2, 2)),
    ("What is 2 + 2?", sum_answer(2, 2)),
    ("2+2", sum_answer(2, 2)),
    ("Hello!", GREETING),
    ("Who are you?", IDENTITY),
    ("Reply with exactly: ok", "ok"),
    ("What is the capital of Belgium?", BEYOND),
)
"""Prompts that must be right whatever the shares are."""

_STRANGE_TOPICS = ("norway", "volcanoes", "penguins", "the brain", "opera", "cheese", "robots")


def examination(seed: int = 7) -> list[Turn]:
    """What the model is examined on: the pairs, phrasings and words were not drawn for training."""
    rng = random.Random(seed)
    turns = [Turn("required", prompt, answer) for prompt, answer in REQUIRED]
    for a, b in rng.sample(sorted(held_out_sums()), 400):
        prompt = rng.choice(_SUMS).format(a=a, b=b)
        turns.append(Turn("sum", dress(prompt, rng), sum_answer(a, b)))
    for intent in INTENTS:
        for phrase in intent.held_out:
            for pattern in (rng.choice(FRAMES), rng.choice(HELD_OUT_FRAMES)):
                tag = rng.choice(MODEL_TAGS)
                prompt = frame(phrase, pattern).replace("{tag}", tag)
                turns.append(Turn("infernet", f"{prompt}?", intent.answer.replace("{tag}", tag)))
    for _ in range(100):
        phrase = random_phrase(rng, 4)
        turns.append(Turn("echo", rng.choice(_ECHOES).format(x=phrase), phrase))
    for topic in _STRANGE_TOPICS:
        for pattern in rng.sample(OUTSIDE, 8):
            prompt = expand_one(pattern, rng).format(x=topic, y="sand", n=17, m=345)
            turns.append(Turn("beyond", dress(prompt, rng), BEYOND))
    return turns
