"""`--fields a,b.c`: keep parts of a `--json` document; a list applies the rest to each item."""

from collections.abc import Mapping, Sequence
from typing import Any

from infernet_tui.errors import UsageError

FieldPath = tuple[str, ...]
"""Keys from the outside in: `row.name` is ("row", "name")."""


def parse(text: str) -> tuple[FieldPath, ...]:
    """Read `a,b.c`."""
    return tuple(tuple(path.split(".")) for path in text.replace(" ", "").split(",") if path)


def select(document: Mapping[str, Any], paths: Sequence[FieldPath]) -> dict[str, Any]:
    """The document with only the given paths, in the document's order.

    Raises:
        UsageError: a path begins with a key that the document does not have.
    """
    for path in paths:
        if path[0] not in document:
            raise UsageError(
                f"--fields: there is no `{path[0]}` here.",
                hint=f"--fields {','.join(document)}",
            )
    return {
        key: _inside(value, [path[1:] for path in paths if path[0] == key])
        for key, value in document.items()
        if any(path[0] == key for path in paths)
    }


def _inside(value: Any, paths: Sequence[FieldPath]) -> Any:
    if not all(paths):  # one of them ends here: all of it is wanted
        return value
    if isinstance(value, list):
        return [_inside(item, paths) for item in value]
    if not isinstance(value, Mapping):
        return value
    wanted = {path[0] for path in paths}
    return {
        key: _inside(value.get(key), [path[1:] for path in paths if path[0] == key])
        for key in (*(key for key in value if key in wanted), *(sorted(wanted - value.keys())))
    }
