"""SIGKILL in the middle of the work, two runners at once, a fact that comes while a month closes."""

import threading

import pytest
from django.db import connection, transaction
from django.utils import timezone

from acts.models import Charge, MonthClose
from integrations.lms.parsing import parse_sheet
from integrations.models import FeedCursor, Lms
from registry.intake.polling import poll
from registry.intake.sheets import take_sheets
from registry.models import Contract, LateFact, Sheet, Voucher
from tests.core import golden
from tests.core.commands import (
    TOKEN,
    TOKEN_ENV,
    all_gone,
    end_of,
    locked,
    run,
    started,
    wait_until,
    waiting_for_locks,
)
from tests.core.digest import difference, state_with_history
from tests.core.golden import FIRST, SECOND
from tests.core.world import forget_all
from voucher_portal.dates import Month

pytestmark = pytest.mark.django_db(transaction=True)

POLL = ("poll_lms", "--json")
CLOSE = golden.close_words(FIRST, "school")
CHANGED_SHEETS = 19  # of the first phase, by the second


@pytest.fixture
def lms():
    """The connected LMS of the golden region with its first phase."""
    golden.set_up_region()
    with golden.lms_of(FIRST, page_limit=60) as emulator:
        golden.connect(emulator)
        yield emulator


def play(lms) -> dict:
    """Poll and close the first month, in peace; the state that it leaves."""
    golden.poll(FIRST)
    golden.close(FIRST)
    golden.assert_as_expected(FIRST)
    golden.assert_ledger_is_clean()
    return state_with_history()


@pytest.fixture(scope="module")
def known() -> list:
    """Where the state after a run in peace is kept."""
    return []


@pytest.fixture
def undisturbed(lms, known) -> dict:
    """The state after a run in peace; the database has the reference data only."""
    if not known:
        known.append(play(lms))
        forget_all()
    return known[0]


def kill_when_stuck(lock: str, *words: str, before: str = "") -> None:
    """Start a command, and kill it when it waits for what `lock` holds."""
    with locked(lock), started(*words, today=FIRST.today, before=before) as process:
        wait_until(waiting_for_locks, process)


@pytest.mark.parametrize(
    "lock",
    [
        "LOCK registry_child IN SHARE MODE",  # before the first row of a page
        "LOCK registry_contract IN SHARE MODE",  # children and guardians are there, contracts are not
        "LOCK registry_sheet IN SHARE MODE",  # all contracts are there
        "LOCK integrations_lms IN SHARE MODE",  # all is taken in, nothing is decided
    ],
)
def test_a_poll_killed_inside_a_page_goes_on_to_the_same_state(lock, lms, undisturbed):
    kill_when_stuck(lock, *POLL)
    assert difference(play(lms), undisturbed) == {}


def test_a_killed_page_leaves_neither_its_items_nor_its_cursor(lms):
    kill_when_stuck("LOCK integrations_feedcursor IN SHARE MODE", *POLL)
    wait_until(all_gone)
    assert not Contract.objects.exists()
    assert not FeedCursor.objects.exists()


def poll_only(monkeypatch) -> None:
    """Take in what the LMS has, and decide on nothing."""
    monkeypatch.setenv(TOKEN_ENV, TOKEN)
    polled = poll(Lms.objects.get(), months=[Month.parse(FIRST.month)])
    assert (polled.failure, polled.contracts.new) == ("", Contract.objects.count())


SMALL_BATCHES = "from registry import settling; settling.BATCH = 30"


@pytest.mark.parametrize(
    ("lock", "are_some_issued"),
    [
        ("LOCK registry_voucher IN SHARE MODE", False),  # inside the first batch
        ("LOCK registry_ledgerseal IN SHARE MODE", False),  # with its reservations written, and its entries half
        ("SELECT id FROM registry_contract ORDER BY signed_at DESC LIMIT 1 FOR UPDATE", True),  # inside the last batch
    ],
)
def test_a_settling_killed_inside_a_batch_goes_on_to_the_same_state(
    lock, are_some_issued, lms, undisturbed, monkeypatch
):
    poll_only(monkeypatch)
    kill_when_stuck(lock, *POLL, before=SMALL_BATCHES)
    wait_until(all_gone)
    assert Voucher.objects.exists() == are_some_issued
    assert difference(play(lms), undisturbed) == {}


