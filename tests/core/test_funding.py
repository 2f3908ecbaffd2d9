"""Which contracts are funded: every reason in its order, the order of contracts, and what is looked at again."""

import datetime
from decimal import Decimal

import pytest
from django.db.backends.postgresql.psycopg_any import DateRange

from registry.eligibility import Budgets, Candidate, Places, decide, in_order
from registry.enums import UnfundedReason
from registry.models import Budget, Child, Contract, LedgerBalance, Norm, Reservation
from schools.models import StateOrderContract, Suspension, Termination
from tests.core.world import SIGNED_AT, WHOLE_YEAR, World, broken_rules, changed, funding, make_world, row
from tests.factories import LmsFactory, NormFactory, SuspensionFactory, TerminationFactory

OCTOBER = datetime.date(2025, 10, 1)
NEED = {(2025, "local"): Decimal("100.00"), (2025, "republican"): Decimal("0.00")}

GOOD = Candidate(
    contract_id=1, version=1, child_id=1, provider_id=1, issuer_id=1, programme="school",
    first_day=datetime.date(2025, 9, 2), end_day=datetime.date(2026, 6, 1), signed_at=SIGNED_AT, lms_code="lms",
    external_id="c-1", status="signed", funding="NEW", unfunded_reason="", is_settled=False,
    life_status="REGISTERED", places=1, is_suspended=False, is_terminated=False, norm_id=1,
)  # fmt: skip


def places(*taken: tuple[int, int]) -> Places:
    """Children and providers of funded contracts of the whole year."""
    known = Places()
    for child, provider in taken:
        known.take(child, provider, "school", GOOD.first_day, GOOD.end_day)
    return known


def decided(*candidates: Candidate, taken=(), left: str = "1000.00", need=NEED, held=None) -> dict[int, str]:
    """What `decide` says of each contract: FUNDED or the reason why not."""
    budgets = Budgets({(1, "school", 2025, "local"): Decimal(left)}, held)
    found = decide(candidates, places(*taken), budgets, lambda _candidate: need)
    return {each.contract_id: each.unfunded_reason or each.funding for each in found}


def test_a_contract_without_fault_is_funded_by_its_norm():
    [found] = decide([GOOD], Places(), Budgets({(1, "school", 2025, "local"): Decimal(100)}), lambda _c: NEED)
    assert (found.funding, found.unfunded_reason, found.norm_id) == ("FUNDED", "", 1)


def test_of_several_reasons_the_first_is_told():
    """Everything is wrong with the contract, and is put right step by step in the order of the rule."""
    wrong = GOOD._replace(is_suspended=True, is_terminated=True, norm_id=None, life_status="DEAD", places=1
    )  # fmt: skip
    state = {"taken": [(1, 1), (2, 1)], "left": "99.99", "need": None}
    steps = [
        lambda: state.update(need=NEED),
        lambda: {"is_suspended": False},
        lambda: {"is_terminated": False},
        lambda: state.update(taken=[(2, 1)]),
        lambda: state.update(taken=[]),
        lambda: {"norm_id": 1},
        lambda: state.update(left="100.00"),
        lambda: {"life_status": "UNKNOWN"},
    ]
    told = [decided(wrong, **state)[1]]
    for step in steps:
        wrong = wrong._replace(**(step() or {}))
        told.append(decided(wrong, **state)[1])
    assert told == [*UnfundedReason.values, "FUNDED"]


def test_contracts_are_taken_by_the_time_of_signing_then_lms_then_number():
    late, first = GOOD.signed_at + datetime.timedelta(seconds=1), GOOD.signed_at
    keys = [(late, "a", "1"), (first, "b", "1"), (first, "a", "2"), (first, "a", "10")]
    candidates = [
        GOOD._replace(contract_id=number, signed_at=signed_at, lms_code=lms, external_id=external_id)
        for number, (signed_at, lms, external_id) in enumerate(keys)
    ]
    assert [each.contract_id for each in in_order(candidates)] == [3, 2, 1, 0]


