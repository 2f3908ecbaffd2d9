"""Presence that counts for nothing raises a signal, once, and the signal ends with its cause."""

import datetime

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.backends.postgresql.psycopg_any import DateRange
from django.test.utils import CaptureQueriesContext

from monitoring.enums import SignalCode
from monitoring.models import RiskSignal, SheetScan
from monitoring.signals_of_sheets import scan_sheets
from monitoring.tasks import scan_all_sheets, scan_new_sheets
from monitoring.words import days_seen
from registry.models import Contract, StudyMonth
from tests.factories import OCTOBER, ContractFactory, ProviderFactory, SchoolCalendarFactory, SheetFactory
from voucher_portal.dates import ALMATY

NOW = datetime.datetime(2025, 11, 5, 12, 0, tzinfo=ALMATY)
LATER = NOW + datetime.timedelta(days=1)
# October 2025: the 4th is a Saturday, the 5th a Sunday, the 27th the first day of the autumn vacation.
WEEKDAYS = "PPPHHPPPPPHHPPPPPHHPPPPPHHHHHHH"
SATURDAY = "PPPPHPPPPPHHPPPPPHHPPPPPHHHHHHH"

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def calendar():
    """The school year 2025/26."""
    return SchoolCalendarFactory()


def sheet_with(marks: str, **contract):
    return SheetFactory(contract=ContractFactory(**contract), marks=marks, received_at=NOW)


def send_again(sheet, marks: str, at=LATER) -> None:
    """The LMS sends a newer version."""
    sheet.marks, sheet.version, sheet.received_at = marks, sheet.version + 1, at
    sheet.save()


def test_presence_on_study_days_raises_nothing():
    sheet_with(WEEKDAYS)
    assert scan_sheets(now=NOW) == {"raised": 0, "ended": 0}


def test_presence_on_a_saturday_raises_a_signal_with_its_day():
    sheet = sheet_with(SATURDAY)
    assert scan_sheets(now=NOW) == {"raised": 1, "ended": 0}
    signal = RiskSignal.objects.get()
    assert (signal.code, signal.month, signal.day_numbers) == (SignalCode.PRESENT_ON_DAY_OFF, OCTOBER, [4])
    assert (signal.provider, signal.child) == (sheet.contract.provider, sheet.contract.child)


def test_presence_outside_the_contract_raises_another_one():
    sheet_with(SATURDAY, days=DateRange(datetime.date(2025, 10, 4), datetime.date(2025, 10, 20)))
    scan_sheets(now=NOW)
    days = {signal.code: days_seen(signal) for signal in RiskSignal.objects.all()}
    assert days == {SignalCode.PRESENT_OUTSIDE_CONTRACT: "1–3, 20–24", SignalCode.PRESENT_ON_DAY_OFF: "4"}


@pytest.mark.parametrize("mark", "SLQN")
def test_only_presence_raises_a_signal(mark):
    sheet_with(WEEKDAYS[:3] + mark + WEEKDAYS[4:])
    assert scan_sheets(now=NOW)["raised"] == 0


def test_a_month_without_a_calendar_cannot_tell_a_day_off():
    StudyMonth.objects.all().delete()
    sheet_with(SATURDAY)
    assert scan_sheets(now=NOW)["raised"] == 0


def test_an_annulled_contract_raises_nothing():
    sheet_with(SATURDAY, status="annulled")
    assert scan_sheets(now=NOW)["raised"] == 0


def test_a_second_scan_changes_nothing():
    sheet_with(SATURDAY)
    scan_sheets(now=NOW)
    assert scan_sheets(now=LATER) == {"raised": 0, "ended": 0}
    assert RiskSignal.objects.get().noticed_at == NOW


def test_only_what_came_since_the_last_scan_is_looked_at():
    scan_sheets(now=LATER)
    sheet_with(SATURDAY)
    assert scan_sheets(now=LATER)["raised"] == 0
    assert scan_sheets(now=LATER, is_whole=True)["raised"] == 1


