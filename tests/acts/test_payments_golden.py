"""The worked examples of month-close taken on to redeemed parts: bank and ledger agree to the tiyn."""

from decimal import Decimal

import pytest
from django.db.models import F, Sum

from acts.models import Act, Charge, PaymentOrder, SetOff
from acts.workflow import accept_act, submit_act
from registry.models import LedgerBalance, VoucherPart
from tests.acts.paying import NOW, broken_rules
from tests.core import golden
from tests.core.commands import run
from tests.core.golden import FIRST, PHASES, SECOND
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db(transaction=True)
PAY = ("route_payments", "--issuer", golden.ISSUER, "--json")


def accept_everything() -> None:
    director, officer = UserFactory(), UserFactory()
    for act in Act.objects.filter(state="TO_PROVIDER"):
        submit_act(act_id=act.pk, by=director, now=NOW)
        accept_act(act_id=act.pk, by=officer, now=NOW)


def pay(today: str) -> dict:
    """Accept, send and hear the answers, as the operator does it, until nothing refused is left to be sent again."""
    accept_everything()
    for _run in range(6):
        routed = run(*PAY, today=today).json
        said = run("reconcile_payments", "--json", today=today)
        assert said.json["unknown"] == 0
    assert routed["submitted"] == 0
    return said.json


def live_kzt() -> Decimal:
    """What the charges say that nobody took back."""
    return Charge.objects.live().aggregate(sum=Sum("amount_kzt"))["sum"]


def open_debts_kzt() -> Decimal:
    """What providers still hold that was taken back."""
    debts = PaymentOrder.objects.filter(amount_kzt__lt=0).aggregate(sum=Sum(-F("amount_kzt")))["sum"] or 0
    return debts - (SetOff.objects.aggregate(sum=Sum("amount_kzt"))["sum"] or 0)


@pytest.mark.parametrize("months", [(FIRST, SECOND), (SECOND,)], ids=["each_month", "both_at_the_end"])
@pytest.mark.parametrize(
    "script",
    [{}, {"repeat_reports": True, "out_of_order": True, "submit_faults": ["drop_after", "drop_before", "503_after"]},
     {"refuse_files": ["FF01"], "delay_polls": 1}],
    ids=["smoothly", "with_faults", "with_refusals"],
)  # fmt: skip
def test_both_months_are_paid_and_redeemed_to_the_tiyn(treasury, months, script):
    treasury.control(script)
    golden.set_up_region()
    with golden.lms_of(FIRST) as lms:
        golden.connect(lms)
        for phase in PHASES:
            golden.add(lms, phase)
            golden.poll(phase)
            golden.close(phase)
            if phase in months:
                pay(phase.today)
    golden.assert_as_expected(SECOND)
    assert broken_rules() == {}

    unpaid = Act.objects.exclude(state="PAID")
    assert all(act.orders.filter(state__in=("DEBT", "SET_OFF")).exists() for act in unpaid)
    paid = Decimal(treasury.book.rows("SELECT sum(amount_tiyn) AS sum FROM transfer WHERE state = 'booked'")[0]["sum"])
    redeemed = LedgerBalance.objects.filter(account="REDEEMED").aggregate(sum=Sum("amount_kzt"))["sum"]
    waiting = Charge.objects.live().filter(act__in=unpaid).aggregate(sum=Sum("amount_kzt"))["sum"] or Decimal(0)
    assert redeemed == live_kzt() - waiting
    assert paid / 100 == live_kzt() + open_debts_kzt()
    assert VoucherPart.objects.filter(state="REDEEMED").count() > 100
