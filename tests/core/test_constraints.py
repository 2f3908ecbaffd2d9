"""What the database itself refuses, whoever asks: code with a mistake, an administrator, a script."""

import datetime
import itertools
import re
from decimal import Decimal

import pytest
from django.db import DatabaseError, connection, transaction

from acts.models import Act, MonthClose
from registry.enums import (
    CHARGEABLE,
    EXPIRABLE,
    FREEABLE,
    REDEEMABLE,
    RESERVABLE,
    RETURNABLE,
    TRANSITIONS,
    PartState,
)
from registry.ledger import lock_ledger
from registry.models import Budget, LedgerEntry, Reservation, VoucherPart
from tests.core.world import NOW, forget_temporary_tables
from voucher_portal import sql

pytestmark = pytest.mark.django_db

FINAL = "Cannot (update|delete)"
DECEMBER = "month = '2025-12-01'"
CHARGE = (
    "close_id, act_id, contract_id, voucher_id, service_month, study_days, paid_days, nominal_kzt, local_kzt,"
    " republican_kzt, amount_kzt"
)

# By what is refused: the statement and the words of the refusal.
REFUSALS = {
    "changing an entry of the ledger": ("UPDATE registry_ledgerentry SET reason = 'PAID'", FINAL),
    "deleting an entry of the ledger": ("DELETE FROM registry_ledgerentry", FINAL),
    "changing a seal": ("UPDATE registry_ledgerseal SET entries = entries", FINAL),
    "deleting a seal": ("DELETE FROM registry_ledgerseal", FINAL),
    "changing a charge": ("UPDATE acts_charge SET paid_days = 0", FINAL),
    "deleting a charge": ("DELETE FROM acts_charge", FINAL),
    "changing a finished close": ("UPDATE acts_monthclose SET result = '{}'", FINAL),
    "deleting a close": ("DELETE FROM acts_monthclose", FINAL),
    "changing the sums of an act": (
        "UPDATE acts_act SET local_kzt = local_kzt + 1, amount_kzt = amount_kzt + 1",
        "Cannot",
    ),
    "deleting an act": ("DELETE FROM acts_act", FINAL),
    "changing an earlier version of a sheet": ("UPDATE registry_sheetversion SET marks = marks", FINAL),
    "deleting an earlier version of a sheet": ("DELETE FROM registry_sheetversion", FINAL),
    "changing a sheet without a new version": (
        "UPDATE registry_sheet SET marks = repeat('P', length(marks))",
        "only replaced by a newer version",
    ),
    "deleting a sheet": ("DELETE FROM registry_sheet", FINAL),
    "a mark that is not known": (
        "UPDATE registry_sheet SET version = version + 1, marks = repeat('X', 31)",
        "sheet_marks_known",
    ),
    "an older version of a contract": (
        "UPDATE registry_contract SET version = 0",
        "only replaced by a newer version",
    ),
    "changing an earlier version of a contract": ("UPDATE registry_contractversion SET version = 9", FINAL),
    "deleting an earlier version of a contract": ("DELETE FROM registry_contractversion", FINAL),
    "deleting a contract": ("DELETE FROM registry_contract", FINAL),
    "two funded contracts of a child on one day": (
        "UPDATE registry_contract SET days = '[2025-09-02,2025-10-16)' WHERE external_id = 'here'",
        "contract_one_funded_per_child_day",
    ),
    "a funded contract without a norm": ("UPDATE registry_contract SET norm_id = NULL", "contract_funded_has_norm"),
    "an unfunded contract without a reason": (
        "UPDATE registry_contract SET funding = 'UNFUNDED'",
        "contract_unfunded_has_reason",
    ),
    "a funded contract that is annulled": (
        "UPDATE registry_contract SET status = 'annulled'",
        "contract_annulled_is_not_funded",
    ),
    "a second voucher for the year": (
        "INSERT INTO registry_voucher (public_id, issuer_id, child_id, programme, start_year, issued_at)"
        " SELECT gen_random_uuid(), issuer_id, child_id, programme, start_year, now() FROM registry_voucher",
        "voucher_one_per_child_programme_year",
    ),
    "deleting a voucher": ("DELETE FROM registry_voucher", FINAL),
    "deleting a part": ("DELETE FROM registry_voucherpart", FINAL),
    "moving a part to another month": ("UPDATE registry_voucherpart SET month = '2026-08-01'", "Cannot"),
    "deleting a reservation": ("DELETE FROM registry_reservation", FINAL),
    "moving a reservation to another month": ("UPDATE registry_reservation SET month = '2026-08-01'", "Cannot"),
    "more days covered than there are": (
        "UPDATE registry_reservation SET covered_days = study_days + 1",
        "reservation_days_fit",
    ),
    "more reserved than the nominal": (
        "UPDATE registry_reservation SET reserved_kzt = nominal_kzt + 1, local_kzt = nominal_kzt + 1,"
        " republican_kzt = 0",
        "reservation_sums_fit",
    ),
    "a last closed month that goes back": (
        "UPDATE registry_closedthrough SET month = '2025-10-01'",
        FINAL,
    ),
    "forgetting the last closed month": ("DELETE FROM registry_closedthrough", FINAL),
    "a second close of a month": (
        "INSERT INTO acts_monthclose (issuer_id, programme, month, closed_at, result)"
        " SELECT issuer_id, programme, month, now(), '{}' FROM acts_monthclose LIMIT 1",
        "close_one_per_month",
    ),
    "a charge for a finished close": (
        f"INSERT INTO acts_charge ({CHARGE}, bill_month, kind)"
        f" SELECT {CHARGE}, bill_month, 'CORRECTION' FROM acts_charge WHERE kind = 'ORIGINAL' LIMIT 1",
        "a charge outside an open close",
    ),
    "two rule sets on a day": (
        "INSERT INTO registry_ruleset (programme, days, parts, payable_marks, min_present_days, pay_after_act_days,"
        " parameters) SELECT programme, '[2026-01-01,)', parts, payable_marks, 1, 30, '{}' FROM registry_ruleset",
        "ruleset_one_per_programme_day",
    ),
    "two state orders of a provider on a day": (
        "INSERT INTO schools_stateordercontract (number, issuer_id, provider_id, programme, signed_on, days)"
        " SELECT 'other', issuer_id, provider_id, programme, signed_on, days FROM schools_stateordercontract LIMIT 1",
        "stateorder_one_per_provider_programme_day",
    ),
}


