"""What the registers know of a row: records with the field names of contracts/shep.md §4, the same every time.

Nothing here is written down: a record is made when it is asked for, and what varies varies with the number itself.
"""

import datetime
import zlib
from typing import Any

from integrations.emulators.region_people import surname_of
from integrations.emulators.shep_rows import OFFICE, ChildRow, ContractRow, Human, PlaceRow

Record = dict[str, Any]

KATO = "750000000"
STATEMENT_YEARS = (2022, 2023, 2024)
_AR_PLACE, _AR_FAMILY = "0750", "0751"
_PRESCHOOL = "preschool"
_FIRST_MONTHS = ("2025-09", "2025-10", "2025-11")
_LANGUAGES = {"kk": ("Казахский", "Қазақ тілі"), "ru": ("Русский", "Орыс тілі")}


def coded(code: str, ru: str, kk: str) -> Record:
    """A dictionary value."""
    return {"code": code, "nameRu": ru, "nameKz": kk}


def chance(text: str, of: int) -> int:
    """0..of-1, the same for the same text."""
    return zlib.crc32(text.encode()) % of


def place_ar_code(business_number: str) -> str:
    """The address code of a provider's building."""
    return _AR_PLACE + business_number


def family_ar_code(guardian_iin: str) -> str:
    """The address code of a family's home."""
    return _AR_FAMILY + guardian_iin


def number_in_ar_code(ar_code: str) -> tuple[str, str]:
    """Whose address it is: ("place" or "family" or "", the number)."""
    kind = {_AR_PLACE: "place", _AR_FAMILY: "family"}.get(ar_code[:4], "")
    return kind, ar_code[4:]


def cadastral_number(business_number: str) -> str:
    """That of a provider's building: its serial, month and year."""
    return f"20:31{chance(business_number, 8) + 1}:{business_number[:4]}:{business_number[6:11]}"


def person(human: Human, ar_code: str) -> Record:
    """GBDFL."""
    sex = coded("1", "Мужской", "Ер") if human.is_male else coded("2", "Женский", "Әйел")
    return {
        "iin": human.iin,
        "surname": human.last.upper(),
        "name": human.first.upper(),
        "patronymic": human.middle and human.middle.upper(),
        "birthDate": human.born,
        "gender": sex,
        "nationality": coded("005", "Не указана", "Көрсетілмеген"),
        "citizenship": coded("398", "КАЗАХСТАН", "ҚАЗАҚСТАН"),
        "lifeStatus": coded("0", "Нормальный", "Қалыпты"),
        "birthPlace": {"city": "АЛМАТЫ"},
        "regAddress": home(ar_code),
        "removed": False,
    }


def home(ar_code: str) -> Record:
    """Where a family is registered, as GBDFL writes it."""
    return {
        "district": coded("7511", "АЛМАТЫ", "АЛМАТЫ"),
        "city": "АЛМАТЫ",
        "street": _street(ar_code),
        "building": str(chance(ar_code, 180) + 1),
        "flat": str(chance(f"flat {ar_code}", 90) + 1),
        "beginDate": f"20{chance(ar_code, 14) + 10}-05-01",
        "arCode": ar_code,
    }


def family_address(ar_code: str) -> Record:
    """AR, of a home."""
    place = home(ar_code)
    names = {name: place[name] for name in ("city", "street", "building", "flat")}
    return {"arCode": ar_code, "kato": KATO, "region": "Алматы", **names, "actual": True}


def place_address(place: PlaceRow) -> Record:
    """AR, of a provider's building."""
    city, district, street, building = place.address_ru.split(", ")
    return {
        "arCode": place_ar_code(place.bin),
        "kato": KATO,
        "region": city,
        "district": district,
        "city": city,
        "street": street,
        "building": building,
        "lat": place.lat,
        "lon": place.lon,
        "actual": True,
    }


def organisation(place: PlaceRow) -> Record:
    """GBDUL."""
    head, is_state = place.staff[0], place.ownership == "state"
    form = coded("21", "ГУ", "ММ") if is_state else coded("10", "ТОО", "ЖШС")
    oked = {OFFICE: "84121", _PRESCHOOL: "85100"}.get(place.programme, "85310")
    return {
        "BIN": place.bin,
        "RegStatus": _capital(coded("1", "Зарегистрирован", "Тіркелген")),
        "RegistrationDate": f"{place.since}+05:00",
        "FullNameRu": place.name_ru,
        "FullNameKz": place.name_kk,
        "OrgForm": _capital(form),
        "OrganizationLeader": _named(head),
        "FoundersFL": None if is_state else _named(place.staff[-1]),
        "Activity": [{"Main": True, "OKED": oked}],
        "Address": {"RKA": place_ar_code(place.bin), "KATO": KATO, "CityRu": "АЛМАТЫ"},
    }


