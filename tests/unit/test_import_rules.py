"""Who may import whom: the contracts in pyproject.toml, and what really gets loaded at run time.

import-linter reads the source and sees every import, also those inside functions; it cannot see
*when* one runs. The second half therefore asks a fresh interpreter what it has loaded.
"""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def test_every_import_contract_holds(tmp_path: Path) -> None:
    # In a process of its own: import-linter reconfigures logging for good.
    program = f"lint_imports('pyproject.toml', cache_dir={str(tmp_path)!r}, no_logo=True)"
    result = subprocess.run(
        [
            sys.executable,
            "-c",
            f"from importlinter.cli import lint_imports; raise SystemExit({program})",
        ],
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    assert result.returncode == 0, result.stdout + result.stderr


def loaded_by(statement: str) -> set[str]:
    """Names of the top-level packages in memory after `statement` ran in a fresh interpreter."""
    program = f"{statement}\nimport sys\nprint(*{{name.partition('.')[0] for name in sys.modules}})"
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT
    )
    assert result.returncode == 0, result.stderr
    return set(result.stdout.split())


@pytest.mark.parametrize(
    ("statement", "kept_out"),
    [
        (
            "import infernet_protocol.envelope, infernet_protocol.channel, infernet_protocol.jobs",
            {"infernet_tui", "infernet_server", "fastapi", "starlette", "httpx", "textual"},
        ),
        (
            "import infernet_server; infernet_server.create_app",
            {"infernet_tui", "textual", "click", "xllamacpp"},
        ),
        (
            "import infernet_tui.node.node",
            {"infernet_server", "textual", "fastapi", "sqlalchemy", "xllamacpp"},
        ),
        (
            "import infernet_tui.control_plane, infernet_tui.identity",
            {"infernet_server", "textual", "fastapi", "rich", "xllamacpp"},
        ),
    ],
    ids=["protocol", "control plane", "node", "client of the control plane"],
)
def test_importing_a_side_loads_nothing_of_the_other(statement: str, kept_out: set[str]) -> None:
    assert not loaded_by(statement) & kept_out