def refused(words: str):
    """The statement inside has to be refused with these words."""
    return pytest.raises(DatabaseError, match=words)


def execute(statement: str, *params) -> None:
    """In a transaction of its own."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, params)


def test_the_database_refuses_each_of_these(books):
    allowed = []
    for name, (statement, words) in REFUSALS.items():
        refusal = refusal_of(statement)
        if not re.search(words, refusal):
            allowed.append((name, refusal))
    assert allowed == []


def refusal_of(statement: str) -> str:
    """What the database says of a statement; empty when it allows it."""
    try:
        execute(statement)
    except DatabaseError as error:
        return str(error)
    return ""


def enter(*entries: LedgerEntry) -> None:
    """One batch in the ledger, as the portal enters it."""
    with transaction.atomic():
        lock_ledger({entry.issuer_id for entry in entries})
        LedgerEntry.objects.bulk_create(entries)


def entry(reservation: Reservation, tenge: str = "0.01", **fields) -> LedgerEntry:
    """So much leaves the budget for a reservation, unless `fields` say otherwise."""
    sums = {"local_kzt": Decimal(tenge), "republican_kzt": Decimal(0), "amount_kzt": Decimal(tenge)}
    known = {
        "issuer_id": reservation.issuer_id,
        "voucher_id": reservation.voucher_id,
        "contract_id": reservation.contract_id,
        "month": reservation.month,
        "from_account": "BUDGET",
        "to_account": "RESERVED",
        "reason": "CONTRACT",
        "at": NOW,
    }
    return LedgerEntry(**known | sums | fields)


@pytest.fixture
def reservation(books) -> Reservation:
    """December's of the child that stays."""
    return Reservation.objects.get(contract__external_id="stays", month=datetime.date(2025, 12, 1))


