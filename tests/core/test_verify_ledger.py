"""`verify_ledger` finds what was done to the books with the triggers off, and names the rule that it breaks."""

from contextlib import contextmanager

import pytest
from django.db import connection, transaction

from acts.verification import verify
from registry.models.ledger import ENTRY_TEXT
from tests.core.commands import run
from tests.core.world import broken_rules

pytestmark = pytest.mark.django_db

AN_ENTRY = "(SELECT min(id) FROM registry_ledgerentry WHERE amount_kzt > 0)"
ONE_TENGE_MORE = "local_kzt = local_kzt + 1, amount_kzt = amount_kzt + 1"
THE_LAST_SEAL = "(SELECT max(id) FROM registry_ledgerseal)"
AN_ACT = "(SELECT min(id) FROM acts_act WHERE local_kzt > 0)"
A_CHARGE = "(SELECT min(id) FROM acts_charge)"
VALUES_OF_A_CHARGE = (
    "close_id, act_id, contract_id, voucher_id, service_month, bill_month, study_days, paid_days, nominal_kzt,"
    " amount_kzt, local_kzt, republican_kzt"
)
AN_ORDER = """
    INSERT INTO acts_paymentorder
        (public_id, act_id, source, amount_kzt, pay_kzt, state, created_at, changed_at, reason)
    SELECT gen_random_uuid(), id, 'local', local_kzt {difference}, local_kzt {difference} {set_off}, '{state}', now(),
           now(), '' FROM acts_act WHERE id = """
AN_ORDER += AN_ACT

