"""Facts that change after their month was closed, and contracts that are corrected to another place."""

import datetime
from decimal import Decimal

import pytest
from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateRange

from acts.models import Act, Charge, PaymentOrder
from acts.payments.orders import make_orders
from acts.payments.redeeming import settle_acts
from acts.workflow import accept_act, submit_act
from registry import settling
from registry.enums import PartState
from registry.ledger import lock_ledger
from registry.models import Budget, Contract, LedgerBalance, Norm, StudyMonth, VoucherPart
from schools.models import StateOrderContract
from tests.core.recount import charged, earned
from tests.core.world import NOW, World, broken_rules, changed, funding, make_world, row, sheet
from tests.factories import NormFactory, StateOrderContractFactory, UserFactory

pytestmark = pytest.mark.django_db

OCTOBER = datetime.date(2025, 10, 1)


@pytest.fixture
def world() -> World:
    return make_world()


def lines(bill_month: int) -> list[tuple]:
    """What the act of a month of 2025 bills: provider, service month, kind, paid days, sum."""
    billed = Charge.objects.filter(bill_month=datetime.date(2025, bill_month, 1)).order_by("service_month", "-kind")
    return [
        (each.act.provider.bin, each.service_month.month, each.kind, each.paid_days, each.amount_kzt)
        for each in billed.select_related("act__provider__organisation")
    ]


def part(month: datetime.date = OCTOBER, **voucher) -> str:
    return VoucherPart.objects.get(month=month, **voucher).state


def balance(issuer, account: str, month: datetime.date = OCTOBER) -> Decimal:
    found = LedgerBalance.objects.filter(issuer=issuer, account=account, month=month).first()
    return found.amount_kzt if found else Decimal(0)


def test_a_contract_corrected_to_another_provider_is_taken_back_from_the_first(world):
    first = world.contract("c", "a")
    world.poll(first, sheet("c"))
    world.close("2025-10")
    world.poll(changed(first, provider_bin=world.providers["b"].bin))
    world.close("2025-11")
    whole, october = Decimal("77222.22"), Decimal("64351.85")
    assert lines(11) == [
        (world.providers["a"].bin, 10, "REFUND", 18, -whole),
        (world.providers["b"].bin, 10, "CORRECTION", 15, october),
    ]
    assert broken_rules() == {}


def test_the_same_days_at_another_provider_are_billed_anew(world):
    first = world.contract("c", "a", starts_on=datetime.date(2025, 10, 6))
    world.poll(first, sheet("c"))
    world.close("2025-10")
    world.poll(changed(first, provider_bin=world.providers["b"].bin))
    world.close("2025-11")
    assert [line[:3] for line in lines(11)] == [
        (world.providers["a"].bin, 10, "REFUND"),
        (world.providers["b"].bin, 10, "CORRECTION"),
    ]
    assert broken_rules() == {}


def test_a_late_contract_that_goes_again_leaves_the_part_expired(world):
    first = world.contract("c", "a", ends_on=datetime.date(2025, 9, 30))
    world.poll(first)
    world.close("2025-10")
    late = world.contract("late", "a", child=0, starts_on=OCTOBER)
    assert part() == PartState.EXPIRED
    world.poll(late)
    assert part() == PartState.RESERVED
    world.poll(changed(late, status="annulled"))
    assert part() == PartState.EXPIRED
    assert broken_rules() == {}
    world.close("2025-11")
    assert balance(world.issuers["A"], "RESERVED") == 0
    assert broken_rules() == {}


def test_a_contract_corrected_to_another_issuer_moves_from_one_ledger_to_the_other(world):
    first = world.contract("c", "a")
    world.poll(first)
    world.poll(changed(first, provider_bin=world.providers["z"].bin))
    assert balance(world.issuers["A"], "RESERVED") == 0
    assert balance(world.issuers["Z"], "RESERVED") == Decimal("77222.22")
    assert broken_rules() == {}
    world.poll(changed(first, version=3))
    assert balance(world.issuers["A"], "RESERVED") == Decimal("77222.22")
    assert balance(world.issuers["Z"], "RESERVED") == 0
    assert broken_rules() == {}


@pytest.mark.parametrize(("provider", "other"), [("k", ("A", "preschool")), ("z", ("Z", "school"))])
@pytest.mark.parametrize("moment", ["after both closes", "between the closes"])
def test_a_contract_corrected_to_other_books_is_taken_back_from_the_first(world, provider, other, moment):
    first, marks = world.contract("c", "a"), sheet("c")
    there = world.contract("c", provider, version=2)
    world.poll(first, marks)
    world.close("2025-10")
    for step in [world.poll, world.close] if moment == "between the closes" else [world.close, world.poll]:
        step(there) if step == world.poll else step("2025-10", *other)
        assert broken_rules() == {}
    for books in [("A", "school"), other]:
        world.close("2025-11", *books)
        assert broken_rules() == {}
    assert charged() == earned(world, {"c": there}, {("c", "2025-10"): marks})
    assert len(charged()) == 1


