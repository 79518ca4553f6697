"""Settings and keys in words: the rows of both tables, and what the pane says about one of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from infernet_tui import key_map
from infernet_tui.actions import ACTIONS, UserAction
from infernet_tui.settings import SETTINGS, Setting
from infernet_tui.text import marked
from infernet_tui.widgets.chrome import key_name
from infernet_tui.widgets.lines import EMPTY, Line, Span, line
from infernet_tui.widgets.log_view import folded
from infernet_tui.widgets.table import Column

GROUPS = {
    "controlPlane": "network", "node": "node", "engine": "engine", "auth": "account",
    "tui": "terminal",
}  # fmt: skip
AT_ONCE, NODE_RESTARTS = "at once", "when the node restarts"
NEXT_TIME = "when infernet tui is opened again"
_NEXT_TIME = ("tui.mouse", "tui.reduce_motion")
MAX_CHARS = 400


@dataclass(frozen=True, slots=True)
class SettingRow:
    """One setting."""

    id: str
    """Its key."""
    group: str
    name: str
    value: str | None
    source: str
    """config, environment NAME or default."""
    effect: str
    """When a change takes effect."""
    about: str


@dataclass(frozen=True, slots=True)
class KeyRow:
    """One action with its keys."""

    id: str
    name: str
    where: str
    keys: str
    """As a person calls them."""
    default: str
    note: str
    """What is special: changed, or a conflict."""


def setting_rows(values: Mapping[str, tuple[Any, str]]) -> list[SettingRow]:
    """A row a setting, in the order of the file."""
    return [_setting_row(each, *values[each.key]) for each in SETTINGS]


def _setting_row(each: Setting, value: Any, source: str) -> SettingRow:
    if isinstance(value, Mapping):
        value = f"{len(value)} changed"
    shown = None if value is None or value == "" else marked(str(value), MAX_CHARS)
    return SettingRow(
        each.key, GROUPS[each.section], each.name, shown, source, effect_of(each), each.about
    )


def effect_of(each: Setting) -> str:
    """When a change of a setting takes effect."""
    if each.section != "tui":
        return NODE_RESTARTS
    return NEXT_TIME if each.key in _NEXT_TIME else AT_ONCE


def setting_columns() -> list[Column[SettingRow]]:
    """The table of settings."""
    return [
        Column[SettingRow](
            "group", "GROUP", 8, lambda row: Span(row.group, "muted"), lambda row: row.group
        ),
        Column[SettingRow]("setting", "SETTING", 18, lambda row: row.name, lambda row: row.id),
        Column[SettingRow]("value", "VALUE", 0, _value_cell, lambda row: row.value),
        Column[SettingRow]("source", "SOURCE", 14, _source_cell, lambda row: row.source),
        Column[SettingRow](
            "effect", "TAKES EFFECT", 24, lambda row: Span(row.effect, "muted"),
            lambda row: row.effect, rank=1,
        ),
    ]  # fmt: skip


def _value_cell(row: SettingRow) -> Span:
    return Span("not set", "muted") if row.value is None else Span(row.value)


def _source_cell(row: SettingRow) -> Span:
    role = {"config": "info", "default": "muted"}.get(row.source, "accent")
    return Span(row.source.replace("environment ", "$"), role)


def setting_text(row: SettingRow) -> str:
    """What the filter looks in."""
    return f"{row.id} {row.group} {row.value or ''} {row.source} {row.about}"


def setting_detail(
    each: Setting, row: SettingRow, width: int, problems: Sequence[str]
) -> list[Line]:
    """The sentence, what it may be, when it takes effect, and the command."""
    lines = folded(line(" " + each.about), width)
    fact = _fact("from", row.source)
    if each.default is not None and row.source != "default":
        fact = _fact("from", f"{row.source} (default {each.default})")
    lines.append(fact)
    if each.choices:
        lines += folded(_fact("one of", ", ".join(each.choices)), width)
    if each.is_secret:
        lines.append(_fact("secret", "never shown, never typed here"))
    if each.managed_by:
        lines.append(_fact("set by", Span(each.managed_by, "key")))
    else:
        lines.append(_fact("applies", row.effect))
        lines.append(_fact("by hand", Span(f"infernet config set {each.key} <value>", "key")))
    for problem in problems:
        lines += folded(_fact("problem", Span(marked(problem, MAX_CHARS), "warn")), width)
    return lines


def key_rows(custom: Mapping[str, str]) -> list[KeyRow]:
    """A row an action, and one for each id in `tui.keys` that is no action's."""
    rows = [_key_row(action, custom) for action in ACTIONS]
    rows += [
        KeyRow(marked(name, 60), marked(name, 60), "-", marked(custom[name], 40), "-",
               "no such action; x removes it")
        for name in key_map.unknown_ids(custom)
    ]  # fmt: skip
    return rows


