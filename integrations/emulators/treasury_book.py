"""The emulated treasury's own book: accounts, files, transfers, entries and the feed of reports, in one SQLite file.

Every change is one transaction, written before it is answered, so that a killed and restarted treasury knows what it
took and what it told. Amounts are tiyn.
"""

import contextlib
import json
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import msgspec

from integrations.emulators.treasury_orders import Invalid, Message
from integrations.emulators.treasury_script import NO_FAULT, Fault, Script

OPENING_BALANCE_TIYN = 10**14  # a trillion tenge: enough for a country's year
PAGE_BYTES = 8 * 1024 * 1024

TAKEN, DUPLICATE, CONFLICT = "taken", "duplicate", "conflict"

_SCHEMA = """
CREATE TABLE IF NOT EXISTS account (
    iban TEXT PRIMARY KEY, opening_tiyn INTEGER NOT NULL, balance_tiyn INTEGER NOT NULL CHECK (balance_tiyn >= 0)
);
CREATE TABLE IF NOT EXISTS message (
    msg_id TEXT PRIMARY KEY, sha256 TEXT NOT NULL, taken_at REAL NOT NULL, taken_at_poll INTEGER NOT NULL,
    state TEXT NOT NULL DEFAULT 'received' CHECK (state IN ('received', 'refused', 'processed'))
);
CREATE TABLE IF NOT EXISTS transfer (
    end_to_end_id TEXT PRIMARY KEY, uetr TEXT NOT NULL UNIQUE, msg_id TEXT NOT NULL REFERENCES message,
    payment_info_id TEXT NOT NULL, source TEXT NOT NULL, debtor_iban TEXT NOT NULL REFERENCES account,
    execute_on TEXT NOT NULL, creditor_iban TEXT NOT NULL, creditor_name TEXT NOT NULL,
    amount_tiyn INTEGER NOT NULL CHECK (amount_tiyn > 0), act TEXT NOT NULL, purpose TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'received' CHECK (state IN ('received', 'refused', 'booked', 'returned')),
    reason TEXT NOT NULL DEFAULT '', booked_at_poll INTEGER
);
CREATE INDEX IF NOT EXISTS transfer_of_message ON transfer (msg_id);
CREATE INDEX IF NOT EXISTS transfer_to_creditor ON transfer (creditor_iban) WHERE state = 'booked';
CREATE TABLE IF NOT EXISTS entry (
    number INTEGER PRIMARY KEY, servicer_ref TEXT NOT NULL UNIQUE, iban TEXT NOT NULL REFERENCES account,
    end_to_end_id TEXT NOT NULL REFERENCES transfer, amount_tiyn INTEGER NOT NULL, direction TEXT NOT NULL,
    booked_on TEXT NOT NULL, UNIQUE (end_to_end_id, direction)
);
CREATE TABLE IF NOT EXISTS report (
    position INTEGER PRIMARY KEY AUTOINCREMENT, report_id TEXT NOT NULL, kind TEXT NOT NULL, xml TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS memory (name TEXT PRIMARY KEY, value TEXT NOT NULL);
"""