def licence(place: PlaceRow) -> Record:
    """ELIC."""
    is_school = place.programme != _PRESCHOOL
    activity = (
        coded("01", "Общее среднее образование", "Жалпы орта білім")
        if is_school
        else coded("00", "Дошкольное образование", "Мектепке дейінгі білім")
    )
    return {
        "iinBin": place.bin,
        "globalUniqueNumber": f"TEST-{place.bin[2:]}",
        "number": f"KZ{place.bin[:2]}TEST{place.bin[6:11]}",
        "issueDate": place.since,
        "validityStartDate": place.since,
        "status": coded("1", "Действует", "Қолданыста"),
        "activityType": activity,
        "licensiar": "Департамент по обеспечению качества в сфере образования города Алматы",
        "address": [{"arCode": place_ar_code(place.bin), "text": place.address_ru}],
    }


def tax_debt(number: str, name_ru: str) -> Record:
    """KGD: nothing is owed."""
    nothing = {
        "totalArrear": "0.00", "totalTaxArrear": "0.00", "pensionContributionArrear": "0.00",
        "socialContributionArrear": "0.00", "socialHealthInsuranceArrear": "0.00",
    }  # fmt: skip
    return {"iinBin": number, "nameRu": name_ru, **nothing}


def labour_contracts(place: PlaceRow) -> list[Record]:
    """ESUTD, one of each who works there."""
    return [
        {
            "employerBin": place.bin,
            "employeeIin": human.iin,
            "contractNumber": f"Т-{number:03}",
            "contractDate": f"20{chance(human.iin, 13) + 11}-08-25",
            "beginDate": f"20{chance(human.iin, 13) + 11}-09-01",
            "position": "Директор" if number == 1 else _post(place),
            "establishedPost": "Директор" if number == 1 else _post(place),
            "partTime": number > 2 and chance(human.iin, 12) == 0,
        }
        for number, human in enumerate(place.staff, start=1)
    ]


def realty(place: PlaceRow) -> Record:
    """RN: the building with the provider's right to it."""
    is_state = place.ownership == "state"
    right = (
        coded("02", "Оперативное управление", "Жедел басқару") if is_state else coded("01", "Собственность", "Меншік")
    )
    area = place.capacity * 9 + 200
    return {
        "cadastralNumber": cadastral_number(place.bin),
        "address": place.address_ru,
        "purpose": coded("03", "Объект образования", "Білім беру объектісі"),
        "square": f"{area}.0",
        "totalSquare": f"{area + 150}.0",
        "flourCount": 2 + chance(place.bin, 2),
        "buildingDate": f"{1975 + chance(place.bin, 30)}-01-01",
        "rightType": right,
        "rightHolderBin": place.bin,
        "rightStart": place.since,
    }


def enrolments(row: ChildRow, places: dict[str, PlaceRow]) -> list[Record]:
    """NOBD: one of each contract."""
    return [_enrolment(row.child, contract, places.get(contract.bin)) for contract in row.contracts]


def _enrolment(child: Human, contract: ContractRow, place: PlaceRow | None) -> Record:
    is_school = contract.programme != _PRESCHOOL
    category = coded("02", "Школа", "Мектеп") if is_school else coded("01", "Детский сад", "Балабақша")
    return {
        "iin": child.iin,
        "surName": child.last,
        "name": child.first,
        "middleName": child.middle,
        "birthDate": child.born,
        "isStudent": not contract.last,
        "enterDate": contract.first,
        "graduateDate": contract.last or None,
        "schoolName": place and place.name_ru,
        "schoolCategory": category,
        "schoolBin": contract.bin,
        "grade": "".join(sign for sign in contract.group if sign.isdigit()) if is_school else None,
        "group": contract.group,
        "language": coded(contract.language, *_LANGUAGES.get(contract.language, ("", ""))),
        "orderNumber": f"{chance(child.iin, 900) + 1}-Ө",
    }


def birth(row: ChildRow) -> Record:
    """ZAGS: the guardian of the region's families is the mother or the father."""
    guardian, child = row.guardian, row.child
    is_father = guardian.is_male
    other = {"surname": surname_of(guardian.last.removesuffix("а"), not is_father)}
    return {
        "zags": "РАГС города Алматы",
        "numberAkt": f"10-75-{child.born[2:4]}-{chance(child.iin, 90_000) + 10_000}",
        "regDate": (datetime.date.fromisoformat(child.born) + datetime.timedelta(days=12)).isoformat(),
        "child": _born(child),
        "mother": other if is_father else _born(guardian),
        "father": _born(guardian) if is_father else other,
    }


