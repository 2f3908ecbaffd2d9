"""ZAGS, the civil register: whose child this is, and who is its guardian.

Source: contracts/shep.md §4, note 9 (names of the fields; those of mother and father were not seen and are read like
the child's); question and answer are our profile.
"""

import datetime
from dataclasses import dataclass

from lxml import etree

from integrations.safe_xml import BadMessage
from integrations.shep import reading
from integrations.shep.registers import Consent, Register, RegisterAnswer
from integrations.shep.services import profile
from integrations.shep.services.asking import Gateway
from integrations.shep.services.keys import PersonKey, agrees

GUARDIANSHIP_FOUND = "0"  # `result_code`; not confirmed


@dataclass(frozen=True, slots=True)
class Relative:
    """The child, or one of its parents, as the record of birth names them."""

    iin: str | None
    last_name: str | None
    first_name: str | None
    middle_name: str | None
    birth_date: datetime.date | None


@dataclass(frozen=True, slots=True)
class Guardianship:
    """A decision that makes someone a child's guardian. `ends_on` None: it has not ended."""

    guardian_iin: str | None
    child_iin: str | None
    decision_number: str | None
    decided_on: datetime.date | None
    ends_on: datetime.date | None


@dataclass(frozen=True, slots=True)
class Birth:
    """A record of birth, with the decisions on guardianship that the register has."""

    office: str | None
    act_number: str | None
    registered_on: datetime.date | None
    child: Relative | None
    mother: Relative | None
    father: Relative | None
    guardianships: tuple[Guardianship, ...]


def births(
    gateway: Gateway, iin: str, *, consent: Consent | None = None, fresh: bool = False
) -> RegisterAnswer[Birth]:
    """The record of birth of the child of this IIN. Raises ValueError for an IIN that cannot be one."""
    return gateway.ask(REGISTER, PersonKey(iin), consent=consent, fresh=fresh)


def birth(element: etree._Element) -> Birth:
    """One `record`."""
    return Birth(
        office=reading.label(element, "zags"),
        act_number=reading.code(element, "numberAkt"),
        registered_on=reading.day(element, "regDate"),
        child=_relative(element, "child"),
        mother=_relative(element, "mother"),
        father=_relative(element, "father"),
        guardianships=tuple(_guardianship(each) for each in reading.children(element, "guardianship")),
    )


def _relative(birth: etree._Element, name: str) -> Relative | None:
    element = reading.child(birth, name)
    if element is None:
        return None
    return Relative(
        iin=reading.number(element, "iin"),
        last_name=reading.text(element, "surname"),
        first_name=reading.text(element, "name"),
        middle_name=reading.text(element, "secondname"),
        birth_date=reading.day(element, "birthDate"),
    )


def _guardianship(element: etree._Element) -> Guardianship:
    code = reading.code(element, "result_code")
    if code not in (None, GUARDIANSHIP_FOUND):
        raise BadMessage("result_code of guardianship is unknown")
    return Guardianship(
        guardian_iin=reading.number(element, "req_iin"),
        child_iin=reading.number(element, "child_iin"),
        decision_number=reading.code(element, "decision_number"),
        decided_on=reading.day(element, "decision_issuedate"),
        ends_on=reading.day(element, "guardianship_end_date"),
    )


def _is_about(key: PersonKey, found: Birth) -> bool:
    children = [found.child.iin if found.child else None, *(each.child_iin for each in found.guardianships)]
    return all(agrees(iin, key.iin) for iin in children)


REGISTER: Register[PersonKey, Birth] = profile.register("ZAGS", PersonKey.parse, birth, is_about=_is_about)
