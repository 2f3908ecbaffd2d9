"""`verify_ledger` finds what somebody changed behind the portal's back."""

import pytest
from django.db import connection

from tests.acts import paying
from tests.acts.paying import broken_rules, reconcile

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("forged", "rule"),
    [
        ("UPDATE acts_act SET state = 'SIGNED'", "acts_are_paid_when_their_orders_are"),
        ("UPDATE acts_act SET state = 'SIGNED'", "parts_follow_their_charges"),
        ("UPDATE acts_act SET state = 'SIGNED'", "ledger_has_every_charge"),
        ("UPDATE acts_paymentorder SET state = 'SENT'", "acts_are_paid_when_their_orders_are"),
        ("UPDATE acts_paymentorder SET state = 'SENT'", "paid_orders_have_their_bookings"),
        ("UPDATE acts_paymentorder SET state = 'SET_OFF'", "set_offs_add_up"),
        ("UPDATE acts_paymentorder SET amount_kzt = amount_kzt + 1", "orders_are_what_acts_owe"),
        ("UPDATE acts_paymentorder SET pay_kzt = pay_kzt - 1", "set_offs_add_up"),
        ("DELETE FROM acts_bookedentry", "paid_orders_have_their_bookings"),
        ("UPDATE acts_bookedentry SET amount_kzt = amount_kzt - 1", "paid_orders_have_their_bookings"),
        ("UPDATE acts_paymentfile SET xml = xml || ' '::bytea", "payment_files_keep_their_bytes"),
        (
            "UPDATE registry_voucherpart SET state = 'WRITTEN_OFF' WHERE state = 'REDEEMED'",
            "parts_follow_their_charges",
        ),
    ],
)
def test_a_forged_payment_breaks_a_rule(treasury, forged, rule):
    region = paying.make_region(children=1)
    region.accepted(10)
    region.route()
    reconcile()
    assert broken_rules() == {}
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")  # no triggers
        cursor.execute(forged)
        cursor.execute("SET LOCAL session_replication_role = DEFAULT")
    assert rule in broken_rules()
