"""What goes to the treasury: names, accounts, size, and payees that it would refuse."""

import uuid
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from acts.models import PayerAccount, PaymentFile, PaymentOrder
from acts.payments import files
from acts.payments.errors import PaymentError
from acts.payments.names import message_name, transfer_name
from acts.payments.payers import payer_accounts
from integrations.treasury import messages, pain001
from tests.acts import paying
from tests.acts.paying import reconcile, states, transfers
from tests.factories import IssuerFactory, OrganisationFactory, bin_of, iban_of
from voucher_portal.identifiers import iban_error

pytestmark = pytest.mark.django_db


def test_the_longest_names_fit_35_characters():
    assert message_name(paying.TODAY, 123) == "EVP-20251110-000123"
    assert transfer_name("A-ALA-2025-11-0007", "local", 1) == "A-ALA-2025-11-0007-MB"
    assert len(transfer_name("A" * 24, "republican", 99)) <= 35


def test_the_largest_file_stays_below_what_a_gateway_takes():
    party = messages.Party(name="Қ" * 140, number=bin_of(1))
    transfer = {
        "amount_kzt": Decimal("99999999999999.99"), "creditor": party,
        "account": messages.Account(iban=iban_of(1), bic="CASPKZKAXXX"), "kbe": "17", "knp": "859",
        "budget_code": "0" * 35, "act_number": "A" * 24, "purpose": "Қ" * 140,
    }  # fmt: skip
    transfers = tuple(
        messages.Transfer(end_to_end_id=f"A{number:034d}", uetr=uuid.uuid4(), **transfer)
        for number in range(files.MOST_TRANSFERS)
    )
    block = messages.TransferBlock(
        source=messages.FundingSource.LOCAL,
        account=transfer["account"],
        control_sum_kzt=transfer["amount_kzt"] * len(transfers),
        transfers=transfers,
    )
    file = messages.PaymentFile(
        msg_id="EVP-20251110-000123", created_at=paying.NOW, execute_on=paying.TODAY, initiator=party, debtor=party,
        kod="12", blocks=(block,),
    )  # fmt: skip
    assert len(pain001.write(file)) < pain001.MAX_BYTES


def test_more_transfers_than_a_file_takes_go_out_in_several(treasury, monkeypatch):
    region = paying.make_region(providers=2, children=1)
    region.accepted(10)
    monkeypatch.setattr(files, "MOST_TRANSFERS", 3)
    assert region.route().submitted == 4
    sizes = [file.attempts.count() for file in PaymentFile.objects.order_by("pk")]
    assert sizes == [3, 1]
    assert reconcile().redeemed_parts == 2


def test_a_payee_that_the_treasury_would_refuse_is_put_aside_and_holds_up_no_other(treasury):
    region = paying.make_region(providers=2, children=1)
    region.accepted(10)
    wrong, _right = region.providers
    type(wrong).objects.filter(pk=wrong.pk).update(bic="CASP")
    routed = region.route()
    assert (routed.orders, routed.submitted, len(routed.problems)) == (4, 2, 2)
    assert states(act__provider=wrong) == ["PREPARED", "PREPARED"]
    assert "BIC" in PaymentOrder.objects.filter(act__provider=wrong).first().reason
    type(wrong).objects.filter(pk=wrong.pk).update(bic="CASPKZKA")
    assert region.route().submitted == 2
    assert PaymentOrder.objects.filter(reason="").count() == 4
    assert len(transfers(treasury)) == 4


def test_what_people_read_names_the_act_and_the_contract_and_no_child(treasury):
    region = paying.make_region(children=1)
    [act] = region.accepted(10)
    region.route()
    [row, _republican] = treasury.book.rows("SELECT purpose, act FROM transfer ORDER BY rowid")
    assert row["act"] == act.number
    assert row["purpose"] == (
        f"Оплата по акту № {act.number} от 05.11.2025, договор № {act.state_order.number} от 20.08.2025,"
        " ГОЗ за 10.2025"
    )


def test_the_operator_speaks_for_the_department_where_there_is_one(treasury):
    operator = OrganisationFactory(kind="OPERATOR")
    region = paying.make_region(children=1)
    region.accepted(10)
    region.route()
    xml = bytes(PaymentFile.objects.get().xml).decode()
    head, _, blocks = xml.partition("<PmtInf>")
    assert operator.bin in head
    assert region.issuer.organisation.bin in blocks


def test_outside_production_an_issuer_without_accounts_gets_synthetic_ones():
    issuer = IssuerFactory()
    accounts = payer_accounts(issuer)
    assert {account.source for account in accounts.values()} == {"local", "republican"}
    assert [iban_error(account.iban) for account in accounts.values()] == [None, None]
    assert {source: account.iban for source, account in payer_accounts(issuer).items()} == {
        source: account.iban for source, account in accounts.items()
    }


def test_in_production_nobody_pays_from_an_account_that_was_not_set(treasury, settings):
    region = paying.make_region(children=1)
    region.accepted(10)
    settings.PRODUCTION = True
    with pytest.raises(PaymentError, match="set_payer_account"):
        region.route()
    assert transfers(treasury) == {}


@pytest.mark.parametrize("wrong", [{"iban": "KZ1"}, {"bic": "XX"}, {"kod": "99"}, {"knp": "1"}])
def test_the_database_refuses_an_account_that_no_treasury_takes(wrong):
    good = {
        "issuer": IssuerFactory(), "source": "local", "iban": iban_of(1), "bic": "KKMFKZ2A", "kod": "12", "knp": "859",
        "budget_code_school": "1", "budget_code_preschool": "2",
    }  # fmt: skip
    with pytest.raises(IntegrityError), transaction.atomic():
        PayerAccount.objects.create(**good | wrong)
    PayerAccount.objects.create(**good)
