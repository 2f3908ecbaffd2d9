"""A voucher's parts with their sums and its movements, as the ledger tells them."""

import datetime

import pytest
from django.db.backends.postgresql.psycopg_any import DateRange
from django.utils.translation import override

from registry.enums import PartState
from registry.statement import aggregate_state, statements_of
from tests.factories import OCTOBER, SEPTEMBER, ProviderFactory
from tests.teaching import School, hand_in, october, redeem, voucher_of
from voucher_portal.words import kzt


@pytest.mark.parametrize(
    ("states", "whole"),
    [
        ("", ""),
        ("ACTIVE", "ACTIVE"),
        ("ACTIVE RESERVED", "RESERVED"),
        ("ACTIVE WRITTEN_OFF", "RESERVED"),
        ("WRITTEN_OFF EXPIRED", "WRITTEN_OFF"),
        ("WRITTEN_OFF REDEEMED", "WRITTEN_OFF"),
        ("REDEEMED EXPIRED ANNULLED", "REDEEMED"),
        ("EXPIRED", "EXPIRED"),
        ("ANNULLED", "ANNULLED"),
    ],
)
def test_a_voucher_shows_the_state_of_its_parts_together(states, whole):
    assert aggregate_state(states.split()) == whole


def shown(statement) -> dict[int, tuple[str, str]]:
    return {part.month.month: (part.state, part.amount_kzt and kzt(part.amount_kzt)) for part in statement.parts}


@pytest.mark.django_db
def test_a_part_shows_the_sum_that_its_state_stands_for():
    school = School()
    (contract,) = school.enrol()
    hand_in(contract, october(N="7 24"))
    (act,) = school.close()
    (statement,) = statements_of([voucher_of(contract)])
    parts = shown(statement)
    assert parts[9] == (PartState.EXPIRED, None)
    assert parts[10] == (PartState.WRITTEN_OFF, kzt("68641.97"))
    assert parts[11] == (PartState.RESERVED, kzt("77222.22"))
    assert parts[5] == (PartState.RESERVED, kzt("77222.24"))
    assert kzt(statement.total_kzt) == kzt("609197.53")
    redeem(act)
    (statement,) = statements_of([voucher_of(contract)])
    assert shown(statement)[10] == (PartState.REDEEMED, kzt("68641.97"))


@pytest.mark.django_db
def test_movements_are_events_the_newest_first():
    school = School()
    (contract,) = school.enrol()
    hand_in(contract, october(N="7 24"))
    school.close()
    (statement,) = statements_of([voucher_of(contract)])
    with override("ru"):
        told = [(move.reason, len(move.months), kzt(move.amount_kzt)) for move in statement.movements]
        reserved = next(move for move in statement.movements if move.reason == "CONTRACT")
        assert reserved.months_words.endswith("сен – май")
        assert next(move for move in statement.movements if move.reason == "CLOSED").months_words == "октябрь"
    assert sorted(told[:3]) == [
        ("CLOSED", 1, kzt("68641.97")),
        ("EXPIRED", 1, kzt("0")),
        ("UNEARNED", 2, kzt("85802.47")),
    ]
    assert told[3:] == [("CONTRACT", 9, kzt("695000.00")), ("ISSUED", 9, kzt("0"))]


@pytest.mark.django_db
def test_an_organisation_is_told_its_own_money_only():
    first = School()
    second = School(provider=ProviderFactory(issuer=first.provider.issuer))
    until = datetime.date(2025, 10, 15)
    (before,) = first.enrol(days=DateRange(datetime.date(2025, 9, 2), until))
    (after,) = second.enrol(days=DateRange(until, datetime.date(2026, 5, 26)), child=before.child)
    voucher = voucher_of(before)
    sums = []
    for own in ([before.pk], [after.pk], None):
        (statement,) = statements_of([voucher], own)
        sums.append({part.month: part.amount_kzt for part in statement.parts})
    assert sums[0][SEPTEMBER] == sums[2][SEPTEMBER]
    assert sums[1][SEPTEMBER] is None
    assert sums[0][OCTOBER] + sums[1][OCTOBER] == sums[2][OCTOBER]


@pytest.mark.django_db
@pytest.mark.parametrize("count", [1, 20])
def test_statements_cost_two_queries_for_any_number_of_vouchers(django_assert_num_queries, count):
    vouchers = [voucher_of(contract) for contract in School().enrol(count)]
    with django_assert_num_queries(2):
        assert len(statements_of(vouchers)) == count
