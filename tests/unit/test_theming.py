"""Themes: readable by everybody, found wherever we are installed, and honest about mistakes."""

import asyncio
import subprocess
import sys
import tomllib
from itertools import combinations
from pathlib import Path

import pytest
from textual.app import App
from textual.theme import BUILTIN_THEMES

from infernet_tui.theming import (
    ROLES,
    LoadedThemes,
    ThemeFile,
    ThemeWatcher,
    initial_glyphs,
    initial_theme,
    load_themes,
    theme_dirs,
)
from tests.support.colour_vision import VISIONS, contrast, difference

ROOT = Path(__file__).parents[2]
NAMES = (
    *("dark", "light", "cvd-dark", "cvd-light", "contrast-dark", "contrast-light"),
    *("ansi", "mono"),
)
COLOURED = NAMES[:6]
STATES = ("ok", "warn", "error", "info")
LEAST_DIFFERENCE = {"cvd-dark": 30, "cvd-light": 30}
WHOLE = """
background = "black"
foreground = "white"
muted = "silver"
ok = "lime"
warn = "yellow"
error = "red"
info = "aqua"
accent = "aqua"
frame = "gray"
cursor = "navy"
selection = "navy"
graph = "aqua"
"""


def shipped(name: str) -> ThemeFile:
    return load_themes().themes[name]


def written(folder: Path, name: str, text: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.toml"
    path.write_text(text)
    return path


def problems(tmp_path: Path, text: str) -> str:
    """What loading says about this user's theme, which must not be among the themes then."""
    written(tmp_path / "themes", "mine", text)
    loaded = load_themes((ROOT / "themes", tmp_path / "themes"))
    assert "mine" not in loaded.themes
    assert set(loaded.themes) == set(NAMES)
    assert all("mine.toml" in problem for problem in loaded.problems)
    return "\n".join(loaded.problems)


# --- what people see ---------------------------------------------------------------------------


@pytest.mark.parametrize("name", COLOURED)
def test_every_text_can_be_read(name: str) -> None:
    colours = shipped(name).colours
    least = 7.0 if name.startswith("contrast-") else 4.5
    texts = {ROLES[role].colour for role in ROLES if ROLES[role].background is None} - {"frame"}
    weak = {
        (text, behind): round(contrast(colours[text], colours[behind]), 2)
        for text in texts
        for behind in ("background", "panel")
        if contrast(colours[text], colours[behind]) < least
    }
    assert weak == {}
    on_colour = [role for role in ROLES.values() if role.background]
    for role in on_colour:
        assert contrast(colours[role.colour], colours[role.background or ""]) >= least, role


@pytest.mark.parametrize("vision", VISIONS)
@pytest.mark.parametrize("name", [name for name in COLOURED if name != "light"])
def test_states_differ_for_every_eye(name: str, vision: str) -> None:
    # `light` is only reported: its ok and error are ΔE 5 apart for deuteranopes (use cvd-light).
    colours = shipped(name).colours
    pairs = combinations(STATES, 2)
    least = min(difference(colours[one], colours[other], vision) for one, other in pairs)
    assert least >= LEAST_DIFFERENCE.get(name, 10)


def test_mono_has_attributes_and_no_colour_at_all() -> None:
    theme = shipped("mono")
    styles = theme.palette().values()
    assert {(style.color, style.bgcolor) for style in styles} == {(None, None)}
    assert not any(style.dim for style in styles)
    assert theme.palette()["cursor"].reverse
    variables = theme.as_textual().variables
    named = {value for value in variables.values() if value.startswith(("ansi_", "#"))}
    assert named == {"ansi_default"}


def test_ansi_uses_the_sixteen_colours_of_the_terminal() -> None:
    palette = shipped("ansi").palette()
    colours = [colour for style in palette.values() for colour in (style.color, style.bgcolor)]
    assert all(colour is None or (colour.number or 16) < 16 for colour in colours)
    assert palette["ok"] != palette["error"]


@pytest.mark.parametrize("name", NAMES)
async def test_every_theme_dresses_an_app_with_our_variables(name: str) -> None:
    class Bare(App[None]):
        CSS = "Screen { background: $background; color: $ok; border: round $frame-focus; }"

    app = Bare()
    app.register_theme(shipped(name).as_textual())
    app.theme = name
    async with app.run_test():
        assert app.screen.styles.color.rich_color.name


def test_every_theme_of_textual_has_a_palette_too() -> None:
    for theme in BUILTIN_THEMES.values():
        assert set(ThemeFile.of_textual(theme).palette()) == set(ROLES)


# --- where they are found ----------------------------------------------------------------------


def test_all_shipped_themes_load_in_their_order_and_nothing_is_wrong() -> None:
    loaded = load_themes()
    assert tuple(loaded.themes) == NAMES
    assert loaded.problems == ()


def test_a_checkout_has_them_at_its_root_and_a_wheel_inside_the_package(tmp_path: Path) -> None:
    assert theme_dirs()[0] == ROOT / "themes"
    package = tmp_path / "site-packages" / "infernet_tui"
    written(package / "themes", "dark", WHOLE)
    written(tmp_path / "site-packages" / "themes", "stray", WHOLE)  # some other project's
    shipped_folder, users = theme_dirs(package)
    assert shipped_folder == package / "themes"
    assert users == tmp_path / "config" / "infernet" / "themes"
    assert set(load_themes((shipped_folder, users)).themes) == {"dark"}


def test_the_wheel_gets_the_themes_and_nothing_can_import_them() -> None:
    wheel = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]
    included = wheel["targets"]["wheel"]["force-include"]
    assert included == {"themes": "infernet_tui/themes"}
    assert "themes" not in wheel["targets"]["wheel"]["packages"]
    assert not list((ROOT / "themes").glob("*.py"))
    program = (
        "import importlib.util, sys; import infernet_tui.theming; "
        "spec = importlib.util.find_spec('themes'); "
        "sys.exit(spec is not None and spec.origin is not None)"
    )
    assert subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=False).returncode == 0