# Rule that is broken, and by what.
DAMAGES = {
    "a changed sum": (
        "seals_match_their_entries",
        f"UPDATE registry_ledgerentry SET {ONE_TENGE_MORE} WHERE id = {AN_ENTRY}",
    ),
    "another reason": (
        "seals_match_their_entries",
        f"UPDATE registry_ledgerentry SET reason = 'LATE_FACT' WHERE id = {AN_ENTRY}",
    ),
    "a deleted entry": ("seals_match_their_entries", f"DELETE FROM registry_ledgerentry WHERE id = {AN_ENTRY}"),
    "a forged seal": (
        "seals_match_their_entries",
        f"UPDATE registry_ledgerseal SET sha256 = sha256('forged') WHERE id = {THE_LAST_SEAL}",
    ),
    "a seal with another number of entries": (
        "seals_match_their_entries",
        f"UPDATE registry_ledgerseal SET entries = entries + 1 WHERE id = {THE_LAST_SEAL}",
    ),
    "a forged chain": (
        "seals_are_chained",
        f"UPDATE registry_ledgerseal SET previous_sha256 = sha256('forged') WHERE id = {THE_LAST_SEAL}",
    ),
    "a changed entry under a seal made anew": (
        "seals_are_chained",
        f"UPDATE registry_ledgerentry SET reason = 'LATE_FACT' WHERE id = {AN_ENTRY};"
        "UPDATE registry_ledgerseal s SET sha256 = (SELECT sha256(s.previous_sha256 || convert_to("
        f"string_agg({ENTRY_TEXT}, E'\\n' ORDER BY e.id), 'UTF8')) FROM registry_ledgerentry e"
        " WHERE e.id BETWEEN s.first_id AND s.last_id) WHERE id = (SELECT min(id) FROM registry_ledgerseal)",
    ),
    "a deleted seal with its entries": (
        "seals_are_chained",
        "DELETE FROM registry_ledgerentry e USING registry_ledgerseal s WHERE e.id BETWEEN s.first_id AND s.last_id"
        " AND s.id = (SELECT min(id) FROM registry_ledgerseal);"
        "DELETE FROM registry_ledgerseal WHERE id = (SELECT min(id) FROM registry_ledgerseal)",
    ),
    "the last seal deleted with its entries": (
        "balances_are_sums_of_the_ledger",
        "DELETE FROM registry_ledgerentry e USING registry_ledgerseal s WHERE e.id BETWEEN s.first_id AND s.last_id"
        f" AND s.id = {THE_LAST_SEAL}; DELETE FROM registry_ledgerseal WHERE id = {THE_LAST_SEAL}",
    ),
    "an unsealed entry": (
        "entries_are_sealed",
        "INSERT INTO registry_ledgerentry (issuer_id, voucher_id, month, from_account, to_account, amount_kzt,"
        " local_kzt, republican_kzt, at, reason) SELECT issuer_id, voucher_id, month, 'BUDGET', 'BUDGET', 0, 0, 0,"
        f" now(), 'ISSUED' FROM registry_ledgerentry WHERE id = {AN_ENTRY}",
    ),
    "an entry that does not add up": (
        "entries_add_up",
        "ALTER TABLE registry_ledgerentry DROP CONSTRAINT entry_sources_add_up;"
        f"UPDATE registry_ledgerentry SET amount_kzt = amount_kzt + 1 WHERE id = {AN_ENTRY}",
    ),
    "an entry without its part": (
        "entries_have_their_part",
        "DELETE FROM registry_voucherpart WHERE month = '2026-05-01'",
    ),
    "an entry without its reservation": (
        "entries_have_their_reservation",
        "DELETE FROM registry_reservation WHERE month = '2025-12-01'",
    ),
    "a reservation without its part": (
        "reservations_have_their_part",
        "DELETE FROM registry_voucherpart WHERE month = '2025-12-01'",
    ),
    "more written off than was reserved": (
        "accounts_are_not_negative",
        "UPDATE registry_ledgerentry SET local_kzt = local_kzt + 1000000, amount_kzt = amount_kzt + 1000000"
        " WHERE id = (SELECT min(id) FROM registry_ledgerentry WHERE to_account = 'WRITTEN_OFF')",
    ),
    "a changed balance": (
        "balances_are_sums_of_the_ledger",
        "UPDATE registry_ledgerbalance SET local_kzt = local_kzt + 1, amount_kzt = amount_kzt + 1"
        " WHERE account = 'WRITTEN_OFF'",
    ),
    "a deleted balance": ("balances_are_sums_of_the_ledger", "DELETE FROM registry_ledgerbalance"),
    "a limit below what is spent": ("budget_limits_hold", "UPDATE registry_budget SET limit_kzt = 1"),
    "a deleted limit": ("budget_limits_hold", "DELETE FROM registry_budget"),
    "days covered twice": (
        "covered_days_do_not_overlap",
        "UPDATE registry_reservation SET covered_mask = (SELECT study_mask FROM registry_studymonth"
        " WHERE programme = 'school' AND month = '2025-10-01') WHERE month = '2025-10-01'",
    ),
    "two funded contracts on a day": (
        "one_funded_contract_per_child_and_day",
        "ALTER TABLE registry_contract DROP CONSTRAINT contract_one_funded_per_child_day_school;"
        "UPDATE registry_contract SET days = '[2025-09-02,2026-05-31]' WHERE external_id = 'here'",
    ),
    "another sum reserved": (
        "open_months_hold_what_is_reserved",
        "UPDATE registry_reservation SET reserved_kzt = reserved_kzt - 1, local_kzt = local_kzt - 1"
        " WHERE month = '2025-12-01'",
    ),
    "a reserved part that is active": (
        "reserved_parts_have_reservations",
        "UPDATE registry_voucherpart SET state = 'ACTIVE' WHERE month = '2025-12-01'",
    ),
    "a part reserved by nothing": (
        "reserved_parts_have_reservations",
        "UPDATE registry_reservation SET covered_days = 0 WHERE month = '2025-12-01'",
    ),
    "a sheet of no contract": (
        "sheets_have_their_contract",
        "INSERT INTO registry_sheet (contract_id, month, version, marks, status, source, received_at)"
        " VALUES (0, '2025-10-01', 1, repeat('P', 31), 'draft', 'teacher', now())",
    ),
    "a changed total of an act": (
        "acts_are_sums_of_their_charges",
        f"UPDATE acts_act SET {ONE_TENGE_MORE} WHERE id = {AN_ACT}",
    ),
    "a deleted charge": ("acts_are_sums_of_their_charges", f"DELETE FROM acts_charge WHERE id = {A_CHARGE}"),
    "a changed charge": (
        "ledger_has_every_charge",
        f"UPDATE acts_charge SET {ONE_TENGE_MORE} WHERE id = {A_CHARGE}",
    ),
    "a second live charge": (
        "one_live_charge_per_contract_and_month",
        f"INSERT INTO acts_charge (kind, {VALUES_OF_A_CHARGE})"
        f" SELECT 'CORRECTION', {VALUES_OF_A_CHARGE} FROM acts_charge WHERE kind = 'ORIGINAL' LIMIT 1",
    ),
    "a refund of another sum": (
        "refunds_mirror_their_charges",
        "UPDATE acts_charge SET local_kzt = local_kzt - 1, amount_kzt = amount_kzt - 1 WHERE kind = 'REFUND'",
    ),
    "a refund of nothing": (
        "refunds_mirror_their_charges",
        "UPDATE acts_charge SET reverses_id = -1 WHERE kind = 'REFUND'",
    ),
    "a charged part that is redeemed and not paid": (
        "parts_follow_their_charges",
        "UPDATE registry_voucherpart SET state = 'REDEEMED' WHERE state = 'WRITTEN_OFF'",
    ),
    "a charged part that expired": (
        "parts_follow_their_charges",
        "UPDATE registry_voucherpart SET state = 'EXPIRED' WHERE state = 'WRITTEN_OFF'",
    ),
    "a part written off without a charge": (
        "parts_follow_their_charges",
        "UPDATE registry_voucherpart SET state = 'WRITTEN_OFF' WHERE month = '2025-12-01'",
    ),
    "an act paid without orders": (
        "acts_are_paid_when_their_orders_are",
        f"UPDATE acts_act SET state = 'PAID', pay_before = '2025-12-31' WHERE id = {AN_ACT}",
    ),
    "an order of another sum": (
        "orders_are_what_acts_owe",
        AN_ORDER.format(difference="- 1", set_off="", state="PREPARED"),
    ),
    "an order paid without a booking": (
        "paid_orders_have_their_bookings",
        AN_ORDER.format(difference="", set_off="", state="PAID"),
    ),
    "an order that pays less without a set-off": (
        "set_offs_add_up",
        AN_ORDER.format(difference="", set_off="- 1", state="PREPARED"),
    ),
    "other bytes of a payment file": (
        "payment_files_keep_their_bytes",
        "INSERT INTO acts_paymentfile (issuer_id, msg_id, xml, sha256, created_at, refused)"
        " SELECT id, 'm', 'other', encode(sha256('sent'), 'hex'), now(), '' FROM schools_issuer LIMIT 1",
    ),
}


