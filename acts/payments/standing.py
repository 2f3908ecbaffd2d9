"""What an answer of the treasury does to one attempt: no database here, so every order of arrival can be tried.

A standing only moves forward. A refusal is final, a booking is final but for its return; what contradicts that is
told as a problem and changes nothing. Source: contracts/payments.md §3-§5.
"""

import datetime
from dataclasses import dataclass

from acts.enums import UNSENT, EntryProblem
from acts.models import PaymentAttempt
from integrations.treasury import camt054, messages, pain002
from integrations.treasury.messages import Meaning

ACCEPTING = (Meaning.ACCEPTED, Meaning.IN_SETTLEMENT, Meaning.SETTLED)
MOST_REASON = 300


@dataclass
class Standing:
    """An attempt, its order, and whether its money was booked and came back. An attempt that is final without having
    moved money was refused."""

    attempt: PaymentAttempt
    is_booked: bool = False
    is_returned: bool = False

    def note_movement(self, *, is_return: bool) -> None:
        """An entry that was taken earlier."""
        self.is_returned, self.is_booked = self.is_returned or is_return, self.is_booked or not is_return

    def take_status(self, verdict: pain002.Verdict, created_at: datetime.datetime) -> str:
        """A status report says `verdict`; returns a problem or nothing. One older than the last changes nothing."""
        attempt, order = self.attempt, self.attempt.order
        if attempt.status_at and created_at < attempt.status_at:
            return ""
        if attempt.is_final:
            is_contradiction = verdict.meaning is Meaning.REFUSED and self.is_booked and not self.is_returned
            return f"{attempt}: refused after it was booked" if is_contradiction else ""
        self._arrived()
        attempt.status, attempt.status_at = verdict.status, created_at
        if verdict.meaning in ACCEPTING:
            order.accept()
        elif verdict.meaning is Meaning.REFUSED:
            order.reject()
            order.reason, attempt.is_final = _text(verdict.reasons), True
        elif verdict.meaning is Meaning.UNKNOWN:
            return f"{attempt}: unknown status {verdict.status!r}"
        return ""

    def take_entry(self, entry: messages.BookedEntry) -> list[str]:
        """The bank booked `entry`; returns the codes of EntryProblem, none when the standing has taken it."""
        attempt = self.attempt
        problems = list(camt054.differences(
            entry, amount_kzt=attempt.amount_kzt, debtor_iban=attempt.debtor_iban, creditor_iban=attempt.creditor_iban
        ))  # fmt: skip
        if entry.uetr and entry.uetr != attempt.uetr:
            problems.append(EntryProblem.UETR)
        if problems:
            return problems
        problem = self._take_return(entry) if entry.is_return else self._take_booking()
        return [problem] if problem else []

    def _take_booking(self) -> str:
        attempt, order = self.attempt, self.attempt.order
        if self.is_booked:
            return EntryProblem.BOOKED_TWICE
        if not self.is_returned:
            if attempt.is_final:
                return EntryProblem.AFTER_REJECTION
            self._arrived()
            order.pay()
            order.reason, attempt.is_final = "", True
        self.is_booked = True  # after its return, too: the two cancel out, whichever was told first
        return ""

    def _take_return(self, entry: messages.BookedEntry) -> str:
        attempt, order = self.attempt, self.attempt.order
        if self.is_returned:
            return EntryProblem.RETURNED_TWICE
        if attempt.is_final and not self.is_booked:
            return EntryProblem.AFTER_REJECTION
        self._arrived()
        order.return_payment()
        order.reason, attempt.is_final = _text((entry.reason,) if entry.reason else ()), True
        self.is_returned = True
        return ""

    def _arrived(self) -> None:
        """Who answers about a transfer has its message, whatever the gateway told us."""
        if not self.attempt.is_final and self.attempt.order.state in UNSENT:
            self.attempt.order.send()


def _text(reasons: tuple[messages.Reason, ...]) -> str:
    return "; ".join(f"{reason.code} {reason.text}".strip() for reason in reasons)[:MOST_REASON]