@pytest.mark.parametrize("issuers", ["AZ", "ZA"])
def test_a_child_that_moves_to_another_issuer_within_a_month_shares_its_part_between_both(world, issuers):
    here = world.contract("here", "a", ends_on=datetime.date(2025, 10, 14))
    there = world.contract("there", "z", starts_on=datetime.date(2025, 10, 15))
    world.poll(here, there, sheet("here"), sheet("there"))
    for issuer in issuers:
        world.close("2025-10", issuer)
        assert broken_rules() == {}
    facts = {("here", "2025-10"): sheet("here"), ("there", "2025-10"): sheet("there")}
    assert charged() == earned(world, {"here": here, "there": there}, facts)


@pytest.mark.parametrize("issuers", ["AZ", "ZA"])
def test_a_part_that_one_issuer_charged_stays_written_off_when_the_other_charges_nothing(world, issuers):
    here = world.contract("here", "a", ends_on=datetime.date(2025, 10, 14))
    there = world.contract("there", "z", starts_on=datetime.date(2025, 10, 15))
    world.poll(here, there, sheet("here"))
    for issuer in issuers:
        world.close("2025-10", issuer)
    assert part() == PartState.WRITTEN_OFF
    assert broken_rules() == {}


def test_a_norm_of_the_same_sum_with_another_split_moves_the_reservation_between_sources(world):
    NormFactory(
        issuer=world.issuers["A"], level="upper", local_kzt=Decimal("694999.98"), republican_kzt=Decimal("0.00")
    )
    first = world.contract("c", "a")
    world.poll(first)
    world.poll(changed(first, level="upper"))
    found = LedgerBalance.objects.get(issuer=world.issuers["A"], account="RESERVED", month=OCTOBER)
    assert (found.local_kzt, found.republican_kzt) == (Decimal("77222.22"), Decimal("0.00"))
    assert row("c").norm == Norm.objects.get(level="upper", issuer=world.issuers["A"])
    assert broken_rules() == {}


def limit(world: World, local: str, issuer: str = "A") -> None:
    """So much may be spent of the local budget on schools in 2025; a whole year's norm is local."""
    Norm.objects.filter(issuer=world.issuers[issuer], level="primary").update(
        total_kzt="900000.00", local_kzt="900000.00", republican_kzt=0
    )
    budgets = Budget.objects.filter(issuer=world.issuers[issuer], programme="school")
    budgets.filter(year=2025, source="local").update(limit_kzt=local)


def test_budget_of_an_annulled_contract_that_is_charged_is_free_after_its_refund_only(world):
    limit(world, "400000.00")
    first = world.contract("first", child=1)
    world.poll(first, sheet("first"))
    world.close("2025-10")
    world.poll(changed(first, status="annulled"), world.contract("second", child=2))
    assert funding("second") == "BUDGET_EXHAUSTED"
    assert broken_rules() == {}
    world.close("2025-11")
    world.settle()
    assert funding("second") == "FUNDED"
    assert broken_rules() == {}


def test_a_contract_that_grows_takes_no_budget_from_one_that_was_funded_earlier(world):
    limit(world, "500000.00")
    short = world.contract("short", child=1, ends_on=datetime.date(2025, 9, 30))
    whole = world.contract("whole", child=2, signed_at=world.contract("x").signed_at + datetime.timedelta(days=1))
    world.poll(short, whole)
    assert (funding("short"), funding("whole")) == ("FUNDED", "FUNDED")
    world.poll(changed(short, ends_on=None), changed(whole, group="1Б"))
    assert (funding("short"), funding("whole")) == ("BUDGET_EXHAUSTED", "FUNDED")
    assert broken_rules() == {}


def test_a_late_sheet_for_which_no_budget_is_left_does_not_stop_the_close(world):
    limit(world, "400000.00")
    world.poll(world.contract("first", child=1, ends_on=datetime.date(2025, 10, 31)))
    world.close("2025-10")
    second = world.contract("second", child=2)
    world.poll(second, sheet("second", "2025-11"), sheet("second"))
    assert funding("second") == "FUNDED"
    world.poll(sheet("first"))
    result = world.close("2025-11")
    assert result["not_charged"]["BUDGET_EXHAUSTED"] == 1
    assert broken_rules() == {}


@pytest.mark.django_db(transaction=True)
def test_a_version_that_comes_while_contracts_are_decided_on_is_decided_on_next_time(world, monkeypatch):
    monkeypatch.setattr(settling, "BATCH", 1)
    first, second = world.contract("first", child=1), world.contract("second", child=2)
    world.take(first, second)
    longer = changed(second, ends_on=datetime.date(2025, 10, 31))

    def deliver(done: int, _total: int) -> None:
        if done == 1:
            world.take(longer)

    settling.settle_contracts(now=datetime.datetime.now(tz=datetime.UTC), progress=deliver)
    assert not row("second").is_settled
    world.settle()
    assert row("second").is_settled
    assert broken_rules() == {}