@contextmanager
def broken(books, statement: str):
    """The books after somebody who may turn the triggers off did that; they are whole again afterwards."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"SET CONSTRAINTS ALL IMMEDIATE; SET LOCAL session_replication_role = replica; {statement}")
        assert cursor.rowcount, "nothing was damaged"
        yield
        transaction.set_rollback(True)


def test_good_books_are_found_good(books):
    said = run("verify_ledger", "--json")
    assert (said.status, broken_rules()) == (0, {})
    assert said.json["seals"] == 3


@pytest.mark.parametrize("of_one_issuer", [False, True])
def test_every_damage_is_found_and_its_rule_is_named(books, of_one_issuer):
    words = ["verify_ledger", "--json", *(["--issuer", books.issuers["A"].code] if of_one_issuer else [])]
    for damage, (rule, statement) in DAMAGES.items():
        with broken(books, statement):
            said = run(*words)
            assert (damage, said.status) == (damage, 1)
            assert (damage, said.json["rules"][rule] > 0) == (damage, True)


def test_a_seal_made_anew_fits_its_changed_entry(books):
    with broken(books, DAMAGES["a changed entry under a seal made anew"][1]):
        assert broken_rules() == {"seals_are_chained": 1}


def test_every_rule_is_tried(books):
    assert {rule for rule, _statement in DAMAGES.values()} == set(verify()["rules"])


def test_the_books_of_one_issuer_say_nothing_of_another(books):
    with broken(books, DAMAGES["a changed sum"][1]):
        assert run("verify_ledger", "--json", "--issuer", books.issuers["Z"].code).status == 0


def test_an_unknown_issuer_is_wrong_input(books):
    assert run("verify_ledger", "--json", "--issuer", "NOBODY").status == 2
