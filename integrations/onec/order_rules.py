"""What a file of orders must satisfy before it is written; a wrong one never becomes bytes.

Source: contracts/payments.md §6, §7.
"""

import re
from collections.abc import Iterator

from integrations.onec.fields import STRUCTURE
from integrations.onec.letters import Encoding, plain, unwritable
from integrations.onec.messages import Order, OrderFile, Side
from integrations.treasury.messages import Account, Party
from integrations.treasury.payment_rules import (
    END_TO_END_ID,
    RESIDENCY_AND_SECTOR,
    InvalidPayment,
    account_problems,
    holds_iin,
    is_payable,
    party_problems,
    repeated,
)
from voucher_portal import identifiers

MAX_ORDERS = 10_000
MAX_NUMBER = 999_999_999

_KNP = re.compile(r"[0-9]{3}")
_STRUCTURE = tuple(word.casefold() for word in STRUCTURE)


def check(file: OrderFile, encoding: Encoding) -> None:
    """Raise InvalidPayment with everything that keeps `file` from being written in `encoding`."""
    problems = tuple(_file_problems(file, encoding))
    if problems:
        raise InvalidPayment(problems)


def _file_problems(file: OrderFile, encoding: Encoding) -> Iterator[str]:
    if not 1 <= len(file.orders) <= MAX_ORDERS:
        yield f"{len(file.orders)} orders, not 1..{MAX_ORDERS}"
    if file.created_at.tzinfo is None:
        yield "the time of creation has no offset"
    yield from _text_problems(file.sender, "sender", encoding)
    if file.receiver:
        yield from _text_problems(file.receiver, "receiver", encoding)
    numbers = ((order.payer.iban, order.dated_on.year, order.number) for order in file.orders)
    for iban, year, number in repeated(numbers):
        yield f"document {number} of {iban} in {year} twice"
    for end_to_end_id in repeated(order.end_to_end_id for order in file.orders):
        yield f"EndToEndId {end_to_end_id!r} twice"
    for order in file.orders:
        yield from _order_problems(order, encoding)


def _order_problems(order: Order, encoding: Encoding) -> Iterator[str]:
    where = f"order {order.number}"
    if not 1 <= order.number <= MAX_NUMBER:
        yield f"{where}: the number is not 1..{MAX_NUMBER}"
    for day in filter(None, (order.dated_on, order.value_on)):
        if not 2000 <= day.year <= 2099:
            yield f"{where}: {day} is not a day of this century"
    if not is_payable(order.amount_kzt):
        yield f"{where}: amount {order.amount_kzt} is not a positive sum of whole tiyn"
    if not END_TO_END_ID.fullmatch(order.end_to_end_id):
        yield f"{where}: EndToEndId {order.end_to_end_id!r} is not 1..35 plain characters"
    if not _KNP.fullmatch(order.knp):
        yield f"{where}: KNP {order.knp!r}"
    if holds_iin(order.purpose):
        yield f"{where}: an IIN in the purpose"
    yield from _text_problems(order.purpose, f"{where}: purpose", encoding)
    yield from _side_problems(order.payer, f"{where}: payer", encoding)
    yield from _side_problems(order.payee, f"{where}: payee", encoding)


def _side_problems(side: Side, where: str, encoding: Encoding) -> Iterator[str]:
    yield from _text_problems(side.name, f"{where}: name", encoding)
    yield from _text_problems(side.bank_name, f"{where}: name of the bank", encoding)
    yield from party_problems(Party(name=side.name, number=side.number), where)
    yield from account_problems(Account(iban=side.iban, bic=side.bic), where)
    if not RESIDENCY_AND_SECTOR.fullmatch(side.kbe):
        yield f"{where}: KBE {side.kbe!r}"
    error = identifiers.bin_error(side.bank_number) if side.bank_number else None
    if error:
        yield f"{where}: BIN of the bank, {error}"


def _text_problems(text: str, where: str, encoding: Encoding) -> Iterator[str]:
    """Looks at the text as it would be written: transliteration can make a word of the format out of another."""
    written = plain(text, encoding)
    if not written:
        yield f"{where}: empty"
    # Some banks' readers look for these words anywhere in a line.
    word = next((word for word in _STRUCTURE if word in written.casefold()), None)
    if word:
        yield f"{where}: holds {word!r}, a word of the format"
    refused = unwritable(written, encoding)
    if refused:
        place, sign = refused
        yield f"{where}: {sign!r} (U+{ord(sign):04X}), character {place}, cannot be written in {encoding}"