# --- the user's own ----------------------------------------------------------------------------


def test_a_user_extends_a_theme_and_changes_what_differs(tmp_path: Path) -> None:
    text = 'extends = "dark"\nok = "#00ff00"\n[styles]\nmuted = "italic"\n'
    written(tmp_path / "config" / "infernet" / "themes", "mine", text)
    mine, dark = load_themes().themes["mine"], shipped("dark")
    assert mine.colours["ok"] == mine.colours["success"] == "#00ff00"
    assert mine.colours["background"] == dark.colours["background"]
    assert mine.palette()["muted"].italic
    assert mine.path is not None


def test_a_user_may_replace_one_of_ours_and_extend_it_at_once(tmp_path: Path) -> None:
    users = tmp_path / "themes"
    written(users, "dark", 'extends = "dark"\naccent = "#ff00ff"\n')
    written(users, "mine", 'extends = "dark"\n')
    loaded = load_themes((ROOT / "themes", users))
    assert loaded.problems == ()
    assert loaded.themes["dark"].colours["accent"] == "#ff00ff"
    assert loaded.themes["mine"].colours["accent"] == "#ff00ff"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (WHOLE + 'acent = "red"', "acent is not a theme key; did you mean accent?"),
        (WHOLE + "zzz = 1", "zzz is not a theme key; allowed: name, extends, dark"),
        (WHOLE + 'title = "#12"', "title = '#12' is not a colour; allowed: \"#rrggbb\""),
        (WHOLE + 'title = "#11223344"', "title = '#11223344' is not a colour"),
        (WHOLE + "title = 7", "title = 7 is not a colour"),
        (WHOLE + 'dark = "yes"', "dark = 'yes' must be true or false"),
        (WHOLE + "text_alpha = 3", "text_alpha = 3 must be a number from 0 to 1"),
        (
            WHOLE + '[styles]\ncursr = "bold"',
            "cursr is not a role in [styles]; did you mean cursor?",
        ),
        (WHOLE + '[styles]\ncursor = "dim"', "styles.cursor = 'dim' is not a style; allowed: none"),
        (WHOLE + 'styles = "bold"', "styles = 'bold' must be a table"),
        (WHOLE + '[variables]\nbordr = "red"', "did you mean border?"),
        (WHOLE + "[variables]\nborder = 1", "variables.border = 1 must be text"),
        ('ok = "lime"', "lacks background, foreground, muted, warn, error"),
        ('extends = "drak"', "extends = 'drak' is not a theme; allowed: ansi, contrast-dark"),
        ('extends = "mine"', "extends = 'mine' is not a theme; allowed: ansi"),
        ("extends = []", "extends = [] is not a theme"),
        ("ok = ", "cannot be read: Invalid value"),
        ('name = "../../x"', "name = '../../x' is not a theme name"),
        ("name = 3", "name = 3 is not a theme name"),
    ],
)
def test_a_wrong_theme_is_named_with_what_is_wrong_and_what_is_right(
    tmp_path: Path, text: str, said: str
) -> None:
    assert said in problems(tmp_path, text)


