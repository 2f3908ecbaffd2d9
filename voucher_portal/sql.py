"""Set-based statements live beside their app in `<app>/sql/<name>.sql`; this runs them by name.

They are SQL and not ORM because one statement has to treat every child of a city: window shares, bit masks of days
and INSERT ... SELECT with RETURNING have no ORM spelling.
"""

from functools import cache
from pathlib import Path

from django.conf import settings
from django.db import connection


@cache
def statement(name: str) -> str:
    """The text of `<app>/sql/<file>.sql` for a name like `registry/issue_vouchers`."""
    app, file = name.split("/", 1)
    return (Path(settings.BASE_DIR) / app / "sql" / f"{file}.sql").read_text(encoding="utf-8")


def execute(name: str, **params) -> int:
    """Run a named statement; returns the number of rows it touched. One query."""
    with connection.cursor() as cursor:
        cursor.execute(statement(name), params)
        return cursor.rowcount


def fetch(name: str, **params) -> list[tuple]:
    """Run a named statement and return its rows. One query."""
    with connection.cursor() as cursor:
        cursor.execute(statement(name), params)
        return cursor.fetchall()


def fetch_dicts(name: str, **params) -> list[dict]:
    """Run a named statement and return its rows by column name. One query."""
    with connection.cursor() as cursor:
        cursor.execute(statement(name), params)
        columns = [column.name for column in cursor.description]
        return [dict(zip(columns, row, strict=True)) for row in cursor.fetchall()]
