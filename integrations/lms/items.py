"""One item of a feed as the portal understands it, and one that it had to put aside."""

import datetime
import enum
from dataclasses import dataclass
from typing import Annotated, Literal

import msgspec
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Text1To64 = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
Text1To100 = Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
Text100 = Annotated[str, msgspec.Meta(max_length=100)]
Text16 = Annotated[str, msgspec.Meta(min_length=1, max_length=16)]
Phone = Annotated[str, msgspec.Meta(max_length=20)]
Email = Annotated[str, msgspec.Meta(max_length=254)]
Version = Annotated[int, msgspec.Meta(ge=1, lt=2**31)]
Instant = Annotated[datetime.datetime, msgspec.Meta(tz=True)]
Fee = Annotated[str, msgspec.Meta(pattern=r"\A[0-9]{1,12}(\.[0-9]{1,2})?\Z")]


class Child(msgspec.Struct, frozen=True, gc=False):
    """The child of a contract, as the LMS knows it."""

    iin: str
    last_name: Text1To100
    first_name: Text1To100
    middle_name: Text100 | None
    birth_date: datetime.date


class Guardian(msgspec.Struct, frozen=True, gc=False):
    """The adult who signed a contract."""

    iin: str
    last_name: Text1To100
    first_name: Text1To100
    middle_name: Text100 | None
    phone: Phone | None
    email: Email | None
    language: Literal["kk", "ru"]


class Contract(msgspec.Struct, frozen=True, gc=False):
    """A contract child - provider. `parent_fee_kzt` is a decimal number in tenge, kept as text."""

    contract_id: Text1To64
    version: Version
    status: Literal["signed", "ended", "annulled"]
    provider_bin: str
    programme: Literal["school", "preschool"]
    level: Literal["preschool", "primary", "basic", "upper"]
    group: Text100
    language: Text16
    special_needs: bool
    child: Child
    guardian: Guardian
    parent_fee_kzt: Fee | None
    signed_at: Instant
    starts_on: datetime.date
    ends_on: datetime.date | None
    end_reason: Literal["transfer", "withdrawn", "graduated", "provider_terminated", "other"] | None


class Sheet(msgspec.Struct, frozen=True, gc=False):
    """A month's attendance of one contract; `marks` has one character per calendar day."""

    contract_id: Text1To64
    month: str
    version: Version
    marks: str
    status: Literal["draft", "approved"]
    approved_at: Instant | None
    guardian_confirmed_at: Instant | None
    source: Literal["face_id", "turnstile", "qr", "teacher"]


class Reason(enum.StrEnum):
    """Why an item was put aside. The codes are stored: never change one."""

    BAD_JSON = "BAD_JSON"
    MISSING_FIELD = "MISSING_FIELD"
    WRONG_TYPE = "WRONG_TYPE"
    WRONG_VALUE = "WRONG_VALUE"
    TOO_LARGE = "TOO_LARGE"
    WRONG_IIN = "WRONG_IIN"
    WRONG_BIN = "WRONG_BIN"
    WRONG_DATES = "WRONG_DATES"
    WRONG_MONTH = "WRONG_MONTH"
    WRONG_MARKS_LENGTH = "WRONG_MARKS_LENGTH"
    WRONG_MARKS = "WRONG_MARKS"


_MESSAGES = {
    Reason.BAD_JSON: _("The record cannot be read. The school's system must send it again."),
    Reason.MISSING_FIELD: _("The field “%(field)s” is missing. The school's system must add it."),
    Reason.WRONG_TYPE: _("The field “%(field)s” has a value of the wrong type. Correct it in the school's system."),
    Reason.WRONG_VALUE: _("The field “%(field)s” has a value that is not allowed. Correct it in the school's system."),
    Reason.TOO_LARGE: _("The field “%(field)s” is too long. Shorten it in the school's system."),
    Reason.WRONG_IIN: _("The IIN in the field “%(field)s” is wrong. Check its 12 digits in the school's system."),
    Reason.WRONG_BIN: _("The BIN in the field “%(field)s” is wrong. Check its 12 digits in the school's system."),
    Reason.WRONG_DATES: _("The date in the field “%(field)s” cannot be right. Correct it in the school's system."),
    Reason.WRONG_MONTH: _("The sheet is for another month than was asked for. Correct it in the school's system."),
    Reason.WRONG_MARKS_LENGTH: _("The sheet does not have one mark for each day of the month. Correct the sheet."),
    Reason.WRONG_MARKS: _("The sheet has a mark that is not known. Allowed are P, S, L, Q, N, H and a full stop."),
}


def describe(reason: str, field: str = "") -> Promise | str:
    """What is wrong with an item and what to do, in the language of the moment. `field` as in `Rejected.field`."""
    return _MESSAGES[Reason(reason)] % {"field": field}


@dataclass(frozen=True, slots=True)
class Rejected:
    """An item that breaks the contract of the feed, with whatever of its keys could be read."""

    reason: Reason
    field: str
    raw_text: str
    contract_id: str | None = None
    version: int | None = None
    provider_bin: str | None = None
    month: str | None = None

    @property
    def message(self) -> str:
        """For the person who has to put it right."""
        return str(describe(self.reason, self.field))