def test_annulled_contracts_make_room_first_and_funded_ones_keep_their_place():
    late = GOOD.signed_at + datetime.timedelta(days=9)
    new = GOOD._replace(contract_id=1, child_id=1)
    funded = GOOD._replace(contract_id=2, child_id=2, funding="FUNDED", signed_at=late)
    annulled = GOOD._replace(contract_id=3, child_id=3, funding="FUNDED", status="annulled", signed_at=late)
    found = decided(new, funded, annulled, left="0.00", held={2: NEED, 3: NEED})
    assert found == {3: "NONE", 2: "FUNDED", 1: "OVER_CAPACITY"}
    assert decided(new._replace(places=9), funded, annulled, left="0.00", held={2: NEED, 3: NEED})[1] == "FUNDED"


def test_a_funded_contract_that_changes_stays_in_a_full_or_suspended_house():
    changed_one = GOOD._replace(funding="FUNDED", is_suspended=True)
    assert decided(changed_one, taken=[(2, 1)]) == {1: "FUNDED"}


@pytest.mark.parametrize("status", ["DEAD", "NOT_REGISTERED"])
def test_only_a_bad_answer_of_the_state_database_counts(status):
    assert decided(GOOD._replace(life_status=status)) == {1: "CHILD_NOT_ELIGIBLE"}
    assert decided(GOOD._replace(life_status="UNKNOWN")) == {1: "FUNDED"}


def test_places_are_counted_on_the_first_day_only():
    whole_year = GOOD._replace(contract_id=1, child_id=1)
    autumn = GOOD._replace(contract_id=2, child_id=2, end_day=datetime.date(2025, 11, 1))
    winter = GOOD._replace(contract_id=3, child_id=3, first_day=datetime.date(2025, 11, 1))
    assert decided(autumn, winter) == {2: "FUNDED", 3: "FUNDED"}
    assert decided(whole_year, winter) == {1: "FUNDED", 3: "OVER_CAPACITY"}


def test_a_budget_is_kept_to_the_tiyn_and_by_source():
    assert decided(GOOD, left="100.00") == {1: "FUNDED"}
    assert decided(GOOD, left="99.99") == {1: "BUDGET_EXHAUSTED"}
    assert decided(GOOD, need=NEED | {(2025, "republican"): Decimal("0.01")}) == {1: "BUDGET_EXHAUSTED"}
    assert decided(GOOD, need=NEED | {(2026, "local"): Decimal("0.01")}) == {1: "BUDGET_EXHAUSTED"}


# Through the database


@pytest.fixture
def world(db) -> World:
    return make_world()


def _no_state_order(world: World) -> None:
    StateOrderContract.objects.filter(provider=world.providers["a"]).update(
        days=DateRange(datetime.date(2024, 9, 1), datetime.date(2025, 9, 1))
    )


def _state_order(world: World) -> None:
    StateOrderContract.objects.filter(provider=world.providers["a"]).update(days=WHOLE_YEAR)


def _full(world: World) -> None:
    world.providers["a"].sanitary_places = 1
    world.providers["a"].save()
    world.take(world.contract("before", child=9, signed_at=SIGNED_AT - datetime.timedelta(days=1)))


def _elsewhere(world: World) -> None:
    world.take(world.contract("before", "b", child=1, signed_at=SIGNED_AT - datetime.timedelta(days=1)))


def _annul_the_other(world: World) -> None:
    world.take(world.contract("before", child=9, version=2, status="annulled"))


def _life_status(status: str):
    return lambda world: Child.objects.update(life_status=status)


