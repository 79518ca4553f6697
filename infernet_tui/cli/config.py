"""`infernet config show|get|set|path`. Secrets are never shown, and never taken from argv."""

from collections.abc import Iterator, Mapping
from typing import Any

import click

from infernet_tui import config, paths
from infernet_tui.cli.command import pass_output, verb_group
from infernet_tui.cli.output import Output
from infernet_tui.errors import UsageError
from infernet_tui.settings import SETTINGS, nested, resolved, setting, typed_value


def _complete_key(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    return [each.key for each in SETTINGS if each.key.startswith(incomplete)]


def _complete_value(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    choices = {each.key: each.choices for each in SETTINGS}.get(ctx.params.get("key", ""), ())
    return [choice for choice in choices if choice.startswith(incomplete)]


@verb_group("config")
def command() -> None:
    """Show or change config.json."""


@command.command("show")
@click.option("--origin", is_flag=True, help="Say where each value comes from.")
@pass_output
def show(output: Output, origin: bool) -> None:
    """Show every setting that has a value."""
    values = resolved(config.load())
    document = {
        "path": str(paths.config_file()),
        "config": nested({key: value for key, (value, _) in values.items()}),
        "origins": {key: source for key, (_, source) in values.items()},
    }
    rows = [
        (key, text, *([source] if origin else []))
        for whole_key, (value, source) in values.items()
        for key, text in _spread(whole_key, value)
    ]
    headers = ["KEY", "VALUE", *(["ORIGIN"] if origin else [])]
    output.show("config", document, lambda: output.table(headers, rows))


def _spread(key: str, value: Any) -> Iterator[tuple[str, Any]]:
    """One row a value; an object has one for each of its keys."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _spread(f"{key}.{name}", inner)
    elif value is not None:
        yield key, value


@command.command("get")
@click.argument("key", shell_complete=_complete_key)
@pass_output
def get(output: Output, key: str) -> None:
    """Print one value."""
    wanted = setting(key)
    if wanted.is_secret:
        raise UsageError(
            f"`{wanted.key}` is a secret and is not printed.",
            hint=f"read {paths.config_file()} yourself",
        )
    value, origin = resolved(config.load())[wanted.key]
    document = {"key": wanted.key, "value": value, "origin": origin}
    output.show("setting", document, lambda: _lines(output, value))


def _lines(output: Output, value: Any) -> list[str]:
    if isinstance(value, Mapping):
        return output.table(("KEY", "VALUE"), list(value.items()))
    return ["" if value is None else str(value)]


@command.command("set")
@click.argument("key", shell_complete=_complete_key)
@click.argument("value", shell_complete=_complete_value)
@pass_output
def set_(output: Output, key: str, value: str) -> None:
    """Set one value; an empty VALUE ("") removes it."""
    wanted = setting(key)
    parsed = typed_value(wanted, value)
    if wanted.section == "node":
        config.load().require_node()  # a name without a key would look like an identity
    config.update({wanted.section: {wanted.name: parsed}})
    document = {"key": wanted.key, "value": parsed, "origin": "config"}
    output.show("setting", document, lambda: [f"{wanted.key} = {'' if parsed is None else parsed}"])


@command.command("path")
@pass_output
def path(output: Output) -> None:
    """Print where config.json is."""
    file = paths.config_file()
    document = {"path": str(file), "exists": file.exists()}
    output.show("config_path", document, lambda: [str(file)])
