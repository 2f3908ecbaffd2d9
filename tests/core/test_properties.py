"""What holds whatever happens: shares add up, the order of delivery does not matter, the ledger's rules hold."""

import datetime
from decimal import Decimal

import msgspec
import pytest
from django.db import connection
from hypothesis import given, settings
from hypothesis import strategies as st

from registry.earnings import ContractMonth, MonthRules, earn
from registry.models import Budget
from tests.core.digest import difference, state
from tests.core.stories import Story, begin_and_close_autumn, events
from tests.core.world import World, broken_rules, changed, forget_all, make_world, sheet
from voucher_portal.money import round_half_up, share, split_by_source

DETERMINISTIC = settings(deadline=None, derandomize=True, database=None)
PURE = settings(DETERMINISTIC, max_examples=500)
FEW, MANY = settings(DETERMINISTIC, max_examples=12), settings(DETERMINISTIC, max_examples=400)

sums = st.decimals(0, 2_000_000, places=2)
study_days = st.integers(1, 23)


@st.composite
def months(draw):
    """Study days of a month, and the paid days of the contracts that share it, in order."""
    days, paid = draw(study_days), []
    for _transfer in range(draw(st.integers(0, 6))):
        paid.append(draw(st.integers(0, days - sum(paid))))
    return days, paid


@PURE
@given(sums, months())
def test_shares_of_a_part_add_up_whatever_the_number_of_transfers(nominal, month):
    days, paid = month
    cums = [sum(paid[:place]) for place in range(len(paid) + 1)]
    shares = [share(nominal, cum + more, cum, days) for cum, more in zip(cums, paid, strict=False)]
    assert sum(shares) == round_half_up(nominal * sum(paid) / days)
    assert all(each >= 0 for each in shares)


@PURE
@given(sums, st.lists(st.sampled_from("PSLQN"), min_size=31, max_size=31), st.lists(st.integers(0, 31), max_size=4))
def test_shares_of_whole_months_add_up_to_the_nominal_and_pages_say_the_same(nominal, marks, transfers):
    rules, bounds = MonthRules(("PSLQ",) * 31, 0), [0, *sorted(transfers), 31]
    contracts = [
        ContractMonth(
            contract_id=number,
            starts_on=datetime.date(2025, 10, 1),
            covered_mask="".join("1" if first <= day < end else "0" for day in range(31)),
            study_days=31,
            nominal_kzt=nominal,
            marks="".join(marks),
        )
        for number, (first, end) in enumerate(zip(bounds, bounds[1:], strict=False))
    ]
    earnings = earn(contracts, rules).values()
    paid = sum(mark != "N" for mark in marks)
    assert sum(each.days.paid_days for each in earnings) == paid
    assert sum(each.amount_kzt for each in earnings) == round_half_up(nominal * paid / 31)


@PURE
@given(st.decimals(-1_000_000, 1_000_000, places=2), sums, sums)
def test_sources_add_up_and_a_refund_splits_as_its_charge_did(amount, local, republican):
    total = local + republican
    if total:
        charged, taken_back = (split_by_source(each, local, total) for each in (amount, -amount))
        assert sum(charged) == amount
        assert taken_back == (-charged[0], -charged[1])


SHARES = """
    SELECT round(nominal * cum / days, 2) - round(nominal * before / days, 2),
           round((round(nominal * cum / days, 2) - round(nominal * before / days, 2)) * local / nominal, 2)
    FROM unnest(%s::numeric[], %s::numeric[], %s::bigint[], %s::bigint[], %s::int[])
        AS t(nominal, local, cum, before, days)
"""


@pytest.mark.django_db
def test_python_and_sql_share_and_split_alike():
    @settings(DETERMINISTIC, max_examples=20)
    @given(st.lists(st.tuples(sums.filter(bool), st.integers(0, 100), months()), min_size=50, max_size=50))
    def compare(cases):
        rows = []
        for nominal, percent, (days, paid) in cases:
            cum, before = sum(paid), sum(paid[:-1])
            rows.append((nominal, round_half_up(nominal * percent / 100), cum, before, days))
        with connection.cursor() as cursor:
            cursor.execute(SHARES, [list(column) for column in zip(*rows, strict=True)])
            found = cursor.fetchall()
        expected = [share(nominal, cum, before, days) for nominal, _local, cum, before, days in rows]
        assert [amount for amount, _local in found] == expected
        split = [split_by_source(each, row[1], row[0])[0] for each, row in zip(expected, rows, strict=True)]
        assert [local for _amount, local in found] == split

    compare()


