"""The rows of a reference file with their types, each checked by itself (contracts/reference-data.md).

A row knows its path in the file and its natural key. What it must be beside other rows and the database is checked
where it is planned.
"""

import datetime
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, fields
from decimal import Decimal
from typing import Any, Self

from django.db.backends.postgresql.psycopg_any import DateRange

from registry.enums import Level, Source
from registry.reference import values
from registry.reference.problems import Problems, shown
from registry.rules import (
    DEFAULT_MIN_PRESENT_DAYS,
    DEFAULT_PARTS,
    DEFAULT_PAY_AFTER_ACT_DAYS,
    DEFAULT_PAYABLE_MARKS,
    DEFAULTS,
    READERS,
    as_json,
)
from schools.enums import Area, IssuerKind, Ownership, Programme
from voucher_portal.dates import SCHOOL_YEAR_STARTS_IN, SchoolYear
from voucher_portal.identifiers import expected_bic

PAYABLE_MARKS = "PSLQN"
LEVELS = {
    Programme.PRESCHOOL: {Level.PRESCHOOL},
    Programme.SCHOOL: {Level.PRIMARY, Level.BASIC, Level.UPPER},
}
LEAST_NORM_KZT = Decimal("1.00")  # below it the rounded parts of a year do not fit into the norm
_REQUIRED = object()


def _key(read: Callable[[Any], Any], *, name: str = "", default: Any = _REQUIRED) -> Any:
    """A value of a row: how it is read, its name where Python cannot spell it, its default where it may be missing."""
    return field(metadata={"read": read, "name": name, "default": default})


@dataclass(frozen=True, kw_only=True)
class Row:
    """One entry of a list of the file."""

    path: str

    @classmethod
    def read(cls, raw: Any, path: str, problems: Problems, **given: Any) -> Self | None:
        """The row at `path`, or None after its faults were noted."""
        before = len(problems.lines)
        if not isinstance(raw, dict):
            problems.add(path, "must be a mapping")
            return None
        known = {each.metadata["name"] or each.name: each for each in fields(cls) if "read" in each.metadata}
        for unknown in sorted(raw.keys() - known.keys(), key=str):
            problems.add(f"{path}.{shown(unknown)}", "unknown key")
        for name, each in known.items():
            given[each.name] = _value(raw, name, each.metadata, path, problems)
        if len(problems.lines) > before:
            return None
        row = cls(path=path, **given)
        for name, reason in row.faults():
            problems.add(f"{path}.{name}", reason)
        return row if len(problems.lines) == before else None

    def faults(self) -> Iterator[tuple[str, str]]:
        """What is wrong between the values of the row: name and reason."""
        return iter(())


def _value(raw: dict, name: str, metadata: Any, path: str, problems: Problems) -> Any:
    if name not in raw:
        if metadata["default"] is _REQUIRED:
            problems.add(f"{path}.{name}", "is missing")
        return metadata["default"]
    try:
        return metadata["read"](raw[name])
    except ValueError as error:
        problems.add(f"{path}.{name}", str(error))
        return None


_code = values.matching(r"[A-Z0-9]{2,8}", "2 to 8 capital Latin letters or digits")
_programme = values.one_of(Programme)


@dataclass(frozen=True, kw_only=True)
class Span(Row):
    """A row that holds on a range of days, both ends included, open when `to` is null."""

    first: datetime.date = _key(values.date, name="from")
    last: datetime.date | None = _key(values.optional(values.date), name="to")

    @property
    def days(self) -> DateRange:
        return values.days_between(self.first, self.last)

    def faults(self) -> Iterator[tuple[str, str]]:
        """The range runs backwards."""
        if self.last is not None and self.last < self.first:
            yield "to", "must not be before from"


@dataclass(frozen=True, kw_only=True)
class IssuerRow(Row):
    code: str = _key(_code)
    bin: str = _key(values.issuer_bin)
    name_ru: str = _key(values.text(300))
    name_kk: str = _key(values.text(300))
    kato: str = _key(values.matching(r"[0-9]{9}", "a KATO code of 9 digits"))
    kind: str = _key(values.one_of(IssuerKind))

    @property
    def key(self) -> tuple:
        return (self.code,)


