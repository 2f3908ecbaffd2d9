"""What the accountants' files say, free of their letters: orders that we write, statements that we read.

Sums are Decimals with two places; those of an order are KZT, those of a statement are in the account's currency.
Source: contracts/payments.md §6.
"""

import datetime
import re
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from integrations.treasury.payment_rules import END_TO_END_ID

_FIRST_WORD = re.compile(rf"\[({END_TO_END_ID.pattern})\]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """Who pays or is paid. In a statement anything may be missing, which is an empty text.

    `number` is a BIN, or the IIN of a sole trader; `kbe` residency and sector (of a payer: КОд); `bank_number` the
    bank's BIN, which may be missing in an order too.
    """

    name: str = ""
    number: str = ""
    kbe: str = ""
    iban: str = ""
    bank_name: str = ""
    bank_number: str = ""
    bic: str = ""


@dataclass(frozen=True, slots=True)
class MatchingKey:
    """What an order is known by where its EndToEndId got lost. `number` has no leading zeros."""

    number: str
    dated_on: datetime.date
    amount: Decimal
    payee_iban: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One order to pay. `number` counts the orders of the payer's account in a year.

    `purpose` is the sentence for people: no child's name and no IIN in it. `knp` are three digits.
    """

    number: int
    dated_on: datetime.date
    amount_kzt: Decimal
    payer: Side
    payee: Side
    end_to_end_id: str
    purpose: str
    knp: str
    value_on: datetime.date | None = None

    @property
    def key(self) -> MatchingKey:
        """By what a document of a statement may be this order, after the EndToEndId."""
        return MatchingKey(str(self.number), self.dated_on, self.amount_kzt, self.payee.iban)


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderFile:
    """One file of orders, for one bank. `sender` and `receiver` name the two programmes; `receiver` may be empty."""

    sender: str
    receiver: str
    created_at: datetime.datetime
    orders: tuple[Order, ...]


class Reason(TextChoices):
    """Why a file cannot be read, or why a statement must close nothing."""

    TOO_LARGE = "too_large", _("The file is too large.")
    NOT_THE_FORMAT = "not_the_format", _("This is not a file of 1CClientBankExchange.")
    NOT_TEXT = "not_text", _("The line cannot be read in the encoding of the file.")
    TOO_LONG = "too_long", _("The line is too long.")
    TOO_MANY = "too_many", _("The file has too many lines or sections.")
    MISPLACED = "misplaced", _("A section begins or ends where it cannot.")
    TWICE = "twice", _("The field stands twice in one section, with two values.")
    NO_ACCOUNT_NUMBER = "no_account_number", _("The section has no account number.")
    BAD_DATE = "bad_date", _("The date or time cannot be read.")
    BAD_SUM = "bad_sum", _("The sum cannot be read.")
    NO_SUM = "no_sum", _("The document has no sum.")
    TWO_SUMS = "two_sums", _("The document is both an expense and an income.")

    NO_END = "no_end", _("The file has no end: a part of it may be missing.")
    CUT_OFF = "cut_off", _("The file breaks off inside this section.")
    AFTER_END = "after_end", _("There is something after the end of the file.")
    SUMS_DIFFER = "sums_differ", _("The two sums of the document differ.")
    NO_BALANCE = "no_balance", _("The balance of the account is missing or has no sums.")
    FOREIGN_ACCOUNT = "foreign_account", _("The document belongs to no account of the statement.")
    WRONG_BALANCE = "wrong_balance", _("Opening balance, income and expense do not make the closing balance.")
    BROKEN_CHAIN = "broken_chain", _("The opening balance is not the closing balance before it.")
    WRONG_EXPENSE = "wrong_expense", _("The documents do not add up to the expense of the account.")
    WRONG_INCOME = "wrong_income", _("The documents do not add up to the income of the account.")


class BadFile(ValueError):
    """The file cannot be read; `line` counts from 1. Nothing of it may be applied."""

    def __init__(self, line: int, reason: Reason):
        super().__init__(f"line {line}: {reason.value}")
        self.line = line
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Doubt:
    """Why a statement that can be read must close nothing, and on which line that is seen."""

    line: int
    reason: Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """What a bank says of one account over some days; the section begins on `line`."""

    line: int
    iban: str
    first_day: datetime.date | None
    last_day: datetime.date | None
    opening: Decimal | None
    received: Decimal | None
    spent: Decimal | None
    closing: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One document of a statement; its section begins on `line`.

    `is_spent` and `is_received` are both true for a transfer between two accounts of the statement that the bank told
    once, both false for one that belongs to none of them. `purpose` still begins with the EndToEndId.
    """

    line: int
    kind: str
    number: str
    dated_on: datetime.date | None
    operated_on: datetime.date | None
    valued_on: datetime.date | None
    amount: Decimal
    currency: str
    is_spent: bool
    is_received: bool
    payer: Side
    payee: Side
    purpose: str
    knp: str

    @property
    def end_to_end_id(self) -> str | None:
        """The first word of the purpose, where it stands in square brackets. Anybody can write one: compare sums."""
        found = _FIRST_WORD.match(self.purpose)
        return found[1] if found else None

    @property
    def key(self) -> MatchingKey | None:
        """By what it may be one of our orders when it has no EndToEndId; None where the bank left some of it out."""
        number = self.number.lstrip("0")
        if not number or not self.dated_on or not self.payee.iban:
            return None
        return MatchingKey(number, self.dated_on, self.amount, self.payee.iban)


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """A file as it came. Only a complete one may close orders."""

    sender: str
    receiver: str
    created_at: datetime.datetime | None
    first_day: datetime.date | None
    last_day: datetime.date | None
    accounts: tuple[str, ...]
    balances: tuple[Balance, ...]
    documents: tuple[Document, ...]
    doubts: tuple[Doubt, ...]

    @property
    def is_complete(self) -> bool:
        """Whether it ends, and its balances and documents add up."""
        return not self.doubts
