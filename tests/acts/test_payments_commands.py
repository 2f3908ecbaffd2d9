"""The commands and tasks of payments: JSON and nothing else, exit status, safe to repeat."""

import json

import pytest
from django.core.management import call_command

from acts import payment_tasks
from acts.models import PayerAccount
from tests.acts import paying
from tests.acts.paying import parts_of, states
from tests.factories import IssuerFactory, iban_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def run(capsys):
    """`run("route_payments", …)` gives the JSON and the exit status."""

    def command(*words: str) -> tuple[dict, int]:
        try:
            call_command(*words, "--json")
        except SystemExit as end:
            status = end.code
        else:
            status = 0
        return json.loads(capsys.readouterr().out), status

    return command


@pytest.fixture
def region(treasury):
    region = paying.make_region(children=1)
    region.accepted(10)
    return region


def test_the_two_commands_take_an_act_to_redeemed_parts(region, run):
    routed = run("route_payments", "--issuer", region.issuer.code, "--programme", "preschool")
    assert routed == ({"orders": 2, "submitted": 2, "held": 0, "amount_kzt": "55659.00"}, 0)
    assert run("reconcile_payments") == (
        {"paid": 2, "rejected": 0, "returned": 0, "unknown": 0, "redeemed_parts": 1, "redeemed_kzt": "55659.00"}, 0,
    )  # fmt: skip


def test_a_refusal_and_an_unknown_outcome_end_with_status_1(region, run, treasury):
    treasury.control({"submit_faults": ["drop_after"], "refuse_files": ["FF01"]})
    assert run("route_payments", "--issuer", region.issuer.code) == (
        {"orders": 2, "submitted": 0, "held": 0, "amount_kzt": "0.00"}, 1,
    )  # fmt: skip
    reconciled, status = run("reconcile_payments")
    assert (reconciled["rejected"], reconciled["unknown"], status) == (2, 0, 1)


def test_an_unknown_issuer_is_wrong_input(run, treasury):
    assert run("route_payments", "--issuer", "NOBODY")[1] == 2
    assert run("set_payer_account", "--issuer", "NOBODY", *account())[1] == 2


def test_without_a_treasury_nothing_begins(run, settings):
    settings.TREASURY_URL = ""
    issuer = IssuerFactory()
    assert run("route_payments", "--issuer", issuer.code)[1] == 2
    assert run("reconcile_payments")[1] == 2


def account(**changes: str) -> list[str]:
    values = {"source": "local", "iban": iban_of(7), "bic": "KKMFKZ2A", "budget-code-school": "04/2/261/099/000/159",
              "budget-code-preschool": "04/1/261/202/000/159"} | changes  # fmt: skip
    return [word for name, value in values.items() for word in (f"--{name}", value)]


def test_an_account_is_set_and_changed_and_paid_from(region, run, treasury):
    code = region.issuer.code
    assert run("set_payer_account", "--issuer", code, *account())[1] == 0
    assert run("set_payer_account", "--issuer", code, *account(iban=iban_of(8)))[1] == 0
    assert PayerAccount.objects.get(issuer=region.issuer).iban == iban_of(8)
    run("route_payments", "--issuer", code)
    ibans = {row["debtor_iban"] for row in treasury.book.rows("SELECT debtor_iban FROM transfer WHERE source = 'MB'")}
    assert ibans == {iban_of(8)}


def test_a_wrong_account_is_refused_with_its_reason(run):
    issuer = IssuerFactory()
    result, status = run("set_payer_account", "--issuer", issuer.code, *account(iban="KZ00", bic="X"))
    assert status == 2
    assert any(line.startswith("iban:") for line in result["errors"])
    assert not PayerAccount.objects.exists()


def test_the_tasks_send_and_ask(region, treasury):
    payment_tasks.send_due_payments(region.issuer.pk)
    assert states() == ["SENT", "SENT"]
    payment_tasks.ask_treasury()
    assert parts_of(10) == {"REDEEMED"}


def test_the_clock_sends_for_every_issuer_and_retries_nothing(region, treasury):
    treasury.control({"refuse_files": ["FF01"]})
    payment_tasks.send_all_due_payments()
    payment_tasks.ask_treasury()
    payment_tasks.send_all_due_payments()
    assert states() == ["REJECTED", "REJECTED"]
    payment_tasks.send_due_payments(region.issuer.pk)
    assert states() == ["SENT", "SENT"]
