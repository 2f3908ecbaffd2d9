"""NOBD, the education ministry's own database: who learns where. It answers later, on the asynchronous channel.

Source: contracts/shep.md §4, note 8 (names of the fields); question and answer are our profile.
"""

import datetime
from collections.abc import Iterator
from dataclasses import dataclass

from lxml import etree

from integrations.shep import reading
from integrations.shep.reading import Coded
from integrations.shep.registers import Channel, Consent, RegisterAnswer
from integrations.shep.services import profile
from integrations.shep.services.asking import Gateway
from integrations.shep.services.keys import HolderKey, agrees, holder_keys


@dataclass(frozen=True, slots=True)
class Enrolment:
    """A child at a school or kindergarten, from `enrolled_on`, until `left_on` where that is said."""

    iin: str | None
    last_name: str | None
    first_name: str | None
    middle_name: str | None
    birth_date: datetime.date | None
    is_student: bool | None
    enrolled_on: datetime.date | None
    left_on: datetime.date | None
    school_name: str | None
    school_category: Coded | None
    school_bin: str | None
    grade: str | None
    group: str | None
    language: Coded | None
    order_number: str | None


def enrolments(
    gateway: Gateway, number: str, *, consent: Consent | None = None, fresh: bool = False
) -> RegisterAnswer[Enrolment]:
    """Where the child of this IIN learns, or who learns at the organisation of this BIN.

    Raises ValueError for a number that cannot be either.
    """
    return gateway.ask(REGISTER, HolderKey(number), consent=consent, fresh=fresh)


def enrolment(element: etree._Element) -> Enrolment:
    """One `record`."""
    return Enrolment(
        iin=reading.number(element, "iin"),
        last_name=reading.text(element, "surName"),
        first_name=reading.text(element, "name"),
        middle_name=reading.text(element, "middleName"),
        birth_date=reading.day(element, "birthDate"),
        is_student=reading.boolean(element, "isStudent"),
        enrolled_on=reading.day(element, "enterDate"),
        left_on=reading.day(element, "graduateDate"),
        school_name=reading.label(element, "schoolName"),
        school_category=reading.coded(element, "schoolCategory"),
        school_bin=reading.number(element, "schoolBin"),
        grade=reading.label(element, "grade"),
        group=reading.label(element, "group"),
        language=reading.coded(element, "language"),
        order_number=reading.code(element, "orderNumber"),
    )


def _is_about(key: HolderKey, found: Enrolment) -> bool:
    return agrees(found.iin if key.kind == "iin" else found.school_bin, key.number)


def _keys_of(found: Enrolment) -> Iterator[HolderKey]:
    return holder_keys(found.iin, found.school_bin)


REGISTER = profile.register(
    "NOBD", HolderKey.parse, enrolment, channel=Channel.ASYNC, is_about=_is_about, keys_of=_keys_of
)
