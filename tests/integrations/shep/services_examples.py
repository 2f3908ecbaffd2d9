"""A recorded question and answer of every state database, and what the portal understands by it.

`examples/<code>_{request,answer}.xml` hold the element `data`. Those of GBDFL, GBDUL, KGD, ELIC and FIRE are cut from
contracts/shep.md §6 as they stand there, the others follow its §4 and §5.
"""

import datetime
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from lxml import etree

from integrations.safe_xml import document_of
from integrations.shep import payload
from integrations.shep.reading import Coded
from integrations.shep.registers import Asking, Consent, Register, RegisterAnswer
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
from integrations.shep.services.asking import Gateway
from voucher_portal.dates import ALMATY, Month

FOLDER = Path(__file__).parent / "examples"
SIGNATURE = "{http://www.w3.org/2000/09/xmldsig#}Signature"
BIN, CHILD, MOTHER, FATHER = "240640990012", "190101599018", "721231499014", "850630399010"
ADDRESS_CODE = "0000000000000007"
CONSENT = Consent("TOKEN", "KEY")


def day(text: str) -> datetime.date:
    return datetime.date.fromisoformat(text)


def at(text: str) -> datetime.datetime:
    return datetime.datetime.fromisoformat(text).replace(tzinfo=ALMATY)


OCTOBER = (day("2025-10-01"), day("2025-10-31"))


@dataclass(frozen=True)
class Example:
    """How the question is put by the typed function, and the records that its answer has."""

    ask: Callable[[Gateway], RegisterAnswer]
    records: tuple[Any, ...]
    asked_at: datetime.datetime = at("2025-11-05T10:19:00")
    correlation_id: str | None = None


def data_in(name: str) -> etree._Element:
    """The element `data` of an example, as it stands in the envelope."""
    return document_of((FOLDER / f"{name}.xml").read_bytes())


def answer_of(code: str) -> etree._Element:
    """The `data` of the recorded answer, with elements in it."""
    return payload.content_of(data_in(f"{code.lower()}_answer"))


def asking_of(code: str) -> Asking:
    """What the recorded question says of itself."""
    example = EXAMPLES[code]
    question = payload.content_of(data_in(f"{code.lower()}_request"))
    ids = question.xpath(".//*[local-name()='messageId' or local-name()='requestId']/text()")
    return Asking(
        message_id=ids[0] if ids else "1b4a2c9d-53e6-4a0e-8a0d-6f9a3f5b2b02",
        asked_at=example.asked_at,
        sender_code="TEST",
        requestor_bin="250140990016",
        correlation_id=example.correlation_id,
        consent=CONSENT if code == "GBDFL" else None,
    )


def canonical(element: etree._Element) -> bytes:
    """The element without signature and without the whitespace between its elements, in canonical form."""
    copy = etree.fromstring(etree.tostring(element), etree.XMLParser(remove_blank_text=True))
    for signature in list(copy.iter(SIGNATURE)):
        signature.getparent().remove(signature)
    return etree.tostring(copy, method="c14n", exclusive=True)


class Loopback:
    """A gateway that is answered by the recorded answer, and keeps what was asked and written."""

    def __init__(self) -> None:
        self.written: etree._Element | None = None
        self.key: Any = None

    def ask(self, register: Register, key: Any, *, consent=None, fresh=False) -> RegisterAnswer:
        asking = asking_of(register.code)
        self.key = key
        self.written = payload.data_of(register.write(key, asking), register.form)
        read = register.read(answer_of(register.code))
        return RegisterAnswer(
            register.code, read.outcome, asking.message_id, asking.asked_at, read.records, read.actual_at
        )


