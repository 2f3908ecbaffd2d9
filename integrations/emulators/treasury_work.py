"""What the emulated treasury does with the files it took: settle, book, send back, and report each of it."""

import datetime
import sqlite3
import time
from zoneinfo import ZoneInfo

from integrations.emulators import treasury_reports as reports
from integrations.emulators.treasury_book import Book
from integrations.emulators.treasury_script import Script

ALMATY = ZoneInfo("Asia/Almaty")
NO_FUNDS = "AM04"

KIND_BY_PREFIX = {"STS": "pain.002", "NTF": "camt.054"}


def work(book: Book, now: float | None = None) -> None:
    """One round, at a poll of the reports: every file that has lain long enough, then every return that is due.

    One transaction with the reports about it: safe to be killed in, repeated, and asked for by two at once.
    """
    moment = time.time() if now is None else now
    with book.change():
        poll = book.next_number("polls")
        script = book.script
        for row in book.rows("SELECT * FROM message WHERE state = 'received' ORDER BY taken_at, rowid"):
            if poll - row["taken_at_poll"] > script.delay_polls and moment - row["taken_at"] >= script.delay_seconds:
                _process(book, row["msg_id"], poll)
        _send_back(book, script, poll)


class _Desk:
    """Writes the reports of one round, and lays them out in the order and number that the script wants."""

    def __init__(self, book: Book, script: Script):
        self._book = book
        self._script = script
        self._written: list[tuple[str, str, bytes]] = []

    def write(self, prefix: str, build) -> None:
        """Write a report with `build(report_id, created_at)`."""
        report_id = f"{prefix}-{self._book.next_number('reports'):08}"
        millisecond = self._book.later_than_before("reported_at", time.time_ns() // 1_000_000)
        moment = datetime.datetime.fromtimestamp(millisecond / 1000, ALMATY)
        content = build(report_id, moment.isoformat(timespec="milliseconds"))
        self._written.append((KIND_BY_PREFIX[prefix], report_id, content))

    def lay_out(self) -> None:
        """Publish what was written."""
        ordered = self._written[::-1] if self._script.out_of_order else self._written
        for report in ordered:
            for _copy in range(2 if self._script.repeat_reports else 1):
                self._book.publish(*report)


def _process(book: Book, msg_id: str, poll: int) -> None:
    script = book.script
    desk = _Desk(book, script)
    rows = book.rows("SELECT * FROM transfer WHERE msg_id = ? ORDER BY rowid", msg_id)
    file = reports.File(msg_id, len(rows), sum(row["amount_tiyn"] for row in rows))
    refusal = book.next_of_script("refuse_files")
    if refusal:
        desk.write("STS", lambda *head: reports.status_of_file(file, "RJCT", refusal, *head))
        _mark(book, "refused", [(refusal, poll, row["end_to_end_id"]) for row in rows])
        state = "refused"
    else:
        desk.write("STS", lambda *head: reports.status_of_file(file, "ACTC", "", *head))
        _settle(book, script, desk, file, rows, poll)
        state = "processed"
    with book.change() as connection:
        connection.execute("UPDATE message SET state = ? WHERE msg_id = ?", (state, msg_id))
    desk.lay_out()


def _settle(book: Book, script: Script, desk: _Desk, file: reports.File, rows: list[sqlite3.Row], poll: int) -> None:
    outcomes, entries = [], []
    balances = {row["iban"]: row["balance_tiyn"] for row in book.rows("SELECT iban, balance_tiyn FROM account")}
    for row in rows:
        reason = _rule(script.refuse, row)
        if not reason and balances[row["debtor_iban"]] < row["amount_tiyn"]:
            reason = NO_FUNDS
        if not reason:
            balances[row["debtor_iban"]] -= row["amount_tiyn"]
            entries.append(_entry(book, script, row, ""))
        outcomes.append(_outcome(row, reason, "" if reason else entries[-1].servicer_ref))
    _mark(book, "refused", [(one.reason, poll, one.end_to_end_id) for one in outcomes if one.reason])
    _mark(book, "booked", [("", poll, one.end_to_end_id) for one in outcomes if not one.reason])
    for chunk in reports.in_chunks(outcomes):
        desk.write("STS", lambda *head, chunk=chunk: reports.statuses(file, chunk, *head))
    _notify(desk, script, entries)


def _send_back(book: Book, script: Script, poll: int) -> None:
    """Return the transfers that the script names and that were booked long enough ago."""
    due = book.rows(
        "SELECT * FROM transfer WHERE state = 'booked' AND booked_at_poll <= ? ORDER BY rowid",
        poll - script.send_back_after_polls,
    )
    named = [(row, _rule(script.send_back, row)) for row in due] if script.send_back else []
    returned = [(row, reason) for row, reason in named if reason]
    if not returned:
        return
    desk = _Desk(book, script)
    entries = [_entry(book, script, row, reason) for row, reason in returned]
    _mark(book, "returned", [(reason, row["booked_at_poll"], row["end_to_end_id"]) for row, reason in returned])
    _notify(desk, script, entries)
    desk.lay_out()


def _notify(desk: _Desk, script: Script, entries: list[reports.Entry]) -> None:
    for _telling in range(2 if script.repeat_reports else 1):
        for chunk in reports.in_chunks(entries):
            desk.write("NTF", lambda *head, chunk=chunk: reports.notification(chunk, *head))


def _entry(book: Book, script: Script, row: sqlite3.Row, reason: str) -> reports.Entry:
    """Move the money in the book, back when there is a `reason`, and say what is told of it."""
    direction, sign = ("CRDT", 1) if reason else ("DBIT", -1)
    number = book.next_number("entries")
    servicer_ref = f"B{row['execute_on'].replace('-', '')}{number:06}"
    with book.change() as connection:
        connection.execute(
            "INSERT INTO entry VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                number,
                servicer_ref,
                row["debtor_iban"],
                row["end_to_end_id"],
                row["amount_tiyn"],
                direction,
                row["execute_on"],
            ),
        )
        connection.execute(
            "UPDATE account SET balance_tiyn = balance_tiyn + ? WHERE iban = ?",
            (sign * row["amount_tiyn"], row["debtor_iban"]),
        )
    change = int((_rule(script.wrong_amounts, row) or "0").replace(".", ""))
    return reports.Entry(
        servicer_ref=servicer_ref,
        iban=row["debtor_iban"],
        told_tiyn=max(0, row["amount_tiyn"] + change),
        reason=reason,
        booked_on=row["execute_on"],
        msg_id=row["msg_id"],
        payment_info_id=row["payment_info_id"],
        end_to_end_id=row["end_to_end_id"],
        uetr=row["uetr"],
        creditor_name=row["creditor_name"],
        creditor_iban=row["creditor_iban"],
        purpose=row["purpose"],
    )


def _outcome(row: sqlite3.Row, reason: str, servicer_ref: str) -> reports.Outcome:
    return reports.Outcome(row["end_to_end_id"], row["uetr"], row["payment_info_id"], reason, servicer_ref)


def _mark(book: Book, state: str, rows: list[tuple]) -> None:
    with book.change() as connection:
        connection.executemany(
            f"UPDATE transfer SET state = '{state}', reason = ?, booked_at_poll = ? WHERE end_to_end_id = ?", rows
        )


def _rule(rules: dict[str, str], row: sqlite3.Row) -> str:
    return rules.get(row["end_to_end_id"]) or rules.get(row["creditor_iban"]) or ""
