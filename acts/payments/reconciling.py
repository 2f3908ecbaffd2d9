"""`reconcile_payments`: what became of everything that was sent."""

import datetime
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from acts.enums import OrderState
from acts.models import PaymentFile, PaymentOrder
from acts.payments.reports import Answers, apply_page, forget_cursor, stored_cursor
from acts.payments.sending import Sent, resume, treasury, unsent_files
from integrations.treasury.client import CursorTooOld, TreasuryClient, TreasuryError
from registry.ledger import PAYMENTS, OneRunner
from schools.models import Issuer

EVERYBODY = 0  # the key of the one who reads the reports, beside the keys of the issuers


@dataclass(frozen=True)
class Reconciled:
    """What a run learnt: orders that came into a state, orders whose outcome is unknown now, parts redeemed."""

    paid: int
    rejected: int
    returned: int
    unknown: int
    redeemed_parts: int
    redeemed_kzt: Decimal
    problems: tuple[str, ...]

    def as_json(self) -> dict:
        """What `reconcile_payments --json` prints."""
        return {
            "paid": self.paid,
            "rejected": self.rejected,
            "returned": self.returned,
            "unknown": self.unknown,
            "redeemed_parts": self.redeemed_parts,
            "redeemed_kzt": str(self.redeemed_kzt),
        }


def reconcile_payments(*, now: datetime.datetime, progress: Callable[[str], None] | None = None) -> Reconciled:
    """Ask about every message whose outcome is unknown, then read the reports to their end and apply them.

    Safe to repeat, and to be killed in: a page and its cursor are one transaction. One runner at a time, a second one
    waits. Makes no new attempts.

    Raises:
        PaymentError: no treasury is connected.
    """
    tell, sent, answers = progress or (lambda _line: None), Sent(), Answers()
    with treasury() as client, OneRunner(PAYMENTS, EVERYBODY):
        ask_about_unsent(client, now=now, sent=sent)
        try:
            _read_reports(client, answers, now, tell)
        except TreasuryError as error:
            answers.problems.append(f"reports: {error}")
    return _reconciled(answers, sent)


def ask_about_unsent(client: TreasuryClient, *, now: datetime.datetime, sent: Sent) -> None:
    """`resume` for every issuer with a message that nobody knows to be taken; who is just sending is left alone."""
    waiting = PaymentFile.objects.filter(sent_at=None, refused="").values("issuer")
    for issuer in Issuer.objects.filter(pk__in=waiting).order_by("code"):
        with OneRunner(PAYMENTS, issuer.pk, wait=False) as is_ours:
            if is_ours:
                resume(client, unsent_files(issuer), now=now, sent=sent)


def _read_reports(client: TreasuryClient, answers: Answers, now: datetime.datetime, tell: Callable) -> None:
    has_more = True
    while has_more:
        try:
            page = client.reports(stored_cursor())
        except CursorTooOld:
            forget_cursor()
            page = client.reports()
        answers.add(apply_page(page, now=now))
        has_more = page.has_more
        tell(f"{len(page.items)} reports, {answers.orders[OrderState.PAID]} orders paid")


def _reconciled(answers: Answers, sent: Sent) -> Reconciled:
    return Reconciled(
        paid=answers.orders[OrderState.PAID],
        rejected=answers.orders[OrderState.REJECTED],
        returned=answers.orders[OrderState.RETURNED],
        unknown=PaymentOrder.objects.filter(state=OrderState.UNKNOWN).count(),
        redeemed_parts=answers.redeemed.parts,
        redeemed_kzt=answers.redeemed.amount_kzt,
        problems=(*sent.problems, *answers.problems),
    )
