"""BORDER, crossings of the state border: was someone abroad who was marked present.

Source: our profile throughout, contracts/shep.md §4, §5.
"""

import datetime
from dataclasses import dataclass

from lxml import etree

from integrations.shep import reading
from integrations.shep.reading import Coded
from integrations.shep.registers import Consent, RegisterAnswer
from integrations.shep.services import profile
from integrations.shep.services.asking import Gateway
from integrations.shep.services.keys import PeriodKey


@dataclass(frozen=True, slots=True)
class Crossing:
    """A crossing of the border. `is_abroad_now`: what the register says of the person, not of this crossing."""

    direction: Coded | None
    crossed_at: datetime.datetime | None
    is_abroad_now: bool | None


def crossings(
    gateway: Gateway,
    iin: str,
    first_on: datetime.date,
    last_on: datetime.date,
    *,
    consent: Consent | None = None,
    fresh: bool = False,
) -> RegisterAnswer[Crossing]:
    """The crossings of the person of this IIN from `first_on` to `last_on`, both included.

    Raises ValueError for an IIN that cannot be one, and for a period that ends before it begins or is over a year.
    """
    return gateway.ask(REGISTER, PeriodKey(iin, first_on, last_on), consent=consent, fresh=fresh)


def crossing(element: etree._Element) -> Crossing:
    """One `record`."""
    return Crossing(
        direction=reading.coded(element, "direction"),
        crossed_at=reading.instant(element, "crossedAt"),
        is_abroad_now=reading.boolean(element, "abroadNow"),
    )


def _is_about(key: PeriodKey, found: Crossing) -> bool:
    crossed_on = found.crossed_at and found.crossed_at.date()
    return key.meets(crossed_on, crossed_on)


REGISTER = profile.register("BORDER", PeriodKey.parse, crossing, is_about=_is_about)