EXAMPLES = {
    "GBDFL": Example(
        lambda gateway: gbdfl.persons(gateway, CHILD, consent=CONSENT),
        (
            gbdfl.Person(
                iin=CHILD,
                last_name="ТЕСТОВ",
                first_name="ӘЛІ",
                middle_name="ТЕСТҰЛЫ",
                birth_date=day("2019-01-01"),
                death_date=None,
                gender=Coded("1", "Мужской", "Ер"),
                citizenship=Coded("398", "КАЗАХСТАН", "ҚАЗАҚСТАН"),
                life_status=Coded("0", "Нормальный", "Қалыпты"),
                residence=gbdfl.Residence(
                    None, None, "АЛМАТЫ", "ТЕСТОВАЯ", "1", "2", day("2020-05-01"), None, "0000000000000001"
                ),
                capable_status=None,
                is_missing=False,
                exclude_reason=None,
                is_removed=False,
            ),
        ),
        asked_at=at("2025-11-05T10:15:00"),
    ),
    "GBDUL": Example(
        lambda gateway: gbdul.organisations(gateway, BIN),
        (
            gbdul.Organisation(
                bin=BIN,
                status=Coded(None, "Зарегистрирован", None),
                registered_on=day("2024-06-03"),
                name_ru='ТОО "Тестовый детский сад"',
                name_kk=None,
                legal_form=None,
                head=gbdul.Head(FATHER, "ТЕСТОВ", "ТЕСТ", None),
                activities=(gbdul.Activity("85100", True),),
                address=gbdul.LegalAddress(ADDRESS_CODE, None, None, None, "АЛМАТЫ", None, None),
                founders=(),
                head_organisation_bin=None,
                has_liquidation=False,
            ),
        ),
        asked_at=at("2025-11-05T10:16:00"),
    ),
    "ELIC": Example(
        lambda gateway: elic.licences(gateway, BIN),
        (
            elic.Licence(
                holder_number=BIN,
                global_number="TEST-0000000001",
                number="KZ00TEST0001",
                issued_on=day("2024-07-01"),
                valid_from=day("2024-07-01"),
                valid_to=None,
                status=Coded("1", "Действует", "Қолданыста"),
                activity=Coded("00", "Дошкольное образование", "Мектепке дейінгі білім"),
                licensor=None,
                suspended_from=None,
                suspended_to=None,
                document_url=None,
                addresses=(elic.LicensedAddress(ADDRESS_CODE, "Алматы, Тестовая, 1"),),
            ),
        ),
    ),
    "KGD": Example(
        lambda gateway: kgd.tax_debts(gateway, BIN),
        (
            kgd.TaxDebt(
                number=BIN,
                name_ru='ТОО "Тестовый детский сад"',
                total_kzt=Decimal("12500.00"),
                tax_kzt=Decimal("12500.00"),
                pension_kzt=Decimal("0.00"),
                social_kzt=Decimal("0.00"),
                health_kzt=Decimal("0.00"),
                offices=(kgd.TaxOffice("Тестовое УГД", "0000", at("2025-11-04T00:00:00"), Decimal("12500.00")),),
            ),
        ),
        asked_at=at("2025-11-05T10:17:00"),
        correlation_id="7e0b2f42-17c8-4d0e-8d33-7c2f3cb0d4f4",
    ),
    "ESUTD": Example(
        lambda gateway: esutd.labour_contracts(gateway, BIN),
        (
            esutd.LabourContract(
                BIN, MOTHER, "ТД-12", day("2024-08-20"), day("2024-09-01"), "Воспитатель", "Педагог", False, None
            ),
            esutd.LabourContract(
                BIN, FATHER, "ТД-7", day("2023-01-10"), day("2023-01-11"), "Сторож", None, True, day("2025-06-30")
            ),
        ),
    ),
    "RN": Example(
        lambda gateway: rn.real_estate(gateway, "20:313:012:345"),
        (
            rn.Realty(
                cadastral_number="20:313:012:345",
                address="Алматы, Тестовая, 1",
                purpose=Coded("01", "Детский сад", "Балабақша"),
                area_m2=Decimal("812.40"),
                total_area_m2=Decimal("1040.5"),
                floors=2,
                built_on=day("1987-05-01"),
                right=Coded("1", "Собственность", "Меншік"),
                holder_number=BIN,
                right_from=day("2024-06-10"),
                right_to=None,
                encumbrances=(Coded("03", "Залог", "Кепіл"),),
            ),
        ),
    ),
    "AR": Example(
        lambda gateway: ar.addresses(gateway, ADDRESS_CODE),
        (
            ar.Address(
                ar_code=ADDRESS_CODE,
                kato="750000000",
                region="Алматы",
                district="Бостандыкский район",
                city="Алматы",
                street="Тестовая",
                building="1",
                corpus=None,
                flat=None,
                latitude=Decimal("43.238949"),
                longitude=Decimal("76.889709"),
                is_actual=True,
            ),
        ),
    ),
    "NOBD": Example(
        lambda gateway: nobd.enrolments(gateway, CHILD),
        (
            nobd.Enrolment(
                iin=CHILD,
                last_name="ТЕСТОВ",
                first_name="ӘЛІ",
                middle_name="ТЕСТҰЛЫ",
                birth_date=day("2019-01-01"),
                is_student=True,
                enrolled_on=day("2024-09-01"),
                left_on=None,
                school_name="ТОО «Тестовый детский сад»",
                school_category=Coded("1", "Детский сад", "Балабақша"),
                school_bin=BIN,
                grade=None,
                group="Балапан",
                language=Coded("kk", "Казахский", "Қазақ"),
                order_number="15-Б",
            ),
        ),
    ),
    "ZAGS": Example(
        lambda gateway: zags.births(gateway, CHILD),
        (
            zags.Birth(
                office="Отдел РАГС Бостандыкского района",
                act_number="10-750-19-0000001",
                registered_on=day("2019-01-15"),
                child=zags.Relative(CHILD, "ТЕСТОВ", "ӘЛІ", "ТЕСТҰЛЫ", day("2019-01-01")),
                mother=zags.Relative(MOTHER, "ТЕСТОВА", "АЙГҮЛ", None, None),
                father=zags.Relative(FATHER, "ТЕСТОВ", "ТЕСТ", None, None),
                guardianships=(zags.Guardianship(FATHER, CHILD, "Қ-15", day("2023-03-01"), None),),
            ),
        ),
    ),
    "QUEUE": Example(
        lambda gateway: queue.queue_entries(gateway, CHILD),
        (
            queue.QueueEntry(
                region_kato="710000000",
                queue_number="123",
                state=Coded("QUEUED", "В очереди", "Кезекте"),
                # Two years before the single time zone: 09:30+06:00 is the same moment in Almaty's time of then.
                queued_at=at("2023-02-01T09:30:00"),
                enrolled_bin=None,
                enrolled_on=None,
            ),
        ),
    ),
    "BORDER": Example(
        lambda gateway: border.crossings(gateway, CHILD, *OCTOBER),
        (
            border.Crossing(Coded("OUT"), at("2025-10-05T04:10:00"), False),
            border.Crossing(Coded("IN"), at("2025-10-12T22:45:00"), False),
        ),
    ),
    "SANEPID": Example(
        lambda gateway: permits.sanitary_conclusions(gateway, BIN, ADDRESS_CODE),
        (
            permits.SanitaryConclusion(
                number="А.01.X.KZ00TEST",
                issued_on=day("2024-07-15"),
                result=Coded("CONFORMS"),
                capacity=120,
                address="Алматы, Тестовая, 1",
                ar_code=ADDRESS_CODE,
                valid_to=day("2027-07-15"),
            ),
        ),
    ),
    "FIRE": Example(
        lambda gateway: permits.fire_inspections(gateway, BIN, ADDRESS_CODE),
        (
            permits.FireInspection(
                act_number="T-2025-15",
                inspected_on=day("2025-08-20"),
                result=Coded("VIOLATIONS"),
                violations=(permits.Violation("F-01", day("2025-12-01"), None),),
            ),
        ),
    ),
    "ANTITERROR": Example(
        lambda gateway: permits.antiterror_passports(gateway, BIN, ADDRESS_CODE),
        (
            permits.AntiterrorPassport(
                "ПА-15", day("2024-08-01"), day("2029-08-01"), True, True, True, Coded("APPROVED")
            ),
        ),
    ),
    "DFO": Example(
        lambda gateway: dfo.statements(gateway, BIN, 2024),
        (dfo.Statement("5500001", 2024, Coded("Годовая"), day("2025-07-30"), True),),
    ),
    "TREASURY": Example(
        lambda gateway: treasury.payment_statuses(gateway, "PO-2025-000123"),
        (
            treasury.PaymentStatus(
                state=Coded("PAID"),
                booked_at=at("2025-10-31T16:20:05"),
                amount_kzt=Decimal("215450000.00"),
                reference="TR-998877",
                limit_rest_kzt=Decimal("1200000.50"),
            ),
        ),
    ),
    "ENPF": Example(
        lambda gateway: enpf.pension_payments(gateway, BIN, Month(2025, 10)),
        (
            enpf.PensionPayment(MOTHER, Month(2025, 10), Decimal("18500.00")),
            enpf.PensionPayment(FATHER, Month(2025, 10), Decimal("9250.00")),
        ),
    ),
    "MED": Example(
        lambda gateway: med.medical_certificates(gateway, CHILD, *OCTOBER),
        (
            med.MedicalCertificate(
                Coded("095"), day("2025-10-13"), day("2025-10-06"), day("2025-10-12"), "250140990016"
            ),
        ),
    ),
}