def _key_row(action: type[UserAction], custom: Mapping[str, str]) -> KeyRow:
    keys = key_map.keys_of(action, custom)
    note = "changed" if action.id in custom else ""
    if found := key_map.rivals(action, keys, custom):
        note = f"conflict: also “{found[0].palette}”"
    return KeyRow(
        action.id,
        action.palette,
        ", ".join(action.screens) or "everywhere",
        _names(keys),
        _names(tuple(action.key.split(","))),
        note,
    )


def _names(keys: Sequence[str]) -> str:
    return marked(" ".join(key_name(key.strip()) for key in keys), 40)


def key_columns() -> list[Column[KeyRow]]:
    """The table of keys."""
    return [
        Column[KeyRow]("action", "ACTION", 30, lambda row: row.name, lambda row: row.name),
        Column[KeyRow](
            "key", "KEY", 8, lambda row: Span(row.keys, "key"), lambda row: row.keys
        ),
        Column[KeyRow](
            "where", "WHERE", 13, lambda row: Span(row.where, "muted"), lambda row: row.where
        ),
        Column[KeyRow]("note", "NOTE", 0, _note_cell, lambda row: row.note),
    ]  # fmt: skip


def _note_cell(row: KeyRow) -> Span:
    return Span(row.note, "info" if row.note == "changed" else "warn")


def key_detail(row: KeyRow, action: type[UserAction] | None, width: int) -> list[Line]:
    """What the action does, its key and the default."""
    if action is None:
        return [line((f" tui.keys names {row.id}, which is no action here.", "warn"))]
    lines = folded(line(" " + action.help()), width)
    default = "" if row.keys == row.default else f" (default {row.default})"
    lines.append(_fact("key", row.keys + default))
    lines += folded(_fact("where", row.where), width)
    if action.twin:
        lines.append(_fact("by hand", Span(action.twin, "key")))
    if row.note:
        lines += folded(_fact("note", _note_cell(row)), width)
    return lines


def identity_facts(node: Mapping[str, Any], npub: str | None) -> list[tuple[str, str]]:
    """Who this node is."""
    return [
        ("name", marked(str(node.get("name") or "-"), 60)),
        ("role", marked(str(node.get("role") or "-"), 20)),
        ("node id", marked(str(node.get("nodeId") or "-"), 60)),
        ("npub", npub or "-"),
        ("public key", marked(str(node.get("publicKey") or "-"), 64)),
    ]


def identity_lines(facts: Sequence[tuple[str, str]], width: int) -> list[Line]:
    """The same as lines."""
    lines: list[Line] = []
    for name, value in facts:
        lines.append(line((f" {name}", "muted")))
        lines += [line("  " + value[at : at + width - 3]) for at in range(0, len(value), width - 3)]
    return [*lines, EMPTY, line((" i copies the npub", "muted"))]


def _fact(name: str, value: "str | Span") -> Line:
    return line((f" {name:<8}", "muted"), value)