def test_a_sheet_whose_page_ended_after_the_scan_is_not_lost():
    scan_sheets(now=NOW)
    SheetFactory(contract=ContractFactory(), marks=SATURDAY, received_at=NOW - datetime.timedelta(minutes=2))
    assert scan_sheets(now=LATER)["raised"] == 1


def test_a_corrected_sheet_ends_the_signal_and_a_wrong_one_brings_it_back():
    sheet = sheet_with(SATURDAY)
    scan_sheets(now=NOW)
    send_again(sheet, WEEKDAYS)
    assert scan_sheets(now=LATER) == {"raised": 0, "ended": 1}
    assert RiskSignal.objects.get().resolved_at == LATER
    send_again(sheet, SATURDAY, LATER)
    assert scan_sheets(now=LATER) == {"raised": 1, "ended": 0}
    assert RiskSignal.objects.get().resolved_at is None


def test_other_days_change_the_signal_and_make_no_second_one():
    sheet = sheet_with(SATURDAY)
    scan_sheets(now=NOW)
    send_again(sheet, SATURDAY[:4] + "P" + SATURDAY[5:])
    scan_sheets(now=LATER)
    assert RiskSignal.objects.get().day_numbers == [4, 5]


def test_a_contract_that_ends_earlier_raises_the_signal_of_its_old_sheet():
    sheet = sheet_with(WEEKDAYS)
    scan_sheets(now=NOW)
    Contract.objects.filter(pk=sheet.contract_id).update(
        days=DateRange(datetime.date(2025, 9, 2), datetime.date(2025, 10, 16)), version=2, received_at=LATER
    )
    assert scan_sheets(now=LATER)["raised"] == 1
    assert days_seen(RiskSignal.objects.get()) == "16–17, 20–24"


def test_a_contract_that_goes_to_another_provider_takes_its_signal_along():
    sheet = sheet_with(SATURDAY)
    scan_sheets(now=NOW)
    other = ProviderFactory()
    Contract.objects.filter(pk=sheet.contract_id).update(provider=other, version=2, received_at=LATER)
    assert scan_sheets(now=LATER) == {"raised": 1, "ended": 1}
    assert RiskSignal.objects.open().get().provider == other


@pytest.mark.parametrize("count", [1, 20])
def test_a_scan_costs_the_same_statements_for_any_number_of_sheets(count):
    scan_sheets(now=NOW)
    for _sheet in range(count):
        sheet_with(SATURDAY)
    with CaptureQueriesContext(connection) as queries:
        assert scan_sheets(now=LATER, is_whole=True)["raised"] == count
    assert len([query for query in queries if "SAVEPOINT" not in query["sql"]]) == 5


def test_the_tasks_scan(freeze):
    freeze(2025, 11, 5)
    sheet_with(SATURDAY)
    scan_new_sheets()
    assert RiskSignal.objects.count() == 1
    StudyMonth.objects.filter(month=OCTOBER).update(study_mask="1" * 31, study_days=31)
    scan_all_sheets()
    assert not RiskSignal.objects.open().exists()


def test_there_is_one_row_of_the_scan():
    scan_sheets(now=NOW)
    with pytest.raises(IntegrityError), transaction.atomic():
        SheetScan.objects.create(pk=2)


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ({"code": "SOMETHING"}, "risksignal_code_known"),
        ({"month": datetime.date(2025, 10, 2)}, "risksignal_month_is_first_day"),
        ({}, "risksignal_one_per_thing"),
    ],
)
def test_the_database_refuses_a_wrong_signal(change, constraint):
    sheet_with(SATURDAY)
    scan_sheets(now=NOW)
    known = RiskSignal.objects.values(
        "provider_id", "contract_id", "child_id", "month", "code", "days", "noticed_at"
    ).get()
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        RiskSignal.objects.create(**known | change)
