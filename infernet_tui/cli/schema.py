"""`infernet schema [NAME]`: the JSON Schemas of the machine output, as shipped in the package."""

from pathlib import Path
from typing import Any

import click

from infernet_tui.cli.command import pass_output, verb
from infernet_tui.cli.output import Output
from infernet_tui.errors import UsageError

FOLDER = Path(__file__).with_name("schemas")


def schema_names() -> list[str]:
    """Names without `infernet.` and version, like `status`."""
    return sorted(path.stem for path in FOLDER.glob("*.json"))


def load_schema(name: str) -> dict[str, Any]:
    """The schema of `status`, `infernet.status` or `infernet.status/1`.

    Raises:
        UsageError: there is none of that name.
    """
    import json

    short = name.removeprefix("infernet.").removesuffix("/1")
    if short not in schema_names():
        raise UsageError(f"There is no schema `{name}`.", hint="infernet schema")
    schema: dict[str, Any] = json.loads((FOLDER / f"{short}.json").read_text("utf-8"))
    return schema


def _complete(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    return [name for name in schema_names() if name.startswith(incomplete)]


@verb("schema")
@click.argument("name", required=False, shell_complete=_complete)
@pass_output
def command(output: Output, name: str | None) -> None:
    """Print the JSON Schema of a --json output.

    Without NAME, list the names. A schema is printed as it is, also with --json.
    """
    if name is None:
        names = [f"infernet.{short}/1" for short in schema_names()]
        output.show("schemas", {"schemas": names, "next": None}, lambda: names)
        return
    import json

    output.line(json.dumps(load_schema(name), indent=2))
