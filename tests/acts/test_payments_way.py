"""The way of the money against the emulated treasury: accepted act → order → booking → redeemed part, and back."""

from decimal import Decimal

import pytest

from acts.models import ActEvent, BookedEntry, PaymentAttempt, PaymentFile, PaymentOrder
from registry.models import LedgerEntry
from tests.acts import paying
from tests.acts.paying import broken_rules, parts_of, reconcile, states, transfers

pytestmark = pytest.mark.django_db
CHILD_TIYN = {"MB": 5066800, "RB": 499100}


def test_an_accepted_act_becomes_an_order_for_each_source_and_its_parts_are_redeemed(treasury):
    region = paying.make_region(providers=2, children=2)
    region.accepted(10)

    routed = region.route()
    assert routed.as_json() == {"orders": 4, "submitted": 4, "held": 0, "amount_kzt": "222636.00"}
    assert states() == ["SENT"] * 4
    assert parts_of(10) == {"WRITTEN_OFF"}

    reconciled = reconcile()
    assert reconciled.as_json() == {
        "paid": 4, "rejected": 0, "returned": 0, "unknown": 0, "redeemed_parts": 4, "redeemed_kzt": "222636.00",
    }  # fmt: skip
    assert reconciled.problems == ()
    assert paying.act_states() == ["PAID", "PAID"]
    assert parts_of(10) == {"REDEEMED"}
    assert {state for state, _tiyn in transfers(treasury).values()} == {"booked"}
    assert broken_rules() == {}


def test_one_run_is_one_message_with_a_block_for_each_source(treasury):
    region = paying.make_region(providers=2, children=1)
    region.accepted(10)
    region.route()
    file = PaymentFile.objects.get()
    assert file.msg_id.startswith("EVP-20251110-")
    assert file.sent_at
    [message] = treasury.book.rows("SELECT msg_id, sha256 FROM message")
    assert (message["msg_id"], message["sha256"]) == (file.msg_id, file.sha256)
    assert {name[-2:] for name in transfers(treasury)} == {"MB", "RB"}


def test_a_second_run_finds_nothing_to_do(treasury):
    region = paying.make_region()
    region.accepted(10)
    region.route()
    reconcile()
    assert region.route().as_json() == {"orders": 0, "submitted": 0, "held": 0, "amount_kzt": "0.00"}
    again = reconcile().as_json()
    assert again == {
        "paid": 0, "rejected": 0, "returned": 0, "unknown": 0, "redeemed_parts": 0, "redeemed_kzt": "0.00",
    }  # fmt: skip
    assert PaymentFile.objects.count() == 1


def test_an_act_that_only_one_side_has_accepted_is_not_paid(treasury):
    region = paying.make_region()
    region.close(10)
    assert region.route().orders == 0


def test_a_refused_source_leaves_the_part_written_off_and_is_retried_under_another_name(treasury):
    region = paying.make_region(children=1)
    [act] = region.accepted(10)
    treasury.control({"refuse": {f"{act.number}-RB": "AC01"}})
    region.route()

    refused = reconcile()
    assert (refused.paid, refused.rejected, refused.redeemed_parts) == (1, 1, 0)
    assert states() == ["PAID", "REJECTED"]
    assert PaymentOrder.objects.get(state="REJECTED").reason.startswith("AC01")
    assert parts_of(10) == {"WRITTEN_OFF"}
    assert broken_rules() == {}

    routed = region.route()
    assert (routed.orders, routed.submitted, routed.amount_kzt) == (0, 1, Decimal("4991.00"))
    assert reconcile().redeemed_parts == 1
    assert transfers(treasury) == {
        f"{act.number}-MB": ("booked", CHILD_TIYN["MB"]),
        f"{act.number}-RB": ("refused", CHILD_TIYN["RB"]),
        f"{act.number}-RB-R2": ("booked", CHILD_TIYN["RB"]),
    }
    assert PaymentOrder.objects.get(source="republican").reason == ""
    assert broken_rules() == {}


def test_the_clock_alone_does_not_retry_what_was_refused(treasury):
    region = paying.make_region(children=1)
    [act] = region.accepted(10)
    treasury.control({"refuse": {f"{act.number}-RB": "AC01"}})
    region.route()
    reconcile()
    assert region.route(retry=False).submitted == 0
    assert region.route().submitted == 1


def test_a_file_refused_as_a_whole_refuses_all_its_transfers(treasury):
    region = paying.make_region(children=1)
    region.accepted(10)
    treasury.control({"refuse_files": ["FF01"]})
    region.route()
    assert reconcile().rejected == 2
    assert states() == ["REJECTED", "REJECTED"]
    assert region.route().submitted == 2
    assert reconcile().redeemed_parts == 1
    assert sorted(name[-5:] for name in transfers(treasury)) == ["01-MB", "01-RB", "MB-R2", "RB-R2"]
    assert broken_rules() == {}