def pay(world: World, *providers: str) -> None:
    """The treasury has paid every act of these providers."""
    director, officer = UserFactory(), UserFactory()
    issuer = world.issuers["A"]
    for act in Act.objects.filter(provider__in=[world.providers[name] for name in providers], state="TO_PROVIDER"):
        submit_act(act_id=act.pk, by=director, now=NOW)
        accept_act(act_id=act.pk, by=officer, now=NOW)
    make_orders(issuer=issuer, programme=None, now=NOW)
    with transaction.atomic():
        lock_ledger([issuer.pk])
        PaymentOrder.objects.filter(state="PREPARED").update(state="PAID")
        settle_acts(issuer_id=issuer.pk, now=NOW)


def broken_books() -> dict:
    """As `broken_rules`, without the bank's bookings, which `pay` leaves out."""
    return {name: found for name, found in broken_rules().items() if name != "paid_orders_have_their_bookings"}


@pytest.fixture
def shared_october(world) -> World:
    """A child that changed schools within October, which is closed; the first school is paid."""
    here = world.contract("here", "a", ends_on=datetime.date(2025, 10, 14))
    there = world.contract("there", "b", starts_on=datetime.date(2025, 10, 15))
    world.poll(here, there, sheet("here"), sheet("there"))
    world.close("2025-10")
    pay(world, "a")
    return world


def test_a_part_is_redeemed_when_all_schools_that_share_it_are_paid(shared_october):
    assert part() == PartState.WRITTEN_OFF
    pay(shared_october, "b")
    assert part() == PartState.REDEEMED
    assert broken_books() == {}


def test_a_part_is_redeemed_when_what_was_not_paid_is_taken_back(shared_october):
    shared_october.poll(sheet("there", marks="N", version=2))
    shared_october.close("2025-11")
    assert part() == PartState.REDEEMED
    assert broken_books() == {}


def test_a_redeemed_part_that_is_corrected_waits_for_the_payment_of_its_correction(shared_october):
    pay(shared_october, "b")
    shared_october.poll(sheet("there", marks="PN", version=2))
    shared_october.close("2025-11")
    assert part() == PartState.WRITTEN_OFF
    assert broken_books() == {}


def test_a_redeemed_part_that_loses_every_charge_expires(shared_october):
    pay(shared_october, "b")
    shared_october.poll(sheet("here", marks="N", version=2), sheet("there", marks="N", version=2))
    shared_october.close("2025-11")
    assert part() == PartState.EXPIRED
    assert balance(shared_october.issuers["A"], "REDEEMED") == 0
    assert broken_books() == {}


def look_again(world: World) -> None:
    """As the loading of a reference file does when study days or state orders change."""
    Contract.objects.update(is_settled=False)
    world.settle()


def test_a_day_off_that_becomes_known_after_the_close_is_billed_anew(world):
    first, second = world.contract("1", child=1), world.contract("2", "b", child=2)
    marks = {(key, "2025-10"): sheet(key) for key in "12"}
    world.poll(first, second, *marks.values())
    world.close("2025-10")
    month = StudyMonth.objects.get(programme="school", month=OCTOBER)
    month.study_mask, month.study_days = "0" + month.study_mask[1:], month.study_days - 1
    month.save()
    look_again(world)
    assert broken_rules() == {}
    world.close("2025-11")
    assert charged() == earned(world, {"1": first, "2": second}, marks)
    assert {line[2:] for line in lines(11)} == {
        ("REFUND", 18, -Decimal("77222.22")),
        ("CORRECTION", 17, Decimal("77222.22")),
        ("REFUND", 15, -Decimal("64351.85")),
        ("CORRECTION", 15, Decimal("68137.25")),
    }
    assert broken_rules() == {}


def test_a_state_order_that_is_shortened_after_the_close_is_taken_back(world):
    first = world.contract("c")
    marks = {("c", "2025-10"): sheet("c")}
    world.poll(first, *marks.values())
    world.close("2025-10")
    shorter = DateRange(datetime.date(2025, 9, 1), datetime.date(2025, 10, 15))
    StateOrderContract.objects.filter(provider=world.providers["a"]).update(days=shorter)
    world.ordered_days[world.providers["a"].bin] = shorter
    look_again(world)
    assert balance(world.issuers["A"], "RESERVED", datetime.date(2025, 12, 1)) == 0
    world.close("2025-11")
    assert charged() == earned(world, {"c": first}, marks)
    assert [line[2:4] for line in lines(11)] == [("REFUND", 18), ("CORRECTION", 10)]
    assert broken_rules() == {}


def test_a_later_state_order_bills_its_days_under_its_own_act(world):
    shorter = DateRange(datetime.date(2025, 9, 1), datetime.date(2025, 10, 1))
    StateOrderContract.objects.filter(provider=world.providers["a"]).update(days=shorter)
    StateOrderContractFactory(provider=world.providers["a"], days=DateRange(OCTOBER, datetime.date(2026, 9, 1)))
    world.poll(world.contract("c"), sheet("c", "2025-09"), sheet("c"))
    assert world.close("2025-10")["acts"] == 2
    assert broken_rules() == {}
