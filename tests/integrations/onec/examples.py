"""Orders and statements of the accountants' bank programme that several tests share; everything is synthetic."""

import dataclasses
import datetime
from decimal import Decimal
from pathlib import Path

from integrations.onec.messages import Order, OrderFile, Side
from voucher_portal.dates import ALMATY

GOLDEN = Path(__file__).parent / "golden"
ORDERS, STATEMENT = "order_example_d.txt", "statement_example_e.txt"
LOCAL_IBAN, REPUBLICAN_IBAN = "KZ60999KZT0000000001", "KZ33999KZT0000000002"
PAYEE_IBAN, OTHER_IBAN = "KZ42998ABCDEFGHIJKLM", "KZ56997KZT0000000003"

DEPARTMENT = Side(
    name="Тестовое управление образования",
    number="230540990017",
    kbe="12",
    iban=LOCAL_IBAN,
    bank_name="Тестовый банк плательщика",
    bic="TESTKZK0",
)
KINDERGARTEN = Side(
    name='ТОО "Тестовый детский сад"',
    number="240640990012",
    kbe="17",
    iban=PAYEE_IBAN,
    bank_name="Тестовый банк получателя",
    bic="DEMOKZK0",
)


def text(name: str) -> str:
    """An example of contracts/payments.md, letter for letter, lines ended by LF."""
    return (GOLDEN / name).read_text(encoding="utf-8")


def windows(content: str) -> bytes:
    """A text as a bank would send it: windows-1251, lines ended by CRLF."""
    return content.replace("\n", "\r\n").encode("cp1251")


def order(number: int = 1041, **changes) -> Order:
    """An order that may be written, with the given fields changed."""
    fields = {
        "number": number,
        "dated_on": datetime.date(2025, 11, 5),
        "amount_kzt": Decimal("50668.00"),
        "payer": DEPARTMENT,
        "payee": KINDERGARTEN,
        "end_to_end_id": f"A-2025-11-{number:04}-MB",
        "purpose": "Оплата по акту A-2025-11-0007, местный бюджет",
        "knp": "859",
    }
    return Order(**(fields | changes))


def order_file(*orders: Order, **changes) -> OrderFile:
    """A file of these orders; without any, of one."""
    fields = {
        "sender": "Реестр ваучеров (тест)",
        "receiver": "Бухгалтерия для Казахстана, редакция 3.0",
        "created_at": datetime.datetime(2025, 11, 5, 10, 15, tzinfo=ALMATY),
        "orders": orders or (order(),),
    }
    return OrderFile(**(fields | changes))


def example_d() -> OrderFile:
    """Example D of contracts/payments.md: two sources, two documents."""
    purpose = "Оплата части 03 ваучера по акту A-2025-11-0007,"
    local = order(1041, end_to_end_id="EV25-7K3M9Q1-03-MB", purpose=f"{purpose} местный бюджет", knp="000")
    republican = order(
        1042,
        payer=dataclasses.replace(DEPARTMENT, iban=REPUBLICAN_IBAN),
        amount_kzt=Decimal("4991.00"),
        end_to_end_id="EV25-7K3M9Q1-03-RB",
        purpose=f"{purpose} республиканский бюджет",
        knp="000",
    )
    return order_file(local, republican)


def statement_text(*documents: str, balance: str = "") -> str:
    """A statement of the local account: by default of one document of 50 668, or of those given."""
    example = text(STATEMENT)
    before, _, rest = example.partition("СекцияРасчСчет\n")
    its_balance, _, its_document = rest.partition("КонецРасчСчет\n")
    body = "".join(documents) or its_document.removesuffix("КонецФайла\n")
    return f"{before}СекцияРасчСчет\n{balance or its_balance}КонецРасчСчет\n{body}КонецФайла\n"


def document_text(**changes: str) -> str:
    """The document of example E with some fields changed, others added; an empty value takes the field out."""
    lines = statement_text().partition("КонецРасчСчет\n")[2].splitlines()[1:-2]
    fields = dict(line.split("=", 1) for line in lines) | changes
    body = "".join(f"{key}={value}\n" for key, value in fields.items() if value)
    return f"СекцияДокумент=Выписка\n{body}КонецДокумента\n"
