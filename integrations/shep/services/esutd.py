"""ESUTD, the register of labour contracts: whom an organisation employs, as what.

Source: contracts/shep.md §4, note 5 (names of the fields); question and answer are our profile. Whose a number is may
stand in its name: the contract's table says no more than "employer bin", "employee iin".
"""

import datetime
from dataclasses import dataclass

from lxml import etree

from integrations.shep import reading
from integrations.shep.registers import RegisterAnswer
from integrations.shep.services import profile
from integrations.shep.services.asking import Gateway
from integrations.shep.services.keys import OrganisationKey, agrees


@dataclass(frozen=True, slots=True)
class LabourContract:
    """A labour contract. `ends_on` is the day of its termination, None while it lasts."""

    employer_bin: str | None
    employee_iin: str | None
    number: str | None
    concluded_on: datetime.date | None
    begins_on: datetime.date | None
    position: str | None
    established_post: str | None
    is_part_time: bool | None
    ends_on: datetime.date | None


def labour_contracts(gateway: Gateway, bin: str, *, fresh: bool = False) -> RegisterAnswer[LabourContract]:
    """The contracts of the employer of this BIN. Raises ValueError for a BIN that cannot be one."""
    return gateway.ask(REGISTER, OrganisationKey(bin), fresh=fresh)


def labour_contract(element: etree._Element) -> LabourContract:
    """One `record`."""
    return LabourContract(
        employer_bin=reading.number(element, "bin") or reading.number(element, "employerBin"),
        employee_iin=reading.number(element, "iin") or reading.number(element, "employeeIin"),
        number=reading.code(element, "contractNumber"),
        concluded_on=reading.day(element, "contractDate"),
        begins_on=reading.day(element, "beginDate"),
        position=reading.label(element, "position"),
        established_post=reading.label(element, "establishedPost"),
        is_part_time=reading.boolean(element, "partTime"),
        ends_on=reading.day(element, "terminationDate"),
    )


def _is_about(key: OrganisationKey, contract: LabourContract) -> bool:
    return agrees(contract.employer_bin, key.bin)


REGISTER = profile.register("ESUTD", OrganisationKey.parse, labour_contract, is_about=_is_about)
