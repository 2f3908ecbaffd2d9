"""Write orders for an accountant's bank as 1CClientBankExchange. Source: contracts/payments.md §6.

The same file gives the same bytes.
"""

import datetime
from collections.abc import Iterator

from integrations.onec import fields
from integrations.onec.fields import Document, Field, Header, SideFields
from integrations.onec.letters import Encoding, plain
from integrations.onec.messages import Order, OrderFile, Side
from integrations.onec.order_rules import check
from voucher_portal.dates import ALMATY

_ROUND_BRACKETS = str.maketrans("[]", "()")


def write_orders(file: OrderFile, encoding: Encoding = Encoding.WINDOWS) -> bytes:
    """The bytes of `file`.

    Names and purposes are put on one line and cut to 140 characters; in windows-1251 the eight Kazakh letters that it
    lacks are transliterated. Square brackets of a purpose become round ones: only the EndToEndId stands in them.

    Raises:
        InvalidPayment: what `order_rules.check` found.
    """
    check(file, encoding)
    lines = [fields.FIRST_LINE, *_header(file, encoding)]
    for order in file.orders:
        lines += [f"{fields.DOCUMENT_BEGINS}={fields.PAYMENT_ORDER}", *_document(order, encoding)]
        lines.append(fields.DOCUMENT_ENDS)
    lines.append(fields.LAST_LINE)
    return "".join(f"{line}\r\n" for line in lines).encode(encoding.codec)


def _header(file: OrderFile, encoding: Encoding) -> Iterator[str]:
    created_at = file.created_at.astimezone(ALMATY)
    days = [order.dated_on for order in file.orders]
    yield _line(Header.VERSION, fields.FORMAT_VERSION)
    yield _line(Header.ENCODING, encoding)
    yield _line(Header.SENDER, plain(file.sender, encoding))
    yield _line(Header.RECEIVER, plain(file.receiver, encoding))
    yield _line(Header.CREATED_ON, _day(created_at))
    yield _line(Header.CREATED_TIME, f"{created_at:%H:%M:%S}")
    yield _line(Header.FIRST_DAY, _day(min(days)))
    yield _line(Header.LAST_DAY, _day(max(days)))
    for iban in dict.fromkeys(order.payer.iban for order in file.orders):
        yield _line(Header.ACCOUNT, iban)


def _document(order: Order, encoding: Encoding) -> Iterator[str]:
    yield _line(Document.NUMBER, str(order.number))
    yield _line(Document.DATED_ON, _day(order.dated_on))
    yield _line(Document.TYPE, fields.PAYMENT_ORDER)
    yield _line(Document.AMOUNT, f"{order.amount_kzt:.2f}")
    yield _line(Document.CURRENCY, fields.CURRENCY)
    yield from _side(fields.PAYER, order.payer, encoding)
    yield from _side(fields.PAYEE, order.payee, encoding)
    purpose = plain(order.purpose, encoding).translate(_ROUND_BRACKETS)
    yield _line(Document.PURPOSE, f"[{order.end_to_end_id}] {purpose}")
    yield _line(Document.KNP, order.knp)
    if order.value_on:
        yield _line(Document.VALUED_ON, _day(order.value_on))


def _side(names: SideFields, side: Side, encoding: Encoding) -> Iterator[str]:
    yield _line(names.name, plain(side.name, encoding))
    yield _line(names.number, side.number)
    yield _line(names.kbe, side.kbe)
    yield _line(names.iban, side.iban)
    yield _line(names.bank_name, plain(side.bank_name, encoding))
    if side.bank_number:
        yield _line(names.bank_number, side.bank_number)
    yield _line(names.bic, side.bic)


def _line(field: Field, value: str) -> str:
    return f"{field.name}={value}"


def _day(day: datetime.date) -> str:
    return f"{day:%d.%m.%Y}"
