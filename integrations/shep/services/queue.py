"""QUEUE, the queues of other regions: does a child stand or learn elsewhere.

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
from integrations.shep.services.keys import PersonKey


@dataclass(frozen=True, slots=True)
class QueueEntry:
    """A child's place in the queue of a region. `region_kato`: code of the region."""

    region_kato: str | None
    queue_number: str | None
    state: Coded | None
    queued_at: datetime.datetime | None
    enrolled_bin: str | None
    enrolled_on: datetime.date | None


def queue_entries(
    gateway: Gateway, iin: str, *, consent: Consent | None = None, fresh: bool = False
) -> RegisterAnswer[QueueEntry]:
    """Where else the child of this IIN is queued. Raises ValueError for an IIN that cannot be one."""
    return gateway.ask(REGISTER, PersonKey(iin), consent=consent, fresh=fresh)


def queue_entry(element: etree._Element) -> QueueEntry:
    """One `record`."""
    return QueueEntry(
        region_kato=reading.code(element, "regionKato"),
        queue_number=reading.code(element, "queueNumber"),
        state=reading.coded(element, "state"),
        queued_at=reading.instant(element, "enqueuedAt"),
        enrolled_bin=reading.number(element, "enrolledBin"),
        enrolled_on=reading.day(element, "enrolledAt"),
    )


REGISTER = profile.register("QUEUE", PersonKey.parse, queue_entry)
