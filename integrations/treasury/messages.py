"""What travels between the portal and a payer's treasury, free of any wire format.

Every amount is KZT, a `Decimal` with two places. Identifiers are strings of at most 35 characters; who builds them,
and whether a transfer pays one voucher part or one act, is no matter of this floor.
Source: contracts/payments.md §2-§5.
"""

import datetime
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from uuid import UUID


class FundingSource(StrEnum):
    """Whose money a transfer is; the value is what the wire says."""

    LOCAL = "MB"
    REPUBLICAN = "RB"


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """Who pays or is paid: `number` is a BIN, or the IIN of a sole trader, who has no BIN."""

    name: str
    number: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A bank account: 20 characters of IBAN and the bank's BIC."""

    iban: str
    bic: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    """One order to pay one creditor from one funding source.

    `end_to_end_id` is never used again after a final refusal or a return, `uetr` is a random UUID (version 4) with the
    same life. `knp` is the purpose code of three digits, `kbe` residency and sector of the creditor, `budget_code`
    what the payer's budget calls this expense, `purpose` the sentence for people: no child's name and no IIN in it.
    """

    end_to_end_id: str
    uetr: UUID
    amount_kzt: Decimal
    creditor: Party
    account: Account
    kbe: str
    knp: str
    budget_code: str
    act_number: str
    purpose: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferBlock:
    """All transfers of a file out of one debtor account, which is one funding source.

    `control_sum_kzt` is counted by the caller from his own books, so that the writer can compare it with the sum of
    the transfers.
    """

    source: FundingSource
    account: Account
    control_sum_kzt: Decimal
    transfers: tuple[Transfer, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentFile:
    """One message to the treasury. `msg_id` names this content: other content needs another `msg_id`.

    `kod` is residency and sector of the debtor, `execute_on` the day on which the money is to leave.
    """

    msg_id: str
    created_at: datetime.datetime
    execute_on: datetime.date
    initiator: Party
    debtor: Party
    kod: str
    blocks: tuple[TransferBlock, ...]


def payment_info_id(msg_id: str, source: FundingSource) -> str:
    """The name of the block of one funding source inside the file `msg_id`."""
    return f"{msg_id}-{source}"


class Meaning(StrEnum):
    """What a status of the treasury means for us; see `meaning_of`."""

    RECEIVED = "received"
    ACCEPTED = "accepted"
    IN_SETTLEMENT = "in_settlement"
    SETTLED = "settled"
    PENDING = "pending"
    PARTIAL = "partial"  # says only that the level below differs: decides nothing
    REFUSED = "refused"
    UNKNOWN = "unknown"  # a code we do not know: no transition, somebody has to look


MEANINGS = {
    "RCVD": Meaning.RECEIVED,
    "ACTC": Meaning.ACCEPTED,
    "ACCP": Meaning.ACCEPTED,
    "ACSP": Meaning.IN_SETTLEMENT,
    "ACSC": Meaning.SETTLED,
    "PDNG": Meaning.PENDING,
    "PART": Meaning.PARTIAL,
    "RJCT": Meaning.REFUSED,
}


def meaning_of(status: str) -> Meaning:
    """The meaning of a raw status code, UNKNOWN for one that contracts/payments.md §3 does not list."""
    return MEANINGS.get(status, Meaning.UNKNOWN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why something was refused or sent back: a code (`AC01`, or the bank's own) and its text; either may be empty."""

    code: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusItem:
    """What a report says of one transaction. `status` is raw, empty where the transaction has none of its own."""

    status: str
    payment_info_id: str | None
    instr_id: str | None
    end_to_end_id: str | None
    uetr: UUID | None
    reasons: tuple[Reason, ...] = ()
    servicer_ref: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockStatus:
    """What a status report says of one block as a whole; `status` is raw and may be empty."""

    payment_info_id: str
    status: str
    reasons: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusReport:
    """A pain.002 as it came. `integrations.treasury.pain002.resolve` says what it means for each transfer."""

    report_id: str
    created_at: datetime.datetime
    original_msg_id: str
    status: str
    reasons: tuple[Reason, ...]
    blocks: tuple[BlockStatus, ...]
    items: tuple[StatusItem, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BookedEntry:
    """One movement on the debtor's account, as the bank tells it.

    `amount` is in `currency`, `entry_amount` is that of the whole bank entry, which may hold several movements.
    `is_return` marks money that came back. `end_to_end_id` is None when the bank gave none. `doubt` is empty, or says
    why the entry must close nothing before somebody has looked.
    """

    account_iban: str
    notification_id: str
    entry_ref: str | None
    servicer_ref: str | None
    status: str
    is_return: bool
    amount: Decimal
    currency: str
    entry_amount: Decimal
    booked_on: datetime.date | None
    valued_on: datetime.date | None
    msg_id: str | None
    payment_info_id: str | None
    instr_id: str | None
    end_to_end_id: str | None
    uetr: UUID | None
    creditor_name: str | None
    creditor_iban: str | None
    purpose: str | None
    reason: Reason | None
    position: int
    doubt: str = ""

    @property
    def key(self) -> str:
        """What makes this movement the same when it is told again, in this report or in another (§5 rule 3).

        At most 200 characters. Direction and transaction are in it because banks keep one reference for all
        transactions of a batch, and for a booking and its reversal.
        """
        movement = "return" if self.is_return else "booking"
        transaction = self.end_to_end_id or f"#{self.position}"
        where = (self.account_iban, self.servicer_ref) if self.servicer_ref else (self.notification_id, self.entry_ref)
        return "|".join((part or "").replace("|", "%7C") for part in (*where, movement, transaction))


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """A camt.054 as it came, sorted by what may be done with its entries.

    Only `booked` is money moved. `doubtful` is booked too, but does not add up: for the reconciliation queue.
    `not_booked` (pending, for information) is no money at all.
    """

    report_id: str
    created_at: datetime.datetime
    booked: tuple[BookedEntry, ...]
    doubtful: tuple[BookedEntry, ...]
    not_booked: tuple[BookedEntry, ...]
