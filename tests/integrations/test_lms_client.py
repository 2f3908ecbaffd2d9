"""The LMS client against the emulator, over HTTP on loopback."""

import itertools
import json
import threading
import time

import pytest

from integrations.emulators.lms import LmsEmulator, LmsFaults
from integrations.lms import client as lms_client
from integrations.lms.client import CursorTooOld, FeedStuck, LmsClient, Page, WrongToken, decode_page, iterate_pages
from integrations.lms.items import Contract, Reason, Rejected, Sheet
from tests.integrations.test_lms_parsing import CONTRACT, SHEET
from voucher_portal.dates import Month
from voucher_portal.http import BadAnswer, Refused, Retries, Unavailable

TOKEN = "lms-token"
OCTOBER = Month(2025, 10)
QUICK = {"retries": Retries(first_pause=0.001, longest_pause=0.002)}


def write_lines(path, items):
    with path.open("a") as file:
        file.writelines(json.dumps(item, ensure_ascii=False) + "\n" for item in items)
    return path


@pytest.fixture
def contracts_file(tmp_path):
    return write_lines(tmp_path / "contracts.ndjson", [CONTRACT | {"contract_id": f"c-{n}"} for n in range(25)])


@pytest.fixture
def sheets_file(tmp_path):
    return write_lines(tmp_path / "sheets.ndjson", [SHEET | {"contract_id": f"c-{n}"} for n in range(25)])


@pytest.fixture
def lms(contracts_file, sheets_file):
    with LmsEmulator(contracts=[contracts_file], sheets=[sheets_file], token=TOKEN) as emulator:
        yield emulator


@pytest.fixture
def client(lms):
    with LmsClient(lms.url, TOKEN, options=QUICK) as opened:
        yield opened


def ids(pages):
    return [item.contract_id for page in pages for item in page.items]


ALL = [f"c-{n}" for n in range(25)]


def test_both_feeds_are_read_to_their_ends_in_order(client):
    contracts = list(client.contract_pages(limit=10))
    assert ids(contracts) == ALL
    assert [(len(page.items), page.has_more) for page in contracts] == [(10, True), (10, True), (5, False)]
    assert all(isinstance(item, Contract) for page in contracts for item in page.items)
    sheets = list(client.sheet_pages(OCTOBER))
    assert ids(sheets) == ALL
    assert isinstance(sheets[0].items[0], Sheet)


def test_a_feed_goes_on_from_the_cursor_that_was_kept(client, contracts_file):
    last = list(client.contract_pages())[-1]
    assert ids(client.contract_pages(last.next_cursor)) == []
    write_lines(contracts_file, [CONTRACT | {"contract_id": "c-new"}])
    assert ids(client.contract_pages(last.next_cursor)) == ["c-new"]


def test_sheets_come_for_the_month_that_was_asked_for(client, sheets_file):
    write_lines(sheets_file, [SHEET | {"month": "2025-11", "marks": "P" * 30}])
    assert ids(client.sheet_pages(Month(2025, 11))) == ["c-000017"]
    assert len(ids(client.sheet_pages(OCTOBER))) == 25
    assert ids(client.sheet_pages(Month(2025, 12))) == []


def test_items_can_be_had_as_they_came(client):
    page = client.contracts(limit=2)
    assert [json.loads(bytes(item)) for item in page.items] == [CONTRACT | {"contract_id": f"c-{n}"} for n in (0, 1)]
    assert json.loads(bytes(client.sheets(OCTOBER, page.next_cursor).items[0]))["contract_id"] == "c-2"


def test_a_wrong_token_is_told_apart(lms):
    with LmsClient(lms.url, "another", options=QUICK) as client, pytest.raises(WrongToken) as refused:
        client.contracts()
    assert (refused.value.status, refused.value.code) == (401, "wrong_token")
    assert "another" not in str(refused.value)


def test_a_cursor_that_is_too_old_is_told_apart(lms, client):
    cursor = client.contracts(limit=5).next_cursor
    lms.faults = LmsFaults(forget_before=10)
    with pytest.raises(CursorTooOld):
        list(client.contract_pages(cursor))
    assert ids(client.contract_pages()) == ALL


def test_another_refusal_stays_a_refusal(client):
    with pytest.raises(Refused) as refused:
        client.contracts("never given out")
    assert type(refused.value) is Refused
    assert refused.value.code == "bad_cursor"


