"""What happens to the children of the demo region from September to November, and when the LMS tells it.

Each story tells one child's contracts and sheets to the feeds. The feeds have one phase for each poll of the portal:
a fact that is told in the phase after its month's close comes late.
"""

import datetime
import itertools
import random
from collections.abc import Callable
from dataclasses import dataclass, field

from integrations.emulators.region_marks import MonthMarks
from integrations.emulators.region_people import Family, Person
from integrations.emulators.region_places import PRESCHOOL, SCHOOL, Place
from voucher_portal.dates import Month

ALMATY_OFFSET = datetime.timezone(datetime.timedelta(hours=5))
POLLS = (datetime.date(2025, 10, 3), datetime.date(2025, 11, 4), datetime.date(2025, 12, 3))
MONTHS = (Month(2025, 9), Month(2025, 10), Month(2025, 11))
STARTS_ON = {SCHOOL: datetime.date(2025, 9, 2), PRESCHOOL: datetime.date(2025, 9, 1)}
SILENT_GUARDIANS = 0.05
_SOURCES = {SCHOOL: ("turnstile", "teacher", "qr"), PRESCHOOL: ("face_id", "qr", "teacher")}


@dataclass(frozen=True, slots=True)
class Child:
    """A child with the place that the family chose first."""

    person: Person
    family: Family
    place: Place
    level: str
    group: str
    language: str
    special_needs: bool
    signed_at: datetime.datetime

    @property
    def programme(self) -> str:
        """That of the place."""
        return self.place.programme


@dataclass(slots=True)
class Enrolment:
    """One contract of a child, as the LMS knows it at the moment; `version` is the last that was told."""

    contract_id: str
    child: Child
    place: Place
    signed_at: datetime.datetime
    starts_on: datetime.date
    status: str = "signed"
    ends_on: datetime.date | None = None
    end_reason: str | None = None
    version: int = 0
    sheet_versions: dict[int, int] = field(default_factory=dict)

    def item(self) -> dict:
        """The item of the contracts feed."""
        child = self.child
        fee = "25000.00" if child.programme == PRESCHOOL else "0.00"
        return {
            "contract_id": self.contract_id,
            "version": self.version,
            "status": self.status,
            "provider_bin": self.place.bin,
            "programme": child.programme,
            "level": child.level,
            "group": child.group,
            "language": child.language,
            "special_needs": child.special_needs,
            "child": child.person.fields() | {"birth_date": child.person.birth_date.isoformat()},
            "guardian": child.family.guardian.fields(),
            "parent_fee_kzt": fee,
            "signed_at": self.signed_at.isoformat(),
            "starts_on": self.starts_on.isoformat(),
            "ends_on": self.ends_on and self.ends_on.isoformat(),
            "end_reason": self.end_reason,
        }


class Teller:
    """Tells contracts and sheets to the feeds: `write(feed, phase, item)`."""

    def __init__(
        self,
        rng: random.Random,
        places: list[Place],
        stranger_bin: str,
        write: Callable[[str, int, dict], None],
    ) -> None:
        self.rng = rng
        self.places = {code: [place for place in places if place.programme == code] for code in (SCHOOL, PRESCHOOL)}
        self.weights = {code: [place.popularity for place in self.places[code]] for code in self.places}
        self.marks = {code: [MonthMarks.make(rng, code, month) for month in MONTHS] for code in (SCHOOL, PRESCHOOL)}
        self.stranger_bin = stranger_bin
        self.write = write
        self._numbers = itertools.count(1)

    def enrol(
        self,
        child: Child,
        *,
        starts_on: datetime.date | None = None,
        signed_at: datetime.datetime | None = None,
        place: Place | None = None,
    ) -> Enrolment:
        """A new contract, not told yet."""
        return Enrolment(
            contract_id=f"c-{next(self._numbers):06}",
            child=child,
            place=place or child.place,
            signed_at=signed_at or child.signed_at,
            starts_on=starts_on or STARTS_ON[child.programme],
        )

    def tell(self, phase: int, enrolment: Enrolment) -> dict:
        """Tell the contract as it is now, as its next version."""
        enrolment.version += 1
        item = enrolment.item()
        self.write("contracts", phase, item)
        return item

    def end(self, phase: int, enrolment: Enrolment, ends_on: datetime.date, reason: str) -> None:
        """End the contract and tell it."""
        enrolment.status, enrolment.ends_on, enrolment.end_reason = "ended", ends_on, reason
        self.tell(phase, enrolment)

    def attend(self, enrolment: Enrolment, *numbers: int) -> None:
        """Tell the approved sheets of these months (all three without a number), each in the phase of its month."""
        for number in numbers or range(len(MONTHS)):
            if self.of(enrolment, number).holds(enrolment.starts_on, enrolment.ends_on):
                self.sheet(number, enrolment, number)

    def sheet(
        self, phase: int, enrolment: Enrolment, number: int, *, marks: str | None = None, status: str = "approved"
    ) -> dict:
        """Tell the next version of the sheet of month `number` (0 is September)."""
        item = self.sheet_item(phase, enrolment, number, marks=marks, status=status)
        self.write("sheets", phase, item)
        return item

    def sheet_item(
        self, phase: int, enrolment: Enrolment, number: int, *, marks: str | None = None, status: str = "approved"
    ) -> dict:
        """The next version of a sheet, not told yet."""
        months, child = self.of(enrolment, number), enrolment.child
        marks = self.rng.choice(months.variants) if marks is None else marks
        version = enrolment.sheet_versions[number] = enrolment.sheet_versions.get(number, 0) + 1
        approved_on = POLLS[phase] - datetime.timedelta(days=self.rng.randint(1, 3))
        is_approved = status == "approved"
        is_confirmed = is_approved and child.programme == PRESCHOOL and self.rng.random() >= SILENT_GUARDIANS
        return {
            "contract_id": enrolment.contract_id,
            "month": str(months.month),
            "version": version,
            "marks": months.cut(marks, enrolment.starts_on, enrolment.ends_on),
            "status": status,
            "approved_at": f"{approved_on}T18:00:00+05:00" if is_approved else None,
            "guardian_confirmed_at": f"{approved_on}T20:30:00+05:00" if is_confirmed else None,
            "source": self.rng.choice(_SOURCES[child.programme]),
        }

    def of(self, enrolment: Enrolment, number: int) -> MonthMarks:
        """The marks of month `number` in the programme of the contract."""
        return self.marks[enrolment.child.programme][number]

    def another_place(self, child: Child, *taken: Place) -> Place:
        """A place of the same programme where the child was not yet."""
        places, weights = self.places[child.programme], self.weights[child.programme]
        while True:
            place = self.rng.choices(places, weights)[0]
            if place is not child.place and place not in taken:
                return place

    def day_in(self, number: int) -> datetime.date:
        """A day in the middle of month `number`."""
        return MONTHS[number].first + datetime.timedelta(days=self.rng.randint(7, 22))


