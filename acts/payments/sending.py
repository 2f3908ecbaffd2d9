"""Messages to the gateway, each exactly once: handed over, or asked about before its stored bytes go again.

Who calls holds the issuer's turn (`OneRunner(PAYMENTS, issuer)`): a question about a message that somebody else is
just sending would be answered with "never received". Source: contracts/payments.md §5 and §8, docs/adr/0011.
"""

import datetime
import logging
from dataclasses import dataclass, field
from decimal import Decimal

from django.conf import settings
from django.db import transaction
from django.db.models import Sum

from acts.enums import UNSENT, OrderState
from acts.models import PaymentAttempt, PaymentFile, PaymentOrder
from acts.payments.errors import PaymentError
from integrations.treasury.client import (
    BadGatewayAnswer,
    MessageConflict,
    MessageRefused,
    OutcomeUnknown,
    TreasuryClient,
    TreasuryMisconfigured,
    TreasuryUnavailable,
)
from schools.models import Issuer

MOST_REASON = 300
logger = logging.getLogger(__name__)


@dataclass
class Sent:
    """What one run handed over: orders and tenge; `problems` say what a person, or the next run, has to look at."""

    orders: int = 0
    amount_kzt: Decimal = Decimal("0.00")
    problems: list[str] = field(default_factory=list)
    is_gateway_gone: bool = False

    def note(self, file: PaymentFile, problem: object) -> None:
        """Remember why `file` was not handed over."""
        logger.warning("payment file %s: %s", file.msg_id, problem)
        self.problems.append(f"{file.msg_id}: {problem}")


def treasury() -> TreasuryClient:
    """The gateway of the settings TREASURY_URL and TREASURY_TOKEN. Raises PaymentError when there is none."""
    if not settings.TREASURY_URL:
        raise PaymentError("TREASURY_URL is not set: there is no treasury to pay through")
    return TreasuryClient(settings.TREASURY_URL, settings.TREASURY_TOKEN)


def unsent_files(issuer: Issuer) -> list[PaymentFile]:
    """Files that the gateway is not known to have and has not refused, the oldest first."""
    return list(issuer.payment_files.filter(sent_at=None, refused="").order_by("pk"))


def resume(client: TreasuryClient, files: list[PaymentFile], *, now: datetime.datetime, sent: Sent) -> None:
    """Go on with files of earlier runs: ask about each; only one that was never received goes again, byte for byte."""
    for file in files:
        if sent.is_gateway_gone:
            return
        try:
            state = client.ask(file.msg_id)
        except (TreasuryUnavailable, TreasuryMisconfigured, BadGatewayAnswer) as error:
            sent.note(file, error)
            sent.is_gateway_gone = True
            return
        PaymentFile.objects.filter(pk=file.pk).update(asked_at=now)
        if state is not None:
            _taken(file, now, sent)
            continue
        _orders_of(file, OrderState.UNKNOWN).update(state=OrderState.PREPARED, changed_at=now)
        hand_over(client, [file], now=now, sent=sent)


def hand_over(client: TreasuryClient, files: list[PaymentFile], *, now: datetime.datetime, sent: Sent) -> None:
    """Submit each file once, in order; stop where the gateway cannot be reached, so that dates stay in order."""
    for file in files:
        if sent.is_gateway_gone:
            return
        try:
            client.submit(file.msg_id, bytes(file.xml))
        except OutcomeUnknown as error:
            _lose_sight(file, now)
            sent.note(file, error)
        except MessageRefused as error:
            _refused(file, error, now)
            sent.note(file, error)
        except MessageConflict as error:
            # Nobody knows what the other bytes have paid: a person has to compare, so nothing is tried again.
            _lose_sight(file, now)
            PaymentFile.objects.filter(pk=file.pk).update(refused=str(error)[:MOST_REASON])
            sent.note(file, error)
        except (TreasuryUnavailable, TreasuryMisconfigured) as error:
            sent.note(file, error)
            sent.is_gateway_gone = True
        else:
            _taken(file, now, sent)


@transaction.atomic
def _taken(file: PaymentFile, now: datetime.datetime, sent: Sent) -> None:
    """The gateway has it. The bulk twin of PaymentOrder.send(); a report that was faster has moved its orders on."""
    PaymentFile.objects.filter(pk=file.pk, sent_at=None).update(sent_at=now)
    _orders_of(file, *UNSENT).update(state=OrderState.SENT, changed_at=now)
    attempts = file.attempts.aggregate(amount=Sum("amount_kzt"))
    sent.orders += file.attempts.count()
    sent.amount_kzt += attempts["amount"]


def _lose_sight(file: PaymentFile, now: datetime.datetime) -> None:
    """The bulk twin of PaymentOrder.lose_sight()."""
    _orders_of(file, OrderState.PREPARED).update(state=OrderState.UNKNOWN, changed_at=now)


@transaction.atomic
def _refused(file: PaymentFile, error: MessageRefused, now: datetime.datetime) -> None:
    """The bulk twin of PaymentOrder.reject(): nothing of it was taken, the next run makes new attempts."""
    reason = str(error)[:MOST_REASON]
    PaymentFile.objects.filter(pk=file.pk).update(refused=reason)
    _orders_of(file, *UNSENT).update(state=OrderState.REJECTED, reason=reason, changed_at=now)
    file.attempts.update(is_final=True)


def _orders_of(file: PaymentFile, *states: OrderState):
    """Orders whose attempt in `file` is under way, in one of these states."""
    attempts = PaymentAttempt.objects.filter(file=file, is_final=False)
    return PaymentOrder.objects.filter(pk__in=attempts.values("order"), state__in=states)
