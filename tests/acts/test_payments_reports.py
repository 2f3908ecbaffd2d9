"""Answers of the treasury in every order, broken, unknown or contradicting each other."""

import dataclasses
import datetime
import itertools
import random

import pytest
from django.db import transaction

from acts.models import Act, BookedEntry, PaymentOrder, TreasuryReport
from acts.payments.reports import apply_page, stored_cursor
from acts.payments.sending import treasury as connect
from integrations.treasury.client import BrokenReport, Page, Report
from registry.models import LedgerBalance, VoucherPart
from tests.acts import paying
from tests.acts.paying import broken_rules, reconcile, states

pytestmark = pytest.mark.django_db


def page_of(*items, broken=(), cursor="1") -> Page:
    return Page(items=tuple(items), broken=tuple(broken), next_cursor=cursor, has_more=False)


def everything_told() -> list[Report]:
    """All reports that the gateway has, from the beginning."""
    with connect() as client:
        return list(client.reports(limit=100).items)


def picture() -> dict:
    """What the answers decide."""
    return {
        "orders": states(),
        "acts": paying.act_states(),
        "parts": sorted(VoucherPart.objects.values_list("voucher", "month", "state")),
        "ledger": sorted(LedgerBalance.objects.values_list("month", "account", "local_kzt", "republican_kzt")),
        "entries": sorted(BookedEntry.objects.values_list("key", "problem")),
    }


def after(reports: list[Report]) -> dict:
    """The picture after `reports`, each in a page of its own; undone again."""
    with transaction.atomic():
        for number, report in enumerate(reports):
            apply_page(page_of(report, cursor=str(number)), now=paying.NOW)
        found = picture()
        assert broken_rules() == {}
        transaction.set_rollback(True)
    return found


def test_the_same_reports_leave_the_same_state_whatever_their_order_and_number(treasury):
    region = paying.make_region(providers=3, children=1)
    refused, returned, _paid = region.accepted(10)
    treasury.control({
        "refuse": {f"{refused.number}-RB": "AC01"}, "send_back": {f"{returned.number}-MB": "AC04"},
        "send_back_after_polls": 0,
    })  # fmt: skip
    region.route()
    reports = everything_told()
    assert [report.kind for report in reports] == ["pain.002", "pain.002", "camt.054", "camt.054"]
    in_order = after(reports)
    assert in_order["orders"] == ["PAID", "REJECTED", "RETURNED", "PAID", "PAID", "PAID"]
    for order in itertools.permutations(reports):
        twice = random.Random(7).sample([*order, *order], 8)  # noqa: S311
        assert after(list(order)) == in_order
        assert after(twice) == in_order


def test_a_report_is_stored_once_with_the_cursor_of_its_page(treasury):
    region = paying.make_region(children=1)
    region.accepted(10)
    region.route()
    reports = everything_told()
    apply_page(page_of(*reports, *reports, cursor="7"), now=paying.NOW)
    apply_page(page_of(*reports, cursor="8"), now=paying.NOW)
    assert TreasuryReport.objects.count() == len(reports)
    assert stored_cursor() == "8"


def test_what_cannot_be_read_is_put_aside_and_blocks_nothing(treasury):
    region = paying.make_region(children=1)
    region.accepted(10)
    region.route()
    garbage = Report("STS-bad", "pain.002", b"<Document>")
    answers = apply_page(
        page_of(garbage, *everything_told(), broken=[BrokenReport("xml is missing", '{"report_id": 1}')]),
        now=paying.NOW,
    )
    assert answers.orders["PAID"] == 2
    assert len(answers.problems) == 2
    problems = TreasuryReport.objects.exclude(problem="").values_list("problem", flat=True)
    assert any("not well-formed" in problem for problem in problems)
    assert "xml is missing" in problems


def changed(report: Report, **replaced: str) -> Report:
    """The report with some of its text replaced, under another name."""
    text = report.xml.decode()
    for old, new in {report.report_id: f"{report.report_id}-x", **replaced}.items():
        text = text.replace(old, new)
    return dataclasses.replace(report, report_id=f"{report.report_id}-x", xml=text.encode())


@pytest.fixture
def one_act(treasury):
    """An act that was sent, and the treasury's reports: file accepted, transfers settled, money booked."""
    region = paying.make_region(children=1)
    [act] = region.accepted(10)
    region.route()
    return act, everything_told()


