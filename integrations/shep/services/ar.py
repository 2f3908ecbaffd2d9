"""AR, the address register: what stands behind an address code.

Source: contracts/shep.md §4, note 7 (the code); question and answer are our profile.
"""

from dataclasses import dataclass
from decimal import Decimal

from lxml import etree

from integrations.shep import reading
from integrations.shep.registers import RegisterAnswer
from integrations.shep.services import profile
from integrations.shep.services.asking import Gateway
from integrations.shep.services.keys import AddressKey, agrees


@dataclass(frozen=True, slots=True)
class Address:
    """An address. `latitude`, `longitude` in degrees (WGS 84 is assumed); `kato`: code of the place."""

    ar_code: str | None
    kato: str | None
    region: str | None
    district: str | None
    city: str | None
    street: str | None
    building: str | None
    corpus: str | None
    flat: str | None
    latitude: Decimal | None
    longitude: Decimal | None
    is_actual: bool | None


def addresses(gateway: Gateway, ar_code: str, *, fresh: bool = False) -> RegisterAnswer[Address]:
    """The address of this code (РКА, sixteen digits). Raises ValueError for what cannot be one."""
    return gateway.ask(REGISTER, AddressKey(ar_code), fresh=fresh)


def address(element: etree._Element) -> Address:
    """One `record`."""
    return Address(
        ar_code=reading.code(element, "arCode"),
        kato=reading.code(element, "kato"),
        region=reading.label(element, "region"),
        district=reading.label(element, "district"),
        city=reading.label(element, "city"),
        street=reading.label(element, "street"),
        building=reading.text(element, "building"),
        corpus=reading.text(element, "corpus"),
        flat=reading.text(element, "flat"),
        latitude=reading.decimal(element, "lat"),
        longitude=reading.decimal(element, "lon"),
        is_actual=reading.boolean(element, "actual"),
    )


def _is_about(key: AddressKey, found: Address) -> bool:
    return agrees(found.ar_code, key.ar_code)


REGISTER = profile.register("AR", AddressKey.parse, address, is_about=_is_about)
