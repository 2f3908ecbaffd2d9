"""The floors: the very rows of a run once more, by the plainest SQL, into copies of the tables with primary keys only.

Everything here happens in the schema `scratch`, in the same database and the same run as what it is held against.
"""

import io
import statistics
import time

from django.db import connection, transaction

SCRATCH = "scratch"
# One run of a short floor says more about the machine's other work than about the floor: the median of some stands.
RUNS = 5


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


def copy_floor(tables: tuple[str, ...]) -> tuple[float, int]:
    """COPY from memory of all rows of each table; returns seconds and rows. Tables of a second or more run once."""
    seconds, rows = 0.0, 0
    for table in tables:
        columns = _columns(table)
        with connection.cursor() as cursor, io.BytesIO() as buffer:
            cursor.copy_expert(f"COPY (SELECT {columns} FROM public.{table}) TO STDOUT", buffer)
            runs = [_copy(table, columns, buffer)]
            while runs[0] < 1 and len(runs) < RUNS:
                runs.append(_copy(table, columns, buffer))
            cursor.execute(f"SELECT count(*) FROM {SCRATCH}.{table}")
            rows += cursor.fetchone()[0]
        seconds += statistics.median(runs)
    return seconds, rows


def _copy(table: str, columns: str, buffer: io.BytesIO) -> float:
    copy_of(table)
    buffer.seek(0)
    with connection.cursor() as cursor:
        start = time.perf_counter()
        cursor.copy_expert(f"COPY {SCRATCH}.{table} ({columns}) FROM STDIN", buffer)
        return time.perf_counter() - start


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
    """The statements one after the other in one transaction; returns the median of the seconds, and the rows."""
    runs = [_run(statements) for _ in range(RUNS)]
    return statistics.median(seconds for seconds, _rows in runs), runs[0][1]


def _run(statements: list[str]) -> tuple[float, int]:
    rows = 0
    with transaction.atomic(), connection.cursor() as cursor:
        start = time.perf_counter()
        for statement in statements:
            cursor.execute(statement)
            rows += cursor.rowcount
        seconds = time.perf_counter() - start
        transaction.set_rollback(True)
    return seconds, rows
