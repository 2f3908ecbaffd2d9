"""The worked examples come out byte for byte, whatever the feed, the network or a kill does meanwhile."""

import shutil
import threading

import pytest

from integrations.emulators.lms import LmsEmulator
from integrations.models import FeedCursor
from tests.core import golden
from tests.core.commands import all_gone, end_of, run, started, wait_until
from tests.core.golden import FIRST, PHASES, SECOND

pytestmark = pytest.mark.django_db(transaction=True)

QUICK_FAILURES = {"fail_one_in": 5, "retry_after": 0, "page_limit": 30}


def play(lms: LmsEmulator, poll=golden.poll) -> None:
    """Both phases, with what each of them has to give."""
    golden.set_up_region()
    with lms:
        golden.connect(lms)
        for phase in PHASES:
            golden.add(lms, phase)
            poll(phase)
            golden.close(phase)
            golden.assert_as_expected(phase)
    golden.assert_ledger_is_clean()


def test_the_worked_examples_come_out_byte_for_byte():
    play(golden.lms_of(FIRST))


@pytest.mark.parametrize("status", [503, 429])
def test_they_come_out_when_one_request_in_five_fails(status):
    lms = golden.lms_of(FIRST, fail_statuses=(status,), **QUICK_FAILURES)
    play(lms)
    assert lms.requests > 20


def test_they_come_out_when_every_page_is_delivered_twice():
    lms = golden.lms_of(FIRST, is_repeating=True, page_limit=30)
    play(lms)
    assert lms.served["contracts"] == 2 * len(lms.feeds["contracts"].lines)


@pytest.mark.parametrize("seed", [1, 2])
def test_they_come_out_when_the_feed_is_shuffled_inside_a_phase(seed):
    play(golden.lms_of(FIRST, shuffle_seed=seed, page_limit=30))


def test_they_come_out_when_the_first_phase_is_delivered_again_in_the_second(tmp_path):
    lms = golden.lms_of(FIRST)
    again = [shutil.copy(path, tmp_path / path.name) for path in (FIRST.contracts, FIRST.sheets)]

    def poll(phase):
        if phase is SECOND:
            lms.control({"contracts": [again[0]], "sheets": [again[1]]})
        golden.poll(phase)

    play(lms, poll)


class GatedLms(LmsEmulator):
    """Answers `free_pages` pages and then none until the gate is opened."""

    free_pages, pages = 0, 0

    def __init__(self, **options):
        self.gate = threading.Event()
        super().__init__(**options)

    def handle(self, request):
        """A page, in its time."""
        self.pages += 1
        if self.pages > self.free_pages:
            self.gate.wait()
        return super().handle(request)

    def shut_after(self, free_pages: int) -> None:
        """Let the pages that wait go to nobody, and answer so many more."""
        self.gate.set()
        self.gate, self.pages, self.free_pages = threading.Event(), 0, free_pages


def test_they_come_out_when_the_poll_is_killed_between_pages_again_and_again():
    lms = golden.lms_of(FIRST, kind=GatedLms, page_limit=40)

    def poll(phase):
        for free_pages, stored in KILLS[phase.number]:
            lms.shut_after(free_pages)
            with started("poll_lms", today=phase.today) as process:
                wait_until(lambda wanted=stored: wanted.items() <= cursors().items(), process)
        lms.shut_after(1000)
        with started("poll_lms", "--json", today=phase.today) as process:
            golden.assert_polled(end_of(process))
        wait_until(all_gone)

    play(lms, poll)


def cursors() -> dict[str, int]:
    """How many items of each feed are stored."""
    return {row.feed: int(row.cursor) for row in FeedCursor.objects.all()}


# By phase: how many pages of forty are answered, and what is stored by then. Killed while it waits for the next one.
KILLS = {
    1: [
        (1, {"contracts": 40}),
        (2, {"contracts": 120}),
        (3, {"contracts": 122, "sheets:2025-10": 40}),
    ],
    2: [(3, {"contracts": 138, "sheets:2025-10": 140})],
}


def test_a_second_run_of_every_command_changes_nothing():
    golden.set_up_region()
    with golden.lms_of(FIRST) as lms:
        golden.connect(lms)
        golden.poll(FIRST)
        results = golden.close(FIRST)
        again = run("poll_lms", "--json", today=FIRST.today).json
        assert again["contracts"] == {"new": 0, "changed": 0, "repeated": 0, "put_aside": 0}
        assert again["vouchers"]["issued"] == again["vouchers"]["reserved"] == 0
        assert golden.close(FIRST) == results
        golden.assert_as_expected(FIRST)
        golden.set_up_region()
    golden.assert_ledger_is_clean()
