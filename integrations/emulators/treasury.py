"""The treasury's gateway and the bank behind it, as a process of its own: the other side of contracts/payments.md §8.

    python -m integrations.emulators.treasury --port 8094 --token-env TREASURY_TOKEN --book DATA/treasury.sqlite3

Beside the contract's calls it has `GET /book` (what it holds, for reconciliation), `GET` and `POST /control` (what is
to go wrong, see `treasury_script`) and `GET /health`.
"""

import argparse
import hashlib
import os
import re
import sqlite3
import sys
import time
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import msgspec

from integrations.emulators.script import ScriptError
from integrations.emulators.server import Emulator, Reply, Request
from integrations.emulators.treasury_book import CONFLICT, OPENING_BALANCE_TIYN, TAKEN, Book, as_json
from integrations.emulators.treasury_orders import Invalid, Message, read_message
from integrations.emulators.treasury_script import Fault, Script
from integrations.emulators.treasury_work import work

MAX_BODY = 5 * 1024 * 1024
DEFAULT_LIMIT, MAX_LIMIT = 100, 5_000
RETRY_AFTER = {"Retry-After": "1"}
_NUMBER = re.compile(r"[0-9]{1,15}")


class _Dropped(Exception):
    """The connection is cut without an answer."""


class _Answered(Exception):
    """The request ends here, with `reply`."""

    def __init__(self, reply: Reply):
        super().__init__(reply.status)
        self.reply = reply


class TreasuryEmulator(Emulator):
    """The treasury with the book in one SQLite file: `with TreasuryEmulator(path, "token") as treasury: treasury.url`.

    A second emulator on the same file, later, goes on where this one ended.
    """

    base_path = ""
    open_paths = frozenset({"/health"})

    def __init__(
        self,
        book: Path | str,
        token: str,
        *,
        port: int = 0,
        script: Script | None = None,
        opening_balance_tiyn: int = OPENING_BALANCE_TIYN,
    ):
        super().__init__(token=token, port=port)
        self.book = Book(book, opening_balance_tiyn)
        if script is not None:
            self.book.script = script

    def __exit__(self, *exception) -> None:
        super().__exit__(*exception)
        self.book.close()

    def run(self) -> None:
        """Serve until SIGTERM or SIGINT; the first line on standard output is the base URL."""
        super().run()
        self.book.close()

    def control(self, orders: Mapping[str, Any]) -> None:
        """Change the script by the keys that are given. Raises ScriptError."""
        self.book.script = self.book.script.changed(orders)

    def state(self) -> dict[str, Any]:
        """The script as it is now."""
        return msgspec.to_builtins(self.book.script)

    def answer(self, request: Request) -> tuple[Reply, str]:
        """The reply, or "drop"."""
        try:
            return super().answer(request)
        except _Answered as answered:
            return answered.reply, ""
        except _Dropped:
            return Reply(), "drop"

    def handle(self, request: Request) -> Reply:
        """The calls of the contract, and those for the demo."""
        if request.method == "GET" and request.path.startswith("/messages/"):
            return self._ask(unquote(request.path.removeprefix("/messages/")))
        actions = {
            ("POST", "/messages"): self._submit,
            ("GET", "/reports"): self._reports,
            ("GET", "/book"): lambda _request: Reply.of(as_json(self.book)),
            ("GET", "/health"): lambda _request: Reply.of({"status": "ok"}),
        }
        action = actions.get((request.method, request.path))
        return action(request) if action else Reply.error(404, "not_found", "There is nothing at this address.")

    def _submit(self, request: Request) -> Reply:
        fault = self.book.next_fault("submit_faults")
        self._fail(fault, is_after=False)
        reply = self._taken(request)
        self._fail(fault, is_after=True)
        return reply

    def _taken(self, request: Request) -> Reply:
        if len(request.body) > MAX_BODY:
            return Reply.error(413, "too_large", f"The message has more than {MAX_BODY} bytes.")
        msg_id, sha256 = request.headers.get("Idempotency-Key", ""), hashlib.sha256(request.body).hexdigest()
        try:
            outcome = self.book.recognise(msg_id, sha256)
            if outcome is None:
                outcome = self.book.take(_checked(request, msg_id), sha256, time.time())
        except Invalid as error:
            return Reply.error(422, error.code, error.message)
        if outcome == CONFLICT:
            return Reply.error(409, "conflict", f"{msg_id} was taken with other bytes.")
        return Reply.of({"msg_id": msg_id, "duplicate": outcome != TAKEN}, 202)

    def _ask(self, msg_id: str) -> Reply:
        fault = self.book.next_fault("ask_faults")
        self._fail(fault, is_after=False)
        self._fail(fault, is_after=True)
        if not self.book.rows("SELECT 1 FROM message WHERE msg_id = ?", msg_id):
            return Reply.error(404, "not_found", f"{msg_id} was never received.")
        return Reply.of({"msg_id": msg_id, "state": "received"})

    def _reports(self, request: Request) -> Reply:
        fault = self.book.next_fault("poll_faults")
        self._fail(fault, is_after=False)
        after, limit = _number(request, "cursor", 0), _number(request, "limit", DEFAULT_LIMIT)
        if not 1 <= limit <= MAX_LIMIT:
            return Reply.error(400, "limit", f"The limit is 1..{MAX_LIMIT}.")
        work(self.book)
        rows, has_more = self.book.feed(after, limit)
        self._fail(fault, is_after=True)
        items = [{name: row[name] for name in ("report_id", "kind", "xml")} for row in rows]
        cursor = f"{rows[-1]['position'] if rows else after:012}"
        return Reply.of({"items": items, "next_cursor": cursor, "has_more": has_more})

    def _fail(self, fault: Fault, *, is_after: bool) -> None:
        """Do what the script wants in place of the answer, when this is the moment for it."""
        if fault.name == "ok" or fault.is_after != is_after:
            return
        if fault.name == "hang":
            time.sleep(self.book.script.hang_seconds)
        if fault.name in ("drop", "hang"):
            raise _Dropped
        reply = Reply.error(int(fault.name), "out_of_order", "This failure was ordered.")
        raise _Answered(Reply(reply.body, reply.status, headers=RETRY_AFTER))