def test_a_good_entry_is_entered_sealed_and_added_to_its_balance(reservation):
    enter(entry(reservation))
    assert LedgerEntry.objects.filter(amount_kzt="0.01").count() == 1


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"contract_id": 0}, "without its voucher or contract"),
        ({"voucher_id": 0}, "without its voucher or contract"),
        ({"contract_id": None}, "entry_without_reservation_moves_nothing"),
        ({"amount_kzt": Decimal("0.02")}, "entry_sources_add_up"),
        ({"amount_kzt": Decimal("-0.01"), "local_kzt": Decimal("-0.01")}, "entry_sums_not_negative"),
        ({"to_account": "BUDGET"}, "entry_accounts_differ_or_sum_is_zero"),
        ({"to_account": "POCKET"}, "entry_accounts_known"),
    ],
)
def test_an_entry_that_is_wrong_is_refused(fields, words, reservation):
    with refused(words):
        enter(entry(reservation, **fields))


def test_a_batch_of_two_issuers_is_refused(reservation, books):
    with refused("a batch belongs to one issuer"):
        enter(entry(reservation), entry(reservation, issuer_id=books.issuers["Z"].pk))


def test_a_batch_that_passes_the_budget_limit_is_refused(reservation):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT sum(local_kzt) FROM registry_ledgerbalance WHERE month < '2026-01-01'"
            " AND account IN ('RESERVED', 'WRITTEN_OFF', 'REDEEMED')"
        )
        Budget.objects.filter(year=2025, source="local").update(limit_kzt=cursor.fetchone()[0])
    with refused("the budget limit would be passed"):
        enter(entry(reservation))


def test_taking_more_from_an_account_than_lies_there_is_refused(reservation):
    with refused("an account of the ledger would be negative"):
        enter(entry(reservation, "9000000.00", from_account="RESERVED", to_account="WRITTEN_OFF"))


def test_an_entry_before_the_last_seal_is_refused(reservation):
    with refused("the ledger of the issuer was not locked"):
        enter(entry(reservation, pk=-1))


def test_a_refund_that_does_not_mirror_its_charge_is_refused(books):
    close, act = _december(books, Decimal("-1.00"))
    with refused("a refund does not mirror its charge"):
        execute(
            "INSERT INTO acts_charge (close_id, act_id, contract_id, voucher_id, service_month, bill_month, kind,"
            " study_days, paid_days, nominal_kzt, local_kzt, republican_kzt, amount_kzt, reverses_id)"
            " SELECT %s, %s, contract_id, voucher_id, service_month, '2025-12-01', 'REFUND', study_days, paid_days,"
            " nominal_kzt, 1 - local_kzt, -republican_kzt, 1 - amount_kzt, id FROM acts_charge"
            " WHERE kind = 'CORRECTION' LIMIT 1",
            close.pk,
            act.pk,
        )


def test_a_close_whose_acts_are_not_the_sums_of_their_charges_cannot_finish(books):
    close, _act = _december(books, Decimal("1.00"))
    with refused("the charges of an act do not add up to its total"), transaction.atomic():
        MonthClose.objects.filter(pk=close.pk).update(finished_at=NOW)


def _december(books, amount: Decimal) -> tuple[MonthClose, Act]:
    """A close of December that is not finished, with an act of that sum and no charge."""
    close = MonthClose.objects.create(
        issuer=books.issuers["A"], programme="school", month=datetime.date(2025, 12, 1), closed_at=NOW
    )
    act = Act.objects.create(
        number="A-1", close=close, provider=books.providers["a"], state_order=books.providers["a"].state_orders.get(),
        bill_month=close.month, drawn_up_on=NOW.date(), children=1, paid_days=1, amount_kzt=amount, local_kzt=amount,
        republican_kzt=0,
    )  # fmt: skip
    return close, act


ALLOWED = {(old, new) for old, targets in TRANSITIONS.items() for new in targets}


def put_all_parts(state: str) -> None:
    """As somebody who may turn the triggers off."""
    without_triggers(f"UPDATE registry_voucherpart SET state = '{state}'")


