"""TREASURY, the treasury's own system: what became of a payment, and how much of the limit is left.

Source: contracts/shep.md §4, note 12; question and answer are our profile. Orders themselves do not go this way:
integrations/treasury.
"""

import datetime
from dataclasses import dataclass
from decimal import Decimal

from lxml import etree

from integrations.shep import reading
from integrations.shep.reading import Coded
from integrations.shep.registers import RegisterAnswer
from integrations.shep.services import profile
from integrations.shep.services.asking import Gateway
from integrations.shep.services.keys import PaymentKey


@dataclass(frozen=True, slots=True)
class PaymentStatus:
    """The state of a payment; sums in KZT. `limit_rest_kzt`: what the budget line has left after it."""

    state: Coded | None
    booked_at: datetime.datetime | None
    amount_kzt: Decimal | None
    reference: str | None
    limit_rest_kzt: Decimal | None


def payment_statuses(gateway: Gateway, payment_id: str, *, fresh: bool = False) -> RegisterAnswer[PaymentStatus]:
    """What became of the payment of this id of ours. Raises ValueError for what cannot be one."""
    return gateway.ask(REGISTER, PaymentKey(payment_id), fresh=fresh)


def payment_status(element: etree._Element) -> PaymentStatus:
    """One `record`."""
    return PaymentStatus(
        state=reading.coded(element, "state"),
        booked_at=reading.instant(element, "bookedAt"),
        amount_kzt=reading.money(element, "amount"),
        reference=reading.code(element, "reference"),
        limit_rest_kzt=reading.money(element, "limitRest"),
    )


REGISTER = profile.register("TREASURY", PaymentKey.parse, payment_status)
