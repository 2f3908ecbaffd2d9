"""MED, the medical information systems: certificates on illness. A reserve database. No diagnosis is asked or kept.

Source: our profile throughout, contracts/shep.md §4 (R2), §5.
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
class MedicalCertificate:
    """A certificate that someone was ill from `first_on` to `last_on`, both included."""

    kind: Coded | None
    issued_on: datetime.date | None
    first_on: datetime.date | None
    last_on: datetime.date | None
    issuer_bin: str | None


def medical_certificates(
    gateway: Gateway,
    iin: str,
    first_on: datetime.date,
    last_on: datetime.date,
    *,
    consent: Consent | None = None,
    fresh: bool = False,
) -> RegisterAnswer[MedicalCertificate]:
    """The certificates of the person of this IIN in a period, both days included.

    Raises ValueError for an IIN that cannot be one, and for a period that ends before it begins or is over a year.
    """
    return gateway.ask(REGISTER, PeriodKey(iin, first_on, last_on), consent=consent, fresh=fresh)


def medical_certificate(element: etree._Element) -> MedicalCertificate:
    """One `record`."""
    return MedicalCertificate(
        kind=reading.coded(element, "kind"),
        issued_on=reading.day(element, "issuedAt"),
        first_on=reading.day(element, "from"),
        last_on=reading.day(element, "to"),
        issuer_bin=reading.number(element, "issuerBin"),
    )


def _is_about(key: PeriodKey, certificate: MedicalCertificate) -> bool:
    return key.meets(certificate.first_on, certificate.last_on)


REGISTER = profile.register("MED", PeriodKey.parse, medical_certificate, is_about=_is_about)