CAUSES = {
    "NO_STATE_ORDER": (_no_state_order, _state_order),
    "PROVIDER_SUSPENDED": (
        lambda world: SuspensionFactory(provider=world.providers["a"], days=WHOLE_YEAR),
        lambda world: Suspension.objects.update(days=DateRange(OCTOBER, None)),
    ),
    "PROVIDER_TERMINATED": (
        lambda world: TerminationFactory(provider=world.providers["a"], from_day=datetime.date(2025, 9, 2)),
        lambda world: Termination.objects.update(from_day=datetime.date(2025, 9, 3)),
    ),
    "CHILD_ELSEWHERE": (_elsewhere, _annul_the_other),
    "OVER_CAPACITY": (_full, _annul_the_other),
    "NO_NORM": (
        lambda world: Norm.objects.update(days=DateRange(OCTOBER, None)),
        lambda world: Norm.objects.update(days=WHOLE_YEAR),
    ),
    "BUDGET_EXHAUSTED": (
        lambda world: Budget.objects.filter(year=2026, source="local").update(limit_kzt="1.00"),
        lambda world: Budget.objects.update(limit_kzt="9000000.00"),
    ),
    "CHILD_NOT_ELIGIBLE": (_life_status("DEAD"), _life_status("REGISTERED")),
}


@pytest.mark.parametrize("reason", UnfundedReason.values)
def test_an_unfunded_contract_is_looked_at_again_when_its_cause_goes(reason, world):
    come, go = CAUSES[reason]
    world.take(world.contract("c", child=1))
    come(world)
    assert world.settle()["unfunded"] == {reason: 1}
    assert funding("c") == reason
    assert not Reservation.objects.filter(contract=row("c")).exists()
    go(world)
    world.settle()
    assert funding("c") == "FUNDED"
    assert broken_rules() == {}


def test_every_reason_is_tried():
    assert list(CAUSES) == UnfundedReason.values


def limit_places(world: World, places: int) -> None:
    world.providers["a"].design_capacity = places
    world.providers["a"].save()


def test_contracts_of_one_poll_are_ordered_over_all_lms(world):
    limit_places(world, 3)
    others = {code: LmsFactory(code=code) for code in ("a-lms", "z-lms")}
    late = SIGNED_AT + datetime.timedelta(minutes=1)
    world.take(world.contract("1", child=1), world.contract("2", child=2, signed_at=late), lms=others["z-lms"])
    world.take(world.contract("9", child=3), world.contract("10", child=4), lms=others["a-lms"])
    world.settle()
    funded = Contract.objects.filter(funding="FUNDED").values_list("lms__code", "external_id")
    assert set(funded) == {("a-lms", "9"), ("a-lms", "10"), ("z-lms", "1")}
    assert funding("2") == "OVER_CAPACITY"


def test_one_funded_earlier_keeps_its_place_before_one_signed_earlier(world):
    limit_places(world, 1)
    world.poll(world.contract("late", child=1, signed_at=SIGNED_AT + datetime.timedelta(days=1)))
    world.poll(world.contract("early", child=2), changed(world.contract("late", child=1), group="2А"))
    assert (funding("late"), funding("early")) == ("FUNDED", "OVER_CAPACITY")


def test_a_place_freed_by_an_annulled_contract_goes_to_the_next_in_order(world):
    limit_places(world, 1)
    second, third = (SIGNED_AT + datetime.timedelta(days=days) for days in (1, 2))
    first = world.contract("1", child=1)
    world.poll(first, world.contract("3", child=3, signed_at=third), world.contract("2", child=2, signed_at=second))
    world.poll(changed(first, status="annulled"))
    assert [funding(key) for key in "123"] == ["NONE", "FUNDED", "OVER_CAPACITY"]
    assert broken_rules() == {}


def test_a_contract_that_ends_earlier_frees_its_place_for_those_who_begin_later(world):
    limit_places(world, 1)
    first = world.contract("1", child=1)
    world.poll(first, world.contract("2", child=2, starts_on=OCTOBER))
    assert funding("2") == "OVER_CAPACITY"
    world.poll(changed(first, status="ended", ends_on=datetime.date(2025, 9, 30)))
    assert funding("2") == "FUNDED"
    assert broken_rules() == {}


