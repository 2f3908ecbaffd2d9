"""`route_payments`: from accepted acts to messages that the treasury has."""

import datetime
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from acts.payments import orders
from acts.payments.files import store_files
from acts.payments.sending import Sent, hand_over, resume, treasury, unsent_files
from registry.ledger import PAYMENTS, OneRunner
from schools.models import Issuer


@dataclass(frozen=True)
class Routed:
    """What a run did: orders made, orders handed over with their tenge, orders held now, and what went wrong."""

    orders: int
    submitted: int
    held: int
    amount_kzt: Decimal
    problems: tuple[str, ...]

    def as_json(self) -> dict:
        """What `route_payments --json` prints."""
        return {
            "orders": self.orders,
            "submitted": self.submitted,
            "held": self.held,
            "amount_kzt": str(self.amount_kzt),
        }


def route_payments(
    *,
    issuer: Issuer,
    programme: str | None = None,
    now: datetime.datetime,
    today: datetime.date,
    retry: bool = True,
    progress: Callable[[str], None] | None = None,
) -> Routed:
    """Make the orders of accepted acts, hold those of suspended providers, send the rest as one message.

    Refused and returned orders get a new attempt, unless `retry` is false.
    Safe to repeat, and to be killed in: a message that an earlier run left behind is asked about first. One runner at
    a time for an issuer, a second one waits. Queries do not grow with the number of acts.

    Raises:
        PaymentError: no treasury is connected, or the issuer has no account to pay from.
    """
    tell, sent = progress or (lambda _line: None), Sent()
    with treasury() as client, OneRunner(PAYMENTS, issuer.pk):
        resume(client, unsent_files(issuer), now=now, sent=sent)
        made = orders.make_orders(issuer=issuer, programme=programme, now=now)
        orders.hold_and_let_go(issuer=issuer, today=today, now=now)
        tell(f"{issuer.code}: {made} orders made")
        due = orders.due_orders(issuer=issuer, programme=programme, retry=retry)
        if sent.is_gateway_gone:
            due = due.none()
        files, put_aside = store_files(due, issuer=issuer, now=now, today=today)
        hand_over(client, files, now=now, sent=sent)
        tell(f"{issuer.code}: {sent.orders} orders sent, {sent.amount_kzt} KZT")
        held = orders.held_orders(issuer=issuer, programme=programme).count()
    problems = [*sent.problems, *(f"{order}: {order.reason}" for order in put_aside)]
    return Routed(made, sent.orders, held, sent.amount_kzt, tuple(problems))
