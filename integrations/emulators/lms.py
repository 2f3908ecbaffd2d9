"""A school's LMS: serves the two feeds of contracts/lms.md from NDJSON files, with faults on order.

    python -m integrations.emulators.lms --port 8080 --token-env LMS_TOKEN --contracts c.ndjson --sheets s.ndjson

`POST /control` (same token) with `{"contracts": [FILE, …], "sheets": [FILE, …], "faults": {…}}` adds files and changes
the faults while it runs; `GET /control` tells what it has served.
"""

import argparse
import os
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Annotated, Any

import msgspec

from integrations.emulators.lms_feeds import Feed, SheetFeed
from integrations.emulators.server import Count, Emulator, Faults, Reply, Request

DEFAULT_LIMIT, MAX_LIMIT = 1000, 5000
_CURSOR = re.compile(r"([0-9]{12})(?:-([0-9]{12}))?")
_MONTH = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])")


@dataclass(frozen=True)
class LmsFaults(Faults):
    """What else can go wrong in a feed.

    `page_limit` items are in a page at most, `empty_one_in` pages have none while there is more, `is_repeating`
    delivers each page twice, `is_stuck` never moves the cursor, `forget_before` items are too old for a cursor.
    """

    page_limit: Annotated[int, msgspec.Meta(ge=1, le=MAX_LIMIT)] = MAX_LIMIT
    empty_one_in: Count = 0
    is_repeating: bool = False
    is_stuck: bool = False
    forget_before: Count = 0


class _BadRequest(Exception):
    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.reply = Reply.error(status, code, message)


class LmsEmulator(Emulator):
    """The LMS of some NDJSON files: `with LmsEmulator(contracts=[…], sheets=[…], token=…) as lms: … lms.url`."""

    def __init__(
        self,
        *,
        contracts: Sequence[Path | str] = (),
        sheets: Sequence[Path | str] = (),
        token: str = "",
        port: int = 0,
        faults: LmsFaults | None = None,
        shuffle_seed: int | None = None,
    ) -> None:
        self.feeds: dict[str, Feed] = {
            "contracts": Feed([Path(path) for path in contracts], shuffle_seed),
            "sheets": SheetFeed([Path(path) for path in sheets], shuffle_seed),
        }
        self.faults: LmsFaults
        self.served: Counter[str] = Counter()
        super().__init__(token=token, port=port, faults=faults)

    @staticmethod
    def no_faults() -> LmsFaults:
        """None on."""
        return LmsFaults()

    def handle(self, request: Request) -> Reply:
        """A page of a feed."""
        name = request.path.removeprefix("/")
        if request.method != "GET" or name not in self.feeds:
            return Reply.error(404, "not_found", "There is nothing at this address.")
        try:
            return self._page(name, request.query)
        except _BadRequest as refused:
            return refused.reply

    def control(self, orders: Mapping[str, Any]) -> None:
        """Add files, change faults."""
        for name, feed in self.feeds.items():
            feed.add([Path(path) for path in orders.get(name, [])])
        super().control({name: order for name, order in orders.items() if name not in self.feeds})

    def state(self) -> dict[str, Any]:
        """How much there is and how much was served."""
        lines = {name: len(feed.lines) for name, feed in self.feeds.items()}
        return super().state() | {"lines": lines, "served": dict(self.served)}

    def _page(self, name: str, query: Mapping[str, str]) -> Reply:
        faults = self.faults
        with self._lock:
            self.feeds[name].refresh()
            lines = self.feeds[name].select(_month(query) if name == "sheets" else "")
        start, again_to = self._place(query.get("cursor", ""), len(lines))
        end = again_to or min(len(lines), start + _limit(query, faults.page_limit))
        if faults.empty_one_in and self.requests % faults.empty_one_in == 0:
            end = start
        items = lines[start:end]
        self.served[name] += len(items)
        if faults.is_repeating and not again_to and items:
            return _reply(items, f"{start:012}-{end:012}", has_more=True)
        if faults.is_stuck:
            return _reply(items, f"{start:012}", has_more=True)
        return _reply(items, f"{end:012}", has_more=end < len(lines))

    def _place(self, cursor: str, length: int) -> tuple[int, int]:
        """Where the page starts, and where it ends when it is delivered again (else 0)."""
        if not cursor:
            return 0, 0
        match = _CURSOR.fullmatch(cursor)
        if not match or int(match[1]) > length:
            raise _BadRequest(400, "bad_cursor", "This cursor was never given out.")
        if int(match[1]) < self.faults.forget_before:
            raise _BadRequest(410, "cursor_too_old", "Start from the beginning.")
        return int(match[1]), int(match[2] or 0)


def _reply(items: list[bytes], next_cursor: str, *, has_more: bool) -> Reply:
    tail = b'], "next_cursor": "%s", "has_more": %s}' % (next_cursor.encode(), b"true" if has_more else b"false")
    return Reply(b'{"items": [' + b",".join(items) + tail)


def _limit(query: Mapping[str, str], page_limit: int) -> int:
    text = query.get("limit", str(DEFAULT_LIMIT))
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= MAX_LIMIT):
        raise _BadRequest(400, "bad_limit", f"limit is a number from 1 to {MAX_LIMIT}.")
    return min(int(text), page_limit)


def _month(query: Mapping[str, str]) -> str:
    month = query.get("month", "")
    if not _MONTH.fullmatch(month):
        raise _BadRequest(400, "bad_month", "month is written as YYYY-MM.")
    return month


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m integrations.emulators.lms", description="Emulator of an LMS")
    parser.add_argument(
        "--port", type=int, default=0, help="0 takes a free one; the address is the first line printed"
    )
    parser.add_argument(
        "--token-env", default="", help="variable that holds the bearer token; without it none is asked"
    )
    parser.add_argument("--contracts", nargs="+", action="extend", default=[], type=Path, metavar="FILE")
    parser.add_argument("--sheets", nargs="+", action="extend", default=[], type=Path, metavar="FILE")
    parser.add_argument("--shuffle", type=int, default=None, metavar="SEED", help="shuffle the lines of each file")
    for fault in fields(LmsFaults):
        option = f"--{fault.name.replace('_', '-')}"
        if isinstance(fault.default, bool):
            parser.add_argument(option, action="store_true")
        elif isinstance(fault.default, tuple):
            parser.add_argument(option, nargs="+", type=int, default=fault.default)
        else:
            parser.add_argument(option, type=float if isinstance(fault.default, float) else int, default=fault.default)
    return parser.parse_args()


def main() -> None:
    """Serve until told to stop."""
    arguments = _arguments()
    values = {fault.name: getattr(arguments, fault.name) for fault in fields(LmsFaults)}
    LmsEmulator(
        contracts=arguments.contracts,
        sheets=arguments.sheets,
        token=os.environ[arguments.token_env] if arguments.token_env else "",
        port=arguments.port,
        faults=LmsFaults().changed(values),
        shuffle_seed=arguments.shuffle,
    ).run()


if __name__ == "__main__":
    main()