def reserved_in(year: int, source: str) -> Decimal:
    """What is reserved from a source in a financial year."""
    rows = LedgerBalance.objects.filter(account="RESERVED", month__year=year)
    return sum((getattr(each, f"{source}_kzt") for each in rows), Decimal(0))


@pytest.mark.parametrize(("less", "outcome"), [("0.00", "FUNDED"), ("0.01", "BUDGET_EXHAUSTED")])
@pytest.mark.parametrize("source", ["local", "republican"])
def test_the_budget_is_spent_to_the_tiyn(source, less, outcome, world):
    world.poll(world.contract("1", child=1))
    for year in (2025, 2026):
        spent = reserved_in(year, source)
        short = Decimal(less) if year == 2026 else 0
        Budget.objects.filter(programme="school", year=year, source=source).update(limit_kzt=2 * spent - short)
    world.poll(world.contract("2", child=2))
    assert funding("2") == outcome
    assert broken_rules() == {}


def test_a_missing_budget_is_a_limit_of_zero(world):
    Budget.objects.filter(programme="school", source="republican").delete()
    world.poll(world.contract("c"))
    assert funding("c") == "BUDGET_EXHAUSTED"


def test_the_new_school_of_an_overlapping_transfer_is_funded_when_the_old_contract_ends(world):
    old = world.contract("old", "a")
    new = world.contract("new", "b", starts_on=datetime.date(2025, 10, 15), signed_at=SIGNED_AT.replace(month=10))
    world.poll(old, new)
    assert (funding("old"), funding("new")) == ("FUNDED", "CHILD_ELSEWHERE")
    overlapping = changed(old, status="ended", ends_on=datetime.date(2025, 10, 15), end_reason="transfer")
    world.poll(overlapping)
    assert funding("new") == "CHILD_ELSEWHERE"
    world.poll(changed(overlapping, ends_on=datetime.date(2025, 10, 14)))
    assert funding("new") == "FUNDED"
    assert broken_rules() == {}


def test_the_norm_with_most_exact_matches_serves(world):
    issuer = world.issuers["A"]
    common = Norm.objects.get(issuer=issuer, level="primary")
    kazakh = NormFactory(issuer=issuer, language="kk", local_kzt=Decimal("700000.00"))
    special = NormFactory(issuer=issuer, language="kk", special_needs=True, local_kzt=Decimal("800000.00"))
    world.poll(
        world.contract("both", child=1, language="kk", special_needs=True),
        world.contract("language", child=2, language="kk"),
        world.contract("neither", child=3, language="ru"),
    )
    assert [row(key).norm for key in ("both", "language", "neither")] == [special, kazakh, common]


def test_a_contract_corrected_to_another_child_leaves_the_first_one_free(world):
    wrong = world.contract("c", child=1)
    world.poll(wrong)
    world.poll(changed(wrong, child=world.contract("c", child=2).child))
    months = Reservation.objects.filter(contract=row("c"), month=OCTOBER).order_by("voucher")
    assert [each.covered_days for each in months] == [0, 18]
    assert [each.voucher.child for each in months] == [*Child.objects.order_by("pk")]
    world.poll(world.contract("other", "b", child=1))
    assert funding("other") == "FUNDED"
    assert broken_rules() == {}


def test_a_contract_corrected_to_a_child_that_is_elsewhere_loses_its_funding(world):
    world.poll(world.contract("c", child=1), world.contract("other", "b", child=2))
    world.poll(changed(world.contract("c", child=1), child=world.contract("x", child=2).child))
    assert funding("c") == "CHILD_ELSEWHERE"
    assert broken_rules() == {}


def test_only_days_inside_the_state_order_are_reserved(world):
    world.poll(world.contract("c", "b"))
    covered = dict(Reservation.objects.filter(contract=row("c")).values_list("month", "covered_days"))
    assert datetime.date(2025, 9, 1) not in covered
    assert covered[OCTOBER] == 15
