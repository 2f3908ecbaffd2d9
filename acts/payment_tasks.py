"""Background work of payments (queue `payments`): sending what is due, and asking what became of it."""

from celery import shared_task
from django.utils import timezone

from acts.payments.reconciling import reconcile_payments
from acts.payments.routing import route_payments
from schools.models import Issuer
from voucher_portal.dates import today

ASK_EVERY_SECONDS = 5 * 60


@shared_task(queue="payments")
def send_due_payments(issuer_id: int) -> None:
    """Make the orders of an issuer's accepted acts and send everything that may be paid today. Safe to repeat.

    What the gateway did not take stays with its bytes: `ask_treasury` goes on with it.
    """
    route_payments(issuer=Issuer.objects.get(pk=issuer_id), now=timezone.now(), today=today())


@shared_task(queue="payments")
def send_all_due_payments() -> None:
    """`send_due_payments` for every issuer, each a task of its own: one that fails holds up no other."""
    for issuer_id in Issuer.objects.order_by("code").values_list("pk", flat=True):
        send_due_payments.delay(issuer_id)


@shared_task(queue="payments", expires=ASK_EVERY_SECONDS)
def ask_treasury() -> None:
    """Ask about every message whose outcome is unknown, read the treasury's reports, redeem what was paid."""
    reconcile_payments(now=timezone.now())