_INSERT_TRANSFER = """
INSERT INTO transfer (end_to_end_id, uetr, msg_id, payment_info_id, source, debtor_iban, execute_on, creditor_iban,
                      creditor_name, amount_tiyn, act, purpose)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""


class Book:
    """The book in the file `path`, for any number of threads. Unknown debtor accounts are opened as they come."""

    def __init__(self, path: Path | str, opening_balance_tiyn: int = OPENING_BALANCE_TIYN):
        self._opening_balance_tiyn = opening_balance_tiyn
        self._lock = threading.RLock()
        self._depth = 0
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=10)
        self._connection.row_factory = sqlite3.Row
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA foreign_keys = ON")
        self._connection.executescript(_SCHEMA)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()

    @contextlib.contextmanager
    def change(self) -> Iterator[sqlite3.Connection]:
        """One transaction: all of it, or on an exception nothing. May be nested; the outermost one counts."""
        with self._lock:
            self._depth += 1
            try:
                if self._depth == 1:
                    self._connection.execute("BEGIN IMMEDIATE")
                yield self._connection
                if self._depth == 1:
                    self._connection.execute("COMMIT")
            except BaseException:
                if self._depth == 1 and self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise
            finally:
                self._depth -= 1

    def rows(self, query: str, *values) -> list[sqlite3.Row]:
        """All rows of a query."""
        with self._lock:
            return self._connection.execute(query, values).fetchall()

    def recognise(self, msg_id: str, sha256: str) -> str | None:
        """DUPLICATE or CONFLICT when a file of this name was taken, else None."""
        known = self.rows("SELECT sha256 FROM message WHERE msg_id = ?", msg_id)
        if not known:
            return None
        return DUPLICATE if known[0]["sha256"] == sha256 else CONFLICT

    def take(self, message: Message, sha256: str, now: float) -> str:
        """Write down a checked file: TAKEN, or DUPLICATE or CONFLICT. Raises Invalid when it repeats a transfer."""
        with self.change() as connection:
            known = self.recognise(message.msg_id, sha256)
            if known:
                return known
            self._refuse_repeated(message)
            connection.execute(
                "INSERT INTO message (msg_id, sha256, taken_at, taken_at_poll) VALUES (?, ?, ?, ?)",
                (message.msg_id, sha256, now, self.number("polls")),
            )
            accounts = {order.debtor_iban for order in message.orders}
            connection.executemany(
                "INSERT OR IGNORE INTO account VALUES (?, ?, ?)",
                [(iban, self._opening_balance_tiyn, self._opening_balance_tiyn) for iban in accounts],
            )
            connection.executemany(_INSERT_TRANSFER, [_row(message.msg_id, order) for order in message.orders])
        return TAKEN

    def _refuse_repeated(self, message: Message) -> None:
        for column in ("end_to_end_id", "uetr"):
            values = json.dumps([getattr(order, column) for order in message.orders])
            found = self.rows(
                f"SELECT {column} FROM transfer WHERE {column} IN (SELECT value FROM json_each(?))", values
            )
            if found:
                raise Invalid(f"duplicate_{column}", f"{found[0][column]} was in an earlier message")

    def publish(self, kind: str, report_id: str, xml: bytes) -> None:
        """Add a report to the end of the feed."""
        self._connection.execute(
            "INSERT INTO report (report_id, kind, xml) VALUES (?, ?, ?)", (report_id, kind, xml.decode("utf-8"))
        )

    def feed(self, after: int, limit: int) -> tuple[list[sqlite3.Row], bool]:
        """At most `limit` reports (fewer when they are large) behind position `after`, and whether there are more."""
        found: list[sqlite3.Row] = []
        size = 0
        with self._lock:
            rows = self._connection.execute(
                "SELECT position, report_id, kind, xml FROM report WHERE position > ? ORDER BY position", (after,)
            )
            for row in rows:
                size += len(row["xml"])
                if len(found) == limit or (found and size > PAGE_BYTES):
                    return found, True
                found.append(row)
        return found, False

    def number(self, name: str) -> int:
        """The counter `name`, 0 at first."""
        return int(self._remembered(name, "0"))

    def next_number(self, name: str) -> int:
        """Count `name` up by one and give the new number."""
        with self.change():
            number = self.number(name) + 1
            self._remember(name, str(number))
        return number

    def later_than_before(self, name: str, millisecond: int) -> int:
        """`millisecond`, or if that is not later than the last one given under `name`, the next after it."""
        with self.change():
            later = max(millisecond, self.number(name) + 1)
            self._remember(name, str(later))
        return later

    @property
    def script(self) -> Script:
        """What is to go wrong now; kept over a restart."""
        return Script().changed(json.loads(self._remembered("script", "{}")))

    @script.setter
    def script(self, script: Script) -> None:
        with self.change():
            self._remember("script", json.dumps(msgspec.to_builtins(script)))

    def next_fault(self, of: str) -> Fault:
        """Take the first of the faults in the list `of` of the script, NO_FAULT when it is used up."""
        taken = self.next_of_script(of)
        return Fault.parse(taken) if taken else NO_FAULT

    def next_of_script(self, name: str) -> str | None:
        """Take the first value of a list of the script, None when it is used up."""
        with self.change():
            script = self.script
            values = getattr(script, name)
            if not values:
                return None
            self.script = script.changed({name: values[1:]})
        return values[0]

    def _remembered(self, name: str, default: str) -> str:
        rows = self.rows("SELECT value FROM memory WHERE name = ?", name)
        return rows[0]["value"] if rows else default

    def _remember(self, name: str, value: str) -> None:
        self._connection.execute("INSERT OR REPLACE INTO memory VALUES (?, ?)", (name, value))


def as_json(book: Book) -> dict:
    """The whole book for people and for reconciliation; sums in tiyn, except those in `totals_kzt`."""
    tables = {
        "accounts": "SELECT * FROM account ORDER BY iban",
        "messages": "SELECT msg_id, sha256, state FROM message ORDER BY taken_at, msg_id",
        "transfers": "SELECT * FROM transfer ORDER BY rowid",
        "entries": "SELECT * FROM entry ORDER BY number",
        "creditors": """SELECT creditor_iban AS iban, sum(amount_tiyn) AS received_tiyn FROM transfer
                        WHERE state = 'booked' GROUP BY 1 ORDER BY 1""",
    }
    content = {name: [dict(row) for row in book.rows(query)] for name, query in tables.items()}
    totals = book.rows("SELECT source, state, sum(amount_tiyn) AS total FROM transfer GROUP BY 1, 2 ORDER BY 1, 2")
    content["totals_kzt"] = [
        {"source": row["source"], "state": row["state"], "amount": f"{row['total'] // 100}.{row['total'] % 100:02}"}
        for row in totals
    ]
    return content


def _row(msg_id: str, order) -> tuple:
    return (
        order.end_to_end_id,
        order.uetr,
        msg_id,
        order.payment_info_id,
        order.source,
        order.debtor_iban,
        order.execute_on,
        order.creditor_iban,
        order.creditor_name,
        order.amount_tiyn,
        order.act,
        order.purpose,
    )
