"""Theme files: where they are, and what is in them.

TOML, one theme a file. A file that is wrong becomes a text that names the file, the key, what is
wrong with it and what is allowed; the other themes load all the same.
"""

import re
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from infernet_tui import paths
from infernet_tui.theming.checks import problems_of
from infernet_tui.theming.keys import COLOUR_KEYS, NUMBER_KEYS, REQUIRED_COLOURS, TABLE_KEYS
from infernet_tui.theming.theme import ThemeFile, with_derived

SHIPPED_ORDER = (
    "dark",
    "light",
    "cvd-dark",
    "cvd-light",
    "contrast-dark",
    "contrast-light",
    "ansi",
    "mono",
)
MAX_FILE_BYTES = 64 * 1024
_PACKAGE = Path(__file__).parents[1]
Keys = Mapping[str, Any]
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}")


class LoadedThemes(NamedTuple):
    """Every theme that could be read, and what is wrong with the files that could not."""

    themes: dict[str, ThemeFile]
    """By name: ours first, then the user's."""
    problems: tuple[str, ...]


class ThemeSource(NamedTuple):
    """A file's keys before they are a theme."""

    path: Path
    keys: Keys


def theme_dirs(package: Path = _PACKAGE) -> tuple[Path, Path]:
    """Our themes' folder and the user's; neither needs to exist.

    A wheel carries ours inside the package. A checkout, also one installed as editable, has them
    at its root, where `importlib.resources` would not look.
    """
    packaged, checkout = package / "themes", package.parent
    is_checkout = (checkout / "pyproject.toml").is_file()
    shipped = checkout / "themes" if is_checkout and not packaged.is_dir() else packaged
    return shipped, paths.config_dir() / "themes"


def load_themes(folders: Iterable[Path] | None = None) -> LoadedThemes:
    """Read every theme file; later folders may replace and extend what earlier ones hold."""
    problems: list[str] = []
    themes: dict[str, ThemeFile] = {}
    known: dict[str, Keys] = {}
    for folder in theme_dirs() if folders is None else folders:
        sources = _read_folder(folder, problems)
        complete: dict[str, Keys] = {}
        for name, source in sources.items():
            try:
                complete[name] = _extended(name, sources, known)
            except ValueError as error:
                problems.append(f"{source.path}: {error}")
                continue
            wrong = problems_of(complete[name])
            problems += [f"{source.path}: {problem}" for problem in wrong]
            if not wrong:
                themes[name] = _theme(name, source.path, complete[name])
        known |= {name: keys for name, keys in complete.items() if name in themes}
    return LoadedThemes(dict(sorted(themes.items(), key=_rank)), tuple(problems))


def _rank(item: tuple[str, ThemeFile]) -> tuple[int, str]:
    name = item[0]
    place = SHIPPED_ORDER.index(name) if name in SHIPPED_ORDER else len(SHIPPED_ORDER)
    return place, name


def _read_folder(folder: Path, problems: list[str]) -> dict[str, ThemeSource]:
    """Theme name → what its file says."""
    sources: dict[str, ThemeSource] = {}
    for path in sorted(folder.glob("*.toml")):
        try:
            keys = _read(path)
        except (OSError, ValueError) as error:
            problems.append(f"{path}: cannot be read: {error}")
            continue
        name = keys.get("name", path.stem)
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            problems.append(
                f"{path}: name = {name!r:.40} is not a theme name; "
                "allowed: up to 32 of a–z, 0–9, - and _"
            )
        elif name in sources:
            problems.append(f"{path}: name = {name!r} is taken by {sources[name].path.name}")
        else:
            sources[name] = ThemeSource(path, keys)
    return sources


def _read(path: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        content = file.read(MAX_FILE_BYTES + 1)
    if len(content) > MAX_FILE_BYTES:
        raise ValueError(f"larger than {MAX_FILE_BYTES // 1024} kB")
    return tomllib.loads(content.decode())


def _extended(
    name: str,
    siblings: Mapping[str, ThemeSource],
    known: Mapping[str, Keys],
    extending: tuple[str, ...] = (),
) -> dict[str, Any]:
    """The file's keys over those of the theme that it extends, and so on.

    A theme of the user's may extend the one of ours that it replaces.

    Raises:
        ValueError: there is no such theme, or it extends itself in the end.
    """
    keys = {key: value for key, value in siblings[name].keys.items() if key != "extends"}
    base = siblings[name].keys.get("extends")
    if base is None:
        return keys
    if isinstance(base, str) and base in siblings and base != name:
        if base in extending:
            raise ValueError(f"extends = {base!r} extends itself in the end")
        return _merged(_extended(base, siblings, known, (*extending, name)), keys)
    if isinstance(base, str) and base in known:
        return _merged(known[base], keys)
    allowed = ", ".join(sorted({*known, *siblings} - {name}))
    raise ValueError(f"extends = {base!r:.40} is not a theme; allowed: {allowed}")


def _merged(below: Keys, above: Keys) -> dict[str, Any]:
    merged = {**below, **above}
    for key in TABLE_KEYS:
        older, newer = below.get(key), above.get(key)
        if isinstance(older, dict) and isinstance(newer, dict):
            merged[key] = {**older, **newer}
    return merged


def _theme(name: str, path: Path, keys: Keys) -> ThemeFile:
    colours = {key: str(keys[key]) for key in COLOUR_KEYS if key in keys}
    assert colours.keys() >= REQUIRED_COLOURS.keys()
    return ThemeFile(
        name=name,
        is_dark=bool(keys.get("dark", True)),
        is_ansi=bool(keys.get("ansi", False)),
        colours=with_derived(colours),
        styles=dict(keys.get("styles", {})),
        variables=dict(keys.get("variables", {})),
        numbers={key: float(keys[key]) for key in NUMBER_KEYS if key in keys},
        path=path,
    )
