"""Reads the two feeds of one LMS page by page; while one page is worked on the next one is already on its way."""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import Generic, Self, TypeVar

import msgspec

from integrations.lms.items import Contract, Rejected, Sheet
from integrations.lms.parsing import parse_contracts, parse_sheets
from voucher_portal.dates import Month
from voucher_portal.http import BadAnswer, HttpClient, Refused

PAGE_LIMIT = 5000
CURSOR_LENGTH = 1024
SAME_CURSOR_TIMES = 10
EMPTY_PAGES_IN_A_ROW = 1000
LOOPBACK = ("http://127.0.0.1", "http://localhost", "http://[::1]")

Item = TypeVar("Item")


class CursorTooOld(Refused):
    """The LMS no longer knows the cursor: read its feed again from the beginning."""


class WrongToken(Refused):
    """The LMS does not accept our token: someone has to enter another one."""


class FeedStuck(BadAnswer):
    """The LMS says that there is more and never gives it."""


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    """A page of a feed; `next_cursor` belongs to the same transaction as the items."""

    items: list[Item]
    next_cursor: str
    has_more: bool


class _PageOnWire(msgspec.Struct):
    items: list[msgspec.Raw]
    next_cursor: str
    has_more: bool


_decode_page = msgspec.json.Decoder(_PageOnWire).decode
_REFUSALS = {401: WrongToken, 410: CursorTooOld}


@dataclass
class LmsClient:
    """Client of one LMS. Every call may raise what `HttpClient` raises, and CursorTooOld, WrongToken, FeedStuck.

    On loopback nothing is compressed: there it costs more time than it saves.
    """

    base_url: str
    token: str = field(repr=False)
    options: dict = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        compress = not self.base_url.startswith(LOOPBACK)
        self._http = HttpClient(self.base_url, token=self.token, **({"compress": compress} | self.options))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception) -> None:
        self.close()

    def close(self) -> None:
        """End the connections, and any waiting for the LMS."""
        self._http.close()

    def contracts(self, cursor: str = "", limit: int = PAGE_LIMIT) -> Page[msgspec.Raw]:
        """One page of the contracts feed, its items as they came: for `parsing.parse_contracts`."""
        return self._page("contracts", {}, cursor, limit)

    def sheets(self, month: Month, cursor: str = "", limit: int = PAGE_LIMIT) -> Page[msgspec.Raw]:
        """One page of the sheets feed of a month, its items as they came: for `parsing.parse_sheets`."""
        return self._page("sheets", {"month": str(month)}, cursor, limit)

    def contract_pages(self, cursor: str = "", limit: int = PAGE_LIMIT) -> Iterator[Page[Contract | Rejected]]:
        """The contracts feed from `cursor` to its end, parsed."""
        return iterate_pages(lambda after: _parsed(self.contracts(after, limit), parse_contracts), cursor)

    def sheet_pages(self, month: Month, cursor: str = "", limit: int = PAGE_LIMIT) -> Iterator[Page[Sheet | Rejected]]:
        """The sheets feed of a month from `cursor` to its end, parsed."""
        parse = partial(parse_sheets, month=month)
        return iterate_pages(lambda after: _parsed(self.sheets(month, after, limit), parse), cursor)

    def _page(self, path: str, query: dict[str, str], cursor: str, limit: int) -> Page[msgspec.Raw]:
        query = query | {"limit": str(limit)} | ({"cursor": cursor} if cursor else {})
        try:
            answer = self._http.get(path, query)
        except Refused as refused:
            kind = _REFUSALS.get(refused.status)
            if kind is None:
                raise
            raise kind(str(refused), status=refused.status, code=refused.code, message=refused.message) from None
        return decode_page(answer.body)


def decode_page(body: bytes) -> Page[msgspec.Raw]:
    """Cut a page into its items without reading them. Raises BadAnswer when it is no page."""
    try:
        page = _decode_page(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        page = _decode_damaged_page(body)
    if len(page.next_cursor) > CURSOR_LENGTH or "\x00" in page.next_cursor:
        raise BadAnswer("The cursor of the LMS cannot be kept.")
    return Page(page.items, page.next_cursor, page.has_more)


def _decode_damaged_page(body: bytes) -> _PageOnWire:
    """A page of which one item has half a surrogate pair or such: Python's more patient reader still finds its ends.

    Each item is written again with the damage in it, so that it alone is refused.
    """
    try:
        page = json.loads(body.decode(errors="surrogateescape"))
        items = [msgspec.Raw(json.dumps(item).encode()) for item in page.pop("items")]
        return msgspec.convert(page | {"items": items}, _PageOnWire)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, msgspec.ValidationError):
        raise BadAnswer("The answer of the LMS is not a page of a feed.") from None


def iterate_pages(fetch: Callable[[str], Page[Item]], cursor: str = "") -> Iterator[Page[Item]]:
    """Pages from `cursor` on, as `fetch(cursor)` gives them, until one says that it is the last.

    The next page is fetched in a thread while the caller works on this one, never more than one ahead; a failure
    is raised when its page is asked for, after all good pages before it.

    Raises:
        FeedStuck: the same cursor again and again, or no end of empty pages.
    """
    guard = _Guard()
    pool = ThreadPoolExecutor(1, thread_name_prefix="lms-page")
    try:
        coming = pool.submit(fetch, cursor)
        while True:
            page = coming.result()
            if not page.has_more:
                yield page
                return
            guard.check(page)
            coming = pool.submit(fetch, page.next_cursor)
            yield page
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


class _Guard:
    """Notices a feed that does not move. A page delivered twice, or a few empty pages, are within the contract."""

    def __init__(self) -> None:
        self.times: Counter[str] = Counter()
        self.empty_in_a_row = 0

    def check(self, page: Page) -> None:
        self.times[page.next_cursor] += 1
        self.empty_in_a_row = 0 if page.items else self.empty_in_a_row + 1
        if self.times[page.next_cursor] > SAME_CURSOR_TIMES or self.empty_in_a_row > EMPTY_PAGES_IN_A_ROW:
            raise FeedStuck("The feed of the LMS does not move on.")


def _parsed(page: Page[msgspec.Raw], parse: Callable[[list[msgspec.Raw]], list[Item]]) -> Page[Item]:
    return Page(parse(page.items), page.next_cursor, page.has_more)