@pytest.mark.parametrize(
    "faults",
    [
        LmsFaults(fail_one_in=5, retry_after=0),
        LmsFaults(fail_one_in=2),
        LmsFaults(drop_one_in=3),
        LmsFaults(truncate_one_in=3),
        LmsFaults(slow_seconds=0.01),
        LmsFaults(page_limit=1),
        LmsFaults(empty_one_in=2, page_limit=3),
    ],
)
def test_what_the_lms_does_wrong_does_not_change_what_is_read(lms, client, faults):
    lms.faults = faults
    assert ids(client.contract_pages(limit=2)) == ALL
    assert ids(client.sheet_pages(OCTOBER, limit=2)) == ALL


def test_a_page_may_be_delivered_twice(lms, client):
    lms.faults = LmsFaults(is_repeating=True)
    seen = ids(client.contract_pages(limit=10))
    assert seen == ALL[:10] * 2 + ALL[10:20] * 2 + ALL[20:] * 2


def test_gzip_makes_no_difference(lms):
    with LmsClient(lms.url, TOKEN, options=QUICK | {"compress": True}) as client:
        assert ids(client.contract_pages()) == ALL


def test_an_lms_that_is_down_is_unavailable(lms, client):
    lms.faults = LmsFaults(fail_one_in=1)
    with pytest.raises(Unavailable):
        client.contracts()


def test_pages_that_came_before_a_failure_are_delivered(lms, client):
    seen = []

    def read():
        for page in client.contract_pages(limit=10):
            seen.extend(ids([page]))
            lms.faults = LmsFaults(fail_one_in=1)

    with pytest.raises(Unavailable):
        read()
    assert seen in (ALL[:10], ALL[:20])


@pytest.mark.parametrize("page_limit", [5000, 0])
def test_a_feed_that_never_moves_is_given_up(lms, client, page_limit):
    lms.faults = LmsFaults(is_stuck=True, page_limit=page_limit)
    with pytest.raises(FeedStuck):
        list(client.contract_pages())
    assert lms.requests <= lms_client.SAME_CURSOR_TIMES + 2


def test_no_end_of_empty_pages_is_given_up(monkeypatch):
    monkeypatch.setattr(lms_client, "EMPTY_PAGES_IN_A_ROW", 20)
    numbers = itertools.count()
    with pytest.raises(FeedStuck):
        list(iterate_pages(lambda _cursor: Page([], str(next(numbers)), True)))


def test_a_page_over_the_limit_of_bytes_is_refused(lms):
    with LmsClient(lms.url, TOKEN, options=QUICK | {"max_bytes": 1000}) as client, pytest.raises(BadAnswer):
        client.contracts()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"[]",
        b'{"items": [], "has_more": false}',
        b'{"items": null, "next_cursor": "1", "has_more": false}',
        b'{"items": [], "next_cursor": 1, "has_more": false}',
        b'{"items": [], "next_cursor": "\\u0000", "has_more": false}',
        b'{"items": [], "next_cursor": "%s", "has_more": false}' % (b"x" * 2000),
        b'{"items": ' + b"[" * 100_000,
    ],
)
def test_what_is_no_page_is_a_bad_answer(body):
    with pytest.raises(BadAnswer):
        decode_page(body)


@pytest.mark.parametrize("damage", [b'"\\ud83d"', b'"\xff"', b"NaN", b"[1, 2]"])
def test_a_damaged_item_harms_no_other_on_its_page(client, contracts_file, damage):
    good = json.dumps(CONTRACT | {"contract_id": "c-after"}).encode()
    with contracts_file.open("ab") as file:
        file.write(b'{"contract_id": "c-bad", "version": %s}\n%s\n' % (damage, good))
    items = [item for page in client.contract_pages() for item in page.items]
    assert [isinstance(item, Rejected) for item in items] == [False] * 25 + [True, False]
    assert items[25].reason in (Reason.BAD_JSON, Reason.MISSING_FIELD, Reason.WRONG_TYPE)
    assert items[26].contract_id == "c-after"


def test_the_next_page_is_fetched_while_this_one_is_worked_on():
    fetched = {cursor: threading.Event() for cursor in ("", "1", "2")}

    def fetch(cursor):
        fetched[cursor].set()
        return Page([cursor], str(int(cursor or 0) + 1), cursor != "2")

    pages = iterate_pages(fetch)
    next(pages)
    assert fetched["1"].wait(5)
    time.sleep(0.05)
    assert not fetched["2"].is_set()
    next(pages)
    assert fetched["2"].wait(5)
    assert [page.items for page in pages] == [["2"]]


def test_a_reader_that_stops_early_fetches_no_more(lms, client):
    pages = client.contract_pages(limit=1)
    next(pages)
    pages.close()
    time.sleep(0.2)
    assert lms.requests <= 2