def test_a_report_about_a_message_that_is_not_ours_changes_nothing(one_act):
    act, (accepted, *_rest) = one_act
    answers = apply_page(page_of(changed(accepted, **{"EVP-": "XVP-"})), now=paying.NOW)
    assert len(answers.problems) == 1
    assert states() == ["SENT", "SENT"]


def test_a_status_that_nobody_knows_is_stored_and_looked_at(one_act):
    _act, (_accepted, settled, _booked) = one_act
    answers = apply_page(page_of(changed(settled, ACSC="WXYZ")), now=paying.NOW)
    assert states() == ["SENT", "SENT"]
    assert "unknown status 'WXYZ'" in answers.problems[0]


def test_a_report_that_is_older_than_the_last_one_changes_nothing(one_act):
    _act, (accepted, settled, _booked) = one_act
    apply_page(page_of(settled), now=paying.NOW)
    late_refusal = changed(accepted, ACTC="RJCT")
    apply_page(page_of(late_refusal), now=paying.NOW)
    assert states() == ["ACCEPTED", "ACCEPTED"]


def test_a_refusal_after_the_booking_is_a_contradiction_for_a_person(one_act):
    _act, (_accepted, settled, booked) = one_act
    apply_page(page_of(booked), now=paying.NOW)
    answers = apply_page(page_of(changed(settled, ACSC="RJCT")), now=paying.NOW)
    assert "refused after it was booked" in answers.problems[0]
    assert states() == ["PAID", "PAID"]


def test_a_booking_after_the_refusal_is_a_contradiction_for_a_person(one_act):
    _act, (_accepted, settled, booked) = one_act
    apply_page(page_of(changed(settled, ACSC="RJCT")), now=paying.NOW)
    apply_page(page_of(booked), now=paying.NOW)
    assert states() == ["REJECTED", "REJECTED"]
    assert set(BookedEntry.objects.values_list("problem", flat=True)) == {"after_rejection"}
    assert broken_rules() == {}


def test_a_booking_under_another_reference_of_the_bank_is_a_second_booking(one_act):
    _act, (_accepted, _settled, booked) = one_act
    apply_page(page_of(booked), now=paying.NOW)
    apply_page(page_of(changed(booked, **{"<AcctSvcrRef>B": "<AcctSvcrRef>C"})), now=paying.NOW)
    assert sorted(BookedEntry.objects.values_list("problem", flat=True)) == ["", "", "booked_twice", "booked_twice"]
    assert broken_rules() == {}


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("BOOK", "PDNG", None),
        ('Ccy="KZT"', 'Ccy="USD"', "currency"),
        ("<EndToEndId>A-", "<EndToEndId>B-", ""),
        ("-MB</EndToEndId>", "-MX</EndToEndId>", ""),
    ],
)  # fmt: skip
def test_only_booked_money_in_our_currency_pays(one_act, old, new, problem):
    _act, (_accepted, _settled, booked) = one_act
    apply_page(page_of(changed(booked, **{old: new})), now=paying.NOW)
    found = set(BookedEntry.objects.values_list("problem", flat=True))
    if problem == "":  # found by its UETR
        assert (found, states()) == ({""}, ["PAID", "PAID"])
    else:
        assert found == ({problem} if problem else set())
        assert "PAID" not in states()


def test_an_entry_of_another_account_is_not_ours(one_act):
    _act, (_accepted, _settled, booked) = one_act
    account = PaymentOrder.objects.first().attempts.get().debtor_iban
    apply_page(page_of(changed(booked, **{account: "KZ60999KZT0000000001"})), now=paying.NOW)
    assert states() == ["SENT", "PAID"]
    [entry] = BookedEntry.objects.exclude(problem="")
    assert (entry.problem, len(entry.problems)) == ("account", 1)


def test_two_pages_and_many_reports_are_read_to_their_end(treasury):
    region = paying.make_region(providers=1, children=1)
    region.accepted(10)
    treasury.control({"repeat_reports": True, "refuse_files": ["FF01"] * 7})
    for _run in range(8):
        region.route()
        reconcile()
    assert Act.objects.get().state == "PAID"
    assert TreasuryReport.objects.count() > 10
    assert broken_rules() == {}


def test_the_day_of_a_booking_is_kept(one_act):
    _act, (_accepted, _settled, booked) = one_act
    apply_page(page_of(booked), now=paying.NOW)
    assert set(BookedEntry.objects.values_list("booked_on", flat=True)) == {datetime.date(2025, 11, 10)}
