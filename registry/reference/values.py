"""Single values of a reference file: each function takes what stood in the file and gives the typed value.

Every one raises ValueError with a reason that follows the path of the value: "norms[3].total_kzt: must be …".
"""

import datetime
import math
import re
import unicodedata
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any, TypeVar

from django.db.backends.postgresql.psycopg_any import DateRange

from voucher_portal.dates import SchoolYear
from voucher_portal.identifiers import (
    bin_error,
    cyrillic_position,
    iban_error,
    normalise_iban,
    performer_error,
)

T = TypeVar("T")

FIRST_YEAR, LAST_YEAR = 1991, 2199
DAY = datetime.timedelta(days=1)
EMPTY = DateRange(empty=True)

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_DAY_OF_YEAR = re.compile(r"(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])")
_MONEY = re.compile(r"(0|[1-9][0-9]*)\.[0-9]{2}")
_SLUG = re.compile(r"[-a-zA-Z0-9_]+")
_SHARE = re.compile(r"0(\.[0-9]{1,6})?|1(\.0{1,6})?")


def text(longest: int) -> Callable[[Any], str]:
    """Some words on one line, 1..`longest` characters; spaces at the edges do not count."""

    def read(raw: Any) -> str:
        if not isinstance(raw, str):
            raise ValueError("must be text; put it in quotes")
        value = unicodedata.normalize("NFC", raw).strip()
        if not value:
            raise ValueError("must not be empty")
        if len(value) > longest:
            raise ValueError(f"is longer than {longest} characters")
        if any(unicodedata.category(sign) in ("Cc", "Cs", "Zl", "Zp") for sign in value):
            raise ValueError("must be one line without control characters")
        return value

    return read


def matching(pattern: str, form: str) -> Callable[[Any], str]:
    """Text of a fixed form; `form` describes it to the reader."""
    compiled = re.compile(pattern)

    def read(raw: Any) -> str:
        value = text(200)(raw)
        if not compiled.fullmatch(value):
            raise ValueError(f"must be {form}")
        return value

    return read


def one_of(choices: Iterable[T]) -> Callable[[Any], T]:
    """One of a few values."""
    known = list(choices)

    def read(raw: Any) -> T:
        # 1 and True are equal in Python, but not in a file.
        for choice in known:
            if raw == choice and isinstance(raw, bool) == isinstance(choice, bool):
                return choice
        raise ValueError("must be one of: " + ", ".join(str(choice) for choice in known))

    return read


def whole(least: int, most: int) -> Callable[[Any], int]:
    """A whole number of `least`..`most`."""

    def read(raw: Any) -> int:
        if isinstance(raw, bool) or not isinstance(raw, int):
            raise ValueError("must be a whole number without quotes")
        if not least <= raw <= most:
            raise ValueError(f"must be a whole number of {least} to {most}")
        return raw

    return read


def degrees(most: int) -> Callable[[Any], float]:
    """A geographical coordinate of -`most`..`most` degrees."""

    def read(raw: Any) -> float:
        if isinstance(raw, bool) or not isinstance(raw, int | float) or not math.isfinite(raw) or abs(raw) > most:
            raise ValueError(f"must be a number of -{most} to {most}")
        return float(raw)

    return read


def share(raw: Any) -> Decimal:
    """A share of 0..1, e.g. 0.90 for 90 %."""
    if isinstance(raw, bool) or not _SHARE.fullmatch(str(raw)):
        raise ValueError("must be a share of 0 to 1, e.g. 0.90")
    return Decimal(str(raw)).normalize()


def money(digits: int) -> Callable[[Any], Decimal]:
    """A sum in tenge: text with two decimals, at most `digits` before them."""

    def read(raw: Any) -> Decimal:
        if not isinstance(raw, str) or not _MONEY.fullmatch(raw):
            raise ValueError('must be a sum in quotes with two decimals, e.g. "55659.00"')
        if len(raw) > digits + 3:
            raise ValueError(f"must have at most {digits} digits before the point")
        return Decimal(raw)

    return read