def sanitary_conclusion(place: PlaceRow) -> Record:
    """SANEPID."""
    return {
        "conclusionNumber": f"KZ75VBZ{place.bin[4:]}",
        "issuedAt": f"2024-0{chance(place.bin, 8) + 1}-15",
        "result": "POSITIVE",
        "capacity": place.capacity,
        "objectAddress": place.address_ru,
        "arCode": place_ar_code(place.bin),
    }


def fire_inspection(place: PlaceRow) -> Record:
    """FIRE."""
    return {
        "actNumber": f"T-2025-{chance(place.bin, 900) + 100}",
        "inspectedAt": f"2025-0{chance(place.bin, 8) + 1}-20",
        "result": "NO_VIOLATIONS",
    }


def antiterror_passport(place: PlaceRow) -> Record:
    """ANTITERROR."""
    year = 2022 + chance(place.bin, 3)
    return {
        "passportNumber": f"АТП-{place.bin[6:11]}",
        "approvedAt": f"{year}-08-15",
        "validUntil": f"{year + 5}-08-14",
        "alarmButton": True,
        "videoToCenter": True,
        "guard": True,
        "result": "VALID",
    }


def statements(place: PlaceRow) -> list[Record]:
    """DFO, one of each year."""
    return [
        {
            "reportId": f"{place.bin[4:]}{year}",
            "year": year,
            "kind": "Годовая финансовая отчётность",
            "loadedAt": f"{year + 1}-04-{10 + chance(place.bin, 18)}",
            "auditAttached": chance(f"audit {place.bin}", 3) == 0,
        }
        for year in STATEMENT_YEARS
    ]


def pension_payments(place: PlaceRow) -> list[Record]:
    """ENPF, one of each worker and month."""
    return [
        {"iin": human.iin, "month": month, "amount": f"{25_000 + chance(human.iin, 300) * 100}.00"}
        for month in _FIRST_MONTHS
        for human in place.staff
    ]


def certificates(row: ChildRow) -> list[Record]:
    """MED: a quarter of the children was ill once in autumn; those with special needs have their conclusion."""
    iin = row.child.iin
    found = []
    if row.special_needs:
        kind = coded("PMPK", "Заключение ПМПК", "ПМПК қорытындысы")
        found.append({"kind": kind, "issuedAt": "2025-08-11", "from": "2025-08-11", "to": "2026-08-10"})
    if chance(f"ill {iin}", 4) == 0:
        first = datetime.date(2025, 9, 8) + datetime.timedelta(days=chance(iin, 70))
        last = first + datetime.timedelta(days=3 + chance(f"days {iin}", 6))
        kind = coded("095", "Справка о болезни", "Ауырғаны туралы анықтама")
        found.append({"kind": kind, "issuedAt": str(last), "from": str(first), "to": str(last)})
    return found


def crossings(row: ChildRow) -> list[Record]:
    """BORDER: one child in twenty was abroad for some days of the holidays, out and back."""
    iin = row.child.iin
    if chance(f"abroad {iin}", 20):
        return []
    first = datetime.date(2025, 10, 25) + datetime.timedelta(days=chance(iin, 4))
    last = first + datetime.timedelta(days=5)
    return [
        {"direction": "OUT", "crossedAt": f"{first}T08:30:00+05:00", "abroadNow": False},
        {"direction": "IN", "crossedAt": f"{last}T21:10:00+05:00", "abroadNow": False},
    ]


def queue_entries(row: ChildRow) -> list[Record]:
    """QUEUE: one preschooler in thirty stands in the queue of another region."""
    iin = row.child.iin
    is_preschooler = any(contract.programme == _PRESCHOOL for contract in row.contracts)
    if not is_preschooler or chance(f"queue {iin}", 30):
        return []
    return [
        {
            "regionKato": "710000000",
            "queueNumber": f"Q-{chance(iin, 90_000) + 10_000}",
            "state": "WAITING",
            "enqueuedAt": f"2024-0{chance(iin, 9) + 1}-03T10:00:00+05:00",
        }
    ]


def _post(place: PlaceRow) -> str:
    return {OFFICE: "Специалист", _PRESCHOOL: "Воспитатель"}.get(place.programme, "Учитель")


def _street(ar_code: str) -> str:
    return ("АБАЯ", "САИНА", "ТОЛЕ БИ", "РЫСКУЛОВА", "МАЙЛИНА")[chance(ar_code, 5)]


def _capital(value: Record) -> Record:
    """As GBDUL writes a dictionary value."""
    return {"Code": value["code"], "NameRu": value["nameRu"], "NameKz": value["nameKz"]}


def _named(human: Human) -> Record:
    return {"IIN": human.iin, "SurName": human.last, "Name": human.first, "MiddleName": human.middle}


def _born(human: Human) -> Record:
    return {
        "iin": human.iin,
        "surname": human.last,
        "name": human.first,
        "secondname": human.middle,
        "birthDate": human.born,
    }