def test_themes_that_extend_each_other_in_a_circle_are_refused(tmp_path: Path) -> None:
    written(tmp_path, "one", 'extends = "other"')
    written(tmp_path, "other", 'extends = "one"')
    loaded = load_themes((tmp_path,))
    assert loaded.themes == {}
    assert len(loaded.problems) == 2
    assert "extends itself" in loaded.problems[0]


def test_two_files_with_one_name_are_told_apart(tmp_path: Path) -> None:
    written(tmp_path, "a", 'name = "mine"\n' + WHOLE)
    written(tmp_path, "b", 'name = "mine"\n' + WHOLE)
    loaded = load_themes((tmp_path,))
    assert list(loaded.themes) == ["mine"]
    assert "b.toml: name = 'mine' is taken by a.toml" in loaded.problems[0]


def test_a_file_that_is_no_text_or_far_too_large_is_only_a_problem(tmp_path: Path) -> None:
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe\x00")
    written(tmp_path, "large", "# " + "x" * 70_000)
    assert len(load_themes((tmp_path,)).problems) == 2


async def test_saving_a_theme_is_noticed_and_so_is_a_mistake_in_it(tmp_path: Path) -> None:
    users = tmp_path / "themes"
    seen: asyncio.Queue[LoadedThemes] = asyncio.Queue()
    watcher = ThemeWatcher(
        seen.put_nowait, folders=(ROOT / "themes", users), interval_seconds=0.005
    )
    watching = asyncio.create_task(watcher.run())
    try:
        written(users, "mine", 'extends = "light"\n')
        assert "mine" in (await asyncio.wait_for(seen.get(), 10)).themes
        written(users, "mine", 'extends = "light"\nok = "nonsense"\n')
        loaded = await asyncio.wait_for(seen.get(), 10)
        while "mine" in loaded.themes:  # it was looked at between truncating and writing
            loaded = await asyncio.wait_for(seen.get(), 10)
        assert "mine.toml" in loaded.problems[0]
    finally:
        watching.cancel()


# --- which one ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("configured", "environ", "chosen"),
    [
        (None, {}, "dark"),
        ("light", {"TERM": "xterm-256color"}, "light"),
        ("light", {"NO_COLOR": "1"}, "mono"),
        ("light", {"NO_COLOR": ""}, "light"),
        ("light", {"TERM": "vt100"}, "ansi"),
        (None, {"TERM": "linux", "NO_COLOR": "1"}, "mono"),
    ],
)
def test_the_terminal_has_the_first_word_on_the_theme(
    configured: str | None, environ: dict[str, str], chosen: str
) -> None:
    assert initial_theme(configured, environ) == chosen


@pytest.mark.parametrize(
    ("configured", "encoding", "chosen"),
    [
        (None, "utf-8", "block"),
        ("braille", "UTF8", "braille"),
        ("nonsense", "utf-8", "block"),
        ("braille", "iso8859-1", "ascii"),
        (None, None, "ascii"),
        (None, "no such encoding", "ascii"),
    ],
)
def test_a_stream_that_is_not_utf8_gets_ascii(
    configured: str | None, encoding: str | None, chosen: str
) -> None:
    assert initial_glyphs(configured, encoding) == chosen