def date(raw: Any) -> datetime.date:
    """A day of the form YYYY-MM-DD."""
    if not isinstance(raw, str) or not _DATE.fullmatch(raw):
        raise ValueError("must be a date of the form YYYY-MM-DD")
    try:
        value = datetime.date.fromisoformat(raw)
    except ValueError:
        raise ValueError(f"there is no such day: {raw}") from None
    if not FIRST_YEAR <= value.year <= LAST_YEAR:
        raise ValueError(f"must be a day of the years {FIRST_YEAR} to {LAST_YEAR}")
    return value


def day_of_year(raw: Any) -> str:
    """A day of every year, MM-DD."""
    if not isinstance(raw, str) or not _DAY_OF_YEAR.fullmatch(raw):
        raise ValueError("must be a day of the form MM-DD")
    return raw


def school_year(raw: Any) -> SchoolYear:
    """A school year like 2025/26."""
    try:
        year = SchoolYear.parse(raw if isinstance(raw, str) else "")
    except ValueError:
        raise ValueError("must be a school year of the form 2025/26") from None
    if not FIRST_YEAR <= year.starts < LAST_YEAR:
        raise ValueError(f"must begin in the years {FIRST_YEAR} to {LAST_YEAR - 1}")
    return year


def list_of(read_item: Callable[[Any], T], *, distinct: bool = False, least: int = 0) -> Callable[[Any], list[T]]:
    """A list of values that `read_item` reads."""

    def read(raw: Any) -> list[T]:
        if not isinstance(raw, list):
            raise ValueError("must be a list")
        if len(raw) < least:
            raise ValueError("must not be an empty list")
        items = []
        for place, item in enumerate(raw):
            try:
                items.append(read_item(item))
            except ValueError as error:
                raise ValueError(f"item {place} {error}") from None
        if distinct and len(set(items)) < len(items):
            raise ValueError("names the same twice")
        return items

    return read


def optional(read_value: Callable[[Any], T], *, empty: Any = None) -> Callable[[Any], T | Any]:
    """A value that may be null."""

    def read(raw: Any) -> T | Any:
        return empty if raw is None else read_value(raw)

    return read


def any_or(read_value: Callable[[Any], T], *, any_is: Any) -> Callable[[Any], T | Any]:
    """A value, or the word `any`."""

    def read(raw: Any) -> T | Any:
        return any_is if raw == "any" else read_value(raw)

    return read


def days_between(first: datetime.date, last: datetime.date | None) -> DateRange:
    """The days from `first` to `last`, both included (open when None), as the database writes them."""
    return DateRange(first, None if last is None else last + DAY, "[)")


def _number(name: str, error_of: Callable[[str], str | None]) -> Callable[[Any], str]:
    def read(raw: Any) -> str:
        if not isinstance(raw, str):
            raise ValueError(f"must be {name} in quotes")
        error = error_of(raw)
        if error:
            raise ValueError(f"is not {name} ({error})")
        return raw

    return read


issuer_bin = _number("a BIN", bin_error)
performer = _number("a BIN or IIN", performer_error)
bic = matching(r"[A-Z]{4}KZ[A-Z0-9]{2}([A-Z0-9]{3})?", "a BIC of Kazakhstan, 8 or 11 characters")


def iban(raw: Any) -> str:
    """An account number of Kazakhstan in normal form."""
    value = normalise_iban(text(50)(raw))
    if cyrillic_position(value):
        raise ValueError(f"has a Cyrillic letter at place {cyrillic_position(value)}")
    error = iban_error(value)
    if error:
        raise ValueError(f"is not a Kazakhstani IBAN ({error})")
    return value


def slug(raw: Any) -> str:
    """A code of Latin letters, digits, hyphens and underscores, at most 40."""
    value = text(40)(raw)
    if not _SLUG.fullmatch(value):
        raise ValueError("must be a code of Latin letters, digits, hyphens and underscores")
    return value
