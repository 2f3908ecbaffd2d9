"""A month closed: what it bills, what it gives back, what it refuses, and what its preview says before."""

import datetime
from decimal import Decimal

import pytest
from django.utils import timezone
from django.utils.translation import override

from acts.closing import CloseError, close_month, preview
from acts.models import Act, Charge, MonthClose
from registry.models import LedgerBalance, RuleSet, VoucherPart
from tests.core.digest import difference, state_with_history
from tests.core.world import World, broken_rules, forget_temporary_tables, make_world, sheet
from voucher_portal.dates import Month

pytestmark = pytest.mark.django_db

OCTOBER = Month(2025, 10)
WHOLE = Decimal("77222.22")  # a ninth of 694 999.98


@pytest.fixture
def world() -> World:
    return make_world()


def parts(month: Month = OCTOBER) -> dict[str, int]:
    states = VoucherPart.objects.filter(month=month.first).values_list("state", flat=True)
    return {state: list(states).count(state) for state in states}


def account(name: str, month: Month = OCTOBER) -> Decimal:
    rows = LedgerBalance.objects.filter(account=name, month=month.first)
    return sum((row.amount_kzt for row in rows), Decimal(0))


def test_a_close_bills_what_was_earned_and_gives_the_rest_back(world):
    contracts = [world.contract(str(number), child=number) for number in range(5)]
    sheets = [sheet("0"), sheet("1", marks="PN"), sheet("2", status="draft"), sheet("3", marks="S")]
    world.poll(*contracts, *sheets)
    result = world.close("2025-10")
    half = Decimal("38611.11")  # nine of eighteen days
    assert result == {
        "acts": 1,
        "children": 2,
        "charges": {"ORIGINAL": 2, "REFUND": 0, "CORRECTION": 0},
        "amount_kzt": str(WHOLE + half),
        "local_kzt": "100000.00",
        "republican_kzt": "15833.33",
        "older_kzt": "0.00",
        "released_kzt": str(4 * WHOLE - half + 5 * _september()),
        "not_charged": {"NO_PRESENCE": 1, "NO_SHEET": 6, "SHEET_NOT_APPROVED": 1},
    }
    assert parts() == {"WRITTEN_OFF": 2, "EXPIRED": 3}
    assert account("WRITTEN_OFF") == WHOLE + half
    assert account("RESERVED") == 0
    assert broken_rules() == {}


def _september() -> Decimal:
    """September is closed with October, and nobody sent its sheets."""
    return WHOLE


def test_earlier_months_that_are_open_are_closed_too(world):
    world.poll(world.contract("c"), sheet("c", "2025-09"), sheet("c"))
    assert world.close("2025-10")["older_kzt"] == str(WHOLE)
    assert set(Charge.objects.values_list("service_month__month", "bill_month__month")) == {(9, 10), (10, 10)}
    assert parts(Month(2025, 9)) == {"WRITTEN_OFF": 1}


def test_one_act_is_drawn_up_for_each_provider_and_state_order(world):
    world.poll(world.contract("1", "a", child=1), world.contract("2", "b", child=2), sheet("1"), sheet("2"))
    assert world.close("2025-10")["acts"] == 2
    first, second = Act.objects.order_by("number")
    code = world.issuers["A"].code
    assert [first.number, second.number] == [f"A-{code}-2025-10-0001", f"A-{code}-2025-10-0002"]
    assert {first.provider, second.provider} == {world.providers["a"], world.providers["b"]}


def test_acts_of_the_other_programme_go_on_with_the_numbers(world):
    world.poll(world.contract("1", "a", child=1), world.contract("2", "k", child=2), sheet("1"), sheet("2"))
    world.close("2025-10")
    world.close("2025-10", programme="preschool")
    assert [act.number[-4:] for act in Act.objects.order_by("number")] == ["0001", "0002"]


def test_a_month_without_children_closes_too(world):
    assert world.close("2025-10")["acts"] == 0
    assert MonthClose.objects.get().finished_at
    assert broken_rules() == {}


def test_the_parts_that_nobody_reserved_expire_at_the_close(world):
    world.poll(world.contract("c", ends_on=datetime.date(2025, 9, 30)))
    world.close("2025-10")
    assert parts() == {"EXPIRED": 1}
    assert parts(Month(2025, 11)) == {"ACTIVE": 1}


def test_a_day_is_paid_by_the_rules_of_that_day(world):
    rules = RuleSet.objects.get(programme="school")
    middle = datetime.date(2025, 10, 15)
    RuleSet.objects.filter(pk=rules.pk).update(days=(rules.days.lower, middle))
    RuleSet.objects.create(
        programme="school", days=(middle, None), parts=rules.parts, payable_marks="P", min_present_days=1,
        pay_after_act_days=30, parameters={},
    )  # fmt: skip
    world.poll(world.contract("c"), sheet("c", marks="S" * 14 + "SP" * 9))
    world.close("2025-10")
    # Ten days of illness until the 14th; from then on every second day is one of presence: the 16th, 20th, 22nd, 24th.
    assert Charge.objects.get().paid_days == 10 + 4


def test_the_preview_says_what_the_close_will_bill_and_writes_nothing(world):
    world.poll(world.contract("c"), sheet("c", marks="PN"))
    before = state_with_history()
    forget_temporary_tables()
    said = preview(issuer=world.issuers["A"], programme="school", month=OCTOBER, today=datetime.date(2025, 11, 5))
    assert difference(state_with_history(), before) == {}
    assert world.close("2025-10") == said


def test_the_result_is_given_again_without_a_second_close(world):
    world.poll(world.contract("c"), sheet("c"))
    result = world.close("2025-10")
    assert world.close("2025-10") == result
    assert MonthClose.objects.count() == 1


@pytest.mark.parametrize(
    ("month", "today", "words"),
    [
        (Month(2025, 11), datetime.date(2025, 11, 30), "The month has not ended yet"),
        (Month(2025, 9), datetime.date(2025, 11, 5), "closed together with a later one"),
    ],
)
def test_a_month_that_cannot_be_closed_is_refused(month, today, words, world):
    world.close("2025-10")
    with override("en"), pytest.raises(CloseError, match=words):
        close_month(
            issuer=world.issuers["A"], programme="school", month=month, today=today, now=timezone.now()
        )  # fmt: skip
    assert MonthClose.objects.count() == 1


def test_a_programme_without_rules_cannot_be_closed(world):
    RuleSet.objects.all().delete()
    with override("en"), pytest.raises(CloseError, match="No rules are in force"):
        world.close("2025-10")
