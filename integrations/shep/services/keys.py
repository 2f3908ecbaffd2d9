"""What the state databases are asked by. The text of a key, "240640990012,0000000000000007", gives the key back.

A key is made of numbers that are right in themselves, so that nothing malformed leaves the portal. No error names the
number: it may be a person's. Source: contracts/shep.md §4, column "key"; contracts/number-formats.md.
"""

import datetime
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

from voucher_portal.dates import Month
from voucher_portal.identifiers import bin_error, classify, iin_error, performer_error

PERIOD_DAYS = 366  # a longer period is a mistake, or more than anyone needs to know of a person
_YEARS = range(1991, 2100)
_AR_CODE = re.compile(r"[0-9]{16}")
_CADASTRAL_NUMBER = re.compile(r"[0-9]{2}(:[0-9]{1,6}){2,6}")
_PAYMENT_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,35}")


class ProfileKey:
    """A key as our profile writes it (contracts/shep.md §5, `Query`).

    `PARTS` are the words for what stands between the commas of its text, the last `OPTIONAL` of which may be missing.
    """

    __slots__ = ()

    PARTS: ClassVar[tuple[str, ...]] = ()
    OPTIONAL: ClassVar[int] = 0

    def __str__(self) -> str:
        return ",".join((*self.numbers.values(), *self.limits.values()))

    @classmethod
    def parse(cls, text: str) -> Self:
        """The key with that text. Raises ValueError when it is none."""
        return cls(*_parts(text, *cls.PARTS, optional=cls.OPTIONAL))

    @property
    def numbers(self) -> dict[str, str]:
        """The elements of `key`."""
        raise NotImplementedError

    @property
    def limits(self) -> dict[str, str]:
        """The elements after `asOf`: a period or a year."""
        return {}


@dataclass(frozen=True, slots=True)
class PersonKey(ProfileKey):
    """A person."""

    PARTS: ClassVar = ("IIN",)

    iin: str = field(repr=False)

    def __post_init__(self):
        _refuse("IIN", iin_error(self.iin))

    @property
    def numbers(self) -> dict[str, str]:
        return {"iin": self.iin}


@dataclass(frozen=True, slots=True)
class OrganisationKey(ProfileKey):
    """A legal entity or a branch of one."""

    PARTS: ClassVar = ("BIN",)

    bin: str

    def __post_init__(self):
        _refuse("BIN", bin_error(self.bin))

    @property
    def numbers(self) -> dict[str, str]:
        return {"bin": self.bin}


@dataclass(frozen=True, slots=True)
class HolderKey(ProfileKey):
    """A person or an organisation; a sole trader has no BIN and acts under his IIN."""

    PARTS: ClassVar = ("IIN or BIN",)

    number: str = field(repr=False)

    def __post_init__(self):
        _refuse("IIN or BIN", performer_error(self.number))

    @property
    def kind(self) -> str:
        """ "iin" or "bin"."""
        return classify(self.number) or "bin"

    @property
    def numbers(self) -> dict[str, str]:
        return {self.kind: self.number}


@dataclass(frozen=True, slots=True)
class ObjectKey(ProfileKey):
    """An organisation's building at an address, or all its buildings. `ar_code`: РКА of the address register."""

    PARTS: ClassVar = ("BIN", "address code")
    OPTIONAL: ClassVar = 1

    bin: str
    ar_code: str | None = None

    def __post_init__(self):
        _refuse("BIN", bin_error(self.bin))
        if self.ar_code is not None:
            _refuse("address code", _shape_error(_AR_CODE, self.ar_code))

    @property
    def numbers(self) -> dict[str, str]:
        return {"bin": self.bin} | ({"arCode": self.ar_code} if self.ar_code else {})


@dataclass(frozen=True, slots=True)
class AddressKey(ProfileKey):
    """An address by its code in the address register (РКА), sixteen digits."""

    PARTS: ClassVar = ("address code",)

    ar_code: str

    def __post_init__(self):
        _refuse("address code", _shape_error(_AR_CODE, self.ar_code))

    @property
    def numbers(self) -> dict[str, str]:
        return {"arCode": self.ar_code}


@dataclass(frozen=True, slots=True)
class RealtyKey(ProfileKey):
    """A piece of real estate by its cadastral number, or every one that an organisation holds, by BIN."""

    PARTS: ClassVar = ("cadastral number or BIN",)

    number: str = field(repr=False)

    def __post_init__(self):
        if self.kind == "bin":
            _refuse("BIN", bin_error(self.number))
        else:
            _refuse("cadastral number", _shape_error(_CADASTRAL_NUMBER, self.number))

    @property
    def kind(self) -> str:
        """ "bin" or "cadastralNumber"."""
        return "cadastralNumber" if ":" in self.number else "bin"

    @property
    def numbers(self) -> dict[str, str]:
        return {self.kind: self.number}


