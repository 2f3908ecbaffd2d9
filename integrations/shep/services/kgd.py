"""KGD, the tax authority: what an organisation or a sole trader owes.

Source: contracts/shep.md §4, note 4 (public clients); that this payload belongs to this serviceId is inferred.
"""

import datetime
from dataclasses import dataclass
from decimal import Decimal

from lxml import etree

from integrations.shep import reading
from integrations.shep.registers import Asking, Reading, Register, RegisterAnswer
from integrations.shep.services import answers
from integrations.shep.services.asking import Gateway
from integrations.shep.services.keys import HolderKey, agrees
from integrations.shep.services.passports import PASSPORTS

NAMESPACE = "http://xmlns.kztc-cits/sign"
FOUND = "OK"  # not confirmed; any other code is an error, so that a refusal never reads as "no debt"


@dataclass(frozen=True, slots=True)
class TaxOffice:
    """What is owed at one tax office, KZT, by its accounts of `accrued_at`."""

    name_ru: str | None
    code: str | None
    accrued_at: datetime.datetime | None
    total_kzt: Decimal | None


@dataclass(frozen=True, slots=True)
class TaxDebt:
    """Debts of one taxpayer, KZT, two places, with the sign that they came with: newer systems write debts below zero.

    A sum that is None was not said; it is not "no debt".
    """

    number: str | None
    name_ru: str | None
    total_kzt: Decimal | None
    tax_kzt: Decimal | None
    pension_kzt: Decimal | None
    social_kzt: Decimal | None
    health_kzt: Decimal | None
    offices: tuple[TaxOffice, ...]


def tax_debts(gateway: Gateway, number: str, *, fresh: bool = False) -> RegisterAnswer[TaxDebt]:
    """What the holder of this BIN or IIN owes. Raises ValueError for a number that cannot be one."""
    return gateway.ask(REGISTER, HolderKey(number), fresh=fresh)


def write(key: HolderKey, asking: Asking) -> etree._Element:
    """The question, to be signed; its time is local, without offset."""
    request = etree.Element(f"{{{NAMESPACE}}}request", nsmap={"edw": NAMESPACE})
    values = {
        "messageId": asking.message_id,
        "chainId": asking.correlation_id or asking.message_id,
        "sendTime": asking.asked_at.replace(tzinfo=None).isoformat(timespec="seconds"),
        "messageType": "request",
        "iinBin": key.number,
    }
    for name, value in values.items():
        etree.SubElement(request, f"{{{NAMESPACE}}}{name}").text = value
    return request


def read(data: etree._Element) -> Reading[TaxDebt]:
    """What an answer says. Raises BadMessage for what is no answer of this register."""
    if not len(data):
        return answers.EMPTY
    response = reading.required(data, "response")
    code = reading.code(response, "responseCode")
    if code != FOUND:
        return answers.unknown(code)
    debt = tax_debt(response)
    says_something = debt.total_kzt is not None or debt.offices
    return answers.found((debt,) if says_something else (), _actual_at(debt))


def tax_debt(element: etree._Element) -> TaxDebt:
    """One `response`."""
    return TaxDebt(
        number=reading.number(element, "iinBin"),
        name_ru=reading.text(element, "nameRu"),
        total_kzt=reading.money(element, "totalArrear"),
        tax_kzt=reading.money(element, "totalTaxArrear"),
        pension_kzt=reading.money(element, "pensionContributionArrear"),
        social_kzt=reading.money(element, "socialContributionArrear"),
        health_kzt=reading.money(element, "socialHealthInsuranceArrear"),
        offices=tuple(_office(each) for each in reading.children(element, "taxOrgInfo")),
    )


def _office(element: etree._Element) -> TaxOffice:
    return TaxOffice(
        name_ru=reading.text(element, "nameRu"),
        code=reading.code(element, "charCode"),
        accrued_at=reading.instant(element, "reportAcrualDate"),  # sic
        total_kzt=reading.money(element, "totalArrear"),
    )


def _actual_at(debt: TaxDebt) -> datetime.datetime | None:
    """As fresh as the office with the oldest accounts."""
    return min((office.accrued_at for office in debt.offices if office.accrued_at), default=None)


def _is_about(key: HolderKey, debt: TaxDebt) -> bool:
    return agrees(debt.number, key.number)


REGISTER: Register[HolderKey, TaxDebt] = Register(
    code="KGD",
    service_id=PASSPORTS["KGD"].service_id,
    name_ru=PASSPORTS["KGD"].name_ru,
    key_from=HolderKey.parse,
    write=write,
    read=read,
    is_signed=True,
    keep=PASSPORTS["KGD"].keep,
    is_about=_is_about,
)
