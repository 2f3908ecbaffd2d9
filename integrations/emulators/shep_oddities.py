"""The odd cases of a region's world: each with what to try. None of them touches the demo's own school or family."""

import copy
from collections.abc import Iterator
from typing import Any

from integrations.emulators import shep_records as records
from integrations.emulators.shep_records import coded
from integrations.emulators.shep_rows import OFFICE, ChildRow, PlaceRow

Record = dict[str, Any]
Case = tuple[str, str, str, list[Record] | None]  # register, number, what is odd, its records

# What `ask_state_database` wants behind the number.
_MORE_OF_KEY = {"BORDER": ",2025-09-01,2025-11-30", "MED": ",2025-09-01,2025-11-30", "DFO": ",2024"}
FIRST_CHILD = 10  # the first ones are the demo's family
_PRESCHOOL = "preschool"


def oddities(
    places: list[PlaceRow], children: list[ChildRow]
) -> tuple[list[Record], dict[str, dict[str, list[Record] | None]]]:
    """The list of what to try, and the records by register and number."""
    tips, written = [], {}
    for code, number, what, found in (*_of_children(children), *_of_places(places), *_payments()):
        tips.append({"service": code, "key": number + _MORE_OF_KEY.get(code, ""), "what": what})
        written.setdefault(code, {})[number] = found
    twice = next((row for row in children if sum(not contract.last for contract in row.contracts) > 1), None)
    if twice:
        tips.append({"service": "NOBD", "key": twice.child.iin, "what": "зачислен в двух организациях сразу"})
    return tips, written


def _of_children(children: list[ChildRow]) -> Iterator[Case]:
    rows = iter(children[FIRST_CHILD:])
    yield from _persons(rows)
    row = next(rows)
    queued = {
        "regionKato": "710000000",
        "queueNumber": "Q-90001",
        "state": "ENROLLED",
        "enqueuedAt": "2023-02-03T10:00:00+05:00",
        "enrolledBin": "230540990017",
        "enrolledAt": "2025-09-01",
    }
    yield "QUEUE", row.child.iin, "зачислен в детский сад другого региона", [queued]
    row = next(rows)
    out = {"direction": "OUT", "crossedAt": "2025-09-15T04:10:00+05:00", "abroadNow": True}
    yield "BORDER", row.child.iin, "за границей с 15 сентября, а в табеле присутствует", [out]
    yield from _births(rows)
    row = next(rows)
    kind = coded("095", "Справка о болезни", "Ауырғаны туралы анықтама")
    ill = {"kind": kind, "issuedAt": "2025-10-17", "from": "2025-10-06", "to": "2025-10-17"}
    yield "MED", row.child.iin, "болел две недели октября", [ill]


def _persons(rows: Iterator[ChildRow]) -> Iterator[Case]:
    changes = (
        ("умер 3 октября 2025 года", {
            "deathDate": "2025-10-03", "lifeStatus": coded("1", "Умерший", "Қайтыс болған"),
        }),
        ("запись удалена из ГБД ФЛ", {"removed": True}),
        ("исключён из ГБД ФЛ", {
            "excludeStatus": {"excludeReason": coded("2", "Выехал на ПМЖ", "Тұрақты тұруға кеткен")},
        }),
        ("гражданин другой страны", {"citizenship": coded("643", "РОССИЯ", "РЕСЕЙ")}),
        ("имени и адреса в ГБД ФЛ нет", {"surname": None, "name": None, "patronymic": None, "regAddress": None}),
    )  # fmt: skip
    for (what, fields), row in zip(changes, rows, strict=False):
        found = records.person(row.child, records.family_ar_code(row.guardian.iin)) | fields
        yield "GBDFL", row.child.iin, what, [_without_nothing(found)]


def _births(rows: Iterator[ChildRow]) -> Iterator[Case]:
    row = next(rows)
    found = records.birth(row)
    guardianship = {
        "decision_number": "17-П",
        "decision_issuedate": "2023-04-11",
        "req_iin": row.guardian.iin,
        "child_iin": row.child.iin,
        "guardianship_end_date": "2035-01-01",
    }
    parents = {"mother": {"surname": "НЕИЗВЕСТНА"}, "father": None}
    changed = _without_nothing(found | parents | {"guardianship": guardianship})
    yield "ZAGS", row.child.iin, "под опекой того, кто подписал договор", [changed]
    row = next(rows)
    found = records.birth(row)
    parents = {"mother": {"iin": "721231499014", "surname": "Тестова", "name": "Тест"}, "father": None}
    yield "ZAGS", row.child.iin, "подписавший договор не родитель", [_without_nothing(found | parents)]
    yield "ZAGS", next(rows).child.iin, "записи о рождении нет", []


def _of_places(places: list[PlaceRow]) -> Iterator[Case]:
    by_programme: dict[str, list[PlaceRow]] = {}
    for place in places:
        by_programme.setdefault(place.programme, []).append(place)
    by_programme.pop(OFFICE, None)
    # The first of each kind belongs to the demo's family.
    rows = iter([place for kind in by_programme.values() for place in kind[1:] if place.ownership == "private"])
    for make in (_licences, _debts, _permits, _papers, _people):
        yield from make(rows)


