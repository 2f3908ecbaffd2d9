"""ELIC, the register of licences: may this organisation teach, and where.

Source: contracts/shep.md §4, note 3 (names of the fields); question, answer and `address` are our profile.
"""

import datetime
from dataclasses import dataclass

from lxml import etree

from integrations.shep import reading
from integrations.shep.reading import Coded
from integrations.shep.registers import RegisterAnswer
from integrations.shep.services import profile
from integrations.shep.services.asking import Gateway
from integrations.shep.services.keys import HolderKey, agrees


@dataclass(frozen=True, slots=True)
class LicensedAddress:
    """An address of the licence or of one of its annexes; compare by `ar_code` (РКА), not by the text."""

    ar_code: str | None
    text: str | None


@dataclass(frozen=True, slots=True)
class Licence:
    """A licence. `valid_to` None: without term. What the codes of `status` mean is not confirmed."""

    holder_number: str | None
    global_number: str | None
    number: str | None
    issued_on: datetime.date | None
    valid_from: datetime.date | None
    valid_to: datetime.date | None
    status: Coded | None
    activity: Coded | None
    licensor: str | None
    suspended_from: datetime.date | None
    suspended_to: datetime.date | None
    document_url: str | None
    addresses: tuple[LicensedAddress, ...]


def licences(gateway: Gateway, number: str, *, fresh: bool = False) -> RegisterAnswer[Licence]:
    """The licences of the holder of this BIN or IIN. Raises ValueError for a number that cannot be one."""
    return gateway.ask(REGISTER, HolderKey(number), fresh=fresh)


def licence(element: etree._Element) -> Licence:
    """One `record`."""
    return Licence(
        holder_number=reading.number(element, "iinBin"),
        global_number=reading.code(element, "globalUniqueNumber"),
        number=reading.code(element, "number"),
        issued_on=reading.day(element, "issueDate"),
        valid_from=reading.day(element, "validityStartDate"),
        valid_to=reading.day(element, "validityEndDate"),
        status=reading.coded(element, "status"),
        activity=reading.coded(element, "activityType"),
        licensor=reading.label(element, "licensiar"),  # sic
        suspended_from=reading.day(element, "suspendingStartDate"),
        suspended_to=reading.day(element, "suspendingEndDate"),
        document_url=reading.text(element, "documentUrl"),
        addresses=tuple(_address(each) for each in reading.children(element, "address")),
    )


def _address(element: etree._Element) -> LicensedAddress:
    return LicensedAddress(reading.code(element, "arCode"), reading.text(element, "text"))


def _is_about(key: HolderKey, licence: Licence) -> bool:
    return agrees(licence.holder_number, key.number)


REGISTER = profile.register("ELIC", HolderKey.parse, licence, is_about=_is_about)
