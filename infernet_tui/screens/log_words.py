"""A line of the node's log in words and roles. What it says was partly said by strangers."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Literal

from infernet_tui.log_lines import MAX_LINE_BYTES
from infernet_tui.screens import wording
from infernet_tui.text import marked, plain_text
from infernet_tui.widgets.lines import EMPTY, Line, Span, fit, line

Times = Literal["UTC", "ago", "off"]
TIMES: tuple[Times, ...] = ("UTC", "ago", "off")
"""The absolute time, how long ago, or no time."""
MAX_CHARS = 8192
LOGGER_CELLS = 14
_RECORD = re.compile(
    r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3})Z (DEBUG|INFO|WARNING|ERROR|CRITICAL) +"
    r"([\w.]{1,120}): ?(.*)",
    re.DOTALL,
)
_UUID = re.compile(r"\b([0-9a-f]{8})-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b")
_LEVELS = {
    "DEBUG": Span("DEBUG", "muted"),
    "INFO": Span("INFO ", "info"),
    "WARNING": Span("WARN ", "warn"),
    "ERROR": Span("ERROR", "error"),
    "CRITICAL": Span("CRIT ", "error"),
}


def decoded(raw: bytes) -> str:
    """A line as text; bytes that are not UTF-8 are marked."""
    text = raw.decode("utf-8", "replace")
    return text if len(raw) < MAX_LINE_BYTES else text + "…"


def log_line(raw: bytes, *, times: Times, now: float, words: str = "", long: bool = False) -> Line:
    """Time, level, logger and message; a line without them is shown as it stands, indented."""
    text = decoded(raw)
    found = _RECORD.match(text)
    if found is None:
        indent = min(12, len(text) - len(text.lstrip()))
        body = marked(text.strip(), MAX_CHARS)
        return highlighted(line((" " * (2 + indent) + body, "text")), words)
    at, level, logger, message = found.groups()
    spans = [
        *_time_spans(at, times, now, long=long),
        _LEVELS[level],
        Span(f" {fit(_short(logger), LOGGER_CELLS)} ", "muted"),
        Span(
            _with_short_ids(marked(message, MAX_CHARS)),
            "text" if level in ("INFO", "DEBUG") else "title",
        ),
    ]
    return highlighted(tuple(spans), words)


def brief_line(raw: bytes) -> Line:
    """Time and message, in the role of the level: for where there is little room."""
    text = decoded(raw)
    found = _RECORD.match(text)
    if found is None:
        return line("          " + marked(text.strip(), MAX_CHARS))
    at, level, _logger, message = found.groups()
    role = "text" if level in ("INFO", "DEBUG") else _LEVELS[level].role
    return line((f" {at[11:19]} ", "muted"), (_with_short_ids(marked(message, MAX_CHARS)), role))


def _time_spans(at: str, times: Times, now: float, *, long: bool) -> list[Span]:
    if times == "off":
        return []
    if times == "UTC":
        return [Span(f"{at[5:10]} {at[11:19]} " if long else f"{at[11:19]} ", "muted")]
    moment = datetime.fromisoformat(at).replace(tzinfo=UTC).timestamp()
    return [Span(f"{wording.duration(now - moment):>8} ", "muted")]


def _short(logger: str) -> str:
    return logger.removeprefix("infernet_tui.")


def _with_short_ids(text: str) -> str:
    """Ids as the rest of the application shows them; the opened line has all of them."""
    return _UUID.sub(r"\1", text)


def highlighted(spans: Line, words: str) -> Line:
    """The line with the words of a filter standing out."""
    wanted = [word for word in words.split() if not (len(word) > 1 and word.startswith("!"))]
    if not wanted:
        return spans
    parts = [
        re.escape(word) if word != word.lower() else f"(?i:{re.escape(word)})" for word in wanted
    ]
    pattern = re.compile(f"({'|'.join(parts)})")
    return tuple(
        Span(piece, "selected" if index % 2 else span.role, span.action)
        for span in spans
        for index, piece in enumerate(pattern.split(span.text))
        if piece
    )


def date_of(raw: bytes) -> str:
    """`2026-11-25 UTC`, or nothing where the line has no time."""
    found = _RECORD.match(decoded(raw[:256]))
    return f"{found[1][:10]} UTC" if found else ""


def whole_line(raw: bytes, width: int) -> list[Line]:
    """One line, all of it, to be read in a dialog."""
    text = decoded(raw)
    found = _RECORD.match(text)
    lines: list[Line] = []
    if found is not None:
        lines = [
            line((" time    ", "muted"), f"{found[1].replace('T', ' ')}Z"),
            line((" level   ", "muted"), _LEVELS[found[2]]),
            line((" from    ", "muted"), marked(found[3], 120)),
            EMPTY,
        ]
        text = found[4]
    shown = marked(text, MAX_CHARS)
    return lines + [line(" " + shown[at : at + width]) for at in range(0, len(shown), width)]


def no_log(path: str, *, trouble: str = "") -> Sequence[Line]:
    """What stands where there is no log."""
    if trouble:
        return [EMPTY, line((f" Cannot read {path}: {trouble}", "error"))]
    return [
        EMPTY,
        line((f" No log at {path}.", "muted")),
        line((" Start the daemon: ", "muted"), ("`infernet start`", "key")),
    ]


def as_file(lines: Sequence[bytes]) -> str:
    """Lines for a file that a terminal may show: nothing in them is acted on."""
    return "".join(plain_text(decoded(each)) + "\n" for each in lines)