def _licences(rows: Iterator[PlaceRow]) -> Iterator[Case]:
    changes = (
        ("лицензия приостановлена", {
            "status": coded("2", "Приостановлена", "Тоқтатыла тұрған"),
            "suspendingStartDate": "2025-10-01", "suspendingEndDate": "2026-03-31",
        }),
        ("срок лицензии истёк", {"validityEndDate": "2025-06-30", "status": coded("3", "Истекла", "Мерзімі өткен")}),
        ("лицензия на другой адрес", {
            "address": [{"arCode": "0750999999999999", "text": "Алматы, Тестовая, 1"}],
        }),
    )  # fmt: skip
    for (what, fields), place in zip(changes, rows, strict=False):
        yield "ELIC", place.bin, what, [records.licence(place) | fields]
    place = next(rows)
    yield "ELIC", place.bin, "лицензии нет", []


def _debts(rows: Iterator[PlaceRow]) -> Iterator[Case]:
    place = next(rows)
    sums = {"totalArrear": "12500.00", "totalTaxArrear": "12500.00"}
    office = {
        "nameRu": "УГД по Тестовому району",
        "charCode": "6007",
        "reportAcrualDate": "2025-11-04T00:00:00",
        "totalArrear": "12500.00",
    }
    owed = records.tax_debt(place.bin, place.name_ru) | sums | {"taxOrgInfo": [office]}
    yield "KGD", place.bin, "налоговый долг 12 500 тенге", [owed]
    place = next(rows)
    owed = records.tax_debt(place.bin, place.name_ru) | {"totalArrear": "-830.50", "totalTaxArrear": "-830.50"}
    yield "KGD", place.bin, "долг 830,50 тенге, записан со знаком минус", [owed]


def _permits(rows: Iterator[PlaceRow]) -> Iterator[Case]:
    place = next(rows)
    violations = [{"code": "F-01", "deadline": "2025-12-01"}, {"code": "F-07", "deadline": "2025-10-01"}]
    found = records.fire_inspection(place) | {"result": "VIOLATIONS", "violation": violations}
    yield "FIRE", place.bin, "два нарушения не устранены, срок одного прошёл", [found]
    yield "FIRE", next(rows).bin, "пожарной проверки не было", []
    place = next(rows)
    found = records.sanitary_conclusion(place) | {"capacity": max(1, place.capacity // 2)}
    yield "SANEPID", place.bin, "санитарное заключение на половину мест", [found]
    place = next(rows)
    found = records.antiterror_passport(place) | {"validUntil": "2025-09-30", "alarmButton": False}
    yield "ANTITERROR", place.bin, "паспорт истёк, тревожной кнопки нет", [found]


def _papers(rows: Iterator[PlaceRow]) -> Iterator[Case]:
    yield "DFO", next(rows).bin, "отчётности в депозитарии нет", []
    place = next(rows)
    lease = {
        "rightType": coded("05", "Аренда", "Жалға алу"),
        "rightHolderBin": place.bin,
        "rightEnd": "2027-12-31",
        "encumbrance": [coded("02", "Залог", "Кепіл")],
    }
    yield "RN", place.bin, "здание в аренде до конца 2027 года, в залоге", [records.realty(place) | lease]
    place = next(rows)
    status = {"RegStatus": {"Code": "3", "NameRu": "В стадии ликвидации", "NameKz": "Таратылу сатысында"}}
    found = records.organisation(place) | status | {"Liquidation": {"BeginDate": "2025-10-01+05:00"}}
    yield "GBDUL", place.bin, "организация ликвидируется", [found]


def _people(rows: Iterator[PlaceRow]) -> Iterator[Case]:
    place = next(rows)
    head = {"IIN": "721231499014", "SurName": "Тестова", "Name": "Тест"}
    found = records.organisation(place) | {"OrganizationLeader": head}
    yield "GBDUL", place.bin, "руководитель сменился", [found]
    place = next(rows)
    contracts = copy.deepcopy(records.labour_contracts(place))
    for contract in contracts[1::2]:
        contract["partTime"] = True
    contracts[-1]["terminationDate"] = "2025-09-30"
    yield "ESUTD", place.bin, "половина педагогов совместители, один уволен", contracts


def _payments() -> Iterator[Case]:
    paid = {
        "state": "BOOKED",
        "bookedAt": "2025-11-04T16:20:00+05:00",
        "amount": "1540000.00",
        "reference": "TRS-0001",
        "limitRest": "98460000.00",
    }
    yield "TREASURY", "TEST-PAID", "платёж проведён", [paid]
    yield "TREASURY", "TEST-WAITING", "платёж ждёт", [{"state": "ACCEPTED", "amount": "1540000.00"}]
    yield "TREASURY", "TEST-REFUSED", "платёж отклонён", [{"state": "REFUSED", "amount": "10.00"}]


def _without_nothing(record: Record) -> Record:
    return {name: value for name, value in record.items() if value is not None}
