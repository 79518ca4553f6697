"""Words that strangers choose: names, models, errors, answers. In one scenario they are hostile.

A terminal that shows one of these as it came is broken into: the clipboard is written, the title
changed, markup becomes a click, a name reaches over the whole screen.
"""

from dataclasses import dataclass

ESCAPES = (
    "\x1b]52;c;c3RvbGVu\x07",  # writes the clipboard
    "\x1b]0;owned\x1b\\",  # changes the title
    "\x1b[2J\x1b[H\x1b[31m",  # clears the screen
    "\x1bP+q544e\x1b\\",
    "\x9b31m\x9d52;c;c3RvbGVu\x9c",  # the same in C1
    "\x00\x07\x08\x0e\x7f",
)
MARKUP = ("[/] y", "[@click=app.quit]x[/]", "[red on blue]", "[link=https://evil.example]l")
BIDI_AND_INVISIBLE = ("\u202egnp.exe\u2066", "a\u200bd\u200cm\u200din\ufeff", "\u2028\u2029\u0085")
LINES = ("two\nlines\r\n\tand a tab",)
WIDE = ("超長い名前", "👩\u200d👩\u200d👧", "Z\u0351\u036bA\u0343\u036aL\u0302G\u034eO\u0322")
CORPUS = (*ESCAPES, *MARKUP, *BIDI_AND_INVISIBLE, *LINES, *WIDE)
LONG_NAME_CHARS = 10_000
EVERY_LONG = 8
"""Of so many hostile words, one is also very long."""


@dataclass(frozen=True, slots=True)
class Strangers:
    """Says what strangers say."""

    is_hostile: bool = False

    def say(self, text: str, key: int = 0) -> str:
        """The word as it arrives; `key` varies the attack and makes no two words the same."""
        if not self.is_hostile:
            return text
        attack = "".join(CORPUS)
        if key % EVERY_LONG == EVERY_LONG - 1:
            attack += "W" * LONG_NAME_CHARS
        return f"{attack}{text}" if key % 2 else f"{text}{attack}"
