"""COPY of rows into a table: the fastest way into PostgreSQL, in its text format."""

import datetime
import io
from collections.abc import Iterable
from decimal import Decimal

from django.db import connection

NULL = "\\N"
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def field(value) -> str:
    """One value in the text format of COPY."""
    if value is None:
        return NULL
    if isinstance(value, str):
        return value.translate(_ESCAPES)
    if isinstance(value, bool):
        return "t" if value else "f"
    if isinstance(value, datetime.datetime | datetime.date):
        return value.isoformat()
    if isinstance(value, int | Decimal):
        return str(value)
    raise TypeError(f"no COPY form for {type(value).__name__}")


def copy_rows(table: str, columns: Iterable[str], rows: Iterable[tuple]) -> None:
    """Copy `rows` into `columns` of `table`. One statement, whatever the number of rows."""
    copy_lines(table, columns, ("\t".join(map(field, row)) for row in rows))


def copy_lines(table: str, columns: Iterable[str], lines: Iterable[str]) -> None:
    """Copy rows that are in the text format already, one a line and without the line's end."""
    text = "\n".join(lines)
    if not text:
        return
    with connection.cursor() as cursor:
        cursor.copy_expert(f"COPY {table} ({', '.join(columns)}) FROM STDIN", io.StringIO(text + "\n"))