def _checked(request: Request, msg_id: str) -> Message:
    if request.headers.get("Content-Type", "").partition(";")[0].strip() != "application/xml":
        raise Invalid("content_type", "The content is not application/xml.")
    message = read_message(request.body)
    if message.msg_id != msg_id:
        raise Invalid("idempotency_key", "The header Idempotency-Key is not the MsgId.")
    return message


def _number(request: Request, name: str, default: int) -> int:
    value = request.query.get(name, str(default))
    if not _NUMBER.fullmatch(value):
        raise _Answered(Reply.error(400, name, f"The {name} is not one of ours."))
    return int(value)


def main(arguments: list[str] | None = None) -> int:
    """Run the emulator until SIGTERM or SIGINT. Exit code 2: no token, a wrong script, port or book."""
    options = _options(arguments)
    try:
        _emulator(options).run()
    except (ScriptError, OSError, sqlite3.Error) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


def _emulator(options: argparse.Namespace) -> TreasuryEmulator:
    token = os.environ.get(options.token_env)
    if not token:
        raise OSError(f"The environment variable {options.token_env} is empty.")
    options.book.parent.mkdir(parents=True, exist_ok=True)
    return TreasuryEmulator(
        options.book,
        token,
        port=options.port,
        script=Script.load(options.script) if options.script else None,
        opening_balance_tiyn=int(options.opening_balance * 100),
    )


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m integrations.emulators.treasury", description="Emulated treasury")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one; the address is printed")
    parser.add_argument("--token-env", default="TREASURY_TOKEN", help="environment variable with the token")
    parser.add_argument("--book", type=Path, required=True, help="SQLite file, made when it is not there")
    parser.add_argument("--script", type=Path, help="JSON or YAML file with what is to go wrong")
    parser.add_argument("--opening-balance", type=Decimal, default=Decimal(OPENING_BALANCE_TIYN) / 100, help="KZT")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
