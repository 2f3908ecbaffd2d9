"""ENPF, the pension fund: for whom an organisation paid contributions in a month. A reserve database.

Source: our profile throughout, contracts/shep.md §4 (R1), §5.
"""

from dataclasses import dataclass
from decimal import Decimal

from lxml import etree

from integrations.shep import reading
from integrations.shep.registers import RegisterAnswer
from integrations.shep.services import profile
from integrations.shep.services.asking import Gateway
from integrations.shep.services.keys import MonthKey, agrees
from voucher_portal.dates import Month


@dataclass(frozen=True, slots=True)
class PensionPayment:
    """A contribution for one worker for one month, KZT."""

    iin: str | None
    month: Month | None
    amount_kzt: Decimal | None


def pension_payments(
    gateway: Gateway, bin: str, month: Month, *, fresh: bool = False
) -> RegisterAnswer[PensionPayment]:
    """What the organisation of this BIN paid for `month`. Raises ValueError for a BIN that cannot be one."""
    return gateway.ask(REGISTER, MonthKey(bin, month), fresh=fresh)


def pension_payment(element: etree._Element) -> PensionPayment:
    """One `record`."""
    return PensionPayment(
        iin=reading.number(element, "iin"),
        month=reading.month(element, "month"),
        amount_kzt=reading.money(element, "amount"),
    )


def _is_about(key: MonthKey, payment: PensionPayment) -> bool:
    return agrees(payment.month, key.month)


REGISTER = profile.register("ENPF", MonthKey.parse, pension_payment, is_about=_is_about)
