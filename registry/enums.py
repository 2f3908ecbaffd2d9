"""Choices of the registry and the named sets of states that models, SQL and other apps share."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Level(models.TextChoices):
    PRESCHOOL = "preschool", _("Preschool")
    PRIMARY = "primary", _("Primary (1-4)")
    BASIC = "basic", _("Basic secondary (5-9)")
    UPPER = "upper", _("Upper secondary (10-11)")


class Source(models.TextChoices):
    """Where the money of a line comes from; `MB` and `RB` on the wire (contracts/payments.md §2)."""

    LOCAL = "local", _("Local budget")
    REPUBLICAN = "republican", _("Republican budget")


class PartState(models.TextChoices):
    """States of one month's part of a voucher. Source: S1, slide 6; REG §5.2."""

    ACTIVE = "ACTIVE", _("Active")
    RESERVED = "RESERVED", _("Reserved")
    WRITTEN_OFF = "WRITTEN_OFF", _("Written off")
    REDEEMED = "REDEEMED", _("Redeemed")
    ANNULLED = "ANNULLED", _("Annulled")
    EXPIRED = "EXPIRED", _("Expired")


# The only moves of a part (REG §5.2, T1..T10; design.md §4). The FSM, the trigger in the database and the set-based
# statements read these sets and nothing else.
RESERVABLE = (PartState.ACTIVE, PartState.EXPIRED)
FREEABLE = (PartState.RESERVED,)
CHARGEABLE = (PartState.ACTIVE, PartState.RESERVED, PartState.EXPIRED, PartState.REDEEMED)
EXPIRABLE = (PartState.ACTIVE, PartState.RESERVED, PartState.WRITTEN_OFF, PartState.REDEEMED)
REDEEMABLE = (PartState.WRITTEN_OFF,)
RETURNABLE = (PartState.REDEEMED,)
ANNULLABLE = (PartState.ACTIVE, PartState.RESERVED)

TRANSITIONS = {
    PartState.ACTIVE: (PartState.RESERVED, PartState.WRITTEN_OFF, PartState.EXPIRED, PartState.ANNULLED),
    PartState.RESERVED: (PartState.ACTIVE, PartState.WRITTEN_OFF, PartState.EXPIRED, PartState.ANNULLED),
    PartState.WRITTEN_OFF: (PartState.REDEEMED, PartState.EXPIRED),
    PartState.REDEEMED: (PartState.WRITTEN_OFF, PartState.EXPIRED),
    PartState.EXPIRED: (PartState.RESERVED, PartState.WRITTEN_OFF),
    PartState.ANNULLED: (),
}


class LifeStatus(models.TextChoices):
    """What the state database says of a person; UNKNOWN never counts against the child (design.md §5.7)."""

    UNKNOWN = "UNKNOWN", _("Not asked yet")
    REGISTERED = "REGISTERED", _("Registered")
    NOT_REGISTERED = "NOT_REGISTERED", _("Not registered")
    DEAD = "DEAD", _("Dead")


INELIGIBLE = (LifeStatus.NOT_REGISTERED, LifeStatus.DEAD)


class ContractStatus(models.TextChoices):
    SIGNED = "signed", _("In force")
    ENDED = "ended", _("Ended")
    ANNULLED = "annulled", _("Annulled")


class EndReason(models.TextChoices):
    TRANSFER = "transfer", _("Transfer")
    WITHDRAWN = "withdrawn", _("Withdrawn")
    GRADUATED = "graduated", _("Graduated")
    PROVIDER_TERMINATED = "provider_terminated", _("The organisation's contract was terminated")
    OTHER = "other", _("Other")


class Funding(models.TextChoices):
    NEW = "NEW", _("Not looked at yet")
    FUNDED = "FUNDED", _("Funded")
    UNFUNDED = "UNFUNDED", _("Not funded")
    NONE = "NONE", _("Annulled")


class UnfundedReason(models.TextChoices):
    """Why a contract is not funded; the first that holds. Source: contracts/reference-data.md."""

    NO_STATE_ORDER = "NO_STATE_ORDER", _("No state order contract")
    PROVIDER_SUSPENDED = "PROVIDER_SUSPENDED", _("Payment to the organisation is suspended")
    PROVIDER_TERMINATED = "PROVIDER_TERMINATED", _("The organisation's contract is terminated")
    CHILD_ELSEWHERE = "CHILD_ELSEWHERE", _("The child is registered at another organisation")
    OVER_CAPACITY = "OVER_CAPACITY", _("Above the organisation's capacity")
    NO_NORM = "NO_NORM", _("No norm serves the contract")
    BUDGET_EXHAUSTED = "BUDGET_EXHAUSTED", _("The budget limit is exhausted")
    CHILD_NOT_ELIGIBLE = "CHILD_NOT_ELIGIBLE", _("The child is not registered in the country")


class SheetStatus(models.TextChoices):
    DRAFT = "draft", _("Being filled in")
    APPROVED = "approved", _("Approved")


class PresenceSource(models.TextChoices):
    FACE_ID = "face_id", _("Face ID")
    TURNSTILE = "turnstile", _("Turnstile")
    QR = "qr", _("QR code")
    TEACHER = "teacher", _("Teacher's mark")


class Mark(models.TextChoices):
    """One character per calendar day of a sheet (contracts/lms.md, REG §8.6)."""

    PRESENT = "P", _("Present")
    SICK = "S", _("Sick")
    LEAVE = "L", _("On the parent's application")
    QUARANTINE = "Q", _("Quarantine or closed by order")
    NO_REASON = "N", _("Absent without a reason")
    OFF = "H", _("Weekend or holiday")
    OUTSIDE = ".", _("Outside the contract")


MARKS = "".join(Mark.values)


class Account(models.TextChoices):
    """Accounts of the ledger, each kept per reservation (design.md §4)."""

    BUDGET = "BUDGET", _("Budget")
    RESERVED = "RESERVED", _("Reserved")
    WRITTEN_OFF = "WRITTEN_OFF", _("Written off")
    REDEEMED = "REDEEMED", _("Redeemed")
    RELEASED = "RELEASED", _("Returned to the limit")


# What a budget limit has to cover (design.md §5.2).
COMMITTED = (Account.RESERVED, Account.WRITTEN_OFF, Account.REDEEMED)


class EntryReason(models.TextChoices):
    ISSUED = "ISSUED", _("Voucher issued")
    CONTRACT = "CONTRACT", _("Reserved by a contract")
    CONTRACT_CHANGED = "CONTRACT_CHANGED", _("The contract changed")
    CLOSED = "CLOSED", _("The month was closed")
    UNEARNED = "UNEARNED", _("The unearned rest")
    LATE_FACT = "LATE_FACT", _("Late facts")
    REFUND = "REFUND", _("The charge was taken back")
    EXPIRED = "EXPIRED", _("The month ended with no charge")
    ANNULLED = "ANNULLED", _("Annulled")
    PAID = "PAID", _("The treasury confirmed the payment")
    RETURNED = "RETURNED", _("The bank returned the payment")


class ItemKind(models.TextChoices):
    CONTRACT = "contract", _("Contract")
    SHEET = "sheet", _("Sheet")


# An item waits for these causes and is taken in when they go; every other reason waits for a better version.
UNKNOWN_PROVIDER = "UNKNOWN_PROVIDER"
UNKNOWN_CONTRACT = "UNKNOWN_CONTRACT"