def test_money_that_came_back_opens_the_act_and_its_parts_and_is_paid_again(treasury):
    region = paying.make_region(children=2)
    [act] = region.accepted(10)
    region.route()
    reconcile()
    treasury.control({"send_back": {f"{act.number}-MB": "AC04"}})

    returned = reconcile()
    assert (returned.returned, returned.redeemed_parts) == (1, 0)
    assert states() == ["RETURNED", "PAID"]
    assert paying.act_states() == ["SIGNED"]
    assert parts_of(10) == {"WRITTEN_OFF"}
    assert BookedEntry.objects.filter(attempt__end_to_end_id=f"{act.number}-MB").count() == 2
    moves = LedgerEntry.objects.filter(reason__in=["PAID", "RETURNED"]).values_list("from_account", "to_account")
    assert list(moves.order_by("pk")) == [("WRITTEN_OFF", "REDEEMED")] * 2 + [("REDEEMED", "WRITTEN_OFF")] * 2
    assert broken_rules() == {}

    treasury.control({"send_back": {}})
    assert region.route().submitted == 1
    assert reconcile().redeemed_parts == 2
    kinds = ActEvent.objects.filter(act=act).order_by("pk").values_list("kind", flat=True)
    assert list(kinds)[-3:] == ["paid", "reopened", "paid"]
    assert broken_rules() == {}


def test_money_that_came_back_before_we_heard_of_the_booking_is_paid_again_too(treasury):
    region = paying.make_region(children=1)
    [act] = region.accepted(10)
    treasury.control({"send_back": {f"{act.number}-MB": "AC04"}, "send_back_after_polls": 0, "out_of_order": True})
    region.route()
    reconcile()
    assert states() == ["RETURNED", "PAID"]
    treasury.control({"send_back": {}})
    region.route()
    assert reconcile().redeemed_parts == 1
    assert broken_rules() == {}


@pytest.mark.parametrize("script", [{"repeat_reports": True}, {"out_of_order": True}, {"delay_polls": 2}])
def test_answers_may_come_twice_late_and_in_any_order(treasury, script):
    region = paying.make_region(providers=2, children=1)
    region.accepted(10)
    treasury.control(script)
    region.route()
    runs = [reconcile() for _poll in range(4)]
    assert sum(run.paid for run in runs) == 4
    assert sum(run.redeemed_parts for run in runs) == 2
    assert not any(run.problems for run in runs)
    assert BookedEntry.objects.count() == 4
    assert broken_rules() == {}


def test_another_amount_than_ours_closes_nothing_and_is_put_into_the_reconciliation(treasury):
    region = paying.make_region(children=1)
    [act] = region.accepted(10)
    treasury.control({"wrong_amounts": {f"{act.number}-MB": "-0.01"}})
    region.route()
    reconciled = reconcile()
    assert (reconciled.paid, reconciled.redeemed_parts) == (1, 0)
    assert len(reconciled.problems) == 1
    assert states() == ["ACCEPTED", "PAID"]
    entry = BookedEntry.objects.exclude(problem="").get()
    assert (entry.problem, entry.amount_kzt) == ("amount", Decimal("50667.99"))
    assert region.route().submitted == 0
    assert broken_rules() == {}


def test_a_charge_that_was_taken_back_is_not_redeemed_with_its_act(treasury):
    region = paying.make_region(children=2)
    [october] = region.accepted(10)
    region.correct(region.contracts[region.providers[0].pk][0], 10, days=5)
    region.nobody_came(11)
    region.close(11)
    region.route()
    reconcile()
    assert paying.act_states() == ["PAID", "TO_PROVIDER"]
    assert LedgerEntry.objects.filter(reason="PAID", act_id=october.pk).count() == 1
    assert parts_of(10) == {"REDEEMED", "WRITTEN_OFF"}
    assert broken_rules() == {}


def test_every_attempt_has_names_of_its_own_and_at_most_one_is_under_way(treasury):
    region = paying.make_region(children=1)
    region.accepted(10)
    treasury.control({"refuse_files": ["FF01", "FF01"]})
    for _run in range(3):
        region.route()
        reconcile()
    attempts = PaymentAttempt.objects.filter(order__source="local").order_by("number")
    assert [attempt.end_to_end_id.rpartition("-")[2] for attempt in attempts] == ["MB", "R2", "R3"]
    assert len({attempt.uetr for attempt in attempts}) == 3
    assert states() == ["PAID", "PAID"]