def steady(teller: Teller, child: Child) -> None:
    """Comes every month."""
    enrolment = teller.enrol(child)
    teller.tell(0, enrolment)
    teller.attend(enrolment)


def transfer(teller: Teller, child: Child) -> None:
    """Moves to another place in mid-month, sometimes twice; the new contract may be told before the old one ends."""
    number = teller.rng.randrange(3)
    current = teller.enrol(child)
    teller.tell(0, current)
    taken: list[Place] = []
    day = teller.day_in(number)
    moves = [day] if teller.rng.random() < 0.8 else [day, day + datetime.timedelta(days=4)]
    for last_day in moves:
        taken.append(teller.another_place(child, *taken))
        signed_at = datetime.datetime.combine(last_day, datetime.time(12), ALMATY_OFFSET)
        starts_on = last_day + datetime.timedelta(days=1)
        new = teller.enrol(child, starts_on=starts_on, signed_at=signed_at, place=taken[-1])
        if teller.rng.random() < 0.5:
            teller.tell(number, new)
            teller.end(number, current, last_day, "transfer")
        else:
            teller.end(number, current, last_day, "transfer")
            teller.tell(number, new)
        teller.attend(current)
        current = new
    teller.attend(current)


def withdrawal(teller: Teller, child: Child) -> None:
    """Leaves in mid-month."""
    number = teller.rng.randrange(3)
    enrolment = teller.enrol(child)
    teller.tell(0, enrolment)
    teller.end(number, enrolment, teller.day_in(number), "withdrawn")
    teller.attend(enrolment)


def late_start(teller: Teller, child: Child) -> None:
    """Starts in mid-month."""
    number = teller.rng.randrange(3)
    starts_on = teller.day_in(number)
    signed_at = datetime.datetime.combine(starts_on - datetime.timedelta(days=2), datetime.time(15), ALMATY_OFFSET)
    enrolment = teller.enrol(child, starts_on=starts_on, signed_at=signed_at)
    teller.tell(number, enrolment)
    teller.attend(enrolment)


def late_approval(teller: Teller, child: Child) -> None:
    """A sheet is a draft at the close and is approved after it."""
    number = teller.rng.randrange(2)
    enrolment = teller.enrol(child)
    teller.tell(0, enrolment)
    draft = teller.sheet(number, enrolment, number, status="draft")
    teller.sheet(number + 1, enrolment, number, marks=draft["marks"])
    teller.attend(enrolment, *({0, 1, 2} - {number}))


def changed_after_close(teller: Teller, child: Child) -> None:
    """A sheet is changed after its month was closed."""
    number = teller.rng.randrange(2)
    enrolment = teller.enrol(child)
    teller.tell(0, enrolment)
    teller.attend(enrolment)
    teller.sheet(number + 1, enrolment, number)


def ended_after_close(teller: Teller, child: Child) -> None:
    """A contract is ended after the close with an earlier day; its sheet follows or not."""
    number = teller.rng.randrange(2)
    enrolment = teller.enrol(child)
    teller.tell(0, enrolment)
    teller.attend(enrolment, *range(number + 1))
    teller.end(number + 1, enrolment, teller.day_in(number), "withdrawn")
    if teller.rng.random() < 0.5:
        teller.sheet(number + 1, enrolment, number)