@dataclass(frozen=True, kw_only=True)
class RuleRow(Span):
    """A rule set of `programme`; `given` are the parameters that it names."""

    programme: str
    given: dict[str, Any]
    parts: list[int] | None = _key(values.list_of(values.whole(1, 12), distinct=True, least=1), default=None)
    voucher_parts: int | None = _key(values.whole(1, 12), default=None)
    payable_marks: str = _key(values.text(5), default=DEFAULT_PAYABLE_MARKS)
    min_present_days: int = _key(values.whole(0, 31), default=DEFAULT_MIN_PRESENT_DAYS)
    pay_after_act_days: int = _key(values.whole(0, 3650), default=DEFAULT_PAY_AFTER_ACT_DAYS)

    @classmethod
    def read(cls, raw: Any, path: str, problems: Problems, **given: Any) -> Self | None:
        """The rule set at `path`, its parameters apart from its columns."""
        parameters = {}
        if isinstance(raw, dict):
            parameters = {
                name: _value(raw, name, {"read": READERS[name]}, path, problems) for name in READERS if name in raw
            }
            raw = {name: value for name, value in raw.items() if name not in READERS}
        return super().read(raw, path, problems, given=parameters, **given)

    @property
    def key(self) -> tuple:
        return (self.programme, self.first)

    @property
    def months(self) -> list[int]:
        """The numbers of the months that a voucher has, in order."""
        return self.parts or list(DEFAULT_PARTS[self.programme])

    @property
    def parameters(self) -> dict[str, Any]:
        """All parameters as stored."""
        return DEFAULTS | {name: as_json(value) for name, value in self.given.items()}

    def faults(self) -> Iterator[tuple[str, str]]:
        """Months out of order, a wrong number of them, marks that are none."""
        yield from super().faults()
        if self.months != sorted(self.months, key=lambda month: (month < SCHOOL_YEAR_STARTS_IN, month)):
            yield "parts", "must be in the order of the school year, from September to August"
        if self.voucher_parts not in (None, len(self.months)):
            yield "voucher_parts", f"does not agree with parts, which has {len(self.months)} months"
        if set(self.payable_marks) - set(PAYABLE_MARKS) or len(set(self.payable_marks)) < len(self.payable_marks):
            yield "payable_marks", f"must be some of {PAYABLE_MARKS}, each once"


@dataclass(frozen=True, kw_only=True)
class VacationRow(Span):
    last: datetime.date = _key(values.date, name="to")


@dataclass(frozen=True, kw_only=True)
class CalendarRow(Span):
    """A calendar; `vacations` are rows of their own."""

    vacations: list[VacationRow | None]
    last: datetime.date = _key(values.date, name="to")
    programme: str = _key(_programme)
    year: SchoolYear = _key(values.school_year)
    weekdays: list[int] = _key(values.list_of(values.whole(1, 7), distinct=True, least=1))
    days_off: list[datetime.date] = _key(values.list_of(values.date), default=())

    @classmethod
    def read(cls, raw: Any, path: str, problems: Problems, **given: Any) -> Self | None:
        """The calendar at `path` with its vacations."""
        before = len(problems.lines)
        vacations = []
        if isinstance(raw, dict):
            entries = raw.get("vacations", [])
            if not isinstance(entries, list):
                problems.add(f"{path}.vacations", "must be a list")
                entries = []
            vacations = [
                VacationRow.read(entry, f"{path}.vacations[{place}]", problems) for place, entry in enumerate(entries)
            ]
            raw = {name: value for name, value in raw.items() if name != "vacations"}
        row = super().read(raw, path, problems, vacations=vacations, **given)
        return row if len(problems.lines) == before else None

    @property
    def key(self) -> tuple:
        return (self.programme, self.year.starts)

    def faults(self) -> Iterator[tuple[str, str]]:
        """Days outside the school year."""
        yield from super().faults()
        named = [("from", self.first), ("to", self.last)]
        named += [(f"days_off[{place}]", day) for place, day in enumerate(self.days_off)]
        for place, vacation in enumerate(self.vacations):
            if vacation:
                named += [(f"vacations[{place}].from", vacation.first), (f"vacations[{place}].to", vacation.last)]
        for name, day in named:
            if day not in self.year:
                yield name, f"is outside the school year {self.year}"