def a_feed(world: World) -> list:
    """Contracts and sheets with all their versions, in order."""
    moves = world.contract("moves", "a", child=1)
    arrives = world.contract("arrives", "b", child=1, starts_on=datetime.date(2025, 10, 15))
    gone = world.contract("gone", "a", child=2)
    stays = world.contract("stays", "b", child=3)
    small = world.contract("small", "k", child=4)
    renamed = msgspec.structs.replace(arrives.child, last_name="Басқа")
    contracts = [moves, gone, stays, small]
    contracts += [
        changed(moves, status="ended", ends_on=datetime.date(2025, 10, 14)),
        changed(gone, status="annulled"),
    ]
    signed_later = arrives.signed_at + datetime.timedelta(days=30)
    contracts += [msgspec.structs.replace(arrives, child=renamed, signed_at=signed_later)]
    contracts += [changed(stays, level="basic"), changed(stays, version=3, provider_bin=world.providers["a"].bin)]
    sheets = [sheet(key, month) for key in ("moves", "stays", "small") for month in ("2025-09", "2025-10")]
    sheets += [sheet("arrives"), sheet("gone"), sheet("stays", marks="PN", version=2, status="draft")]
    return contracts + sheets + [sheet("stays", marks="PPN", version=3), sheet("small", marks="N", version=2)]


def disorders(feed: list):
    """Every item at least once, some twice, in any order, cut into any number of pages."""
    again = st.lists(st.integers(0, len(feed) - 1), max_size=8)
    places = again.flatmap(lambda more: st.permutations([*range(len(feed)), *more]))
    return st.tuples(places, st.sets(st.integers(1, len(feed) + 7), max_size=4))


def pages_of(feed: list, places: list[int], cuts: set[int]) -> list[list]:
    bounds = [0, *sorted(cuts), len(places)]
    return [[feed[place] for place in places[first:end]] for first, end in zip(bounds, bounds[1:], strict=False)]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("polls", ["one poll", "a poll for each page"])
@pytest.mark.parametrize("examples", [FEW, pytest.param(MANY, marks=pytest.mark.long)], ids=["few", "many"])
def test_the_order_of_delivery_does_not_matter(polls, examples):
    world = make_world()
    feed = a_feed(world)
    world.poll(*feed)
    in_order = state()

    @examples
    @given(disorders(feed))
    def deliver(disorder):
        forget_all()
        for page in pages_of(feed, *disorder):
            world.receive(*page)
            if polls != "one poll":
                world.settle()
        world.settle()
        assert difference(state(), in_order) == {}
        assert broken_rules() == {}

    deliver()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("is_closed", [False, True], ids=["from the beginning", "after a close"])
@pytest.mark.parametrize(
    ("providers", "examples"),
    [("ab", FEW), ("abkz", FEW), pytest.param("abkz", MANY, marks=pytest.mark.long)],
    ids=["one issuer", "two issuers and programmes", "many"],
)
def test_rules_of_the_ledger_hold_and_charges_follow_the_facts_whatever_happens(providers, is_closed, examples):
    world, issuers = make_world(), "AZ" if "z" in providers else "A"

    @examples
    @given(st.lists(events(providers, issuers=issuers), min_size=6, max_size=12))
    def tell(happenings):
        forget_all()
        story = Story(world)
        if is_closed:
            begin_and_close_autumn(story, providers, issuers)
        for event in happenings:
            event.happen(story)
            assert broken_rules() == {}

    tell()


def test_half_a_tiyn_goes_up():
    assert share(Decimal("0.01"), 1, 0, 2) == Decimal("0.01")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("examples", [FEW, pytest.param(MANY, marks=pytest.mark.long)], ids=["few", "many"])
def test_limits_hold_and_stop_nothing_when_budgets_are_tight(examples):
    """There is money for two children and a bit."""
    world = make_world()
    Budget.objects.filter(programme="school").update(limit_kzt="700000.00")
    Budget.objects.filter(programme="school", source="republican").update(limit_kzt="110000.00")

    @examples
    @given(st.lists(events("ab"), min_size=6, max_size=14))
    def tell(happenings):
        forget_all()
        story = Story(world)
        begin_and_close_autumn(story, "ab", "A")
        for event in happenings:
            event.happen(story)
            assert broken_rules() == {}

    tell()
