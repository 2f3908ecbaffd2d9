"""Rounding, shares of a part and the split between two budgets."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voucher_portal.money import parts_of_norm, round_half_up, share, split_by_source

sums = st.decimals(min_value=0, max_value=Decimal("999999999999.99"), places=2)


@pytest.mark.parametrize(
    ("value", "rounded"),
    [("0.005", "0.01"), ("0.004999", "0.00"), ("-0.005", "-0.01"), ("77222.2222", "77222.22"), ("1", "1.00")],
)
def test_half_a_tiyn_goes_away_from_zero(value, rounded):
    assert str(round_half_up(Decimal(value))) == rounded


def test_a_pupil_who_moves_leaves_no_tiyn_behind():
    """REG §8.5: 10 and 8 of October's 18 study days."""
    part = Decimal("77222.22")
    assert share(part, 10, 0, 18) == Decimal("42901.23")
    assert share(part, 18, 10, 18) == Decimal("34320.99")


def test_seventeen_of_twenty_two_days_of_kindergarten():
    """REG §8.6."""
    amount = share(Decimal("55659.00"), 17, 0, 22)
    assert amount == Decimal("43009.23")
    assert split_by_source(amount, Decimal("50668.00"), Decimal("55659.00")) == (
        Decimal("39152.55"),
        Decimal("3856.68"),
    )


@given(sums, st.lists(st.integers(0, 31), min_size=1, max_size=8))
def test_shares_of_a_part_add_up_exactly(nominal, days):
    study_days = max(1, sum(days))
    shares, before = [], 0
    for day in days:
        shares.append(share(nominal, before + day, before, study_days))
        before += day
    assert sum(shares) == (nominal if before else 0)


@given(sums, st.integers(1, 31), st.data())
def test_a_share_is_within_a_tiyn_of_its_days(nominal, study_days, data):
    before = data.draw(st.integers(0, study_days))
    cum = data.draw(st.integers(before, study_days))
    exact = Fraction(nominal) * (cum - before) / study_days
    assert abs(Fraction(share(nominal, cum, before, study_days)) - exact) <= Fraction(1, 100)


@pytest.mark.parametrize(("cum", "before", "study_days"), [(1, 2, 3), (4, 0, 3), (1, -1, 3), (0, 0, 0)])
def test_days_that_cannot_be_are_refused(cum, before, study_days):
    with pytest.raises(ValueError, match="study_days"):
        share(Decimal("100.00"), cum, before, study_days)


@pytest.mark.parametrize("nominal", ["0.001", "-1.00"])
def test_a_nominal_that_cannot_be_is_refused(nominal):
    with pytest.raises(ValueError, match="tiyn|negative"):
        share(Decimal(nominal), 1, 0, 2)


@given(sums, sums, sums)
def test_sources_add_up_and_a_refund_mirrors_its_charge(amount, a, b):
    local, total = sorted([a, max(b, Decimal("0.01"))])
    parts = split_by_source(amount, local, total)
    assert sum(parts) == amount
    assert all(part >= 0 for part in parts)
    assert split_by_source(-amount, local, total) == tuple(-part for part in parts)


@pytest.mark.parametrize(
    ("local", "total"), [("1.00", "0.00"), ("2.00", "1.00"), ("-1.00", "1.00"), ("0.001", "1.00")]
)
def test_a_norm_that_cannot_be_split_is_refused(local, total):
    with pytest.raises(ValueError, match="norm_local|tiyn"):
        split_by_source(Decimal("10.00"), Decimal(local), Decimal(total))


def test_the_last_part_of_a_school_year_takes_the_remainder():
    """REG §8.3."""
    assert parts_of_norm(Decimal("695000.00"), 9) == [Decimal("77222.22")] * 8 + [Decimal("77222.24")]


@given(st.decimals(min_value=1, max_value=Decimal("99999999.99"), places=2), st.integers(1, 12))
def test_parts_add_up_to_the_norm(norm, parts):
    cut = parts_of_norm(norm, parts)
    assert (len(cut), sum(cut)) == (parts, norm)
    assert all(part >= 0 for part in cut)


@pytest.mark.parametrize(("norm", "parts"), [("1.00", 0), ("0.05", 9), ("-9.00", 9)])
def test_a_norm_that_cannot_be_cut_is_refused(norm, parts):
    with pytest.raises(ValueError, match="parts"):
        parts_of_norm(Decimal(norm), parts)


def test_sums_have_two_places():
    assert str(share(Decimal("100.00"), 1, 0, 1)) == "100.00"
    assert [str(part) for part in split_by_source(Decimal("-1.00"), Decimal("1.00"), Decimal("1.00"))] == [
        "-1.00",
        "0.00",
    ]
