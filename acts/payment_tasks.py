"""Background work of payments (queue `payments`): sending what is due, and asking what became of it."""

import logging

from celery import shared_task
from django.utils import timezone

from acts.payments.reconciling import reconcile_payments
from acts.payments.routing import route_payments
from schools.models import Issuer
from voucher_portal.dates import today

logger = logging.getLogger(__name__)


@shared_task
def send_due_payments(issuer_id: int, retry: bool = True) -> None:
    """Make the orders of an issuer's accepted acts and send everything that may be paid today. Safe to repeat.

    With `retry` also what the treasury refused or the bank returned, as a person asks who has mended the cause.
    What the gateway did not take stays with its bytes: `ask_treasury` goes on with it.
    """
    issuer = Issuer.objects.get(pk=issuer_id)
    _tell(route_payments(issuer=issuer, now=timezone.now(), today=today(), retry=retry).problems)


@shared_task
def send_all_due_payments() -> None:
    """`send_due_payments` for every issuer, each a task of its own: one that fails holds up no other.

    Runs by the clock, so it repeats no refused payment: an account that is closed stays closed the next hour.
    """
    for issuer_id in Issuer.objects.order_by("code").values_list("pk", flat=True):
        send_due_payments.delay(issuer_id, retry=False)


@shared_task
def ask_treasury() -> None:
    """Ask about every message whose outcome is unknown, read the treasury's reports, redeem what was paid."""
    _tell(reconcile_payments(now=timezone.now()).problems)


def _tell(problems: tuple[str, ...]) -> None:
    """What the orders' own pages cannot say: a report of nothing known, a message that the gateway did not take."""
    for problem in problems:
        logger.warning("payments: %s", problem)