@dataclass(frozen=True, kw_only=True)
class NormRow(Span):
    issuer: str = _key(_code)
    programme: str = _key(_programme)
    level: str = _key(values.one_of(Level))
    area: str = _key(values.one_of(Area))
    language: str = _key(
        values.any_or(values.matching(r"[a-z][a-z-]{1,15}", "a code of a language, e.g. kk"), any_is="")
    )
    special_needs: bool | None = _key(values.any_or(values.one_of([True, False]), any_is=None))
    per: str = _key(values.one_of(["year", "month"]))
    total_kzt: Decimal = _key(values.money(12))
    local_kzt: Decimal = _key(values.money(12))
    republican_kzt: Decimal = _key(values.money(12))

    @property
    def key(self) -> tuple:
        return (
            self.issuer, self.programme, self.level, self.area, self.language, self.special_needs, self.first,
        )  # fmt: skip

    def faults(self) -> Iterator[tuple[str, str]]:
        """Sources that do not add up, a sum too small to be cut, a level of another programme."""
        yield from super().faults()
        if self.local_kzt + self.republican_kzt != self.total_kzt:
            yield "total_kzt", f"local_kzt and republican_kzt add up to {self.local_kzt + self.republican_kzt}"
        if self.total_kzt < LEAST_NORM_KZT:
            yield "total_kzt", f"must be at least {LEAST_NORM_KZT}"
        if self.level not in LEVELS[self.programme]:
            yield "level", f"is not a level of the programme {self.programme}"


@dataclass(frozen=True, kw_only=True)
class ProviderRow(Row):
    bin: str = _key(values.performer)
    name_ru: str = _key(values.text(300))
    name_kk: str = _key(values.text(300))
    ownership: str = _key(values.one_of(Ownership))
    issuer: str = _key(_code)
    programmes: list[str] = _key(values.list_of(_programme, distinct=True, least=1))
    area: str = _key(values.one_of(Area))
    design_capacity: int = _key(values.whole(0, 100_000))
    sanitary_places: int = _key(values.whole(0, 100_000))
    first_licensed_on: datetime.date | None = _key(values.optional(values.date), default=None)
    address_ru: str = _key(values.text(300))
    lat: float | None = _key(values.optional(values.degrees(90)), default=None)
    lon: float | None = _key(values.optional(values.degrees(180)), default=None)
    iban: str = _key(values.iban)
    bic: str = _key(values.bic)
    kbe: str = _key(values.matching(r"[0-9]{2}", "two digits in quotes"))
    lms: str | None = _key(values.optional(values.slug), default=None)

    @property
    def key(self) -> tuple:
        return (self.bin,)

    @property
    def bank_of_account(self) -> str | None:
        """The BIC that belongs to the account where it is another one than the row has."""
        expected = expected_bic(self.iban)
        return expected if expected and not self.bic.startswith(expected) else None

    def faults(self) -> Iterator[tuple[str, str]]:
        """Half a position."""
        if (self.lat is None) != (self.lon is None):
            yield "lat", "and lon must both be given, or none"


@dataclass(frozen=True, kw_only=True)
class StateOrderRow(Span):
    number: str = _key(values.text(40))
    issuer: str = _key(_code)
    provider_bin: str = _key(values.performer)
    programme: str = _key(_programme)
    signed_on: datetime.date = _key(values.date)

    @property
    def key(self) -> tuple:
        return (self.number,)


@dataclass(frozen=True, kw_only=True)
class BudgetRow(Row):
    issuer: str = _key(_code)
    programme: str = _key(_programme)
    year: int = _key(values.whole(values.FIRST_YEAR, values.LAST_YEAR))
    source: str = _key(values.one_of(Source))
    limit_kzt: Decimal = _key(values.money(14))

    @property
    def key(self) -> tuple:
        return (self.issuer, self.programme, self.year, self.source)
