import dataclasses
import datetime
from decimal import Decimal
from uuid import UUID

import pytest

from integrations.safe_xml import BadMessage
from integrations.treasury import camt054
from integrations.treasury.messages import BookedEntry, Reason
from tests.integrations.treasury_examples import BOOKING, CREDITOR_IBAN, MSG_ID, golden

EXAMPLE = golden(BOOKING)
IBAN = "KZ60999KZT0000000001"


def changed(*replacements, of=EXAMPLE):
    """The bytes of example C with every pair (old, new) replaced; each old text has to be there."""
    for old, new in replacements:
        assert old.encode() in of
        of = of.replace(old.encode(), new.encode())
    return of


def batch(*amounts, entry_amount="300.00", directions=None):
    """Example C as one entry of several transactions; an amount of None is not told."""
    start, end = EXAMPLE.index(b"<TxDtls>"), EXAMPLE.index(b"</TxDtls>") + len(b"</TxDtls>")
    details = []
    for number, amount in enumerate(amounts):
        told = f'<Amt Ccy="KZT">{amount}</Amt>' if amount else ""
        direction = f"<CdtDbtInd>{directions[number]}</CdtDbtInd>" if directions else ""
        details.append(f"<TxDtls><Refs><EndToEndId>A-{number}</EndToEndId></Refs>{told}{direction}</TxDtls>")
    content = EXAMPLE[:start] + "".join(details).encode() + EXAMPLE[end:]
    return changed(('<Amt Ccy="KZT">50668.00</Amt>', f'<Amt Ccy="KZT">{entry_amount}</Amt>'), of=content)


def only_entry(content):
    found = camt054.parse(content)
    assert found.doubtful == found.not_booked == ()
    return found.booked[0]


def test_example_c_of_the_contract_is_read_whole():
    found = camt054.parse(EXAMPLE)
    assert found.report_id == "BANKNTF-20251106-12"
    assert (found.doubtful, found.not_booked) == ((), ())
    assert found.booked == (
        BookedEntry(
            account_iban=IBAN,
            notification_id="NTF-20251106-12-1",
            entry_ref="1",
            servicer_ref="B20251106000001",
            status="BOOK",
            is_return=False,
            amount=Decimal("50668.00"),
            currency="KZT",
            entry_amount=Decimal("50668.00"),
            booked_on=datetime.date(2025, 11, 6),
            valued_on=datetime.date(2025, 11, 6),
            msg_id=MSG_ID,
            payment_info_id=f"{MSG_ID}-MB",
            instr_id="EV25-7K3M9Q1-03-MB",
            end_to_end_id="EV25-7K3M9Q1-03-MB",
            uetr=UUID("6f1d1c7e-3c0b-4d52-9a4e-2f0d5a7c1b90"),
            creditor_name="Test kindergarten LLP",
            creditor_iban=CREDITOR_IBAN,
            purpose="Voucher EV25-7K3M9Q1, part 03 (2025-11), act A-2025-11-0007",
            reason=None,
            position=0,
        ),
    )


def test_version_02_reads_the_same_where_status_and_creditor_are_not_wrapped():
    old = changed(
        ("camt.054.001.08", "camt.054.001.02"),
        ("<Sts><Cd>BOOK</Cd></Sts>", "<Sts>BOOK</Sts>"),
        ("<Cdtr><Pty><Nm>Test kindergarten LLP</Nm></Pty></Cdtr>", "<Cdtr><Nm>Test kindergarten LLP</Nm></Cdtr>"),
        ('</Refs>\n            <Amt Ccy="KZT">50668.00</Amt>\n            <CdtDbtInd>DBIT</CdtDbtInd>', "</Refs>"),
        (
            "<RltdPties>",
            '<AmtDtls><TxAmt><Amt Ccy="KZT">50668.00</Amt></TxAmt></AmtDtls><RltdPties>',
        ),
    )
    assert camt054.parse(old) == camt054.parse(EXAMPLE)


@pytest.mark.parametrize("status", ["PDNG", "INFO", "FUTR", "book"])
def test_only_a_booked_entry_is_money_moved(status):
    found = camt054.parse(changed(("<Cd>BOOK</Cd>", f"<Cd>{status}</Cd>")))
    assert found.booked == ()
    assert [entry.status for entry in found.not_booked] == [status]


def test_a_reversal_is_a_return():
    content = changed(("<Sts>", "<RvslInd>true</RvslInd><Sts>"))
    assert only_entry(content).is_return


def test_a_credit_is_a_return_with_the_bank_s_reason():
    content = changed(
        ("DBIT", "CRDT"),
        ("</TxDtls>", "<RtrInf><Rsn><Cd>AC04</Cd></Rsn><AddtlInf>Account closed</AddtlInf></RtrInf></TxDtls>"),
    )
    found = only_entry(content)
    assert found.is_return
    assert found.reason == Reason(code="AC04", text="Account closed")


def test_the_return_of_a_booking_is_another_movement_even_under_the_same_reference():
    assert only_entry(EXAMPLE).key != only_entry(changed(("DBIT", "CRDT"))).key


def test_the_same_booking_in_another_report_has_the_same_key():
    again = changed(("BANKNTF-20251106-12", "BANKNTF-20251107-01"), ("NTF-20251106-12-1", "NTF-20251107-01-1"))
    assert only_entry(again).key == only_entry(EXAMPLE).key


