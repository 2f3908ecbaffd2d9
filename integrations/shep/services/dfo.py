"""DFO, the depository of financial statements: did an organisation publish its yearly one.

It covers organisations of public interest only: "not found" says nothing bad of an ordinary one.
Source: contracts/shep.md §4, note 11; question and answer are our profile.
"""

import datetime
from dataclasses import dataclass

from lxml import etree

from integrations.shep import reading
from integrations.shep.reading import Coded
from integrations.shep.registers import RegisterAnswer
from integrations.shep.services import profile
from integrations.shep.services.asking import Gateway
from integrations.shep.services.keys import YearKey, agrees


@dataclass(frozen=True, slots=True)
class Statement:
    """A published statement for a calendar year."""

    report_id: str | None
    year: int | None
    kind: Coded | None
    loaded_on: datetime.date | None
    is_audit_attached: bool | None


def statements(gateway: Gateway, bin: str, year: int, *, fresh: bool = False) -> RegisterAnswer[Statement]:
    """What the organisation of this BIN published for `year`. Raises ValueError for a key that cannot be one."""
    return gateway.ask(REGISTER, YearKey(bin, year), fresh=fresh)


def statement(element: etree._Element) -> Statement:
    """One `record`."""
    return Statement(
        report_id=reading.code(element, "reportId"),
        year=reading.integer(element, "year"),
        kind=reading.coded(element, "kind"),
        loaded_on=reading.day(element, "loadedAt"),
        is_audit_attached=reading.boolean(element, "auditAttached"),
    )


def _is_about(key: YearKey, found: Statement) -> bool:
    return agrees(found.year, key.year)


REGISTER = profile.register("DFO", YearKey.parse, statement, is_about=_is_about)
