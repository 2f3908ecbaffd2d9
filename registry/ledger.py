"""Locks of the ledger. Entries are written set-based by the statements of registry/sql and acts/sql; the trigger of
LedgerEntry seals every batch, and refuses one whose issuer was not locked before its first id was taken."""

import contextlib

from django.db import InterfaceError, OperationalError, connection

# First keys of the advisory locks, so that locks of different kinds never meet.
LEDGER, SETTLING, LMS, PAYMENTS = 1, 2, 3, 4


def lock_ledger(issuer_ids) -> None:
    """Hold the ledgers of `issuer_ids` until the transaction ends; in order, so that two callers cannot block
    each other for ever. One query."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(%s, id) FROM unnest(%s::int[]) AS id ORDER BY id",
            [LEDGER, sorted(issuer_ids)],
        )


def keep_months_open() -> None:
    """Until the transaction ends no month is closed: a fact is then written either before a close, which sees it, or
    after, when the month is known to be closed and the fact to be late. Shared with other feeds. One query."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock_shared(%s, id::int) FROM schools_issuer ORDER BY id", [LEDGER])


class OneRunner:
    """Holds a session's advisory lock while the block runs: whoever comes second waits, or skips with `wait=False`.

        with OneRunner(SETTLING) as is_ours:
            if is_ours: …

    PostgreSQL gives the lock back when the process dies, so a killed runner blocks nobody.
    """

    def __init__(self, kind: int, key: int = 0, *, wait: bool = True):
        self.kind, self.key, self.wait, self.is_ours = kind, key, wait, False

    def __enter__(self) -> bool:
        call = "pg_advisory_lock(%s, %s), true" if self.wait else "pg_try_advisory_lock(%s, %s)"
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {call}", [self.kind, self.key])
            self.is_ours = cursor.fetchone()[-1]
        return self.is_ours

    def __exit__(self, *exc) -> None:
        # A lost connection has given the lock back already, and its error is the one that matters.
        if self.is_ours:
            with contextlib.suppress(OperationalError, InterfaceError), connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [self.kind, self.key])
