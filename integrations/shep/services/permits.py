"""SANEPID, FIRE, ANTITERROR: what three authorities say of the safety of a building. Alike in everything but fields.

Source: our profile throughout, contracts/shep.md §4, §5. What the codes of `result` mean is not confirmed.
"""

import datetime
from dataclasses import dataclass

from lxml import etree

from integrations.shep import reading
from integrations.shep.reading import Coded
from integrations.shep.registers import RegisterAnswer
from integrations.shep.services import profile
from integrations.shep.services.asking import Gateway
from integrations.shep.services.keys import ObjectKey, agrees


@dataclass(frozen=True, slots=True)
class SanitaryConclusion:
    """A sanitary conclusion on an object. `capacity`: places that it allows. `valid_to` None: without term."""

    number: str | None
    issued_on: datetime.date | None
    result: Coded | None
    capacity: int | None
    address: str | None
    ar_code: str | None
    valid_to: datetime.date | None


@dataclass(frozen=True, slots=True)
class Violation:
    """A prescription of the fire inspectors. `fixed_on` None: not fixed."""

    code: str | None
    deadline_on: datetime.date | None
    fixed_on: datetime.date | None


@dataclass(frozen=True, slots=True)
class FireInspection:
    """An inspection of a building with what it found."""

    act_number: str | None
    inspected_on: datetime.date | None
    result: Coded | None
    violations: tuple[Violation, ...]


@dataclass(frozen=True, slots=True)
class AntiterrorPassport:
    """The anti-terror passport of a building. `has_video_to_center`: its cameras reach the police's centre."""

    number: str | None
    approved_on: datetime.date | None
    valid_to: datetime.date | None
    has_alarm_button: bool | None
    has_video_to_center: bool | None
    has_guard: bool | None
    result: Coded | None


def sanitary_conclusions(
    gateway: Gateway, bin: str, ar_code: str | None = None, *, fresh: bool = False
) -> RegisterAnswer[SanitaryConclusion]:
    """Of this organisation, at this address or anywhere. Raises ValueError for a number that cannot be one."""
    return gateway.ask(SANEPID, ObjectKey(bin, ar_code), fresh=fresh)


def fire_inspections(
    gateway: Gateway, bin: str, ar_code: str | None = None, *, fresh: bool = False
) -> RegisterAnswer[FireInspection]:
    """Of this organisation, at this address or anywhere. Raises ValueError for a number that cannot be one."""
    return gateway.ask(FIRE, ObjectKey(bin, ar_code), fresh=fresh)


def antiterror_passports(
    gateway: Gateway, bin: str, ar_code: str | None = None, *, fresh: bool = False
) -> RegisterAnswer[AntiterrorPassport]:
    """Of this organisation, at this address or anywhere. Raises ValueError for a number that cannot be one."""
    return gateway.ask(ANTITERROR, ObjectKey(bin, ar_code), fresh=fresh)


def sanitary_conclusion(element: etree._Element) -> SanitaryConclusion:
    """One `record` of SANEPID."""
    return SanitaryConclusion(
        number=reading.code(element, "conclusionNumber"),
        issued_on=reading.day(element, "issuedAt"),
        result=reading.coded(element, "result"),
        capacity=reading.integer(element, "capacity"),
        address=reading.text(element, "objectAddress"),
        ar_code=reading.code(element, "arCode"),
        valid_to=reading.day(element, "validUntil"),
    )


def fire_inspection(element: etree._Element) -> FireInspection:
    """One `record` of FIRE."""
    return FireInspection(
        act_number=reading.code(element, "actNumber"),
        inspected_on=reading.day(element, "inspectedAt"),
        result=reading.coded(element, "result"),
        violations=tuple(_violation(each) for each in reading.children(element, "violation")),
    )


def _violation(element: etree._Element) -> Violation:
    return Violation(
        code=reading.code(element, "code"),
        deadline_on=reading.day(element, "deadline"),
        fixed_on=reading.day(element, "fixedAt"),
    )


def antiterror_passport(element: etree._Element) -> AntiterrorPassport:
    """One `record` of ANTITERROR."""
    return AntiterrorPassport(
        number=reading.code(element, "passportNumber"),
        approved_on=reading.day(element, "approvedAt"),
        valid_to=reading.day(element, "validUntil"),
        has_alarm_button=reading.boolean(element, "alarmButton"),
        has_video_to_center=reading.boolean(element, "videoToCenter"),
        has_guard=reading.boolean(element, "guard"),
        result=reading.coded(element, "result"),
    )


def _is_about(key: ObjectKey, conclusion: SanitaryConclusion) -> bool:
    return key.ar_code is None or agrees(conclusion.ar_code, key.ar_code)


SANEPID = profile.register("SANEPID", ObjectKey.parse, sanitary_conclusion, is_about=_is_about)
FIRE = profile.register("FIRE", ObjectKey.parse, fire_inspection)
ANTITERROR = profile.register("ANTITERROR", ObjectKey.parse, antiterror_passport)
