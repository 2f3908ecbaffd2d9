"""GBDUL, the state database of legal entities: that an organisation exists, who leads it, who founded it.

Source: contracts/shep.md §4, note 2 (public clients of the service).
"""

import datetime
from dataclasses import dataclass

from lxml import etree

from integrations.safe_xml import BadMessage
from integrations.shep import reading
from integrations.shep.reading import Coded
from integrations.shep.registers import Asking, Form, Outcome, Reading, Register, RegisterAnswer
from integrations.shep.services import answers
from integrations.shep.services.asking import Gateway
from integrations.shep.services.keys import OrganisationKey, agrees
from integrations.shep.services.passports import PASSPORTS

NAMESPACE = "http://gbdulinfobybin_v2.egp.gbdul.tamur.kz"
FOUND = "002"
NOT_REGISTERED = frozenset({"031", "034", "035"})


@dataclass(frozen=True, slots=True)
class Head:
    """The first head; he signs for the organisation."""

    iin: str | None
    last_name: str | None
    first_name: str | None
    middle_name: str | None


@dataclass(frozen=True, slots=True)
class Activity:
    """A kind of economic activity, by its code ОКЭД. `is_main` is None where the register does not say."""

    oked: str | None
    is_main: bool | None


@dataclass(frozen=True, slots=True)
class LegalAddress:
    """The legal address. `ar_code`: the building's РКА in the address register; `kato`: code of the place."""

    ar_code: str | None
    kato: str | None
    district: str | None
    region: str | None
    city: str | None
    street: str | None
    building: str | None


@dataclass(frozen=True, slots=True)
class Founder:
    """A founder: `number` is the IIN of a person or the BIN of an organisation, None for a foreign one."""

    number: str | None
    name: str | None


@dataclass(frozen=True, slots=True)
class Organisation:
    """A legal entity or branch. `has_liquidation`: the register says something of its liquidation."""

    bin: str | None
    status: Coded | None
    registered_on: datetime.date | None
    name_ru: str | None
    name_kk: str | None
    legal_form: Coded | None
    head: Head | None
    activities: tuple[Activity, ...]
    address: LegalAddress | None
    founders: tuple[Founder, ...]
    head_organisation_bin: str | None
    has_liquidation: bool


def organisations(gateway: Gateway, bin: str, *, fresh: bool = False) -> RegisterAnswer[Organisation]:
    """The organisation of this BIN. Raises ValueError for a BIN that cannot be one."""
    return gateway.ask(REGISTER, OrganisationKey(bin), fresh=fresh)


def write(key: OrganisationKey, asking: Asking) -> etree._Element:
    """The question, to be signed."""
    request = etree.Element(f"{{{NAMESPACE}}}Request", nsmap={"u": NAMESPACE})
    etree.SubElement(request, "RequestorBIN").text = asking.requestor_bin
    etree.SubElement(request, "BIN").text = key.bin
    return request


def read(data: etree._Element) -> Reading[Organisation]:
    """What an answer says. Raises BadMessage for what is no answer of this register."""
    if not len(data):
        return answers.EMPTY
    if len(data) != 1 or reading.child(data[0], "Status") is None:
        raise BadMessage("Status is missing")
    response = data[0]
    code, words = reading.code(response, "Status/Code"), reading.text(response, "Status/NameRu")
    entries = reading.children(response, "Organization")
    if code == FOUND:
        return answers.found(tuple(organisation(each) for each in entries))
    if code not in NOT_REGISTERED:
        return answers.unknown(code, words)
    return answers.contradiction(code) if entries else answers.without_records(Outcome.NOT_FOUND, code, words)


def organisation(element: etree._Element) -> Organisation:
    """One `Organization`."""
    return Organisation(
        bin=reading.number(element, "BIN"),
        status=reading.coded(element, "RegStatus"),
        registered_on=reading.day(element, "RegistrationDate"),
        name_ru=reading.text(element, "FullNameRu"),
        name_kk=reading.text(element, "FullNameKz"),
        legal_form=reading.coded(element, "OrgForm"),
        head=_head(element),
        activities=tuple(_activity(each) for each in reading.children(element, "Activity")),
        address=_address(element),
        founders=_founders(element, "FoundersFL", "IIN") + _founders(element, "FoundersUL", "BIN"),
        head_organisation_bin=_head_organisation(element),
        has_liquidation=reading.has(element, "Liquidation"),
    )


def _head(organisation: etree._Element) -> Head | None:
    leader = reading.child(organisation, "OrganizationLeader")
    return leader if leader is None else Head(reading.number(leader, "IIN"), *_names(leader))


def _names(element: etree._Element) -> tuple[str | None, str | None, str | None]:
    surname, name, middle = (reading.text(element, path) for path in ("SurName", "Name", "MiddleName"))
    return surname, name, middle


def _activity(element: etree._Element) -> Activity:
    return Activity(oked=reading.code(element, "OKED"), is_main=reading.boolean(element, "Main"))


def _address(organisation: etree._Element) -> LegalAddress | None:
    address = reading.child(organisation, "Address")
    if address is None:
        return None
    words = [_words(address, name) for name in ("DistrictRu", "RegionRu", "CityRu", "StreetRu", "BuildingNumber")]
    return LegalAddress(reading.code(address, "RKA"), reading.code(address, "KATO"), *words)


def _words(address: etree._Element, path: str) -> str | None:
    """A part of an address; the register writes a hyphen where there is none."""
    words = reading.text(address, path)
    return None if words == "-" else words


def _founders(organisation: etree._Element, group: str, number: str) -> tuple[Founder, ...]:
    """The founders in every `group`, which holds one itself or has one in each child (neither form is confirmed)."""
    found: list[Founder] = []
    for each in reading.children(organisation, group):
        holders = [child for child in each if len(child)] or ([each] if len(each) else [])
        found += [Founder(reading.number(holder, number), _founder_name(holder)) for holder in holders]
    return tuple(found[: reading.MAX_RECORDS])


def _founder_name(holder: etree._Element) -> str | None:
    return reading.text(holder, "FullNameRu") or " ".join(name for name in _names(holder) if name) or None


def _head_organisation(organisation: etree._Element) -> str | None:
    head = reading.child(organisation, "HeaderOrganization")
    if head is None:
        return None
    return reading.number(head, "BIN") if len(head) else reading.number(organisation, "HeaderOrganization")


def _is_about(key: OrganisationKey, found: Organisation) -> bool:
    return agrees(found.bin, key.bin)


REGISTER: Register[OrganisationKey, Organisation] = Register(
    code="GBDUL",
    service_id=PASSPORTS["GBDUL"].service_id,
    name_ru=PASSPORTS["GBDUL"].name_ru,
    key_from=OrganisationKey.parse,
    write=write,
    read=read,
    form=Form.ESCAPED,
    is_signed=True,
    keep=PASSPORTS["GBDUL"].keep,
    is_about=_is_about,
)
