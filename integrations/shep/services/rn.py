"""RN, the register of real estate: a building, what it is for, who holds it by which right and until when.

Source: contracts/shep.md §4, note 6 (names of the object's fields); question, answer and rights are our profile.
"""

import datetime
from dataclasses import dataclass
from decimal import Decimal

from lxml import etree

from integrations.shep import reading
from integrations.shep.reading import Coded
from integrations.shep.registers import RegisterAnswer
from integrations.shep.services import profile
from integrations.shep.services.asking import Gateway
from integrations.shep.services.keys import RealtyKey, agrees


@dataclass(frozen=True, slots=True)
class Realty:
    """A right to a building or a plot. Areas in square metres. `right_to` None: without term."""

    cadastral_number: str | None
    address: str | None
    purpose: Coded | None
    area_m2: Decimal | None
    total_area_m2: Decimal | None
    floors: int | None
    built_on: datetime.date | None
    right: Coded | None
    holder_number: str | None
    right_from: datetime.date | None
    right_to: datetime.date | None
    encumbrances: tuple[Coded, ...]


def real_estate(gateway: Gateway, number: str, *, fresh: bool = False) -> RegisterAnswer[Realty]:
    """The rights to the object of this cadastral number, or those of the holder of this BIN.

    Raises ValueError for a number that cannot be either.
    """
    return gateway.ask(REGISTER, RealtyKey(number), fresh=fresh)


def realty(element: etree._Element) -> Realty:
    """One `record`."""
    encumbrances = (reading.coded_of(each) for each in reading.children(element, "encumbrance"))
    return Realty(
        cadastral_number=reading.code(element, "cadastralNumber"),
        address=reading.text(element, "address"),
        purpose=reading.coded(element, "purpose"),
        area_m2=reading.decimal(element, "square"),
        total_area_m2=reading.decimal(element, "totalSquare"),
        floors=reading.integer(element, "flourCount"),  # sic
        built_on=reading.day(element, "buildingDate"),
        right=reading.coded(element, "rightType"),
        holder_number=reading.number(element, "rightHolderBin"),
        right_from=reading.day(element, "rightStart"),
        right_to=reading.day(element, "rightEnd"),
        encumbrances=tuple(each for each in encumbrances if each),
    )


def _is_about(key: RealtyKey, right: Realty) -> bool:
    return agrees(right.holder_number if key.kind == "bin" else right.cadastral_number, key.number)


REGISTER = profile.register("RN", RealtyKey.parse, realty, is_about=_is_about)
