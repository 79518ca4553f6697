"""A framed panel: title, a fact at the right of the title, lines, and a place to scroll.

The frame is drawn by the panel itself, so that a new figure in the title repaints one line. Focus
is a double frame and a `>`: it is seen without colour.
"""

from collections.abc import Sequence
from typing import NamedTuple

from textual import events
from textual.geometry import Size

from infernet_tui.widgets.lines import EMPTY, Line, Lines, Span, clip, fit, width_of


class Frame(NamedTuple):
    """The characters of a frame."""

    top_left: str
    top: str
    top_right: str
    side: str
    bottom_left: str
    bottom_right: str


PLAIN = Frame("┌", "─", "┐", "│", "└", "┘")
FOCUSED = Frame("╔", "═", "╗", "║", "╚", "╝")
ASCII = Frame("+", "-", "+", "|", "+", "+")
ASCII_FOCUSED = Frame("#", "=", "#", "#", "#", "#")


class Panel(Lines):
    """Lines in a frame. Longer content scrolls with the arrow keys and the wheel."""

    DEFAULT_CSS = """
    Panel { width: 1fr; height: 1fr; }
    """

    def __init__(
        self,
        title: str = "",
        *,
        id: str | None = None,
        classes: str | None = None,
        focusable: bool = False,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self.can_focus = focusable
        self.title = title
        self.info = ""
        self.foot = ""
        self.body: Sequence[Line] = ()
        self.top = 0
        """Index of the first body line in view."""

    # --- what it shows ----------------------------------------------------------------------

    def fill(self, body: Sequence[Line], *, info: str = "", foot: str = "") -> None:
        """Show `body` under the title, `info` at the title's right, `foot` in the lower edge."""
        self.body, self.info, self.foot = body, info, foot
        self.redraw()

    def redraw(self) -> None:
        """Lay the frame around what is in view now."""
        width, height = self.size
        if width < 4 or height < 2:
            return
        inner, rows = width - 2, height - 2
        self.top = max(0, min(self.top, len(self.body) - rows))
        frame = self._frame()
        role = "frame_focus" if self.has_focus else "frame"
        edge = Span(frame.side, role)
        lines = [self._top_line(frame, role, inner)]
        for index in range(self.top, self.top + rows):
            spans = self.body[index] if index < len(self.body) else EMPTY
            lines.append((edge, *_filled(spans, inner), edge))
        lines.append(self._bottom_line(frame, role, inner))
        self.show(lines)

    @property
    def rows(self) -> int:
        """Body lines that fit."""
        return max(0, self.size.height - 2)

    @property
    def columns(self) -> int:
        """Cells in a body line."""
        return max(0, self.size.width - 2)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """The body and the frame."""
        return len(self.body) + 2

    def _frame(self) -> Frame:
        if self.cockpit.glyphs == "ascii":
            return ASCII_FOCUSED if self.has_focus else ASCII
        return FOCUSED if self.has_focus else PLAIN

    def _top_line(self, frame: Frame, role: str, inner: int) -> Line:
        marker = ">" if self.has_focus else " "
        title = f"{marker}{self.title} " if self.title else ""
        info = f" {self.info} " if self.info else ""
        title = title if len(title) <= inner else fit(title, inner)
        info = info if len(info) + len(title) < inner else ""
        rule = frame.top * (inner - width_of([Span(title), Span(info)]))
        return (
            Span(frame.top_left, role),
            Span(title, "title"),
            Span(rule, role),
            Span(info, "muted"),
            Span(frame.top_right, role),
        )

    def _bottom_line(self, frame: Frame, role: str, inner: int) -> Line:
        hidden = len(self.body) - self.rows
        foot = self.foot
        if hidden > 0 and not foot:
            foot = f"{self.top + 1}-{self.top + self.rows} of {len(self.body)}"
        foot = f" {foot} " if foot else ""
        foot = foot if len(foot) < inner else ""
        rule = frame.top * (inner - width_of([Span(foot)]) - (1 if foot else 0))
        end = frame.top if foot else ""
        return (
            Span(frame.bottom_left, role),
            Span(rule, role),
            Span(foot, "muted"),
            Span(end, role),
            Span(frame.bottom_right, role),
        )

    # --- what happens to it -----------------------------------------------------------------

    def on_resize(self, event: events.Resize) -> None:
        """Lay it out for the new size."""
        self._strips.clear()
        self.redraw()

    def on_focus(self) -> None:
        """Show where the keys go."""
        self.redraw()

    def on_blur(self) -> None:
        """And where they do not."""
        self.redraw()

    def scroll_body(self, by: int) -> None:
        """Move the view."""
        before = self.top
        self.top = max(0, min(self.top + by, len(self.body) - self.rows))
        if self.top != before:
            self.redraw()

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Wheel."""
        event.stop()
        self.scroll_body(3)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Wheel."""
        event.stop()
        self.scroll_body(-3)

    def on_key(self, event: events.Key) -> None:
        """Arrow keys and their letters move the view of a panel that has the focus."""
        steps = {"down": 1, "j": 1, "up": -1, "k": -1, "pagedown": self.rows, "pageup": -self.rows,
                 "ctrl+d": self.rows // 2, "ctrl+u": -(self.rows // 2), "home": -len(self.body),
                 "end": len(self.body), "g": -len(self.body), "G": len(self.body)}  # fmt: skip
        if event.key in steps or event.character in steps:
            event.stop()
            self.scroll_body(steps.get(event.key, steps.get(event.character or "", 0)))


def _filled(spans: Sequence[Span], width: int) -> Line:
    used = width_of(spans)
    if used > width:
        return clip(spans, width)
    return (*spans, Span(" " * (width - used)))
