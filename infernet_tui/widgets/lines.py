"""Text in styled lines, painted line by line: what every panel of ours is made of.

A line is a sequence of spans; a span is text, the name of a style role (`theming.Palette`) and,
optionally, the action that a click on it runs. Showing new lines repaints those that differ and
nothing else, which is what keeps a screen that ticks each second cheap over SSH.
"""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple, cast

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Region, Size
from textual.strip import Strip
from textual.widget import Widget

if TYPE_CHECKING:
    from infernet_tui.app import Cockpit


class Span(NamedTuple):
    """A piece of a line."""

    text: str
    role: str = "text"
    action: str | None = None
    """Id of the user action, or `row:<n>`, that a click on it means."""


Line = tuple[Span, ...]
EMPTY: Line = ()


def line(*parts: "str | Span | tuple[str, str]") -> Line:
    """A line of texts, `(text, role)` pairs and spans."""
    return tuple(
        part if isinstance(part, Span) else Span(part) if isinstance(part, str) else Span(*part)
        for part in parts
    )


def width_of(spans: Iterable[Span]) -> int:
    """Cells that a line takes."""
    return sum(cell_len(span.text) for span in spans)


def fit(text: str, width: int, *, right: bool = False) -> str:
    """`text` in exactly `width` cells: padded, or cut with an ellipsis."""
    if width <= 0:
        return ""
    size = len(text) if text.isascii() else cell_len(text)
    if size > width:
        return _cut(text, width)
    space = " " * (width - size)
    return space + text if right else text + space


def _cut(text: str, width: int) -> str:
    kept, used = [], 0
    for char in text:
        used += cell_len(char)
        if used > width - 1:
            break
        kept.append(char)
    cut = "".join(kept) + "…"
    return cut + " " * (width - cell_len(cut))


def spread(left: Sequence[Span], right: Sequence[Span], width: int) -> Line:
    """A line with `left` at its beginning and `right` at its end; `left` gives way."""
    gap = width - width_of(left) - width_of(right)
    if gap >= 1:
        return (*left, Span(" " * gap), *right)
    return (*clip(left, max(0, width - width_of(right) - 1)), Span(" "), *right)


def clip(spans: Sequence[Span], width: int) -> Line:
    """The first `width` cells of a line."""
    kept: list[Span] = []
    for span in spans:
        size = cell_len(span.text)
        if size > width:
            if width > 0:
                kept.append(span._replace(text=fit(span.text, width)))
            break
        kept.append(span)
        width -= size
    return tuple(kept)


def beside(*blocks: tuple[Sequence[Line], int]) -> list[Line]:
    """Blocks of lines next to each other, each in so many cells."""
    rows: list[Line] = []
    for index in range(max((len(block) for block, _ in blocks), default=0)):
        spans: list[Span] = []
        for block, width in blocks:
            part = clip(block[index], width) if index < len(block) else EMPTY
            spans += [*part, Span(" " * (width - width_of(part)))]
        rows.append(tuple(spans))
    return rows


def _changed(before: Line, after: Line, y: int, width: int) -> Region:
    """The part of line `y` in which two versions of it differ."""
    left = 0
    for old, new in zip(before, after, strict=False):
        if old != new:
            break
        left += cell_len(new.text)
    if width_of(before) != width_of(after):
        return Region(left, y, max(1, width - left), 1)
    right = 0
    for old, new in zip(reversed(before), reversed(after), strict=False):
        if old != new:
            break
        right += cell_len(new.text)
    return Region(left, y, max(1, min(width, width_of(after)) - left - right), 1)


class Lines(Widget):
    """Shows lines. Subclasses call `show`; what is behind a click goes to the application."""

    DEFAULT_CSS = """
    Lines { height: auto; background: $background; }
    """

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._lines: Sequence[Line] = ()
        self._strips: dict[int, Strip] = {}
        self._strips_for: tuple[int, object] = (0, None)

    @property
    def cockpit(self) -> "Cockpit":
        """The application, with its palette and store."""
        return cast("Cockpit", self.app)

    @property
    def lines(self) -> Sequence[Line]:
        """What is shown."""
        return self._lines

    def show(self, lines: Sequence[Line]) -> None:
        """Show these lines; only those that differ are painted."""
        old, self._lines = self._lines, lines
        if len(old) != len(lines) and self.styles.height is not None and self.styles.height.is_auto:
            self._strips.clear()
            self.refresh(layout=True)
            return
        width, regions = self.size.width, []
        padding = (self.gutter.left, self.gutter.top)
        for y in range(max(len(old), len(lines))):
            before = old[y] if y < len(old) else EMPTY
            after = lines[y] if y < len(lines) else EMPTY
            if before != after:
                self._strips.pop(y, None)
                regions.append(_changed(before, after, y, width).translate(padding))
        if regions:
            self.refresh(*regions)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """One row a line."""
        return len(self._lines)

    def render_line(self, y: int) -> Strip:
        """The line at `y`, from the cache when it did not change."""
        width, palette = self.size.width, self.cockpit.palette
        if self._strips_for[0] != width or self._strips_for[1] is not palette:
            self._strips.clear()
            self._strips_for = (width, palette)
        strip = self._strips.get(y)
        if strip is None:
            spans = self._lines[y] if y < len(self._lines) else EMPTY
            strip = self._strips[y] = self.paint(spans, self.size.width)
        return strip

    def paint(self, spans: Sequence[Span], width: int) -> Strip:
        """Spans as a strip of exactly `width` cells, on the widget's own background."""
        palette = self.cockpit.palette
        behind = Style(bgcolor=self.background_colors[1].rich_color)
        segments: list[Segment] = []
        for span in spans:
            style = behind + palette[span.role]
            if segments and segments[-1].style == style:  # each style costs forty bytes over SSH
                segments[-1] = Segment(segments[-1].text + span.text, style)
            elif span.text:
                segments.append(Segment(span.text, style))
        return Strip(segments).adjust_cell_length(width, behind)

    def repaint(self) -> None:
        """Paint everything anew: the theme or the glyphs changed."""
        self._strips.clear()
        self.refresh()

    def action_at(self, x: int, y: int) -> str | None:
        """The action of the span at a place."""
        if not 0 <= y < len(self._lines):
            return None
        for span in self._lines[y]:
            x -= cell_len(span.text)
            if x < 0:
                return span.action
        return None

    def on_click(self, event: events.Click) -> None:
        """Run what is behind the span."""
        if action := self.action_at(event.x, event.y):
            event.stop()
            self.cockpit.run_user_action(action)
