"""`infernet config show|get|set|path`. Secrets are never shown, and never taken from argv."""

import click

from infernet_tui import config, paths
from infernet_tui.cli.command import pass_output, verb_group
from infernet_tui.cli.output import Output
from infernet_tui.cli.settings import SETTINGS, nested, resolved, setting
from infernet_tui.errors import UsageError


def _complete_key(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    return [each.key for each in SETTINGS if each.key.startswith(incomplete)]


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
        (key, value, *([source] if origin else []))
        for key, (value, source) in values.items()
        if value is not None
    ]
    headers = ["KEY", "VALUE", *(["ORIGIN"] if origin else [])]
    output.show("config", document, lambda: output.table(headers, rows))


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
    output.show("setting", document, lambda: ["" if value is None else str(value)])


@command.command("set")
@click.argument("key", shell_complete=_complete_key)
@click.argument("value")
@pass_output
def set_(output: Output, key: str, value: str) -> None:
    """Set one value; an empty VALUE ("") removes it."""
    wanted = setting(key)
    if wanted.managed_by:
        raise UsageError(
            f"`{wanted.key}` is not set by hand: {wanted.managed_by} writes it.",
            hint=wanted.managed_by,
        )
    parsed = wanted.parse(value)
    if wanted.key == "controlPlane.url" and isinstance(parsed, str):
        from infernet_tui.control_plane import ServerAddress

        ServerAddress.parse(parsed)
        parsed = parsed.rstrip("/")
    if wanted.key.startswith("node."):
        config.load().require_node()  # a name without a key would look like an identity
    section, name = wanted.key.split(".")
    config.update({section: {name: parsed}})
    document = {"key": wanted.key, "value": parsed, "origin": "config"}
    output.show("setting", document, lambda: [f"{wanted.key} = {'' if parsed is None else parsed}"])


@command.command("path")
@pass_output
def path(output: Output) -> None:
    """Print where config.json is."""
    file = paths.config_file()
    document = {"path": str(file), "exists": file.exists()}
    output.show("config_path", document, lambda: [str(file)])