def annulled_after_close(teller: Teller, child: Child) -> None:
    """A contract is annulled after the close: it never was in force."""
    number = teller.rng.randrange(2)
    enrolment = teller.enrol(child)
    teller.tell(0, enrolment)
    teller.attend(enrolment, *range(number + 1))
    enrolment.status = "annulled"
    teller.tell(number + 1, enrolment)


def never_came(teller: Teller, child: Child) -> None:
    """Was ill or away on every day of a month."""
    number = teller.rng.randrange(3)
    enrolment = teller.enrol(child)
    teller.tell(0, enrolment)
    teller.sheet(number, enrolment, number, marks=teller.of(enrolment, number).whole(teller.rng.choice("NS")))
    teller.attend(enrolment, *({0, 1, 2} - {number}))


def told_twice(teller: Teller, child: Child) -> None:
    """The LMS delivers a contract and its sheets again."""
    enrolment = teller.enrol(child)
    item = teller.tell(0, enrolment)
    teller.write("contracts", teller.rng.randrange(3), item)
    for number in range(len(MONTHS)):
        sheet = teller.sheet(number, enrolment, number)
        teller.write("sheets", teller.rng.randint(number, 2), sheet)


def told_out_of_order(teller: Teller, child: Child) -> None:
    """An older version comes after a newer one."""
    enrolment = teller.enrol(child)
    first = teller.tell(0, enrolment)
    teller.tell(0, enrolment)
    teller.write("contracts", 0, first)
    for number in range(len(MONTHS)):
        older = teller.sheet_item(number, enrolment, number)
        teller.sheet(number, enrolment, number)
        teller.write("sheets", number, older)


def wrong_iin(teller: Teller, child: Child) -> None:
    """The child's IIN is mistyped; most are put right by the next poll, and the month is paid then."""
    enrolment = teller.enrol(child)
    enrolment.version = 1
    item = enrolment.item()
    item["child"]["iin"] = item["child"]["iin"][:11] + str((int(item["child"]["iin"][11]) + 1) % 10)
    teller.write("contracts", 0, item)
    teller.attend(enrolment)
    if teller.rng.random() < 0.75:
        teller.tell(1, enrolment)


def wrong_marks(teller: Teller, child: Child) -> None:
    """A sheet has a day too many or an unknown mark; most are put right by the next poll."""
    number = teller.rng.randrange(2)
    enrolment = teller.enrol(child)
    teller.tell(0, enrolment)
    sheet = teller.sheet_item(number, enrolment, number)
    marks = sheet["marks"]
    broken = marks + "P" if teller.rng.random() < 0.5 else f"X{marks[1:]}"
    teller.write("sheets", number, sheet | {"marks": broken})
    if teller.rng.random() < 0.75:
        teller.sheet(number + 1, enrolment, number, marks=marks)
    teller.attend(enrolment, *({0, 1, 2} - {number}))


def unknown_place(teller: Teller, child: Child) -> None:
    """The provider is not in the register."""
    enrolment = teller.enrol(child)
    enrolment.version = 1
    teller.write("contracts", 0, enrolment.item() | {"provider_bin": teller.stranger_bin})
    teller.attend(enrolment)


def sheet_before_contract(teller: Teller, child: Child) -> None:
    """September's sheet comes a month before its contract."""
    enrolment = teller.enrol(child)
    teller.attend(enrolment)
    teller.tell(1, enrolment)


def present_on_a_free_day(teller: Teller, child: Child) -> None:
    """A sheet says that the child was there on a day without lessons."""
    number = teller.rng.randrange(3)
    enrolment = teller.enrol(child)
    teller.tell(0, enrolment)
    marks = teller.rng.choice(teller.of(enrolment, number).variants)
    place = marks.rindex("H")
    teller.sheet(number, enrolment, number, marks=f"{marks[:place]}P{marks[place + 1 :]}")
    teller.attend(enrolment, *({0, 1, 2} - {number}))


def in_two_places(teller: Teller, child: Child) -> None:
    """Two providers claim the child for the same days."""
    steady(teller, child)
    later = child.signed_at + datetime.timedelta(days=1)
    enrolment = teller.enrol(child, signed_at=later, place=teller.another_place(child))
    teller.tell(0, enrolment)
    teller.attend(enrolment, 0)


# The share of children to whom it happens; every story happens at least twice.
STORIES: dict[Callable[[Teller, Child], None], float] = {
    transfer: 0.05,
    withdrawal: 0.025,
    late_start: 0.05,
    late_approval: 0.012,
    changed_after_close: 0.015,
    ended_after_close: 0.006,
    annulled_after_close: 0.004,
    never_came: 0.006,
    told_twice: 0.01,
    told_out_of_order: 0.004,
    wrong_iin: 0.002,
    wrong_marks: 0.002,
    unknown_place: 0.001,
    sheet_before_contract: 0.002,
    present_on_a_free_day: 0.002,
    in_two_places: 0.002,
}
