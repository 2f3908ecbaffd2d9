"""GBDFL, the state database of persons: who someone is, and whether he is alive.

Source: contracts/shep.md §4, note 1 (the XSD of the person service).
"""

import datetime
from dataclasses import dataclass

from lxml import etree

from integrations.safe_xml import BadMessage
from integrations.shep import reading
from integrations.shep.reading import Coded
from integrations.shep.registers import Asking, Consent, Form, Reading, Register, RegisterAnswer
from integrations.shep.services import answers
from integrations.shep.services.asking import Gateway
from integrations.shep.services.keys import PersonKey, agrees
from integrations.shep.services.passports import PASSPORTS

NAMESPACE = "http://message.persistence.interactive.nat"
FOUND = "00000"


@dataclass(frozen=True, slots=True)
class Residence:
    """Where a person is registered. `ar_code`: the building's code in the address register, the one to compare by."""

    district: str | None
    region: str | None
    city: str | None
    street: str | None
    building: str | None
    flat: str | None
    begin_on: datetime.date | None
    end_on: datetime.date | None
    ar_code: str | None


@dataclass(frozen=True, slots=True)
class Person:
    """A person; names may be missing, also all of them.

    `citizenship` 398 is Kazakhstan, `life_status` 0 is "normal". `is_removed`, a `death_date` or an
    `exclude_reason` says that the record may not be relied on. `is_missing`: looked for by the police.
    """

    iin: str | None
    last_name: str | None
    first_name: str | None
    middle_name: str | None
    birth_date: datetime.date | None
    death_date: datetime.date | None
    gender: Coded | None
    citizenship: Coded | None
    life_status: Coded | None
    residence: Residence | None
    capable_status: Coded | None
    is_missing: bool
    exclude_reason: Coded | None
    is_removed: bool


def persons(
    gateway: Gateway, iin: str, *, consent: Consent | None = None, fresh: bool = False
) -> RegisterAnswer[Person]:
    """The person of this IIN. Raises ValueError for an IIN that cannot be one."""
    return gateway.ask(REGISTER, PersonKey(iin), consent=consent, fresh=fresh)


def write(key: PersonKey, asking: Asking) -> etree._Element:
    """The question; its children go into `data` as they are, in the order of the XSD."""
    request = etree.Element(f"{{{NAMESPACE}}}Request", nsmap={"cs": NAMESPACE})
    values = {
        "messageId": asking.message_id,
        "messageDate": asking.asked_at.isoformat(timespec="seconds"),
        "senderCode": asking.sender_code,
        "iin": key.iin,
        # Mandatory in the XSD; empty where the law opens the register without a consent.
        "kdpToken": asking.consent.token if asking.consent else "",
        "publicKey": asking.consent.public_key if asking.consent else "",
    }
    for name, value in values.items():
        etree.SubElement(request, name).text = value
    return request


def read(data: etree._Element) -> Reading[Person]:
    """What an answer says. Raises BadMessage for what is no answer of this register."""
    if not len(data):
        return answers.EMPTY
    response = _response(data)
    result = reading.required(response, "messageResult")
    code = reading.code(result, "code")
    if code != FOUND:
        return answers.unknown(code, reading.text(result, "nameRu"))
    return answers.found(tuple(person(each) for each in reading.children(response, "persons/person")))


def _response(data: etree._Element) -> etree._Element:
    """`data` itself, whose children are those of the answer, or the one element in it that has them."""
    if reading.child(data, "messageResult") is not None:
        return data
    if len(data) != 1:
        raise BadMessage("messageResult is missing")
    return data[0]


def person(element: etree._Element) -> Person:
    """One `person`."""
    return Person(
        iin=reading.number(element, "iin"),
        last_name=reading.text(element, "surname"),
        first_name=reading.text(element, "name"),
        middle_name=reading.text(element, "patronymic"),
        birth_date=reading.day(element, "birthDate"),
        death_date=reading.day(element, "deathDate"),
        gender=reading.coded(element, "gender"),
        citizenship=reading.coded(element, "citizenship"),
        life_status=reading.coded(element, "lifeStatus"),
        residence=_residence(element),
        capable_status=_status(element, "personCapableStatus", "capableStatus"),
        is_missing=_is_missing(element),
        exclude_reason=_status(element, "excludeStatus", "excludeReason"),
        is_removed=reading.boolean(element, "removed") or False,
    )


def _residence(person: etree._Element) -> Residence | None:
    address = reading.child(person, "regAddress")
    if address is None:
        return None
    return Residence(
        district=reading.label(address, "district"),
        region=reading.label(address, "region"),
        city=reading.label(address, "city"),
        street=reading.text(address, "street"),
        building=reading.text(address, "building"),
        flat=reading.text(address, "flat"),
        begin_on=reading.day(address, "beginDate"),
        end_on=reading.day(address, "endDate"),
        ar_code=reading.code(address, "arCode"),
    )


def _status(person: etree._Element, name: str, inner: str) -> Coded | None:
    """The dictionary value inside a status, or the status itself where it is one; any status there is counts."""
    status = reading.child(person, name)
    if status is None or not reading.has(person, name):
        return None
    return reading.coded(status, inner) or reading.coded(person, name)


def _is_missing(person: etree._Element) -> bool:
    said = reading.child(person, "missingStatus")
    if said is None:
        return False
    if reading.child(said, "missing") is not None:
        return reading.boolean(said, "missing") or False
    return reading.has(person, "missingStatus")


def _is_about(key: PersonKey, found: Person) -> bool:
    return agrees(found.iin, key.iin)


REGISTER: Register[PersonKey, Person] = Register(
    code="GBDFL",
    service_id=PASSPORTS["GBDFL"].service_id,
    name_ru=PASSPORTS["GBDFL"].name_ru,
    key_from=PersonKey.parse,
    write=write,
    read=read,
    form=Form.TYPED,
    needs_consent=PASSPORTS["GBDFL"].needs_consent,
    keep=PASSPORTS["GBDFL"].keep,
    is_about=_is_about,
)
