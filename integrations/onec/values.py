"""The values of a section that was read: texts, days and sums."""

import datetime
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache

from integrations.onec.fields import Field, SideFields
from integrations.onec.messages import BadFile, Reason, Side
from integrations.treasury.payment_rules import clean_text
from voucher_portal.identifiers import normalise_iban
from voucher_portal.money import TIYN

MAX_VALUE = 2_000  # characters of one value, its continuation lines included

_DAY = re.compile(r"([0-3][0-9])\.([01][0-9])\.(20[0-9]{2})")
_TIME = re.compile(r"([0-9]{1,2}):([0-9]{2}):([0-9]{2})")
_SUM = re.compile(r"-?[0-9]{1,16}([.,][0-9]{1,2})?")


@dataclass(slots=True)
class Section:
    """A section while it is read: where and with what word it begins, and line and text of its known keys."""

    line: int
    kind: str
    known: frozenset[str]
    title: str = ""
    values: dict[str, tuple[int, str]] = field(default_factory=dict)
    last_key: str = ""

    def put(self, line: int, key: str, value: str) -> None:
        """Take the value of a known key. Raises BadFile for a second, other value: which of them is meant?"""
        value = tidy(line, value)
        if self.values.setdefault(key, (line, value))[1] != value:
            raise BadFile(line, Reason.TWICE)
        self.last_key = key

    def extend(self, line: int, text: str) -> None:
        """Take a line that continues the value before it."""
        first_line, value = self.values[self.last_key]
        self.values[self.last_key] = first_line, tidy(line, f"{value} {text}")


def tidy(line: int, value: str) -> str:
    """`value` without spaces at its edges and without signs that do not print."""
    value = value.strip()
    if len(value) > MAX_VALUE:
        raise BadFile(line, Reason.TOO_LONG)
    return value if value.isprintable() else clean_text(value, MAX_VALUE)


def text_of(values: Mapping, wanted: Field) -> str:
    """The first text that stands under one of the field's keys; empty when there is none."""
    for key in wanted.keys:
        found = values.get(key)
        if found and found[1]:
            return found[1]
    return ""


def iban_of(values: Mapping, wanted: Field) -> str:
    """An account number in normal form; not every account in a statement is an IBAN."""
    return _account(text_of(values, wanted))


def day_of(values: Mapping, wanted: Field) -> datetime.date | None:
    """A day dd.mm.yyyy, None when there is none."""
    line, text = _found(values, wanted)
    return _parsed(_day, text, line, Reason.BAD_DATE) if text else None


def time_of(values: Mapping, wanted: Field) -> datetime.time | None:
    """A time hh:mm:ss, None when there is none."""
    line, text = _found(values, wanted)
    return _parsed(_time, text, line, Reason.BAD_DATE) if text else None


def sum_of(values: Mapping, wanted: Field, *, signed: bool = False) -> Decimal | None:
    """A sum with two places, None when there is none; only a balance is `signed`."""
    line, text = _found(values, wanted)
    if not text:
        return None
    found = _parsed(_sum, text, line, Reason.BAD_SUM)
    if found.is_signed() and not signed:
        raise BadFile(line, Reason.BAD_SUM)
    return found


def side_of(values: Mapping, names: SideFields) -> Side:
    """A payer or a payee."""
    return Side(
        name=text_of(values, names.name),
        number=text_of(values, names.number),
        kbe=text_of(values, names.kbe),
        iban=iban_of(values, names.iban),
        bank_name=text_of(values, names.bank_name),
        bank_number=text_of(values, names.bank_number),
        bic=text_of(values, names.bic),
    )


def _found(values: Mapping, wanted: Field) -> tuple[int, str]:
    for key in wanted.keys:
        found = values.get(key)
        if found and found[1]:
            return found
    return 0, ""


def _parsed(parse, text: str, line: int, reason: Reason):
    try:
        return parse(text)
    except ValueError:
        raise BadFile(line, reason) from None


# A statement says the same accounts and days over and over.
@lru_cache(maxsize=1024)
def _account(text: str) -> str:
    return normalise_iban(text)


@lru_cache(maxsize=1024)
def _day(text: str) -> datetime.date:
    day, month, year = _matched(_DAY, text)
    return datetime.date(int(year), int(month), int(day))


def _time(text: str) -> datetime.time:
    return datetime.time(*map(int, _matched(_TIME, text)))


def _matched(pattern: re.Pattern, text: str) -> tuple[str, ...]:
    found = pattern.fullmatch(text)
    if not found:
        raise ValueError(text)
    return found.groups()


def _sum(text: str) -> Decimal:
    if not _SUM.fullmatch(text):
        raise ValueError(text)
    return Decimal(text.replace(",", ".")).quantize(TIYN)
