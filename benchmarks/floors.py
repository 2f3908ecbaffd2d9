"""The floors: the very rows of a run once more, by the plainest SQL, into copies of the tables with primary keys only.

Everything here happens in the schema `scratch`, in the same database and the same run as what it is held against.
"""

import io
import time

from django.db import connection

SCRATCH = "scratch"


def make_scratch() -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"DROP SCHEMA IF EXISTS {SCRATCH} CASCADE; CREATE SCHEMA {SCRATCH}")


def copy_of(table: str, *, filled: bool = False) -> None:
    """An empty (or `filled`) copy of `table` in the scratch schema: its columns and primary key, nothing else."""
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE IF EXISTS {SCRATCH}.{table}")
        cursor.execute(f"CREATE TABLE {SCRATCH}.{table} (LIKE public.{table} INCLUDING GENERATED)")
        cursor.execute(
            "SELECT string_agg(a.attname, ', ' ORDER BY array_position(i.indkey::int[], a.attnum::int))"
            " FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY(i.indkey)"
            " WHERE i.indrelid = %s::regclass AND i.indisprimary",
            [f"public.{table}"],
        )
        (key,) = cursor.fetchone()
        if filled:
            cursor.execute(f"INSERT INTO {SCRATCH}.{table} SELECT * FROM public.{table}")
        cursor.execute(f"ALTER TABLE {SCRATCH}.{table} ADD PRIMARY KEY ({key})")


def copy_floor(tables: dict[str, str]) -> tuple[float, int]:
    """COPY from memory of the rows of each table that its condition chooses; returns seconds and rows."""
    seconds, rows = 0.0, 0
    for table, condition in tables.items():
        copy_of(table)
        columns = _columns(table)
        with connection.cursor() as cursor:
            buffer = io.BytesIO()
            cursor.copy_expert(f"COPY (SELECT {columns} FROM public.{table} WHERE {condition}) TO STDOUT", buffer)
            buffer.seek(0)
            start = time.perf_counter()
            cursor.copy_expert(f"COPY {SCRATCH}.{table} ({columns}) FROM STDIN", buffer)
            seconds += time.perf_counter() - start
            rows += cursor.rowcount
            buffer.close()
    return seconds, rows


def _columns(table: str) -> str:
    """Columns that can be written: not the generated ones."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) FROM pg_attribute"
            " WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = ''",
            [f"public.{table}"],
        )
        return cursor.fetchone()[0]


def close_floor(statements: list[str]) -> tuple[float, int]:
    """The statements one after the other in one transaction; returns seconds and rows."""
    seconds, rows = 0.0, 0
    with connection.cursor() as cursor:
        for statement in statements:
            start = time.perf_counter()
            cursor.execute(statement)
            seconds += time.perf_counter() - start
            rows += cursor.rowcount
    return seconds, rows