def without_triggers(statement: str) -> None:
    execute(f"SET LOCAL session_replication_role = replica; {statement}; SET LOCAL session_replication_role = DEFAULT")


def test_the_database_lets_a_part_move_as_the_rules_say_and_in_no_other_way(books):
    moved, refusals = set(), set()
    for old, new in itertools.permutations(PartState, 2):
        with transaction.atomic():
            put_all_parts(old)
            refusal = refusal_of(f"UPDATE registry_voucherpart SET state = '{new}' WHERE {DECEMBER}")
            transaction.set_rollback(True)
        if refusal:
            refusals.add(refusal.partition(old)[0])
        else:
            moved.add((old, new))
    assert moved == ALLOWED
    assert refusals == {"a part may not go from "}


def test_the_transitions_of_a_part_are_the_rules():
    transitions = VoucherPart._meta.get_field("state").get_all_transitions(VoucherPart)
    assert {(each.source, each.target) for each in transitions} == ALLOWED


def moved_by(prepare: str, name: str, **params) -> set[tuple[str, str]]:
    """How a set-based statement moves the parts of December: by the state before, the state after."""
    moved = set()
    for old in PartState:
        with transaction.atomic():
            forget_temporary_tables()
            put_all_parts(old)
            execute(prepare)
            sql.execute(name, **params)
            new = VoucherPart.objects.filter(month=datetime.date(2025, 12, 1)).values_list("state", flat=True).first()
            if new != old:
                moved.add((old, new))
            transaction.set_rollback(True)
    return moved


def expected(states, target: str) -> set[tuple[str, str]]:
    return {(state, target) for state in states if state != target}


SETTLING = """
    CREATE TEMP TABLE new_voucher ON COMMIT DROP AS SELECT 0::bigint AS id;
    CREATE TEMP TABLE target ON COMMIT DROP AS
        SELECT voucher_id, month, true AS is_new, false AS is_closed FROM registry_voucherpart;
    CREATE TEMP TABLE gone ON COMMIT DROP AS SELECT * FROM target WHERE false;
"""
NONE_LEFT = "UPDATE registry_reservation SET covered_days = 0;"


@pytest.mark.parametrize(
    ("prepare", "wanted"),
    [
        (SETTLING, expected(RESERVABLE, PartState.RESERVED)),
        (NONE_LEFT + SETTLING, expected(FREEABLE, PartState.ACTIVE)),
        (NONE_LEFT + SETTLING + "UPDATE target SET is_closed = true", expected(FREEABLE, PartState.EXPIRED)),
    ],
    ids=["reserve", "free", "expire"],
)
def test_settling_moves_parts_from_the_same_states_as_the_transitions(books, prepare, wanted):
    statement = "registry/move_parts_of_settling"
    assert moved_by(prepare, statement, reservable=RESERVABLE, freeable=FREEABLE) == wanted


CLOSING = """
    CREATE TEMP TABLE part_now ON COMMIT DROP AS
        SELECT voucher_id, month, true AS is_first, {is_live} AS is_live, false AS is_pending
        FROM registry_voucherpart;
    CREATE TEMP TABLE line ON COMMIT DROP AS SELECT voucher_id, month, 1 AS amount, 'ORIGINAL' AS kind FROM part_now;
"""


@pytest.mark.parametrize(
    ("is_live", "wanted"),
    [
        (True, expected(CHARGEABLE, PartState.WRITTEN_OFF)),
        (False, expected(EXPIRABLE, PartState.EXPIRED)),
    ],
    ids=["write off", "expire"],
)
def test_a_close_moves_parts_from_the_same_states_as_the_transitions(books, is_live, wanted):
    prepare = CLOSING.format(is_live=is_live)
    states = {"chargeable": CHARGEABLE, "expirable": EXPIRABLE, "redeemable": REDEEMABLE}
    assert moved_by(prepare, "acts/close_parts", **states) == wanted


def test_payments_move_parts_from_states_that_lead_there():
    assert expected(REDEEMABLE, PartState.REDEEMED) <= ALLOWED
    assert expected(RETURNABLE, PartState.WRITTEN_OFF) <= ALLOWED
