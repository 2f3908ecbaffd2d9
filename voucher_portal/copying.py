"""COPY of rows into a table: the fastest way into PostgreSQL.

msgspec writes a batch in one call as lines of JSON. Without their brackets, and as long as no text in them needs an
escape, such lines are CSV, and Python looks at no value one by one.
"""

import io
from collections.abc import Iterable

import msgspec
from django.db import connection

_encoder = msgspec.json.Encoder()


def copy_rows(table: str, columns: Iterable[str], rows: Iterable[tuple]) -> None:
    """Copy `rows` into `columns` of `table`. One statement, whatever the number of rows.

    A value is None, a text, a number, a Decimal, a date, an aware datetime or a bool.
    """
    rows = list(rows)
    if not rows:
        return
    with connection.cursor() as cursor:
        cursor.copy_expert(
            f"COPY {table} ({', '.join(columns)}) FROM STDIN (FORMAT csv, NULL 'null')", io.BytesIO(_as_csv(rows))
        )


def _as_csv(rows: list[tuple]) -> bytes:
    """A line feed in JSON is always the end of a line: in a text it would be escaped."""
    lines = _encoder.encode_lines(rows)
    if b"\\" not in lines:
        return lines.removeprefix(b"[").removesuffix(b"]\n").replace(b"]\n[", b"\n") + b"\n"
    return "".join(f"{','.join(map(_cell, row))}\n" for row in rows).encode()


def _cell(value) -> str:
    if isinstance(value, str):
        return '"' + value.replace('"', '""') + '"'
    return _encoder.encode(value).decode()
