"""Rows as plain dictionaries, by column name."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Executable

Row = Mapping[str, Any]


def fetch_all(connection: Connection, query: Executable) -> list[Row]:
    """Every row of a query."""
    return [dict(row._mapping) for row in connection.execute(query)]


def fetch_one(connection: Connection, query: Executable) -> Row | None:
    """The row of a query, or None; more than one is a mistake."""
    row = connection.execute(query).one_or_none()
    return dict(row._mapping) if row is not None else None
