"""All the state databases by code, in the order of contracts/shep.md §4."""

from collections.abc import Callable
from typing import Any

from lxml import etree

from integrations.shep.registers import Register
from integrations.shep.services import (
    ar,
    border,
    dfo,
    elic,
    enpf,
    esutd,
    gbdfl,
    gbdul,
    kgd,
    med,
    nobd,
    permits,
    queue,
    rn,
    treasury,
    zags,
)

_ALL: tuple[tuple[Register[Any, Any], Callable[[etree._Element], Any]], ...] = (
    (gbdfl.REGISTER, gbdfl.person),
    (gbdul.REGISTER, gbdul.organisation),
    (elic.REGISTER, elic.licence),
    (kgd.REGISTER, kgd.tax_debt),
    (esutd.REGISTER, esutd.labour_contract),
    (rn.REGISTER, rn.realty),
    (ar.REGISTER, ar.address),
    (nobd.REGISTER, nobd.enrolment),
    (zags.REGISTER, zags.birth),
    (queue.REGISTER, queue.queue_entry),
    (border.REGISTER, border.crossing),
    (permits.SANEPID, permits.sanitary_conclusion),
    (permits.FIRE, permits.fire_inspection),
    (permits.ANTITERROR, permits.antiterror_passport),
    (dfo.REGISTER, dfo.statement),
    (treasury.REGISTER, treasury.payment_status),
    (enpf.REGISTER, enpf.pension_payment),
    (med.REGISTER, med.medical_certificate),
)

REGISTERS: dict[str, Register[Any, Any]] = {register.code: register for register, _record in _ALL}
# Each reads one record of the register, wherever it stands: in an answer or in a file.
RECORDS: dict[str, Callable[[etree._Element], Any]] = {register.code: record for register, record in _ALL}
