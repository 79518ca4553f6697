"""Brings a database to this version's schema with Alembic: forward only, in one transaction."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.util.exc import CommandError
from sqlalchemy import Engine

MIGRATIONS = Path(__file__).parent / "migrations"


class SchemaTooNew(OSError):
    """The database was written by a newer version."""


def upgrade(engine: Engine, revision: str = "head") -> None:
    """Apply every migration that is missing.

    Raises:
        SchemaTooNew: the database names a revision this version does not know.
    """
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        try:
            command.upgrade(config, revision)
        except CommandError as error:
            raise SchemaTooNew(
                f"it was written by a newer version of Infernet ({error}); upgrade first"
            ) from error