@pytest.mark.parametrize(
    "lock",
    [
        "LOCK acts_charge IN SHARE MODE",  # acts are drawn up, charges are not
        "LOCK registry_ledgerentry IN SHARE MODE",  # charged, and not in the ledger
        "LOCK registry_closedthrough IN SHARE ROW EXCLUSIVE MODE",  # everything is written but the end
    ],
)
def test_a_close_killed_inside_its_transaction_leaves_nothing_and_goes_on_to_the_same_state(lock, lms, undisturbed):
    golden.poll(FIRST)
    before = state_with_history()
    kill_when_stuck(lock, *CLOSE)
    wait_until(all_gone)
    assert difference(state_with_history(), before) == {}
    assert difference(play(lms), undisturbed) == {}


def test_two_closes_started_at_once_give_one_result(lms):
    golden.poll(FIRST)
    with started(*CLOSE, today=FIRST.today) as one, started(*CLOSE, today=FIRST.today) as other:
        with locked("LOCK acts_charge IN SHARE MODE"):
            wait_until(lambda: waiting_for_locks() == 2, one, other)
        said, again = end_of(one), end_of(other)
    assert (said.status, again.status) == (0, 0)
    assert said.json == again.json
    assert MonthClose.objects.count() == 1
    assert said.json["charges"]["ORIGINAL"] == Charge.objects.count()
    golden.close(FIRST)
    golden.assert_as_expected(FIRST)
    golden.assert_ledger_is_clean()


@pytest.fixture
def in_background():
    """Run a function in a thread with a database session of its own; all are waited for at the end."""
    threads = []

    def go(work) -> threading.Thread:
        def work_and_leave():
            try:
                work()
            finally:
                connection.close()

        threads.append(threading.Thread(target=work_and_leave))
        threads[-1].start()
        return threads[-1]

    yield go
    for thread in threads:
        thread.join()


def take_changed_sheets(hold=lambda: None) -> None:
    """Take in October's sheets of the second phase that change one of the first; `hold()` before the commit."""
    october, known = Month.parse(FIRST.month), set(Sheet.objects.values_list("contract__external_id", flat=True))
    parsed = [parse_sheet(line, october) for line in SECOND.sheets.read_bytes().splitlines()]
    items = [item for item in parsed if item.month == FIRST.month and item.contract_id in known]
    with transaction.atomic():
        taken = take_sheets(Lms.objects.get().pk, october, items, timezone.now())
        assert taken.changed == CHANGED_SHEETS
        hold()


def test_sheets_that_come_while_their_month_closes_wait_and_are_late(lms, in_background):
    golden.poll(FIRST)
    run(*golden.close_words(FIRST, "preschool"), today=FIRST.today)
    with locked("LOCK acts_charge IN SHARE MODE"):
        closing = in_background(lambda: run(*CLOSE, today=FIRST.today))
        wait_until(lambda: waiting_for_locks() == 1)
        taking = in_background(take_changed_sheets)
        wait_until(lambda: waiting_for_locks() == 2)
    closing.join()
    taking.join()
    golden.assert_as_expected(FIRST)
    assert LateFact.objects.filter(billed_at=None).count() == CHANGED_SHEETS
    golden.add(lms, SECOND)
    golden.poll(SECOND)
    golden.close(SECOND)
    golden.assert_as_expected(SECOND)
    golden.assert_ledger_is_clean()


def test_a_close_waits_for_sheets_that_are_being_taken_in_and_bills_them(lms, in_background):
    golden.poll(FIRST)
    take_changed_sheets()
    golden.close(FIRST)
    in_peace = state_with_history()
    forget_all()
    golden.poll(FIRST)
    written, go_on = threading.Event(), threading.Event()
    in_background(lambda: take_changed_sheets(hold=lambda: (written.set(), go_on.wait())))
    wait_until(written.is_set)
    closing = in_background(lambda: golden.close(FIRST))
    wait_until(lambda: waiting_for_locks() == 1)
    go_on.set()
    closing.join()
    assert difference(state_with_history(), in_peace) == {}
    assert not LateFact.objects.exists()
