"""What is owed and when it may go: set-offs, debts, suspensions."""

import datetime
from decimal import Decimal

import pytest
from django.db import DatabaseError, IntegrityError, transaction
from django.db.backends.postgresql.psycopg_any import DateRange

from acts.enums import OrderState
from acts.models import Act, PaymentAttempt, PaymentFile, PaymentOrder, SetOff
from registry.enums import SheetStatus
from registry.models import Sheet
from tests.acts import paying
from tests.acts.paying import broken_rules, parts_of, reconcile, states, transfers
from tests.factories import (
    LateFactFactory,
    ProviderFactory,
    SheetFactory,
    StateOrderContractFactory,
    SuspensionFactory,
)

pytestmark = pytest.mark.django_db
DECEMBER = datetime.date(2025, 12, 8)


def region_with_debt():
    """October was paid for two children; then it turned out that each of them came for five days of 22 only."""
    region = paying.make_region(children=2)
    region.accepted(10)
    region.route()
    reconcile()
    for contract in region.contracts[region.providers[0].pk]:
        region.correct(contract, 10, days=5)
    region.nobody_came(11)
    region.accepted(11)
    return region


def test_a_negative_sum_is_a_debt_and_no_message(treasury):
    region = region_with_debt()
    routed = region.route()
    assert (routed.orders, routed.submitted) == (2, 0)
    assert states(act__bill_month="2025-11-01") == ["DEBT", "DEBT"]
    assert paying.act_states() == ["PAID", "SIGNED"]
    assert parts_of(10) == {"WRITTEN_OFF"}
    assert PaymentFile.objects.count() == 1
    assert broken_rules() == {}


def test_a_debt_is_set_off_against_the_next_act_and_both_are_settled_by_its_booking(treasury):
    region = region_with_debt()
    region.route()
    region.accepted(12)
    december = region.route()
    debts = PaymentOrder.objects.filter(act__bill_month="2025-11-01").order_by("source")
    assert [debt.amount_kzt for debt in debts] == [Decimal("-78305.10"), Decimal("-7713.36")]
    assert [order.pay_kzt for order in PaymentOrder.objects.filter(state="SENT").order_by("source")] == [
        Decimal("23030.90"), Decimal("2268.64"),
    ]  # fmt: skip
    assert december.amount_kzt == Decimal("25299.54")
    assert states() == ["PAID", "PAID", "SET_OFF", "SET_OFF", "SENT", "SENT"]
    assert paying.act_states() == ["PAID", "SIGNED", "SIGNED"]
    assert broken_rules() == {}

    reconciled = reconcile()
    assert (reconciled.paid, reconciled.redeemed_parts, reconciled.redeemed_kzt) == (2, 4, Decimal("136617.54"))
    assert paying.act_states() == ["PAID", "PAID", "PAID"]
    assert parts_of(10) == parts_of(12) == {"REDEEMED"}
    assert broken_rules() == {}


def test_a_returned_payment_opens_the_debts_that_were_set_off_against_it_too(treasury):
    region = region_with_debt()
    region.route()
    [december] = region.accepted(12)
    region.route()
    reconcile()
    treasury.control({"send_back": {f"{december.number}-RB": "AC04"}})
    assert reconcile().returned == 1
    assert paying.act_states() == ["PAID", "SIGNED", "SIGNED"]
    assert parts_of(10) == parts_of(12) == {"WRITTEN_OFF"}
    assert broken_rules() == {}
    treasury.control({"send_back": {}})
    region.route()
    assert reconcile().redeemed_parts == 4
    assert broken_rules() == {}


def test_what_a_debt_swallows_whole_is_settled_without_a_message_and_the_rest_waits_for_another_act(treasury):
    region = region_with_debt()
    region.route()
    first, _second = region.contracts[region.providers[0].pk]
    SheetFactory(contract=first, month=datetime.date(2025, 12, 1), marks="P" + "N" * 30)
    region.nobody_came(12)
    region.accepted(12)
    assert region.route().submitted == 0
    assert states(act__bill_month="2025-12-01") == ["SET_OFF", "SET_OFF"]
    assert states(act__bill_month="2025-11-01") == ["DEBT", "DEBT"]
    assert paying.act_states() == ["PAID", "SIGNED", "PAID"]
    assert SetOff.objects.count() == 2
    assert broken_rules() == {}


def test_a_debt_is_not_set_off_against_the_act_of_another_provider(treasury):
    region = region_with_debt()
    other = ProviderFactory(issuer=region.issuer, preschool=True)
    StateOrderContractFactory(provider=other)
    region.add_children(other, 1)
    region.accepted(12)
    region.route()
    assert PaymentOrder.objects.get(act__provider=other, source="local").pay_kzt == paying.LOCAL
    assert broken_rules() == {}


