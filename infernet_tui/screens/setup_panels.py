"""The setup wizard in words: the checklist, a step with what was found, its question, the end."""

import shlex
from dataclasses import dataclass

from infernet_tui.screens.setup_flow import Flow
from infernet_tui.screens.setup_tour import PURPOSES
from infernet_tui.setup.step import Answer, Finding, State, Step
from infernet_tui.text import marked
from infernet_tui.widgets.lines import Line, Span, line
from infernet_tui.widgets.table import Column
from infernet_tui.widgets.wrap import wrap

MAX_CHARS = 600
FINISHED_INDENT = 16
NEXT = (
    ("enter or 7", "ask a first question"),
    ("in a shell", 'infernet "what is 2+2?"'),
    ("1", "Home: what the node does now"),
    ("6", "Earn: where you want to be paid"),
)
"""What to do once setup is complete."""
NO_CONTROL_PLANE = (
    "No control plane anywhere? Quit, and type `infernet up`: it runs one on this machine, "
    "with a node, and needs no setup."
)
WELCOME = (
    "Eight steps make this machine a node. Each looks first, and asks before it changes "
    "anything. You may leave at any time; the next visit goes on here."
)


@dataclass(frozen=True, slots=True)
class Mark:
    """How a step stands: a word, which a glyph and a colour repeat."""

    word: str
    glyph: str
    ascii_glyph: str
    role: str

    def shown(self, *, is_ascii: bool) -> str:
        """The glyph."""
        return self.ascii_glyph if is_ascii else self.glyph


MARKS = {
    "done": Mark("done", "✓", "+", "ok"),
    "skipped": Mark("skipped", "–", "-", "muted"),
    "failed": Mark("FAILED", "✗", "x", "error"),
    "unknown": Mark("unclear", "!", "!", "warn"),
    "next": Mark("next", "▸", ">", "info"),
    "todo": Mark("to do", "·", ".", "muted"),
    "looking": Mark("looking", "▸", ">", "info"),
    "working": Mark("working", "▸", ">", "live"),
}


def name_of(step: Step) -> str:
    """A word for the checklist; the whole title stands beside it."""
    return step.key.capitalize()


