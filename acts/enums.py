"""Choices of acts and payments and the named sets of states that others import."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class ChargeKind(models.TextChoices):
    ORIGINAL = "ORIGINAL", _("Charge")
    REFUND = "REFUND", _("Refund of a charge")
    CORRECTION = "CORRECTION", _("Recalculation")


class ActState(models.TextChoices):
    """The way of an act: drawn up → submitted by the provider → accepted by the department → paid (REG §13.1)."""

    TO_PROVIDER = "TO_PROVIDER", _("Waits for the provider")
    TO_CUSTOMER = "TO_CUSTOMER", _("Waits for the department")
    RETURNED = "RETURNED", _("Returned for correction")
    SIGNED = "SIGNED", _("Accepted by both sides")
    PAID = "PAID", _("Paid in full")


SUBMITTABLE = (ActState.TO_PROVIDER, ActState.RETURNED)
DECIDABLE = (ActState.TO_CUSTOMER,)
PAYABLE = (ActState.SIGNED,)


class ActEventKind(models.TextChoices):
    """What happened to an act, as its history tells it."""

    DRAWN_UP = "drawn_up", _("Drawn up")
    SUBMITTED = "submitted", _("Submitted by the organisation")
    ACCEPTED = "accepted", _("Accepted by the department")
    RETURNED = "returned", _("Returned for correction")
    PAID = "paid", _("Paid in full")
    REOPENED = "reopened", _("The bank returned the payment")


class OrderState(models.TextChoices):
    """States of a payment order (REG §14.4, contracts/payments.md §8)."""

    PREPARED = "PREPARED", _("Prepared")
    HELD = "HELD", _("Held until the suspension ends")
    SENT = "SENT", _("Sent")
    ACCEPTED = "ACCEPTED", _("Accepted by the treasury")
    PAID = "PAID", _("Paid")
    REJECTED = "REJECTED", _("Rejected")
    RETURNED = "RETURNED", _("Returned by the bank")
    UNKNOWN = "UNKNOWN", _("The outcome is being clarified")
    DEBT = "DEBT", _("To be set off against the next act")
    SET_OFF = "SET_OFF", _("Set off")


# Transitions, bulk updates and statements read these sets and nothing else.
RETRIABLE = (OrderState.REJECTED, OrderState.RETURNED)
SENDABLE = (OrderState.PREPARED, *RETRIABLE)  # may get an attempt, when none of it is still under way
UNSENT = (OrderState.PREPARED, OrderState.UNKNOWN)  # with an attempt: nobody knows yet whether the gateway has it
IN_FLIGHT = (OrderState.SENT, OrderState.ACCEPTED, OrderState.UNKNOWN)
SETTLED = (OrderState.PAID, OrderState.SET_OFF)


class EntryProblem(models.TextChoices):
    """Why a booked entry closes nothing before somebody has looked (contracts/payments.md §5 rule 4)."""

    UNKNOWN_TRANSFER = "unknown_transfer", _("No such payment")
    AMOUNT = "amount", _("Another amount")
    CURRENCY = "currency", _("Another currency")
    ACCOUNT = "account", _("Another account of the payer")
    CREDITOR_ACCOUNT = "creditor_account", _("Another account of the payee")
    UETR = "uetr", _("Another UETR")
    AMOUNT_MISSING = "amount_missing", _("The entry names no amount")
    AMOUNTS_DIFFER = "amounts_differ", _("The parts of the entry do not add up")
    BOOKED_TWICE = "booked_twice", _("Booked twice")
    RETURNED_TWICE = "returned_twice", _("Returned twice")
    AFTER_REJECTION = "after_rejection", _("Booked after a rejection")


class CloseStage(models.TextChoices):
    COUNTING = "COUNTING", _("Counting the paid days")
    CHARGING = "CHARGING", _("Drawing up acts and charges")
    POSTING = "POSTING", _("Writing the ledger")
    CHECKING = "CHECKING", _("Checking the sums")
    DONE = "DONE", _("Closed")