def test_an_act_whose_sums_are_zero_is_settled_without_an_order(treasury):
    region = paying.make_region(children=2)
    early, late = region.contracts[region.providers[0].pk]
    october = datetime.date(2025, 10, 1)
    SheetFactory(contract=late, month=october, status=SheetStatus.DRAFT, approved_at=None, received_at=paying.NOW)
    region.accepted(10)
    region.route()
    reconcile()
    region.correct(early, 10, days=0)
    Sheet.objects.filter(contract=late, month=october).update(
        status=SheetStatus.APPROVED, approved_at=paying.NOW, version=2
    )
    LateFactFactory(contract=late, month=october, reason="SHEET")
    region.nobody_came(11)
    [_october, november] = [*Act.objects.all(), *region.accepted(11)]
    assert (november.local_kzt, november.republican_kzt) == (0, 0)
    assert region.route().orders == 0
    assert paying.act_states() == ["PAID", "PAID"]
    assert parts_of(10) == {"EXPIRED", "REDEEMED"}
    assert broken_rules() == {}


def test_orders_of_a_suspended_provider_are_held_and_go_out_in_date_order_when_it_ends(treasury):
    region = paying.make_region(providers=2, children=1)
    suspended = region.providers[0]
    SuspensionFactory(provider=suspended, days=DateRange(datetime.date(2025, 11, 1), DECEMBER))
    region.accepted(10)
    routed = region.route()
    assert (routed.orders, routed.submitted, routed.held) == (4, 2, 2)
    assert states(act__provider=suspended) == ["HELD", "HELD"]
    region.accepted(11)
    assert region.route().held == 4
    reconcile()
    assert parts_of(10) == {"REDEEMED", "WRITTEN_OFF"}
    assert broken_rules() == {}

    resumed = region.route(today=DECEMBER)
    assert (resumed.orders, resumed.submitted, resumed.held) == (0, 4, 0)
    local = [name for name in transfers(treasury) if name.endswith("MB")][-2:]
    assert [name[-15:-8] for name in local] == ["2025-10", "2025-11"]
    assert reconcile().redeemed_parts == 2
    assert parts_of(10) == {"REDEEMED"}
    assert broken_rules() == {}


def test_a_refused_payment_of_a_provider_who_is_suspended_meanwhile_is_held(treasury):
    region = paying.make_region(children=1)
    region.accepted(10)
    treasury.control({"refuse_files": ["FF01"]})
    region.route()
    reconcile()
    SuspensionFactory(provider=region.providers[0], days=DateRange(datetime.date(2025, 11, 10), None))
    assert region.route().as_json() == {"orders": 0, "submitted": 0, "held": 2, "amount_kzt": "0.00"}


def test_only_the_programme_asked_for_is_routed(treasury):
    region = paying.make_region(children=1)
    region.accepted(10)
    assert region.route(programme="school").orders == 0
    assert region.route(programme="preschool").submitted == 2


@pytest.mark.parametrize("providers", [1, 12])
def test_making_and_sending_orders_costs_the_same_queries_for_any_number_of_acts(
    treasury, providers, django_assert_num_queries
):
    region = paying.make_region(providers=providers, children=1)
    region.accepted(10)
    with django_assert_num_queries(31):
        region.route()
    with django_assert_num_queries(30):
        reconcile()
    assert broken_rules() == {}


def test_the_database_refuses_a_second_attempt_beside_one_under_way(treasury):
    region = paying.make_region(children=1)
    region.accepted(10)
    region.route()
    attempt = PaymentAttempt.objects.first()
    twin = PaymentAttempt(
        order=attempt.order, file=attempt.file, number=2, end_to_end_id="X-1", amount_kzt=1,
        debtor_iban=attempt.debtor_iban, creditor_iban=attempt.creditor_iban,
    )  # fmt: skip
    with pytest.raises(IntegrityError, match="attempt_one_live_per_order"), transaction.atomic():
        twin.save()


def test_the_bulk_steps_and_the_transitions_start_from_the_same_states():
    for state in OrderState:
        order = PaymentOrder(state=state)
        names = {transition.name for transition in order.get_available_state_transitions()}
        assert ("hold" in names) == (state in ("PREPARED", "REJECTED", "RETURNED"))
        assert ("let_go" in names) == (state == "HELD")
        assert ("send" in names) == (state in ("PREPARED", "UNKNOWN"))
        assert ("try_again" in names) == (state in ("REJECTED", "RETURNED"))


@pytest.mark.parametrize(
    ("model", "change"),
    [
        (PaymentOrder, {"pay_kzt": 1}),
        (PaymentAttempt, {"end_to_end_id": "X"}),
        (PaymentAttempt, {"amount_kzt": 1}),
        (PaymentFile, {"xml": b"X"}),
    ],
)
def test_the_database_refuses_to_change_what_was_sent(treasury, model, change):
    region = paying.make_region(children=1)
    region.accepted(10)
    region.route()
    with pytest.raises(DatabaseError, match="Cannot update"), transaction.atomic():
        model.objects.update(**change)