def mark_of(flow: Flow, step: Step) -> Mark:
    """How a step stands now."""
    is_current, found = step is flow.step and not flow.is_finished, flow.findings.get(step.key)
    if is_current and flow.doing:
        return MARKS[flow.doing]
    if found is not None and found.state is not State.TODO and not flow.is_skipped(step):
        return MARKS[found.state]
    if flow.is_skipped(step):
        return MARKS["skipped"]
    if found is None and flow.setup.context.state.is_done(step.key):
        return MARKS["done"]
    return MARKS["next" if is_current else "todo"]


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the checklist."""

    index: int
    name: str
    mark: Mark


def rows_of(flow: Flow) -> list[Row]:
    """The checklist."""
    steps = enumerate(flow.steps)
    return [Row(index, name_of(step), mark_of(flow, step)) for index, step in steps]


def checklist_columns(*, is_ascii: bool) -> list[Column[Row]]:
    """Number, name, and the word with its glyph."""
    return [
        Column("number", "", 1, lambda row: str(row.index + 1), lambda row: row.index),
        Column("step", "step", 12, lambda row: row.name, lambda row: row.name),
        Column(
            "state", "", 0,
            lambda row: Span(f"{row.mark.shown(is_ascii=is_ascii)} {row.mark.word}", row.mark.role),
            lambda row: row.mark.word,
        ),
    ]  # fmt: skip


# --- the step that is shown -----------------------------------------------------------------


def step_lines(flow: Flow, width: int, rows: int, *, is_ascii: bool) -> list[Line]:
    """What a step is for, what was found, and what will run."""
    if flow.is_finished:
        return finished_lines(flow, width, is_ascii=is_ascii)
    if flow.doing == "working" and flow.pace is not None:
        return flow.pace.lines(width, rows)
    finding = flow.finding
    if finding is None:
        purpose = _wrapped(PURPOSES[flow.step.key], "muted", width)
        return [*purpose, line((" looking…", "muted"))]
    lines = _finding_lines(flow, finding, width, is_ascii=is_ascii)
    before = _wrapped(WELCOME, "text", width) if flow.is_fresh else []
    before += _passed_lines(flow, width, is_ascii=is_ascii)
    # What went by is on the checklist too: it is only shown where there is room for it.
    has_room = len(before) + 1 + len(lines) <= rows
    return [*before, line(""), *lines] if before and has_room else lines


def _finding_lines(flow: Flow, finding: Finding, width: int, *, is_ascii: bool) -> list[Line]:
    lines: list[Line] = []
    if flow.remark:
        lines += [*_wrapped(flow.remark, "info", width), line("")]
    mark = MARKS["todo" if finding.state is State.TODO else finding.state]
    role = "text" if finding.state is State.TODO else mark.role
    glyph = "" if finding.state is State.TODO else f"{mark.shown(is_ascii=is_ascii)} "
    lines += _wrapped(glyph + finding.summary, role, width)
    purpose = "" if finding.state is State.FAILED else PURPOSES[flow.step.key]
    if why := finding.explanation or purpose:
        lines += _wrapped(why, "muted", width)
    if flow.step.key == "config" and finding.question is not None:
        lines += _wrapped(NO_CONTROL_PLANE, "muted", width)
    if finding.command:
        lines += [line(""), *_labelled("Will run: ", finding.command, width)]
    if finding.hint and finding.hint != finding.command and finding.state is not State.TODO:
        lines += [line(""), *_labelled("The fix: ", finding.hint, width)]
    return lines


def _passed_lines(flow: Flow, width: int, *, is_ascii: bool) -> list[Line]:
    glyph = MARKS["done"].shown(is_ascii=is_ascii)
    lines = []
    for step, finding in flow.passed[-3:]:
        lines += _wrapped(f"{glyph} {name_of(step)}: {finding.summary}", "ok", width)
    return lines


def finished_lines(flow: Flow, width: int, *, is_ascii: bool) -> list[Line]:
    """What to do next, and how each step ended."""
    left = [name_of(step) for step in flow.steps if flow.is_skipped(step)]
    without = f", without: {', '.join(left)}." if left else "."
    rows: list[list[Line]] = [wrap(line((" Setup complete", "ok"), without), width - 1, indent=1)]
    rows.append([line(""), *(line((f" {key:<14}", "key"), words) for key, words in NEXT), line("")])
    for step in flow.steps:
        found = flow.findings.get(step.key)
        if found is None or flow.is_skipped(step):
            continue
        mark = mark_of(flow, step)
        head = (f" {mark.shown(is_ascii=is_ascii)} {name_of(step):<12} ", mark.role)
        why = found.explanation if step.key == "daemon" else ""  # maybe it is not connected yet
        words = ". ".join(filter(None, (found.summary, why)))
        rows.append(wrap(line(head, marked(words, MAX_CHARS)), width - 1, indent=FINISHED_INDENT))
    return [each for lines in rows for each in lines]


def _wrapped(text: str, role: str, width: int) -> list[Line]:
    return wrap(line(" ", (marked(text, MAX_CHARS), role)), width - 1, indent=1)


def _labelled(label: str, command: str, width: int) -> list[Line]:
    spans = line((f" {label}", "muted"), (marked(command, MAX_CHARS), "key"))
    return wrap(spans, width - 1, indent=1)


# --- the same by hand -----------------------------------------------------------------------


def twin_of(step: Step, answer: Answer, asked: Finding | None) -> str:
    """The command that would have done the same."""
    words = shlex.quote(answer) if isinstance(answer, str) else ""
    if asked is not None and asked.command and answer is True:
        return asked.command
    if step.key in ("registration", "daemon"):
        return {"registration": "infernet register", "daemon": "infernet start"}[step.key]
    flags = {"engine": "--backend", "model": "--model", "config": "--url", "identity": "--name"}
    flag = flags.get(step.key)
    return f"infernet setup {flag} {words}" if flag and words else "infernet setup"


# --- what can be done about it --------------------------------------------------------------


def verbs(flow: Flow) -> Line:
    """The buttons below a step."""
    if flow.doing == "working":
        return line(_button("Cancel (c)", "setup.cancel"))
    if flow.doing == "looking":
        return line((" looking…", "muted"))
    spans = [_button(f"{_go_on_words(flow)} (enter)", "setup.continue"), Span("  ")]
    if flow.can_go_back():
        spans += [_button("Back (b)", "setup.back", "tab"), Span("  ")]
    if not flow.is_finished and flow.can_skip():
        spans.append(_button("Skip (x)", "setup.skip", "tab"))
    if not flow.is_finished and flow.can_change():
        spans.append(_button("Change (e)", "setup.change", "tab"))
    return tuple(spans)


def _go_on_words(flow: Flow) -> str:
    finding = flow.finding
    if flow.is_finished:
        return "Ask a question"
    is_stuck = finding is not None and finding.state in (State.FAILED, State.UNKNOWN)
    if finding is not None and is_stuck and finding.question is None:
        return "Try again"
    return "Continue"


def _button(words: str, action: str, role: str = "tab_active") -> Span:
    return Span(f" {words} ", role, action)


def left_words(flow: Flow) -> str | None:
    """What is still to be done when somebody leaves; None if nothing is."""
    open_step = flow.setup.first_open()
    if open_step is not None:
        return f"Setup stopped at step {open_step.number}, {name_of(open_step)}"
    skipped = [name_of(step) for step in flow.steps if flow.is_skipped(step)]
    return f"Setup left out: {', '.join(skipped)}" if skipped else None