@dataclass(frozen=True, slots=True)
class PeriodKey(ProfileKey):
    """A person in a period, first and last day included, at most 366 days."""

    iin: str = field(repr=False)
    first_on: datetime.date
    last_on: datetime.date

    def __post_init__(self):
        _refuse("IIN", iin_error(self.iin))
        if not 0 <= (self.last_on - self.first_on).days < PERIOD_DAYS:
            raise ValueError(f"the period ends before it begins, or has more than {PERIOD_DAYS} days")

    @property
    def numbers(self) -> dict[str, str]:
        return {"iin": self.iin}

    @property
    def limits(self) -> dict[str, str]:
        return {"from": str(self.first_on), "to": str(self.last_on)}

    def meets(self, first: datetime.date | None, last: datetime.date | None) -> bool:
        """Whether something that lasted from `first` to `last` has a day in the period; None: it is not said."""
        return (first is None or first <= self.last_on) and (last is None or last >= self.first_on)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read "190101599018,2025-10-01,2025-10-31". Raises ValueError for anything else."""
        iin, first, last = _parts(text, "IIN", "first day", "last day")
        return cls(iin, _day(first), _day(last))


@dataclass(frozen=True, slots=True)
class YearKey(ProfileKey):
    """An organisation in a calendar year."""

    bin: str
    year: int

    def __post_init__(self):
        _refuse("BIN", bin_error(self.bin))
        if self.year not in _YEARS:
            raise ValueError("the year is not one of this time")

    @property
    def numbers(self) -> dict[str, str]:
        return {"bin": self.bin}

    @property
    def limits(self) -> dict[str, str]:
        return {"year": str(self.year)}

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read "240640990012,2024". Raises ValueError for anything else."""
        number, year = _parts(text, "BIN", "year")
        _refuse("year", _shape_error(re.compile(r"[0-9]{4}"), year))
        return cls(number, int(year))


@dataclass(frozen=True, slots=True)
class MonthKey(ProfileKey):
    """An organisation in a month."""

    bin: str
    month: Month

    def __post_init__(self):
        _refuse("BIN", bin_error(self.bin))

    @property
    def numbers(self) -> dict[str, str]:
        return {"bin": self.bin}

    @property
    def limits(self) -> dict[str, str]:
        return {"from": str(self.month.first), "to": str(self.month.last)}

    def __str__(self) -> str:
        return f"{self.bin},{self.month}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read "240640990012,2025-10". Raises ValueError for anything else."""
        number, month = _parts(text, "BIN", "month")
        return cls(number, Month.parse(month))


@dataclass(frozen=True, slots=True)
class PaymentKey(ProfileKey):
    """A payment by our own id, at most 36 Latin letters, digits, points, hyphens."""

    PARTS: ClassVar = ("payment id",)

    payment_id: str

    def __post_init__(self):
        _refuse("payment id", _shape_error(_PAYMENT_ID, self.payment_id))

    @property
    def numbers(self) -> dict[str, str]:
        return {"paymentId": self.payment_id}


def agrees(said: Any, asked: Any) -> bool:
    """Whether a record that says `said`, or nothing, can be the answer to a question about `asked`."""
    return said is None or said == asked


def holder_keys(*numbers: str | None) -> Iterator[HolderKey]:
    """The keys of those of the numbers that can be one."""
    for number in numbers:
        if number and performer_error(number) is None:
            yield HolderKey(number)


def _parts(text: str, *names: str, optional: int = 0) -> list[str]:
    """What stands between the commas."""
    parts = [part.strip() for part in text.split(",")]
    if not len(names) - optional <= len(parts) <= len(names):
        raise ValueError(f"the key consists of {len(names)} parts with commas between them: {', '.join(names)}")
    return parts


def _refuse(name: str, error: str | None) -> None:
    if error:
        raise ValueError(f"the {name} is wrong: {error}")


def _shape_error(pattern: re.Pattern, value: str) -> str | None:
    return None if pattern.fullmatch(value) else "format"


def _day(text: str) -> datetime.date:
    _refuse("day", _shape_error(re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}"), text))
    try:
        return datetime.date.fromisoformat(text)
    except ValueError:
        raise ValueError("there is no such day") from None