def test_without_the_bank_s_reference_the_place_in_the_notification_is_the_key():
    bare = changed(("<AcctSvcrRef>B20251106000001</AcctSvcrRef>", ""))
    assert only_entry(bare).key == "NTF-20251106-12-1|1|booking|EV25-7K3M9Q1-03-MB"


def test_notprovided_is_no_key():
    found = only_entry(
        changed(("<EndToEndId>EV25-7K3M9Q1-03-MB</EndToEndId>", "<EndToEndId>NOTPROVIDED</EndToEndId>"))
    )
    assert found.end_to_end_id is None


def test_an_entry_without_details_is_booked_but_names_no_transfer():
    start, end = EXAMPLE.index(b"<NtryDtls>"), EXAMPLE.index(b"</NtryDtls>") + len(b"</NtryDtls>")
    found = only_entry(EXAMPLE[:start] + EXAMPLE[end:])
    assert (found.end_to_end_id, found.amount) == (None, Decimal("50668.00"))


def test_a_batch_that_adds_up_is_as_many_movements_with_different_keys():
    found = camt054.parse(batch("100.00", "200.00")).booked
    assert [(entry.end_to_end_id, entry.amount) for entry in found] == [
        ("A-0", Decimal("100.00")),
        ("A-1", Decimal("200.00")),
    ]
    assert len({entry.key for entry in found}) == 2


@pytest.mark.parametrize(
    ("content", "doubt"),
    [
        (batch("100.00", "200.01"), "amounts_differ"),
        (batch("300.01"), "amounts_differ"),
        (batch("100.00", None), "amount_missing"),
        (batch("400.00", "100.00"), "amounts_differ"),
        (changed(('Ccy="KZT"', 'Ccy="USD"')), "currency"),
        (changed(('</Refs>\n            <Amt Ccy="KZT">', '</Refs>\n            <Amt Ccy="RUB">')), "currency"),
    ],
)
def test_an_entry_that_does_not_add_up_is_doubtful_and_not_booked(content, doubt):
    found = camt054.parse(content)
    assert found.booked == ()
    assert {entry.doubt for entry in found.doubtful} == {doubt}


def test_a_batch_with_a_transaction_of_the_other_direction_adds_up():
    found = camt054.parse(batch("400.00", "100.00", directions=["DBIT", "CRDT"])).booked
    assert [entry.is_return for entry in found] == [False, True]


def test_a_doubtful_entry_leaves_the_others_of_the_message():
    start, end = EXAMPLE.index(b"<Ntry>"), EXAMPLE.index(b"</Ntry>") + len(b"</Ntry>")
    wrong = changed(('</Refs>\n            <Amt Ccy="KZT">50668.00', '</Refs>\n            <Amt Ccy="KZT">1.00'))
    found = camt054.parse(wrong[:start] + EXAMPLE[start:end] + wrong[start:])
    assert (len(found.booked), len(found.doubtful)) == (1, 1)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (changed(('<Amt Ccy="KZT">50668.00</Amt>', "<Amt>50668.00</Amt>")), "sum of money"),
        (changed(("50668.00", "50668,00")), "sum of money"),
        (changed(("50668.00", "-1.00")), "sum of money"),
        (changed(("50668.00", "NaN")), "sum of money"),
        (changed(("50668.00", "1e5")), "sum of money"),
        (changed(("50668.00", "٥٠")), "sum of money"),
        (changed(("50668.00", "1.001")), "fraction"),
        (changed(("DBIT", "BOTH")), "CdtDbtInd"),
        (changed(("<CdtDbtInd>DBIT</CdtDbtInd>", "")), "CdtDbtInd is missing"),
        (changed(("<Sts>", "<RvslInd>yes</RvslInd><Sts>")), "RvslInd"),
        (changed(("<Dt>2025-11-06</Dt>", "<Dt>2025-02-30</Dt>")), "BookgDt"),
        (changed((f"<IBAN>{IBAN}</IBAN>", "")), "Acct/Id is missing"),
        (changed(("<Id>NTF-20251106-12-1</Id>", "")), "Id is missing"),
        (changed(("6f1d1c7e-3c0b-4d52-9a4e-2f0d5a7c1b90", "6f1d1c7e")), "UETR"),
        (changed(("BkToCstmrDbtCdtNtfctn", "BkToCstmrStmt")), "not a BkToCstmrDbtCdtNtfctn"),
        (changed(("<Ntry>", "<Other>"), ("</Ntry>", "</Other>")), "no entry"),
    ],
)
def test_a_notification_that_breaks_the_rules_is_a_bad_message(content, reason):
    with pytest.raises(BadMessage, match=reason):
        camt054.parse(content)


@pytest.mark.parametrize(
    ("changes", "differences"),
    [
        ({}, ()),
        ({"creditor_iban": None}, ()),
        ({"amount": Decimal("50668.01")}, ("amount",)),
        ({"currency": "USD"}, ("currency",)),
        ({"account_iban": "KZ33999KZT0000000002"}, ("account",)),
        ({"creditor_iban": "KZ56997KZT0000000003"}, ("creditor_account",)),
    ],
)
def test_an_entry_is_compared_with_the_transfer_that_it_names(changes, differences):
    entry = dataclasses.replace(only_entry(EXAMPLE), **changes)
    expected = {"amount_kzt": Decimal("50668.00"), "debtor_iban": IBAN, "creditor_iban": CREDITOR_IBAN}
    assert camt054.differences(entry, **expected) == differences
