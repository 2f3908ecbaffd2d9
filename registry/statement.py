"""The statement of a voucher: its parts with their sums, and its movements, all read from the ledger.

Two queries for any number of vouchers: a voucher has some tens of entries a year, so they are summed up here.
"""

import datetime
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from decimal import Decimal

from django.utils.translation import ngettext

from registry.enums import Account, EntryReason, PartState
from registry.models import LedgerEntry, Voucher, VoucherPart
from voucher_portal import words
from voucher_portal.dates import ALMATY

ZERO = Decimal("0.00")
CHARGED = (Account.WRITTEN_OFF, Account.REDEEMED)
# The account whose sum a part shows; a part in another state has none.
SHOWN_ACCOUNTS = {
    PartState.RESERVED: (Account.RESERVED,),
    PartState.WRITTEN_OFF: CHARGED,
    PartState.REDEEMED: CHARGED,
}
STATE_OF_REASON = {
    EntryReason.ISSUED: PartState.ACTIVE,
    EntryReason.EXPIRED: PartState.EXPIRED,
    EntryReason.ANNULLED: PartState.ANNULLED,
}


def aggregate_state(states: Collection[str]) -> str:
    """The state that a voucher shows, from the states of its parts; empty for no parts. Source: REG §5.2."""
    usable = set(states) - {PartState.ANNULLED, PartState.EXPIRED}
    if not usable:
        return next((state for state in (PartState.EXPIRED, PartState.ANNULLED) if state in states), "")
    if usable == {PartState.REDEEMED}:
        return PartState.REDEEMED
    if usable <= {PartState.WRITTEN_OFF, PartState.REDEEMED}:
        return PartState.WRITTEN_OFF
    return PartState.ACTIVE if usable == {PartState.ACTIVE} else PartState.RESERVED


@dataclass(frozen=True, slots=True)
class PartShown:
    """One month of a voucher with the sum that it shows, KZT; None where there is no money yet, or none any more."""

    month: datetime.date
    state: str
    amount_kzt: Decimal | None

    def get_state_display(self) -> str:
        """The word of the state, as on a model."""
        return PartState(self.state).label


@dataclass(slots=True)
class Movement:
    """What one event did to a voucher: months that moved alike at one instant, and their sum in KZT."""

    at: datetime.datetime
    reason: str
    to_account: str
    contract_id: int | None
    months: list[datetime.date] = field(default_factory=list)
    amount_kzt: Decimal = ZERO

    @property
    def state(self) -> str:
        """The state that the event led to, for its colour and sign."""
        return STATE_OF_REASON.get(self.reason, self.to_account)

    def get_state_display(self) -> str:
        """The word of that state."""
        return PartState(self.state).label if self.state in PartState.values else Account(self.state).label

    def get_reason_display(self) -> str:
        """Why it happened."""
        return EntryReason(self.reason).label

    @property
    def day(self) -> datetime.date:
        """The day in Almaty."""
        return self.at.astimezone(ALMATY).date()

    @property
    def months_words(self) -> str:
        """«сентябрь», «9 месяцев: сен – май»."""
        first, last = min(self.months), max(self.months)
        if first == last:
            return words.month_name(first)
        count = len(self.months)
        counted = ngettext("%(count)s month", "%(count)s months", count) % {"count": count}
        return f"{counted}: {words.month_short(first)} – {words.month_short(last)}"


@dataclass
class Statement:
    """Parts in the order of their months; movements, the newest first."""

    voucher: Voucher
    parts: list[PartShown]
    movements: list[Movement]

    @property
    def total_kzt(self) -> Decimal:
        """What is reserved, written off and redeemed for the year."""
        return sum((part.amount_kzt for part in self.parts if part.amount_kzt), ZERO)

    @property
    def state(self) -> str:
        """The state of the voucher as a whole."""
        return aggregate_state({part.state for part in self.parts})

    def get_state_display(self) -> str:
        """The word of that state."""
        return PartState(self.state).label if self.state else ""


def statements_of(vouchers: Iterable[Voucher], contract_ids: Collection[int] | None = None) -> list[Statement]:
    """A statement for each voucher, in the same order. Two queries.

    With `contract_ids` only their money and movements are told: an organisation sees what the child has with it.
    """
    vouchers = list(vouchers)
    ids = [voucher.pk for voucher in vouchers]
    parts, entries = defaultdict(list), defaultdict(list)
    for part in VoucherPart.objects.filter(voucher__in=ids).order_by("month"):
        parts[part.voucher_id].append(part)
    ledger = LedgerEntry.objects.filter(voucher__in=ids)
    if contract_ids is not None:
        ledger = ledger.filter(contract__in=contract_ids)
    for entry in ledger.order_by("pk"):
        entries[entry.voucher_id].append(entry)
    return [_statement(voucher, parts[voucher.pk], entries[voucher.pk]) for voucher in vouchers]


def _statement(voucher: Voucher, parts: list[VoucherPart], entries: list[LedgerEntry]) -> Statement:
    balances = balances_of(entries)
    shown = [PartShown(part.month, part.state, _amount(part, balances)) for part in parts]
    return Statement(voucher, shown, movements_of(entries))


def balances_of(entries: Iterable[LedgerEntry]) -> dict[tuple[datetime.date, str], Decimal]:
    """What stands on each account, KZT by month and account."""
    balances = defaultdict(Decimal)
    for entry in entries:
        balances[entry.month, entry.to_account] += entry.amount_kzt
        balances[entry.month, entry.from_account] -= entry.amount_kzt
    return balances


def _amount(part: VoucherPart, balances: dict) -> Decimal | None:
    accounts = SHOWN_ACCOUNTS.get(part.state, ())
    return sum((balances[part.month, account] for account in accounts), ZERO) or None


def movements_of(entries: Iterable[LedgerEntry]) -> list[Movement]:
    """Entries of one voucher as events, the newest first: entries that moved alike at one instant are one event."""
    events: dict[tuple, Movement] = {}
    for entry in entries:
        key = (entry.at, entry.reason, entry.from_account, entry.to_account, entry.contract_id)
        event = events.setdefault(key, Movement(entry.at, entry.reason, entry.to_account, entry.contract_id))
        event.months.append(entry.month)
        event.amount_kzt += entry.amount_kzt
    return sorted(events.values(), key=lambda event: event.at)[::-1]
