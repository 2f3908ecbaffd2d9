"""The attempts that a page of reports speaks of: found, locked, answered and stored together."""

import datetime
from collections import Counter
from collections.abc import Iterable
from uuid import UUID

from django.db.models import Q

from acts.enums import OrderState
from acts.models import BookedEntry, PaymentAttempt, PaymentFile
from acts.payments.names import block_name
from acts.payments.standing import Standing
from integrations.treasury import messages, pain002
from voucher_portal import sql


class Standings:
    """Standings of all attempts that stand in the files `msg_ids`, or that one of `entries` may mean."""

    def __init__(self, msg_ids: Iterable[str], entries: Iterable[messages.BookedEntry]):
        entries = list(entries)
        files = PaymentFile.objects.filter(msg_id__in=set(msg_ids)).values_list("pk", flat=True)
        names = {name for entry in entries for name in (entry.end_to_end_id, entry.instr_id) if name}
        uetrs = {entry.uetr for entry in entries if entry.uetr}
        self._attempts = PaymentAttempt.objects.filter(
            Q(file__in=list(files)) | Q(end_to_end_id__in=names) | Q(uetr__in=uetrs)
        )
        self._by_name: dict[str, Standing] = {}
        self._by_uetr: dict[UUID, Standing] = {}
        self._by_message: dict[str, list[Standing]] = {}
        self._states_before: dict[int, str] = {}
        self._answered: dict[int, Standing] = {}

    def issuers(self) -> list[int]:
        """Who pays these attempts. One query."""
        return sorted(set(self._attempts.values_list("file__issuer", flat=True)))

    def load(self) -> None:
        """Lock and read the attempts with their orders and what was booked on them. Two queries."""
        attempts = self._attempts.select_related("order__act", "file").defer("file__xml")
        orders = {}
        for attempt in attempts.select_for_update(of=("self", "order")).order_by("pk"):
            # two attempts of one order must see each other's steps
            attempt.order = orders.setdefault(attempt.order_id, attempt.order)
            self._add(Standing(attempt))
        self._states_before = {order.pk: order.state for order in orders.values()}
        by_id = {standing.attempt.pk: standing for standing in self._by_name.values()}
        booked = BookedEntry.objects.filter(attempt__in=list(by_id), problem="")
        for attempt_id, is_return in booked.values_list("attempt_id", "is_return"):
            by_id[attempt_id].note_movement(is_return=is_return)

    def _add(self, standing: Standing) -> None:
        attempt = standing.attempt
        self._by_name[attempt.end_to_end_id] = standing
        self._by_uetr[attempt.uetr] = standing
        self._by_message.setdefault(attempt.file.msg_id, []).append(standing)

    def meant_by(self, entry: messages.BookedEntry) -> Standing | None:
        """The attempt that a booked entry names: by EndToEndId, else UETR, else message and InstrId (§5 rule 4)."""
        found = self._by_name.get(entry.end_to_end_id or "")
        if found is None and entry.uetr:
            found = self._by_uetr.get(entry.uetr)
        if found is None and entry.msg_id:
            named = self._by_name.get(entry.instr_id or "")
            found = named if named and named.attempt.file.msg_id == entry.msg_id else None
        if found:
            self._answered[found.attempt.pk] = found
        return found

    def take_report(self, report: messages.StatusReport) -> list[str]:
        """Apply a status report to every attempt of its message; returns the problems."""
        standings = self._by_message.get(report.original_msg_id)
        if not standings:
            return [f"no message {report.original_msg_id}"]
        found = pain002.resolve(report, [_key(standing.attempt) for standing in standings])
        problems = [f"{len(found.strays)} transactions match no transfer"] if found.strays else []
        for name, verdict in found.verdicts.items():
            standing = self._by_name[name]
            self._answered[standing.attempt.pk] = standing
            if problem := standing.take_status(verdict, report.created_at):
                problems.append(problem)
        return problems

    def store(self, now: datetime.datetime) -> Counter:
        """Write what changed; returns how many orders came into each state. Three queries.

        The steps were those of the models; the statements only carry them over.
        """
        attempts = [standing.attempt for standing in self._answered.values()]
        if not attempts:
            return Counter()
        orders = {attempt.order_id: attempt.order for attempt in attempts}
        changed = [order for order in orders.values() if order.state != self._states_before[order.pk]]
        sql.execute("acts/reconcile_attempts", **_columns(attempts, "pk", "status", "status_at", "is_final"))
        sql.execute("acts/reconcile_orders", now=now, **_columns(changed, "pk", "state", "reason"))
        files = {attempt.file_id for attempt in attempts}
        PaymentFile.objects.filter(pk__in=files, sent_at=None).update(sent_at=now)
        return Counter(order.state for order in changed)

    def returned_orders(self) -> dict[int, list[int]]:
        """Orders that are RETURNED now and were not before, by issuer."""
        found: dict[int, list[int]] = {}
        for standing in self._answered.values():
            order = standing.attempt.order
            if order.state == OrderState.RETURNED != self._states_before[order.pk]:
                found.setdefault(standing.attempt.file.issuer_id, []).append(order.pk)
        return found


def _key(attempt: PaymentAttempt) -> pain002.TransferKey:
    return pain002.TransferKey(
        end_to_end_id=attempt.end_to_end_id,
        uetr=attempt.uetr,
        payment_info_id=block_name(attempt.file.msg_id, attempt.order.source),
    )


def _columns(rows: list, *names: str) -> dict[str, list]:
    return {name: [getattr(row, name) for row in rows] for name in names}
